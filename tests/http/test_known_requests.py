"""Requests met before: what was made of them is shared, what may be seen is not."""

import gc
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.core.viewer import Scope
from app.graphql import known_requests
from app.graphql.engine import Engine, GraphQLRequest, create_engine
from app.graphql.known_requests import BODY_BYTES_KEPT_MAX, KnownRequests
from app.graphql.reads.execute import CompiledOperation
from app.schema import schema
from tests.golden_world import CURSOR_KEY
from tests.http.requests import told
from tests.http.server import Running, TestBrand, make_brand, token_of


async def ask(client: httpx.AsyncClient, token: str, body: bytes) -> httpx.Response:
    """The answer to a POST of *body*."""
    return await client.post(
        "/graphql",
        content=body,
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
    )


async def test_everybody_sees_their_own_by_the_same_bytes(
    running: Running, brand: TestBrand
) -> None:
    other = await make_brand(running.resources)
    body = b'{"query": "{ brand { slug } }"}'
    async with running.client() as client:
        found = [
            (await ask(client, who.token, body)).json()["data"]["brand"]["slug"]
            for who in (brand, other) * 3
        ]

    assert found == [brand.slug, other.slug] * 3


async def test_a_scope_is_asked_for_every_time(running: Running, brand: TestBrand) -> None:
    poor = await token_of(running.resources, brand.slug, frozenset({Scope.BRAND_READ}))
    body = b'{"query": "{ shoppableTweets { nodes { id } } }"}'
    async with running.client() as client:
        for _ in range(2):
            assert told(await ask(client, brand.token, body)) == {
                "data": {"shoppableTweets": {"nodes": []}}
            }
            refused = (await ask(client, poor, body)).json()["errors"][0]
            assert refused["extensions"]["code"] == "MISSING_SCOPE"


async def test_a_page_is_checked_every_time(running: Running, brand: TestBrand) -> None:
    body = b'{"query": "{ shoppableTweets(first: 501) { nodes { id } } }"}'
    async with running.client() as client:
        for _ in range(3):
            refused = (await ask(client, brand.token, body)).json()["errors"][0]
            assert refused["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.fixture
def engine() -> Engine:
    """An engine that knows no request."""
    return create_engine(schema, CURSOR_KEY)


def made(engine: Engine, query: str) -> tuple[CompiledOperation, Any]:
    """What the engine makes of a request without variables."""
    request = GraphQLRequest(query, None, {})
    prepared = engine.documents.prepare(request.query, None)
    variables = engine.documents.variables(prepared, request.variables)
    return engine.reads.compile(prepared, variables), variables


def test_a_request_is_found_by_its_very_bytes(engine: Engine) -> None:
    compiled, variables = made(engine, "{ brand { slug } }")
    known = KnownRequests()
    known.keep(b"body", compiled, variables)

    assert known.find(b"body") == (compiled, variables)
    assert known.find(b"body ") is None


def test_it_leaves_with_its_plan(engine: Engine) -> None:
    compiled, variables = made(engine, "{ brand { slug } }")
    compiled = replace(compiled)  # held by nobody else
    known = KnownRequests()
    known.keep(b"body", compiled, variables)
    del compiled
    gc.collect()

    assert known.find(b"body") is None


def test_the_least_recently_used_leave_first(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled, variables = made(engine, "{ brand { slug } }")
    monkeypatch.setattr(known_requests, "BYTES_KEPT", 30)
    known = KnownRequests()
    for body in (b"a" * 10, b"b" * 10, b"c" * 10):
        known.keep(body, compiled, variables)
    known.find(b"a" * 10)
    known.keep(b"d" * 10, compiled, variables)
    monkeypatch.setattr(known_requests, "REQUESTS_KEPT", 2)
    known.keep(b"d" * 10, compiled, variables)

    assert [known.find(each * 10) is not None for each in (b"a", b"b", b"c", b"d")] == [
        True,
        False,
        False,
        True,
    ]


def test_a_long_body_is_not_kept(engine: Engine) -> None:
    compiled, variables = made(engine, "{ brand { slug } }")
    known = KnownRequests()
    known.keep(b"x" * (BODY_BYTES_KEPT_MAX + 1), compiled, variables)

    assert known.find(b"x" * (BODY_BYTES_KEPT_MAX + 1)) is None
