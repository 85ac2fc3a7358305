"""Connections: pages forward and backward, cursors, and what is refused."""

import base64
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.viewer import Scope
from app.graphql.errors import RequestRefused
from app.graphql.paging import PAGE_ROWS_MAX, Order, signer_for
from app.graphql.reads.catalogue import Catalogue
from app.schema import schema
from tests.golden_world import CURSOR_KEY, FJORD, PRAIRIE
from tests.reads.conftest import Asker

CATALOGUE = Catalogue(schema._schema)
PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String) {
  cartIntents(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { engagementXid } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
NEWEST_FIRST = [f"21236882179425151{position:02d}" for position in (3, 2, 1, 0)]


async def _page(asker: Asker, **variables: Any) -> dict[str, Any]:
    answer = await asker.ask(PAGE, FJORD.viewer(), variables)
    assert answer == await asker.ask_reference(PAGE, FJORD.viewer(), variables)
    page: dict[str, Any] = answer["data"]["cartIntents"]
    return page


def _ids(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["engagementXid"] for edge in page["edges"]]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
async def test_walking_forward_shows_each_row_once_in_order_ties_included(
    asker: Asker, size: int
) -> None:
    seen: list[str] = []
    after, more = None, True
    while more:
        page = await _page(asker, first=size, after=after)
        seen += _ids(page)
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]

    assert seen == NEWEST_FIRST


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
async def test_walking_backward_shows_each_row_once_and_pages_keep_the_order(
    asker: Asker, size: int
) -> None:
    seen: list[str] = []
    before, more = None, True
    while more:
        page = await _page(asker, last=size, before=before)
        seen = _ids(page) + seen
        before, more = page["pageInfo"]["startCursor"], page["pageInfo"]["hasPreviousPage"]

    assert seen == NEWEST_FIRST


async def test_an_empty_page_has_no_cursors(asker: Asker) -> None:
    last = await _page(asker, last=1)

    page = await _page(asker, first=5, after=last["pageInfo"]["endCursor"])

    assert page == {
        "edges": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": True,
            "startCursor": None,
            "endCursor": None,
        },
    }


@pytest.mark.parametrize(("arguments", "next_page"), [("first: 0", True), ("last: 0", False)])
async def test_a_page_of_no_rows_tells_how_many_there_are_and_whether_more_follow(
    asker: Asker, arguments: str, *, next_page: bool
) -> None:
    below = f"""({arguments}) {{ edges {{ cursor }} nodes {{ id }} totalCount
      pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}"""
    query = f"{{ cartIntents {below} shoppableTweets(first: 1) {{ nodes {{ links {below} }} }} }}"

    answer = await asker.ask(query, FJORD.viewer())

    expected = {
        "edges": [],
        "nodes": [],
        "totalCount": len(NEWEST_FIRST),
        "pageInfo": {
            "hasNextPage": next_page,
            "hasPreviousPage": not next_page,
            "startCursor": None,
            "endCursor": None,
        },
    }
    (tweet,) = answer["data"]["shoppableTweets"]["nodes"]
    assert answer["data"]["cartIntents"] == expected
    assert tweet["links"] == expected | {"totalCount": 2}
    assert answer == await asker.ask_reference(query, FJORD.viewer())


REFUSED = [
    ({"first": -1}, "BAD_USER_INPUT", "`first` must lie between 0 and 500."),
    ({"last": PAGE_ROWS_MAX + 1}, "BAD_USER_INPUT", "`last` must lie between 0 and 500."),
    ({"first": 1, "last": 1}, "BAD_USER_INPUT", "not both."),
    ({"first": 1, "before": "x"}, "BAD_USER_INPUT", "not both."),
    ({"first": 1, "after": ""}, "BAD_CURSOR", "does not belong to this list."),
    ({"first": 1, "after": "ümlaut"}, "BAD_CURSOR", "does not belong to this list."),
    ({"first": 1, "after": "A" * 10_000}, "BAD_CURSOR", "does not belong to this list."),
]


@pytest.mark.parametrize(("variables", "code", "words"), REFUSED)
async def test_a_page_that_cannot_be_is_refused_before_anything_is_read(
    asker: Asker, variables: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(RequestRefused) as refused:
        await asker.ask(PAGE, FJORD.viewer(), variables)

    assert refused.value.code == code
    assert words in refused.value.message
    assert asker.statements == []


KINDS = {
    int: st.integers(-(2**63), 2**63 - 1),
    str: st.text(),
    UUID: st.uuids(),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


@given(st.data())
def test_a_cursor_holds_every_kind_of_value_that_orders_a_list(data: st.DataObject) -> None:
    mappings = map(CATALOGUE.mapping, CATALOGUE.schema.type_map.values())
    used = {
        getattr(mapping.model, name).type.python_type
        for mapping in mappings
        if mapping is not None and mapping.orders is not None
        for choice in mapping.orders.choices
        for name in choice.order.columns
    }
    signer = signer_for(CURSOR_KEY, FJORD.id, "Query.any", Order(tuple("abcde")))
    values = tuple(data.draw(kind) for kind in KINDS.values())

    assert used <= set(KINDS)
    assert signer.read(signer.sign(values), tuple(KINDS)) == values


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(position=st.integers(0, 200), flip=st.integers(1, 255))
async def test_a_cursor_with_any_bit_changed_is_refused(position: int, flip: int) -> None:
    signer = signer_for(CURSOR_KEY, FJORD.id, "Query.cartIntents", Order(("seq",)))
    cursor = signer.sign((7,))
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[position % len(raw)] ^= flip
    changed = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")

    assert signer.read(cursor, (int,)) == (7,)
    assert signer.read(changed, (int,)) is None


@pytest.mark.parametrize("added", ["!", " ", "\n", "=", "AAAA", "\u00e9", "\0"])
@pytest.mark.parametrize("place", [0, 5, -1, 1000])
def test_a_cursor_with_anything_added_is_refused(added: str, place: int) -> None:
    signer = signer_for(CURSOR_KEY, FJORD.id, "Query.cartIntents", Order(("seq",)))
    cursor = signer.sign((7,))

    assert signer.read(cursor[:place] + added + cursor[place:], (int,)) is None


def test_a_cursor_is_good_for_one_list_one_order_and_one_brand() -> None:
    order = Order(("seq",))
    cursor = signer_for(CURSOR_KEY, FJORD.id, "Query.a", order).sign((7,))
    others = [
        signer_for(CURSOR_KEY, PRAIRIE.id, "Query.a", order),
        signer_for(CURSOR_KEY, FJORD.id, "Query.b", order),
        signer_for(CURSOR_KEY, FJORD.id, "Query.a", Order(("seq",), descending=True)),
        signer_for(b"another key", FJORD.id, "Query.a", order),
    ]

    assert [other.read(cursor, (int,)) for other in others] == [None] * 4


async def test_lists_in_lists_may_ask_for_so_many_rows_together_and_no_more(asker: Asker) -> None:
    query = """{ shoppableTweets(first: 500) { nodes {
        cartIntents(first: 500) { nodes { id } } } } }"""

    with pytest.raises(RequestRefused) as refused:
        await asker.ask(query, FJORD.viewer())

    assert refused.value.code == "OPERATION_TOO_LARGE"
    assert asker.statements == []


@pytest.mark.parametrize(
    ("query", "scope", "path"),
    [
        ("{ products { nodes { id } } }", Scope.TWEETS_READ, "products"),
        (
            "{ cartIntents { nodes { tweet { text } } } }",
            Scope.TWEETS_READ,
            "cartIntents.nodes.tweet",
        ),
        ('{ node(id: "%s") { id } }', Scope.BRAND_READ, "node"),
        (
            "{ events { nodes { ... on CartIntentEvent { cartIntent { status } } } } }",
            Scope.INTENTS_READ,
            "events.nodes.cartIntent",
        ),
    ],
)
async def test_a_missing_scope_is_named_with_its_field_and_nothing_is_read(
    asker: Asker, query: str, scope: Scope, path: str
) -> None:
    if "%s" in query:
        query %= "QnJhbmQ6MDEwMDAwMGItMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAw"

    with pytest.raises(RequestRefused) as refused:
        await asker.ask(query, FJORD.viewer(scope))

    assert refused.value.as_json()["extensions"] == {"code": "MISSING_SCOPE"}
    assert f"`{path}` takes the scope `{scope.value}`" in refused.value.message
    assert asker.statements == []


async def test_events_can_be_listed_without_the_scope_of_what_they_tell(asker: Asker) -> None:
    answer = await asker.ask(
        "{ events(first: 1) { nodes { seq } } }", FJORD.viewer(Scope.INTENTS_READ)
    )

    assert answer == {"data": {"events": {"nodes": [{"seq": "1"}]}}}
