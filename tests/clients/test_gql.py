"""gql, Python's client: schema by introspection, checked before it is sent, HTTP and WebSocket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from gql import Client, gql
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from graphql import GraphQLError

from tests.clients.programs import Served
from tests.golden_world import FJORD

pytestmark = pytest.mark.once

BRAND = "query Brand { brand { id name } }"
PRODUCTS = "query Products($first: Int) { products(first: $first) { nodes { title } } }"
ADD_TRIGGER = """
mutation AddTrigger($input: AddTriggerInput!) {
  addTrigger(input: $input) { ... on Trigger { id tag } ... on Problem { message } }
}
"""
REMOVE_TRIGGER = """
mutation RemoveTrigger($input: RemoveTriggerInput!) {
  removeTrigger(input: $input) { ... on Brand { name } ... on Problem { message } }
}
"""
EVENTS = """
subscription Events($types: [EventType!]) {
  events(types: $types) { __typename ... on LogEntry { event { type } } }
}
"""


def bearer(token: str) -> dict[str, str]:
    """The header of a token."""
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def over_http(served: Served, token: str, *, checked: bool = True) -> AsyncIterator[Any]:
    """A session over HTTP; `checked`: against the schema, which it asks for first."""
    transport = HTTPXAsyncTransport(served.endpoint, headers=bearer(token), trust_env=False)
    async with Client(transport=transport, fetch_schema_from_transport=checked) as session:
        yield session


@asynccontextmanager
async def over_a_socket(served: Served, token: str) -> AsyncIterator[Any]:
    """A session over a WebSocket, with the sub-protocols that the client offers by itself."""
    transport = WebsocketsTransport(f"ws://{served.address}/graphql", init_payload=bearer(token))
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        yield session


async def ask(session: AsyncClientSession, document: str, **variables: Any) -> Any:
    """The data of an answer."""
    request = gql(document)
    request.variable_values = variables
    return await session.execute(request)


async def test_it_reads_over_http_and_refuses_by_itself_what_the_schema_has_not(
    served: Served,
) -> None:
    async with over_http(served, served.token) as session:
        brand = (await ask(session, BRAND))["brand"]
        with pytest.raises(GraphQLError, match="Cannot query field 'nothing' on type 'Query'"):
            await ask(session, "{ nothing }")

    assert brand == {"id": brand["id"], "name": f"{FJORD.name} Ltd"}


async def test_it_tells_why_the_server_refused(served: Served) -> None:
    async with over_http(served, served.token) as session:
        with pytest.raises(TransportQueryError) as too_large:
            await ask(session, PRODUCTS, first=501)
    async with over_http(served, f"{served.token}x", checked=False) as session:
        with pytest.raises(TransportQueryError) as stranger:
            await ask(session, BRAND)

    assert codes(too_large.value) == ["BAD_USER_INPUT"]
    assert codes(stranger.value) == ["UNAUTHENTICATED"]


async def test_a_socket_without_a_valid_token_does_not_open(served: Served) -> None:
    with pytest.raises(TransportConnectionFailed):
        async with over_a_socket(served, f"{served.token}x"):
            pass


async def test_it_follows_over_a_socket_what_it_changes_over_http(served: Served) -> None:
    seen: list[Any] = []
    async with over_http(served, served.token) as asking:
        given = {"tag": "OfGql", "marketplace": "US"}
        trigger = (await ask(asking, ADD_TRIGGER, input=given))["addTrigger"]
        async with over_a_socket(served, served.token) as following:
            request = gql(EVENTS)
            request.variable_values = {"types": ["BRAND_UPDATED"]}
            async for told in following.subscribe(request):
                seen.append(told["events"])
                if len(seen) == 2:
                    break
                await ask(asking, REMOVE_TRIGGER, input={"triggerId": trigger["id"]})

    assert trigger["tag"] == "OfGql"
    assert seen == [
        {"__typename": "LogHeartbeat"},
        {"__typename": "LogEntry", "event": {"type": "BRAND_UPDATED"}},
    ]


def codes(refused: TransportQueryError) -> list[str]:
    """The codes of an answer's errors."""
    return [error["extensions"]["code"] for error in refused.errors or ()]
