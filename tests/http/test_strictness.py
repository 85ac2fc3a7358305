"""How strict `/graphql` is: media types it takes and gives, and JSON that means one thing."""

import gzip
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest

from tests.http.requests import MODERN, PLAIN, QUERY, asking, code_of, post, told
from tests.http.server import Running, TestBrand


@pytest.fixture
async def client(running: Running, brand: TestBrand) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the brand's token."""
    async with asking(running, brand.token) as client:
        yield client


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (MODERN, MODERN),
        (f"{PLAIN}, {MODERN};q=0.9", PLAIN),
        (f"{MODERN}; charset=utf-8, {PLAIN}; charset=utf-8", MODERN),
        (f"{MODERN},{PLAIN};q=0.9", MODERN),
        (
            f"{MODERN}, application/graphql+json, {PLAIN}, text/event-stream, multipart/mixed",
            MODERN,
        ),
        (PLAIN, PLAIN),
        (PLAIN.upper(), PLAIN),
        ("*/*", PLAIN),
        ("application/*", PLAIN),
        (f"text/html, */*;q=0.1, {MODERN};q=0", PLAIN),
        (f"*/*, {PLAIN};q=0", MODERN),
        ("", PLAIN),
    ],
)
async def test_the_answer_is_of_the_type_that_is_accepted(
    client: httpx.AsyncClient, accept: str, content_type: str
) -> None:
    answer = await post(client, QUERY, accept=accept)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{content_type}; charset=utf-8"


@pytest.mark.parametrize(
    "accept",
    ["text/html", "image/*", f"{MODERN};q=0, {PLAIN};q=0.0", f"{PLAIN};charset=utf-16", "nonsense"],
)
async def test_who_takes_nothing_that_is_made_here_is_told_so(
    client: httpx.AsyncClient, accept: str
) -> None:
    answer = await post(client, QUERY, accept=accept)

    assert (answer.status_code, code_of(answer)) == (406, "NOT_ACCEPTABLE")
    assert answer.headers["content-type"] == f"{PLAIN}; charset=utf-8"


async def test_json_as_deep_as_it_may_be_is_taken(client: httpx.AsyncClient) -> None:
    deep = b'{"query":"{ brand { id } }","variables":{"x":' + b"[" * 48 + b"]" * 48 + b"}}"

    assert (await post(client, deep)).status_code == 200


NEGLIGENT = [
    b'{ "query" : "{ brand { slug } }" }',
    b'{"query":"{ brand { slug } }","variables":null,"operationName":null,"extensions":null}',
    b'{"query":"{ brand { slug } }","variables":{"unused":1.50,"same":1e3}}',
    b'{"query":"{ brand { slug } }","variables":{"a":{"x":1},"b":{"x":1},"x":[{"x":1},{"x":1}]}}',
    b'{"query":"\\u007b brand \\u007b slug \\u007d \\u007d","else":"unknown to all"}',
]


@pytest.mark.parametrize("body", NEGLIGENT, ids=lambda body: str(body[:40]))
async def test_json_may_be_written_in_any_way_that_means_one_thing(
    client: httpx.AsyncClient, brand: TestBrand, body: bytes
) -> None:
    answer = await post(client, body)

    assert (answer.status_code, told(answer)) == (200, {"data": {"brand": {"slug": brand.slug}}})


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/graphql",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1; charset=utf-8",
    ],
)
async def test_another_content_type_is_refused(
    client: httpx.AsyncClient, content_type: str
) -> None:
    answer = await post(client, QUERY, **{"content-type": content_type})

    assert (answer.status_code, code_of(answer)) == (415, "BAD_REQUEST")


async def test_no_content_type_is_refused(client: httpx.AsyncClient) -> None:
    del client.headers["content-type"]

    assert (await post(client, QUERY)).status_code == 415


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        "Application/JSON ;charset=UTF-8",
        'application/json; charset="utf8"; profile="x"',
    ],
)
async def test_parameters_of_the_content_type_change_nothing(
    client: httpx.AsyncClient, content_type: str
) -> None:
    assert (await post(client, QUERY, **{"content-type": content_type})).status_code == 200


async def test_a_compressed_body_is_refused(client: httpx.AsyncClient) -> None:
    answer = await post(client, gzip.compress(orjson.dumps(QUERY)), **{"content-encoding": "gzip"})

    assert (answer.status_code, code_of(answer)) == (415, "BAD_REQUEST")
