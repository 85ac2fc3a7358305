"""`nodes(ids:)`: rows of any types in the order asked for, and null for what is not there."""

from typing import Any

import pytest

from app.core.ids import global_id
from app.core.viewer import Scope
from app.graphql.errors import DocumentRefused, RequestRefused
from tests.golden_world import FJORD, PRAIRIE
from tests.reads.conftest import Asker

QUERY = """query ($ids: [ID!]!) { nodes(ids: $ids) {
  __typename id
  ... on Product { title cartIntents(first: 1) { totalCount nodes { id } } }
  ... on ShoppableTweet { rootXid cartIntentCounts { status count } primaryProduct { title } }
  ... on CartIntent { status offer { amountMinor } } } }"""

PRODUCTS = [global_id("Product", FJORD.key(0x20, position)) for position in range(3)]
TWEETS = [global_id("ShoppableTweet", FJORD.key(0x30, position)) for position in range(3)]
INTENTS = [global_id("CartIntent", FJORD.key(0x60, position)) for position in range(4)]
STRANGE = [
    global_id("Product", PRAIRIE.key(0x20)),
    global_id("Product", FJORD.key(0x30)),
    global_id("Nothing", FJORD.key(0x20)),
    global_id("CartIntentCount", FJORD.key(0x60)),
    "",
    "ünlesbar",
    "x" * 10_000,
]


async def _both(asker: Asker, ids: list[str], query: str = QUERY) -> list[Any]:
    answer = await asker.ask(query, FJORD.viewer(), {"ids": ids})
    assert len(asker.statements) == 1
    assert answer == await asker.ask_reference(query, FJORD.viewer(), {"ids": ids})
    found: list[Any] = answer["data"]["nodes"]
    return found


@pytest.mark.parametrize(
    "ids",
    [
        PRODUCTS,
        list(reversed(PRODUCTS)),
        [PRODUCTS[0], TWEETS[1], INTENTS[0], PRODUCTS[1], TWEETS[0]],
        [INTENTS[0], INTENTS[0], PRODUCTS[0], INTENTS[0]],
    ],
)
async def test_rows_come_in_the_order_of_their_ids(asker: Asker, ids: list[str]) -> None:
    found = await _both(asker, ids)

    assert [each["id"] for each in found] == ids


async def test_what_is_not_there_or_not_the_brands_is_null_at_its_place(asker: Asker) -> None:
    mixed = [STRANGE[0], PRODUCTS[0], *STRANGE[1:], TWEETS[0]]

    found = await _both(asker, mixed)

    assert [each and each["id"] for each in found] == [
        None,
        PRODUCTS[0],
        *[None] * 6,
        TWEETS[0],
    ]
    assert await _both(asker, STRANGE) == [None] * len(STRANGE)


async def test_no_ids_make_an_empty_list(asker: Asker) -> None:
    assert await _both(asker, []) == []


async def test_so_many_ids_may_be_asked_for_and_no_more(asker: Asker) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    hundred = [*PRODUCTS, *TWEETS, *[PRODUCTS[0]] * 94]

    assert [each["id"] for each in await _both(asker, hundred, query)] == hundred
    for ask in (asker.ask, asker.ask_reference):
        asker.statements.clear()
        with pytest.raises(RequestRefused) as refused:
            await ask(query, FJORD.viewer(), {"ids": [*hundred, PRODUCTS[0]]})
        assert refused.value.code == "BAD_USER_INPUT"
        assert refused.value.path == ["nodes"]
        assert "101 ids; 100 at most" in refused.value.message
        assert asker.statements == []


async def test_nodes_stand_beside_others_under_aliases_and_with_literal_ids(asker: Asker) -> None:
    query = f"""query ($id: ID!) {{
      a: nodes(ids: ["{PRODUCTS[0]}", $id]) {{ id ... on Product {{ title }} }}
      b: nodes(ids: "{TWEETS[0]}") {{ ... on ShoppableTweet {{ status }} ... on Node {{ id }} }}
      products {{ totalCount }} }}"""

    answer = await asker.ask(query, FJORD.viewer(), {"id": INTENTS[0]})

    assert len(asker.statements) == 1
    assert answer == await asker.ask_reference(query, FJORD.viewer(), {"id": INTENTS[0]})
    assert [each["id"] for each in answer["data"]["a"]] == [PRODUCTS[0], INTENTS[0]]
    assert answer["data"]["b"][0]["id"] == TWEETS[0]


async def test_the_statement_depends_on_the_types_that_ids_name_and_on_no_id(
    asker: Asker,
) -> None:
    texts = set()
    for ids in (PRODUCTS, PRODUCTS[1:], [PRODUCTS[2], *STRANGE], [PRODUCTS[0]] * 50):
        await asker.ask(QUERY, FJORD.viewer(), {"ids": ids})
        texts.update(asker.statements)
    assert len(texts) == 1

    await asker.ask(QUERY, FJORD.viewer(), {"ids": [TWEETS[0], PRODUCTS[0]]})
    mixed = asker.statements[0]
    await asker.ask(QUERY, FJORD.viewer(), {"ids": [PRODUCTS[1], TWEETS[2]]})

    assert mixed not in texts
    assert asker.statements == [mixed]


async def test_each_type_that_an_id_names_takes_its_scope(asker: Asker) -> None:
    lacking = FJORD.viewer(Scope.TWEETS_READ)
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    intents = await asker.ask(query, lacking, {"ids": INTENTS})
    for ask in (asker.ask, asker.ask_reference):
        asker.statements.clear()
        with pytest.raises(RequestRefused) as refused:
            await ask(query, lacking, {"ids": [INTENTS[0], TWEETS[0]]})
        assert refused.value.code == "MISSING_SCOPE"
        assert "`nodes` takes the scope `tweets:read`" in refused.value.message

    assert [each["id"] for each in intents["data"]["nodes"]] == INTENTS


async def test_lists_below_nodes_count_for_the_rows_of_an_operation(asker: Asker) -> None:
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) {
      ... on Product { cartIntents(first: 500) { nodes { shopper {
        cartIntents(first: 2) { nodes { id } } } } } } } }"""

    with pytest.raises(RequestRefused) as refused:
        await asker.ask(query, FJORD.viewer(), {"ids": [PRODUCTS[0]] * 100})

    assert refused.value.code == "OPERATION_TOO_LARGE"
    assert asker.statements == []


@pytest.mark.parametrize(
    ("ids", "found"),
    [(PRODUCTS[0], [PRODUCTS[0]]), ([7, PRODUCTS[1]], [None, PRODUCTS[1]]), (7, [None])],
)
async def test_ids_are_coerced_as_graphql_says(asker: Asker, ids: Any, found: list[Any]) -> None:
    assert [each and each["id"] for each in await _both(asker, ids)] == found


@pytest.mark.parametrize("ids", [[PRODUCTS[0], None], None, [PRODUCTS[0], [PRODUCTS[1]]], [1.5]])
async def test_what_is_no_list_of_ids_is_refused(asker: Asker, ids: Any) -> None:
    with pytest.raises(DocumentRefused) as refused:
        await asker.ask(QUERY, FJORD.viewer(), {"ids": ids})

    assert refused.value.code == "BAD_USER_INPUT"
    assert asker.statements == []
