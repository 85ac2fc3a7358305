"""Filters: what each operator lets pass, how they combine, what is refused, and the statement."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import WriteSession, create_write_engine
from app.core.ids import global_id, parse_global_id
from app.events.schema import EVENT_LOG
from app.graphql.engine import Engine
from app.graphql.errors import DocumentRefused, RequestRefused
from app.graphql.paging import CursorSigner
from app.graphql.reads.runs import Place
from app.graphql.streams import AFTER, UNTIL, compile_stream
from tests.databases import cloned
from tests.golden_world import FJORD, PRAIRIE, GoldenBrand, at
from tests.reads.conftest import Asker
from tests.reads.reviews_world import COUNT, Expected, every_comparison, fill_reviews

REVIEWS = """query Reviews($filter: AdvocateReviewFilter) {
  advocateReviews(filter: $filter, first: 100) { nodes { id } }
}"""
EXPECTED = {brand.name: Expected(brand) for brand in (FJORD, PRAIRIE)}
ALL = COUNT + 3
"""A brand's reviews, those of the golden world among them."""


@pytest.fixture(scope="module")
async def connection(
    server_url: str, template: str
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection to a database with both brands' reviews."""
    async with cloned(server_url, template) as url:
        engine = create_write_engine(url, connections=1)
        async with AsyncSession(engine) as session, session.begin():
            await fill_reviews(WriteSession(session))
        await engine.dispose()
        opened = await asyncpg.connect(
            url, server_settings={"default_transaction_read_only": "on", "jit": "off"}
        )
        yield opened
        await opened.close()


@pytest.fixture
def asker(engine_of_schema: Engine, connection: "asyncpg.Connection[asyncpg.Record]") -> Asker:
    """The engine over the reviews of both brands."""
    return Asker(engine_of_schema, connection)


async def _ids(asker: Asker, asked: Any, brand: GoldenBrand = FJORD) -> set[str]:
    """The keys of the reviews that pass, by compiler and reference alike."""
    variables = {"filter": asked}
    answer = await asker.ask(REVIEWS, brand.viewer(), variables)
    assert len(asker.statements) == 1
    assert answer == await asker.ask_reference(REVIEWS, brand.viewer(), variables)
    found = [parse_global_id(node["id"]) for node in answer["data"]["advocateReviews"]["nodes"]]
    keys = [str(each[1]) for each in found if each is not None]
    assert len(keys) == len(set(keys))
    return set(keys)


@pytest.mark.parametrize("asked", list(every_comparison(FJORD)), ids=str)
async def test_a_comparison_lets_exactly_those_rows_pass_and_not_lets_all_others(
    asker: Asker, asked: dict[str, Any]
) -> None:
    everything = EXPECTED["fjord"].ids({})
    passing = EXPECTED["fjord"].ids(asked)

    assert await _ids(asker, asked) == passing
    assert await _ids(asker, {"not": asked}) == everything - passing


PUBLISHED = {"status": {"eq": "PUBLISHED"}}
ELSEWHERE = {"host": {"ne": "BRAND_SITE"}}


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        (None, ALL),
        ({}, ALL),
        ({"status": None}, ALL),
        ({"status": {}}, ALL),
        ({"status": {"eq": None, "in": None, "isNull": None}}, ALL),
        ({"and": None, "or": None, "not": None}, ALL),
        ({"and": []}, ALL),
        ({"and": [{}]}, ALL),
        ({"or": []}, 0),
        ({"or": [{}]}, ALL),
        ({"or": [{}, PUBLISHED]}, ALL),
        ({"not": {}}, 0),
        ({"not": {"or": []}}, ALL),
        ({"not": {"not": {}}}, ALL),
        ({"status": {"in": []}}, 0),
        ({"rating": {"notIn": []}}, ALL),
        (PUBLISHED, 5),
        ({**PUBLISHED, **ELSEWHERE}, 4),
        ({"and": [PUBLISHED, ELSEWHERE]}, 4),
        ({"and": PUBLISHED}, 5),
        ({"or": [PUBLISHED, ELSEWHERE]}, 18),
        ({"not": {"or": [PUBLISHED, ELSEWHERE]}}, 9),
        ({"status": {"eq": "PUBLISHED", "ne": "PUBLISHED"}}, 0),
        ({"submittedAt": {"gte": at(200).isoformat(), "lt": at(202).isoformat()}}, 6),
        ({"submittedAt": {"gt": at(200).isoformat(), "lte": at(202).isoformat()}}, 6),
        ({"submittedAt": {"gte": "0001-01-01T00:00:00Z", "lte": "9999-12-31T23:59:59Z"}}, ALL),
        ({"submittedAt": {"gte": "2026-11-20T16:20:00+01:00", "lt": at(201).isoformat()}}, 3),
    ],
    ids=str,
)
async def test_conditions_combine_as_the_schema_says(
    asker: Asker, asked: dict[str, Any] | None, count: int
) -> None:
    found = await _ids(asker, asked)

    assert len(found) == count
    assert found == EXPECTED["fjord"].ids(asked or {})


def _filters(comparisons: list[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Filters of up to three levels, with members that are null or absent."""
    leaf = st.lists(st.sampled_from([*comparisons, {"host": None}, {}]), max_size=2).map(
        lambda parts: {name: value for part in parts for name, value in part.items()}
    )

    def nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        several = st.none() | st.lists(inner, max_size=2)
        return st.tuples(
            leaf, st.fixed_dictionaries({}, optional={"and": several, "or": several, "not": inner})
        ).map(lambda both: {**both[0], **both[1]})

    return nested(nested(nested(leaf)))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
    deadline=None,
    max_examples=100,
)
@given(asked=_filters(list(every_comparison(PRAIRIE))))
async def test_any_filter_is_answered_as_a_loop_over_the_rows_would(
    asker: Asker, asked: dict[str, Any]
) -> None:
    # Each condition is an object of its own: so many braces, so many conditions at most.
    assume(str(asked).count("{") <= 50)

    assert await _ids(asker, asked, PRAIRIE) == EXPECTED["prairie"].ids(asked)


async def test_no_filter_reaches_another_brands_rows(asker: Asker) -> None:
    theirs = global_id("Product", PRAIRIE.key(0x20, 1))

    assert await _ids(asker, {"productId": {"eq": theirs}}) == set()
    assert await _ids(asker, {"or": [{}, {"productId": {"eq": theirs}}]}) == EXPECTED["fjord"].ids(
        {}
    )
    assert await _ids(asker, {"productId": {"ne": theirs}}) == EXPECTED["fjord"].ids({})


async def test_a_nested_list_takes_the_filter_of_its_type_for_each_parent(asker: Asker) -> None:
    query = """{ products(orderBy: {field: CREATED_AT, direction: ASC}, first: 2) { nodes { id
      reviews(filter: {status: {in: [PUBLISHED, FLAGGED]}, rating: {isNull: true}}, first: 9) {
        nodes { id product { id } } } } } }"""

    answer = await asker.ask(query, FJORD.viewer())

    assert len(asker.statements) == 1
    assert answer == await asker.ask_reference(query, FJORD.viewer())
    expected = EXPECTED["fjord"].ids(
        {"status": {"in": ["PUBLISHED", "FLAGGED"]}, "rating": {"isNull": True}}
    )
    products = answer["data"]["products"]["nodes"]
    found = [review for product in products for review in product["reviews"]["nodes"]]
    assert {review["id"] for review in found} == {
        global_id("AdvocateReview", key) for key in expected
    }
    for product in products:
        assert {review["product"]["id"] for review in product["reviews"]["nodes"]} == {
            product["id"]
        }


def _deep(levels: int) -> dict[str, Any]:
    asked: dict[str, Any] = PUBLISHED
    for level in range(levels):
        asked = {"not": asked} if level % 2 else {"and": [asked]}
    return asked


MANY = [{"rating": {"eq": number}} for number in range(49)]
TOO_MUCH = [
    (_deep(6), "`filter` nests `and`, `or` and `not` more than 5 deep."),
    ({"or": [*MANY, PUBLISHED, ELSEWHERE]}, "`filter` holds more than 50 conditions."),
    ({"or": [{} for _ in range(51)]}, "`filter` holds more than 50 conditions."),
    (
        {"and": [PUBLISHED, {"rating": {"notIn": list(range(201))}}]},
        "`filter.and.1.rating.notIn` holds 201 values; 200 at most.",
    ),
    (
        {"language": {"startsWith": "a\0"}},
        "`filter.language.startsWith` holds the character U+0000",
    ),
    ({"language": {"in": ["en", "\0"]}}, "`filter.language.in` holds the character U+0000"),
]


@pytest.mark.parametrize(("asked", "words"), TOO_MUCH, ids=lambda value: str(value)[:60])
async def test_a_filter_over_a_ceiling_is_refused_with_its_place_before_anything_is_read(
    asker: Asker, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(RequestRefused) as refused:
        await asker.ask(REVIEWS, FJORD.viewer(), {"filter": asked})

    assert refused.value.as_json()["extensions"] == {"code": "BAD_USER_INPUT"}
    assert words in refused.value.message
    assert refused.value.path == ["advocateReviews"]
    assert asker.statements == []


@pytest.mark.parametrize(
    "asked",
    [
        _deep(5),
        {"or": [*MANY, PUBLISHED]},
        {"and": [{} for _ in range(50)]},
        {"rating": {"in": list(range(200))}},
    ],
    ids=lambda value: str(value)[:60],
)
async def test_a_filter_at_its_ceiling_is_answered(asker: Asker, asked: dict[str, Any]) -> None:
    assert await _ids(asker, asked) == EXPECTED["fjord"].ids(asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"status": {"eq": "GONE"}},
        {"rating": {"eq": 2**31}},
        {"rating": {"in": [1, None]}},
        {"submittedAt": {"gt": "2026-11-20T12:00:00"}},
        {"submittedAt": {"gt": "0001-01-01T00:00:00+14:00"}},
        {"colour": {"eq": "red"}},
        {"verifiedPurchase": {"ne": True}},
        {"or": [None]},
        [],
    ],
    ids=str,
)
async def test_a_value_of_another_type_is_refused_before_anything_is_read(
    asker: Asker, asked: Any
) -> None:
    with pytest.raises(DocumentRefused) as refused:
        await asker.ask(REVIEWS, FJORD.viewer(), {"filter": asked})

    assert refused.value.code == "BAD_USER_INPUT"
    assert asker.statements == []


async def _statement(asker: Asker, asked: Any) -> str:
    await asker.ask(REVIEWS, FJORD.viewer(), {"filter": asked})
    return asker.statements[0]


SAME: list[tuple[dict[str, Any], ...]] = [
    ({"rating": {"in": [1]}}, {"rating": {"in": [1, 2, 3]}}, {"rating": {"in": []}}),
    (PUBLISHED, {"status": {"eq": "FLAGGED"}}),
    ({"language": {"eq": "en"}}, {"language": {"eq": "'; DROP TABLE review; --"}}),
    ({"productId": {"eq": global_id("Product", FJORD.key(0x20))}}, {"productId": {"eq": "x"}}),
    (
        {"or": [{"rating": {"gt": 1}}, {"submittedAt": {"lt": at(0).isoformat()}}]},
        {"or": [{"rating": {"gt": 5}}, {"submittedAt": {"lt": at(9).isoformat()}}]},
    ),
    ({"verifiedPurchase": {"eq": True}}, {"verifiedPurchase": {"eq": False}}),
]


@pytest.mark.parametrize("alike", SAME, ids=str)
async def test_the_statement_does_not_depend_on_values(
    asker: Asker, alike: tuple[dict[str, Any], ...]
) -> None:
    statements = {await _statement(asker, asked) for asked in alike}

    assert len(statements) == 1


async def test_the_statement_depends_on_which_members_are_given_and_how_many(asker: Asker) -> None:
    one, other = {"rating": {"eq": 1}}, {"rating": {"eq": 1, "gt": 0}}

    different = [
        one,
        other,
        {"or": [one, one]},
        {"or": [one, one, one]},
        {"not": one},
        {"rating": {"isNull": True}},
        {"rating": {"isNull": False}},
    ]

    assert len({await _statement(asker, asked) for asked in different}) == len(different)


async def test_plans_of_many_shapes_stay_bounded_and_answers_right(asker: Asker) -> None:
    for length in range(1, 50):
        asked = {
            "or": [{"rating": {"eq": 4}} for _ in range(length)],
            "status": PUBLISHED["status"],
        }
        for wanted in (asked, {"not": asked}):
            await asker.ask(REVIEWS, FJORD.viewer(), {"filter": wanted})

    plans = asker.engine.documents.prepare(REVIEWS, None).plans
    assert len(plans) == 64
    assert max(len(repr(shape)) for shape in plans) < 300
    assert await _ids(asker, {"rating": {"eq": 4}}) == EXPECTED["fjord"].ids({"rating": {"eq": 4}})


async def test_variables_stand_anywhere_in_a_filter_and_null_is_as_good_as_absent(
    asker: Asker,
) -> None:
    query = """query ($hosts: [ReviewHost!], $rating: Int, $missing: Boolean, $any: IntFilter,
                      $further: [AdvocateReviewFilter!]) {
      advocateReviews(first: 100, filter: {
        host: {in: $hosts}, rating: {gte: $rating, isNull: $missing}, and: $further,
        not: {or: [{rating: $any}, {status: {in: [REJECTED]}}]}}) { nodes { id } } }"""

    async def count(**variables: Any) -> int:
        answer = await asker.ask(query, FJORD.viewer(), variables)
        assert answer == await asker.ask_reference(query, FJORD.viewer(), variables)
        return len(answer["data"]["advocateReviews"]["nodes"])

    def expected(**members: Any) -> int:
        rejected = {"not": {"or": [{"rating": {"eq": 2}}, {"status": {"in": ["REJECTED"]}}]}}
        return len(EXPECTED["fjord"].ids({**members, **rejected}))

    two = {"eq": 2}
    assert await count() == 0  # `rating: $any` asks nothing, so all pass it, and `not` none
    assert await count(any=two) == expected()
    assert await count(any=two, hosts=None, rating=None, missing=None) == expected()
    assert await count(any=two, hosts=["AMAZON"]) == expected(host={"in": ["AMAZON"]})
    assert await count(any=two, rating=3) == expected(rating={"gte": 3})
    assert await count(any=two, missing=True) == expected(rating={"isNull": True})
    assert await count(any=two, missing=False) == expected(rating={"isNull": False})
    further = {"productId": {"eq": global_id("Product", FJORD.key(0x20, 1))}}
    assert await count(any=two, further=[further, {}]) == expected(**further)


async def test_lists_below_an_event_of_a_subscription_take_filters_too(
    asker: Asker, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    document = """subscription ($filter: CartIntentFilter, $direction: OrderDirection! = ASC) {
      cartAdds { ... on CartAdd { currentCartIntent { tweet { cartIntents(
        filter: $filter, orderBy: {field: RECEIVED_AT, direction: $direction}) {
          nodes { engagementXid } } } } } } }"""
    viewer, reads = FJORD.viewer(), asker.engine.reads
    prepared = asker.engine.documents.prepare(document, None)

    async def shown(**given: Any) -> list[str]:
        variables = asker.engine.documents.variables(prepared, given)
        stream = compile_stream(asker.engine.catalogue, prepared, variables, EVENT_LOG)
        values = viewer.parameters() | {AFTER: 0, UNTIL: 9, "limit": 9}
        runs = reads.bind_lists(stream.lists, variables, viewer, values)
        rows = await connection.fetch(stream.rows.sql, *stream.rows.parameters(values))
        assert len(rows) == 1
        made = stream.assemble(tuple(rows[0]), runs, Place(CursorSigner(b"key", b""), 0, 0))
        nodes = made["currentCartIntent"]["tweet"]["cartIntents"]["nodes"]
        return [node["engagementXid"][-3:] for node in nodes]

    assert await shown() == ["100", "102"]
    assert await shown(direction="DESC") == ["102", "100"]
    assert await shown(filter={"receivedAt": {"gt": at(51).isoformat()}}) == ["102"]
    assert await shown(filter={"status": {"ne": "ADDED"}}) == []
