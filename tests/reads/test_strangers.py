"""One brand's token gets nothing of another's: the schema itself is walked, no list is kept."""

import base64
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
import pytest
from graphql import GraphQLObjectType, get_named_type

from app.core.ids import global_id
from app.core.read_pool import create_read_pool
from app.events.feed import Feed
from app.events.schema import EVENT_LOG
from app.graphql.context import fetch_from
from app.graphql.engine import GraphQLRequest
from app.graphql.errors import RequestRefused
from app.graphql.live import Live
from app.graphql.reads.catalogue import is_connection, strawberry_field
from app.graphql.streams import stream_signer
from app.schema import schema
from tests.golden_world import APP_ID, CURSOR_KEY, FJORD, PRAIRIE, GoldenBrand
from tests.reads.conftest import Asker
from tests.reads.selections import asked_whole, everything_of, takes_nothing

GRAPHQL = schema._schema
assert GRAPHQL.query_type is not None
assert GRAPHQL.subscription_type is not None
QUERY = GRAPHQL.query_type.fields
SUBSCRIPTION = GRAPHQL.subscription_type.fields
WITHOUT_ID = [name for name, field in QUERY.items() if takes_nothing(field)]
BY_ID = [name for name, field in QUERY.items() if "id" in field.args]
RESOLVED = [
    name
    for name, field in QUERY.items()
    if (found := strawberry_field(field)) is not None and found.base_resolver is not None
]
"""Root fields that a function answers, with statements of its own."""
LISTS = [name for name, field in QUERY.items() if is_connection(get_named_type(field.type))]
READS_NOTHING = {"operationCost"}
"""Resolved root fields that look at no row."""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
        yield _decoded(value)


def _decoded(text: str) -> str:
    """What a global id or a cursor holds, as far as it is text."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{8,}", text) or len(text) % 4 == 1:
        return ""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("latin-1")


def _traces(answer: Any, brand: GoldenBrand) -> list[str]:
    """What in an answer belongs to *brand*: its name, or one of its keys."""
    key = f"0{brand.number}00"
    pattern = re.compile(rf"{brand.name}|\b{key}[0-9a-f]{{4}}-0000-7000", re.IGNORECASE)
    return [text for text in _texts(answer) if pattern.search(text)]


@pytest.mark.parametrize("name", [name for name in WITHOUT_ID if name not in RESOLVED])
async def test_a_root_field_shows_a_brand_its_own_rows_and_no_trace_of_the_other(
    asker: Asker, name: str
) -> None:
    query = f"{{ {asked_whole(GRAPHQL, name, QUERY[name], 2)} }}"

    for own, other in ((FJORD, PRAIRIE), (PRAIRIE, FJORD)):
        answer = await asker.ask(query, own.viewer())
        assert _traces(answer, own) != []
        assert _traces(answer, other) == []


def test_every_resolved_root_field_takes_the_id_by_which_strangers_are_tried() -> None:
    assert RESOLVED != []
    assert set(RESOLVED) - READS_NOTHING <= set(BY_ID)


@pytest.mark.parametrize("name", [name for name in BY_ID if name in RESOLVED])
async def test_an_id_of_another_brand_names_nothing_by_any_resolved_root_field(
    asker: Asker, node_ids: dict[str, dict[str, str]], name: str
) -> None:
    selection = everything_of(GRAPHQL, get_named_type(QUERY[name].type), 2)
    query = f"query ($id: ID!) {{ {name}(id: $id) {selection} }}"

    mine = [
        (await asker.ask(query, FJORD.viewer(), {"id": key}))["data"][name]
        for key in node_ids["fjord"].values()
    ]
    theirs = [
        (await asker.ask(query, PRAIRIE.viewer(), {"id": key}))["data"][name]
        for key in node_ids["fjord"].values()
    ]

    assert [each for each in mine if each is not None] != []
    assert theirs == [None] * len(theirs)


async def test_the_golden_world_has_a_row_of_every_type_that_a_global_id_names(
    asker: Asker, node_ids: dict[str, dict[str, str]]
) -> None:
    assert set(asker.engine.catalogue.node_types) - set(node_ids["fjord"]) == {"App"}


async def test_an_id_of_another_brand_names_nothing_by_node_or_any_root_field(
    asker: Asker, node_ids: dict[str, dict[str, str]]
) -> None:
    for type_name, key in node_ids["fjord"].items():
        for field in BY_ID:
            target = get_named_type(QUERY[field].type)
            if field != "node" and target.name != type_name:
                continue
            query = f"query ($id: ID!) {{ {field}(id: $id) {{ id }} }}"

            mine = await asker.ask(query, FJORD.viewer(), {"id": key})
            theirs = await asker.ask(query, PRAIRIE.viewer(), {"id": key})
            by_reference = await asker.ask_reference(query, PRAIRIE.viewer(), {"id": key})

            assert mine == {"data": {field: {"id": key}}}
            assert theirs == by_reference == {"data": {field: None}}


async def test_ids_of_another_brand_name_nothing_by_nodes(
    asker: Asker, node_ids: dict[str, dict[str, str]]
) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    ids = list(node_ids["fjord"].values())

    mine = await asker.ask(query, FJORD.viewer(), {"ids": ids})
    theirs = await asker.ask(query, PRAIRIE.viewer(), {"ids": ids})

    assert mine == {"data": {"nodes": [{"id": each} for each in ids]}}
    assert theirs == {"data": {"nodes": [None] * len(ids)}}
    assert theirs == await asker.ask_reference(query, PRAIRIE.viewer(), {"ids": ids})


async def test_an_app_is_seen_by_every_brand_that_installed_it_and_no_installation_but_its_own(
    asker: Asker,
) -> None:
    query = "query ($id: ID!) { node(id: $id) { ... on App { name } } }"

    answer = await asker.ask(query, PRAIRIE.viewer(), {"id": global_id("App", APP_ID)})

    assert answer == {"data": {"node": {"name": "Golden app"}}}


@pytest.mark.parametrize("name", LISTS)
async def test_a_cursor_of_another_brand_is_refused_by_every_root_list(
    asker: Asker, name: str
) -> None:
    ask = f"{{ {name}(first: 1) {{ edges {{ cursor }} }} }}"
    go_on = f"query ($after: String) {{ {name}(first: 1, after: $after) {{ edges {{ cursor }} }} }}"
    found = await asker.ask(ask, FJORD.viewer())
    cursor = found["data"][name]["edges"][0]["cursor"]

    await asker.ask(go_on, FJORD.viewer(), {"after": cursor})
    with pytest.raises(RequestRefused) as refused:
        await asker.ask(go_on, PRAIRIE.viewer(), {"after": cursor})

    assert refused.value.code == "BAD_CURSOR"
    assert asker.statements == []


def _lists_below(graphql_type: GraphQLObjectType) -> list[str]:
    return [
        name
        for name, field in graphql_type.fields.items()
        if is_connection(get_named_type(field.type))
    ]


async def test_a_cursor_of_another_brand_is_refused_by_every_list_below_a_row(
    asker: Asker, node_ids: dict[str, dict[str, str]]
) -> None:
    tried = 0
    for type_name, graphql_type in asker.engine.catalogue.node_types.items():
        for field in _lists_below(graphql_type):
            show = f"{field}(first: 1) {{ edges {{ cursor }} }}"
            ask = f"query ($id: ID!) {{ node(id: $id) {{ ... on {type_name} {{ {show} }} }} }}"
            found = await asker.ask(ask, FJORD.viewer(), {"id": node_ids["fjord"][type_name]})
            edges = found["data"]["node"][field]["edges"]
            if not edges:
                continue
            go_on = ask.replace("first: 1", "first: 1, after: $after").replace(
                "$id: ID!", "$id: ID!, $after: String"
            )
            own = {"id": node_ids["prairie"][type_name], "after": edges[0]["cursor"]}
            with pytest.raises(RequestRefused) as refused:
                await asker.ask(go_on, PRAIRIE.viewer(), own)
            assert refused.value.code == "BAD_CURSOR"
            tried += 1
    assert tried >= 8


@pytest.fixture
async def live(asker: Asker, golden_database: str) -> AsyncIterator[Live]:
    """Live subscriptions over both golden brands' logs."""
    async with await create_read_pool(golden_database, connections=2) as pool:
        yield Live(asker.engine, fetch_from(pool), Feed(golden_database, pool), EVENT_LOG)


@pytest.mark.parametrize("name", list(SUBSCRIPTION))
async def test_a_subscription_sends_a_brand_its_own_events_and_no_trace_of_the_other(
    live: Live, name: str
) -> None:
    selection = everything_of(GRAPHQL, get_named_type(SUBSCRIPTION[name].type), 2)
    query = f"subscription ($after: String) {{ {name}(after: $after) {selection} }}"

    for own, other in ((FJORD, PRAIRIE), (PRAIRIE, FJORD)):
        start = stream_signer(CURSOR_KEY, own.id, EVENT_LOG).sign((0,))
        frames = live.subscribe(GraphQLRequest(query, None, {"after": start}), own.viewer())
        first = orjson.loads(await anext(frames))
        await frames.aclose()
        assert _traces(first, own) != []
        assert _traces(first, other) == []


@pytest.mark.parametrize("name", list(SUBSCRIPTION))
async def test_a_subscription_refuses_a_cursor_of_another_brand(live: Live, name: str) -> None:
    query = f"subscription ($after: String) {{ {name}(after: $after) {{ __typename }} }}"
    start = stream_signer(CURSOR_KEY, FJORD.id, EVENT_LOG).sign((0,))

    with pytest.raises(RequestRefused) as refused:
        await anext(live.subscribe(GraphQLRequest(query, None, {"after": start}), PRAIRIE.viewer()))

    assert refused.value.code == "BAD_CURSOR"


def test_no_type_can_show_a_row_that_is_shared_by_brands_with_its_key_or_moments() -> None:
    link = GRAPHQL.type_map["AccountLink"]

    assert isinstance(link, GraphQLObjectType)
    assert sorted(link.fields) == ["addMode", "marketplace", "retailer"]
    assert "Person" not in GRAPHQL.type_map
