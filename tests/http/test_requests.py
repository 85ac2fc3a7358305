"""`POST /graphql`: which bodies, tokens and headers are taken, and how all others are answered."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from app.graphql import router
from app.graphql.limits import BODY_BYTES_MAX
from tests.http.requests import MODERN, PLAIN, QUERY, asking, code_of, post, told
from tests.http.server import Running, TestBrand

pytestmark = pytest.mark.once


@pytest.fixture
async def client(running: Running, brand: TestBrand) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the brand's token."""
    async with asking(running, brand.token) as client:
        yield client


async def test_a_query_is_answered(client: httpx.AsyncClient, brand: TestBrand) -> None:
    answer = await post(client, QUERY)

    assert answer.status_code == 200
    assert told(answer) == {"data": {"brand": {"slug": brand.slug}}}
    assert answer.headers["content-type"] == f"{MODERN}; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


BAD_BODIES = [
    b"",
    b"query=%7B%7D",
    b"[]",
    b"[" + orjson.dumps(QUERY) + b"]",
    b"7",
    b"null",
    b"true",
    b'"{ brand { slug } }"',
    b"{}",
    b'{"query": null}',
    b'{"query": ""}',
    b'{"query": 7}',
    b'{"query": {"text": "{ brand { slug } }"}}',
    b'{"query": "{ brand { slug } }"} {}',
    b'{"query": "{ brand { slug } }", "variables": []}',
    b'{"query": "{ brand { slug } }", "variables": "{}"}',
    b'{"query": "{ brand { slug } }", "operationName": 7}',
    b'{"query": "{ brand { slug } }", "extensions": []}',
    b'{"query": "{ brand { slug } } # \xff"}',
    b'{"query": "{ brand { slug } } # \\ud800"}',
    b'{"query": "{ brand { slug } }", "variables": {"x": "\\udfff"}}',
    b"\xef\xbb\xbf" + orjson.dumps(QUERY),
    orjson.dumps(QUERY).decode().encode("utf-16"),
    b"[" * 100_000,
    b'{"query": "{ brand { slug } }", "variables": {"x": ' + b"[" * 5_000 + b"]" * 5_000 + b"}}",
    b'{"query": "{ brand { slug } }", "variables": {"x": NaN}}',
    b'{"query": "{ brand { slug } }", "query": "{ brand { slug } }"}',
    b'{"query":"{ brand { slug } }","variables":{"x":{"y":1,"y":1}}}',
    b'{"query":"{ brand { slug } }","variables":{"x":[{"y":1,"\\u0079":2}]}}',
    b'{"query":"{ brand { slug } }","variables":{"x":' + b"[" * 50 + b"]" * 50 + b"}}",
    b'{"query":"{ brand { slug } }","query":' + b"[" * 999 + b"]" * 999 + b"}",
    b'{"query":"{ brand { slug } }","query":' + b"9" * 5_000 + b"}",
]


@pytest.mark.parametrize("accept", [MODERN, PLAIN])
@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: str(body[:40]))
async def test_a_body_that_is_no_request_is_answered_400(
    client: httpx.AsyncClient, body: bytes, accept: str
) -> None:
    answer = await post(client, body, accept=accept)

    assert (answer.status_code, code_of(answer)) == (400, "BAD_REQUEST")
    assert answer.headers["content-type"] == f"{accept}; charset=utf-8"


@pytest.mark.parametrize(
    ("query", "variables", "data"),
    [
        ("query ($x: ID!) { node(id: $x) { id } }", {"x": "\x00"}, {"node": None}),
        ('{ node(id: "\\u0000") { id } }', {}, {"node": None}),
        ("query ($x: ID!) { cartIntent(id: $x) { id } }", {"x": "a\x00b"}, {"cartIntent": None}),
        ("query ($x: ID!) { product(id: $x) { id } }", {"x": "é" * 200}, {"product": None}),
        ("query ($x: ID!) { product(id: $x) { id } }", {"x": 7}, {"product": None}),
    ],
)
async def test_text_that_postgresql_cannot_hold_names_nothing(
    client: httpx.AsyncClient, query: str, variables: dict[str, Any], data: dict[str, Any]
) -> None:
    answer = await post(client, {"query": query, "variables": variables})

    assert (answer.status_code, told(answer)) == (200, {"data": data})


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ brand \x00 { slug } }", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ brand { slug }", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ brand { " + "a { " * 3_000, {}, "GRAPHQL_PARSE_FAILED"),
        ("{ brand { sluk } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("fragment Lonely on Brand { slug }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($x: ID!) { node(id: $x) { id } }", {}, "BAD_USER_INPUT"),
        ("query ($x: ID!) { node(id: $x) { id } }", {"x": None}, "BAD_USER_INPUT"),
        ("query ($x: ID!) { node(id: $x) { id } }", {"x": ["a"]}, "BAD_USER_INPUT"),
        ("query ($x: ID!) { node(id: $x) { id } }", {"x": 1.5}, "BAD_USER_INPUT"),
        ("query ($x: String) { events(after: $x) { nodes { id } } }", {"x": "\x00"}, "BAD_CURSOR"),
        ("query ($x: Int) { events(first: $x) { nodes { id } } }", {"x": 501}, "BAD_USER_INPUT"),
        ("query ($x: Int) { events(first: $x) { nodes { id } } }", {"x": 2**40}, "BAD_USER_INPUT"),
        (
            "query ($x: [EventType!]) { events(types: $x) { nodes { id } } }",
            {"x": ["\x00"]},
            "BAD_USER_INPUT",
        ),
        ("query A { brand { id } } query B { brand { id } }", {}, "BAD_REQUEST"),
        ("subscription { events { __typename } }", {}, "BAD_REQUEST"),
    ],
)
async def test_what_may_not_run_is_400_for_those_who_understand_it_and_200_for_the_rest(
    client: httpx.AsyncClient, query: str, variables: dict[str, Any], code: str
) -> None:
    request = {"query": query, "variables": variables}

    modern, plain = await post(client, request), await post(client, request, accept=PLAIN)

    assert (modern.status_code, plain.status_code) == (400, 200)
    assert told(modern) == told(plain)
    assert told(modern).keys() == {"errors"}
    assert {error["extensions"]["code"] for error in modern.json()["errors"]} == {code}


async def test_of_several_operations_the_named_one_runs(
    client: httpx.AsyncClient, brand: TestBrand
) -> None:
    request = {"query": "query A { brand { id } } query B { brand { slug } }"}

    named = await post(client, {**request, "operationName": "B"})
    unnamed = await post(client, {**request, "operationName": None})
    unknown = await post(client, {**request, "operationName": "C"})

    assert told(named) == {"data": {"brand": {"slug": brand.slug}}}
    assert code_of(unnamed) == "BAD_REQUEST"
    assert "`operationName`" in unnamed.json()["errors"][0]["message"]
    assert code_of(unknown) == "BAD_REQUEST"
    assert "'C'" in unknown.json()["errors"][0]["message"]


async def test_a_subscription_over_post_is_told_where_it_belongs(
    client: httpx.AsyncClient, running: Running
) -> None:
    answer = await post(client, {"query": "subscription { events { __typename } }"})

    assert code_of(answer) == "BAD_REQUEST"
    assert "graphql-transport-ws" in answer.json()["errors"][0]["message"]
    assert running.server.live.groups == 0


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    """A body whose length is not told."""
    for part in parts:
        yield part


def padded(size: int) -> bytes:
    """A request of so many bytes."""
    body = orjson.dumps({**QUERY, "extensions": {"pad": ""}})
    return body.replace(b'"pad":""', b'"pad":"' + b"x" * (size - len(body)) + b'"')


async def test_a_body_in_chunks_is_taken(client: httpx.AsyncClient, brand: TestBrand) -> None:
    raw = orjson.dumps(QUERY)
    answer = await client.post("/graphql", content=chunks(raw[:5], b"", raw[5:9], raw[9:]))

    assert told(answer) == {"data": {"brand": {"slug": brand.slug}}}


async def test_a_body_of_a_mebibyte_is_taken_and_one_more_byte_is_not(
    client: httpx.AsyncClient,
) -> None:
    largest, too_large = padded(BODY_BYTES_MAX), padded(BODY_BYTES_MAX + 1)

    taken = await post(client, largest)
    refused = await post(client, too_large)
    in_chunks = await client.post("/graphql", content=chunks(too_large[:9], too_large[9:]))
    after = await post(client, QUERY)

    assert taken.status_code == 200
    assert (refused.status_code, code_of(refused)) == (413, "BAD_REQUEST")
    assert (in_chunks.status_code, code_of(in_chunks)) == (413, "BAD_REQUEST")
    assert after.status_code == 200


async def test_a_body_that_does_not_end_is_not_waited_for(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router, "BODY_SECONDS_MAX", 0.05)
    answered = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b'{"query": '
        await answered.wait()

    sending = asyncio.ensure_future(client.post("/graphql", content=endless()))
    answer = await first_answer_to(client, b'{"query": ')
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)

    assert answer.startswith(b"HTTP/1.1 408 ")


async def first_answer_to(client: httpx.AsyncClient, start: bytes) -> bytes:
    """What the server answers to a request whose body stops after *start*."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    head = (
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"authorization: {client.headers['authorization']}\r\ncontent-length: 100\r\n\r\n"
    )
    writer.write(head.encode() + start)
    async with asyncio.timeout(20):
        answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return answer


NO_TOKEN = 'Bearer realm="hashcart"'
BAD_TOKEN = 'Bearer realm="hashcart", error="invalid_token"'


@pytest.mark.parametrize("accept", [MODERN, PLAIN])
@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        (None, NO_TOKEN),
        ("", NO_TOKEN),
        ("Bearer", NO_TOKEN),
        ("Basic aGFzaDpjYXJ0", NO_TOKEN),
        ("Token {token}", NO_TOKEN),
        ("{token}", NO_TOKEN),
        ("Bearer hc_at_unknown", BAD_TOKEN),
        ("Bearer {token}x", BAD_TOKEN),
        ("Bearer x{token}", BAD_TOKEN),
        ("Bearer {token} {token}", BAD_TOKEN),
        ("Bearer " + "x" * 5_000, BAD_TOKEN),
    ],
)
async def test_without_a_good_token_nothing_is_answered_but_401(
    client: httpx.AsyncClient,
    brand: TestBrand,
    authorization: str | None,
    challenge: str,
    accept: str,
) -> None:
    del client.headers["authorization"]
    headers = {"accept": accept}
    if authorization is not None:
        headers["authorization"] = authorization.format(token=brand.token)

    answer = await post(client, {"query": "{ __typename nothing }"}, **headers)

    assert (answer.status_code, code_of(answer)) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == challenge
    assert brand.token not in answer.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_is_read_in_any_case(
    client: httpx.AsyncClient, brand: TestBrand, scheme: str
) -> None:
    answer = await post(client, QUERY, authorization=f"{scheme} {brand.token}")

    assert answer.status_code == 200


async def test_a_missing_scope_is_403_for_those_who_understand_it(
    running: Running, brand: TestBrand, client: httpx.AsyncClient
) -> None:
    async with running.resources.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE token SET scopes = '[\"brand:read\"]' WHERE brand_id = $1", (brand.id,)
        )
    request = {"query": "{ brand { slug } intents: cartIntents { nodes { id } } }"}

    modern, plain = await post(client, request), await post(client, request, accept=PLAIN)

    assert (modern.status_code, plain.status_code) == (403, 200)
    assert told(modern) == told(plain)
    assert code_of(modern) == "MISSING_SCOPE"
    (error,) = modern.json()["errors"]
    assert error["path"] == ["intents"]
    assert "`intents:read`" in error["message"]


@pytest.mark.parametrize(
    ("method", "accept"),
    [
        ("GET", PLAIN),
        ("GET", MODERN),
        ("GET", "*/*"),
        ("GET", "text/event-stream"),
        ("PUT", PLAIN),
        ("DELETE", PLAIN),
        ("PATCH", "text/html"),
    ],
)
async def test_another_method_is_405_and_runs_nothing(
    client: httpx.AsyncClient, method: str, accept: str
) -> None:
    answer = await client.request(
        method, "/graphql", params={"query": "{ brand { slug } }"}, headers={"accept": accept}
    )

    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]
    assert "brand-" not in answer.text
    if "html" not in accept and "stream" not in accept:
        assert code_of(answer) == "METHOD_NOT_ALLOWED"


async def test_a_browser_is_shown_the_explorer_without_a_token(running: Running) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    async with running.client() as client:
        answer = await client.get("/graphql", headers={"accept": browser})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "GraphiQL" in answer.text
    assert "hc_at_" not in answer.text
