"""What is asked in a run: by hand, of peers, and of the server for minutes."""

from dataclasses import replace
from uuid import UUID

import pytest
from graphql import GraphQLError, parse, validate

from app.core.ids import global_id
from app.schema import schema
from benchmarks.__main__ import UnknownOperation, chosen_operations
from benchmarks.asked import Asked
from benchmarks.by_hand.all_forms import FORMS
from benchmarks.databases import BrandData
from benchmarks.made_documents import DocumentMaker
from benchmarks.operations import operations
from benchmarks.peer_operations import DOCUMENTS, MERCURIUS, POSTGRAPHILE, peer_request, plain

KEYS = tuple(UUID(int=number) for number in range(1, 26))
BRAND = BrandData(UUID(int=99), "token", KEYS, KEYS, KEYS, KEYS)
TWEET = UUID(int=7)


def test_every_operation_is_valid_and_has_a_form_by_hand() -> None:
    found = operations([BRAND])

    invalid = {each.name for each in found if validate(schema._schema, parse(each.document))}
    assert invalid == set()
    assert {each.name for each in found} == {form.operation for form in FORMS}


def test_each_main_operation_and_no_other_is_asked_of_both_peers() -> None:
    main = {each.name for each in operations([BRAND]) if each.main}

    assert {peer: set(documents) for peer, documents in DOCUMENTS.items()} == {
        MERCURIUS: main,
        POSTGRAPHILE: main,
    }


def test_a_peer_is_told_the_brand_and_bare_keys() -> None:
    one_tweet = operations([BRAND])[0]
    asked = Asked(BRAND, {"id": global_id("ShoppableTweet", TWEET)})

    request = peer_request(MERCURIUS, one_tweet, asked)
    other = peer_request(MERCURIUS, replace(one_tweet, name="another"), asked)

    assert request is not None
    assert request.variables == {"brand": str(BRAND.id), "id": str(TWEET)}
    assert other is None


OURS = {
    "shoppableTweets": {
        "edges": [
            {
                "cursor": "signed",
                "node": {
                    "id": global_id("ShoppableTweet", TWEET),
                    "text": "U2hvcA",
                    "postedAt": "2026-05-31T15:22:23.051000Z",
                    "primaryProduct": {"price": {"amountMinor": 900, "currency": "USD"}},
                    "reviews": {"nodes": [{"rating": 5}]},
                    "cartIntentCounts": [
                        {"status": "ADDED", "count": 14},
                        {"status": "FAILED", "count": 2},
                    ],
                },
            }
        ]
    }
}


def theirs(text: str = "U2hvcA") -> object:
    return {
        "shoppableTweets": {
            "edges": [
                {
                    "cursor": "bare",
                    "node": {
                        "id": str(TWEET),
                        "text": text,
                        "postedAt": "2026-05-31T15:22:23.051+00:00",
                        "primaryProduct": {"priceAmountMinor": 900, "priceCurrency": "USD"},
                        "reviews": [{"rating": 5}],
                        "cartIntentCounts": [
                            {"status": "FAILED", "count": 2},
                            {"status": "ADDED", "count": 14},
                        ],
                    },
                }
            ]
        }
    }


def test_answers_of_different_servers_are_compared_by_their_data_alone() -> None:
    assert plain(OURS) == plain(theirs())
    assert plain(OURS) != plain(theirs(text="another"))


def test_generated_documents_are_each_another_text_and_nearly_all_valid() -> None:
    maker, again = (DocumentMaker(schema._schema, BRAND, seed=1) for _ in range(2))

    made = [maker.make() for _ in range(100)]

    assert made == [again.make() for _ in range(100)]
    assert len(set(made)) == 100
    assert 0 < sum(map(is_spoilt, made)) < 20


def is_spoilt(document: str) -> bool:
    try:
        errors = validate(schema._schema, parse(document))
    except GraphQLError:
        return True
    assert all("noSuchField" in error.message for error in errors), document
    return bool(errors)


def test_an_unknown_operation_is_refused_with_what_there_is() -> None:
    with pytest.raises(UnknownOperation, match=r"knows Q1, Q2, Q3, .*; not Q9\."):
        chosen_operations([BRAND], ["Q1", "Q9"])


def test_chosen_operations_keep_their_order() -> None:
    chosen = chosen_operations([BRAND], ["events", "Q2"])

    assert [each.name for each in chosen] == ["Q2", "events"]
