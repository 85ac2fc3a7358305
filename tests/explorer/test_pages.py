"""The first page, the explorer's page and its files: closed to all that is not ours, and kept."""

import gzip
import re
from collections.abc import AsyncIterator
from html import unescape

import httpx
import pytest
from fastapi import FastAPI
from graphql import parse, validate

from app.core.settings import Settings
from app.explorer.files import FOREVER
from app.explorer.routes import ASSETS, explorer_router
from app.schema import schema

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PLAIN = {"accept-encoding": "identity"}
PAGES = ("/", "/graphql")
CODE = re.compile(r"<pre[^>]*><code>(.*?)</code></pre>", re.DOTALL)
ADDRESSES = re.compile(r'(?:href|src)="([^"]+)"')
OTHERS = frozenset({"/openapi.json", "/readyz", "/livez", "/s", "#main"})
"""Addresses that other parts of the server answer."""


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A browser in front of these routes alone."""
    app = FastAPI(openapi_url=None)
    app.include_router(explorer_router(Settings(public_url="https://carts.example")))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="https://carts.example", headers=BROWSER
    ) as client:
        yield client


def policy_of(answer: httpx.Response) -> dict[str, str]:
    """The directives of its Content-Security-Policy."""
    header = answer.headers["content-security-policy"]
    directives = (directive.strip().partition(" ") for directive in header.split(";"))
    return {name: sources for name, _, sources in directives}


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_lets_a_browser_load_nothing_that_is_not_from_here(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)

    policy = policy_of(answer)
    assert answer.status_code == 200
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    allowed = {source for sources in policy.values() for source in sources.split()}
    assert allowed <= {"'none'", "'self'", "'unsafe-inline'", "data:"}
    assert "'unsafe-inline'" not in policy.get("script-src", "")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"


async def test_the_first_page_has_no_script_and_no_style_of_its_own(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/")

    assert policy_of(answer).keys().isdisjoint({"script-src", "connect-src", "worker-src"})
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
    assert re.findall(r"<script|<style| style=| on\w+=", answer.text) == []


@pytest.mark.parametrize("path", PAGES)
async def test_every_address_that_a_page_names_is_answered(
    client: httpx.AsyncClient, path: str
) -> None:
    named = set(ADDRESSES.findall((await client.get(path)).text)) - OTHERS

    answers = {address: (await client.get(address)).status_code for address in named}

    assert answers == dict.fromkeys(named, 200)
    assert named >= ({"/graphql", "/schema.graphql"} if path == "/" else {"/"})


async def test_what_the_first_page_has_one_paste_is_valid(client: httpx.AsyncClient) -> None:
    codes = [unescape(code) for code in CODE.findall((await client.get("/")).text)]
    operations = [code for code in codes if code.startswith(("{", "subscription"))]
    [curl] = [code for code in codes if code.startswith("curl")]
    posted = re.search(r'"query": "(.*)"', curl)

    assert posted is not None
    assert len(operations) == 2
    for operation in (*operations, posted.group(1)):
        assert validate(schema._schema, parse(operation)) == []
    assert "https://carts.example/graphql" in curl


async def test_who_is_no_browser_is_told_what_to_do_instead(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphql", headers={"accept": "application/json"})

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.headers["vary"] == "Accept"
    assert "application/json" in answer.text


async def test_a_file_whose_name_holds_its_hash_is_kept_for_ever(client: httpx.AsyncClient) -> None:
    [script] = ASSETS.glob("explorer-*.js")

    answer = await client.get(f"/explorer/assets/{script.name}")

    assert answer.headers["cache-control"] == FOREVER
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("path", [*PAGES, "/schema.graphql", "/explorer/examples.json"])
async def test_what_may_change_is_asked_for_anew_and_sent_only_if_it_did(
    client: httpx.AsyncClient, path: str
) -> None:
    first = await client.get(path)
    etag = first.headers["etag"]

    again = await client.get(path, headers={"if-none-match": f'"other", W/{etag}'})
    changed = await client.get(path, headers={"if-none-match": '"other"'})

    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert changed.status_code == 200


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("br, GZIP;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip; q=0.0", None),
        ("br", None),
        ("", None),
    ],
)
async def test_a_file_is_compressed_for_those_who_take_gzip(
    client: httpx.AsyncClient, accepted: str, encoding: str | None
) -> None:
    [script] = ASSETS.glob("explorer-*.js")
    address = f"/explorer/assets/{script.name}"

    async with client.stream("GET", address, headers={"accept-encoding": accepted}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])

    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert (gzip.decompress(raw) if encoding else raw) == script.read_bytes()


async def test_each_form_of_a_file_has_a_tag_of_its_own(client: httpx.AsyncClient) -> None:
    compressed = await client.get("/schema.graphql")
    plain = await client.get("/schema.graphql", headers=PLAIN)

    assert compressed.headers["etag"] != plain.headers["etag"]
    assert compressed.content == plain.content


async def test_head_tells_the_headers_alone(client: httpx.AsyncClient) -> None:
    answer = await client.head("/")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == (await client.get("/")).headers["etag"]


@pytest.mark.parametrize("name", ["explorer.html", "../routes.py", "%2e%2e/routes.py", "none.js"])
async def test_only_the_built_files_are_handed_out(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/explorer/assets/{name}")

    assert answer.status_code == 404


async def test_no_page_holds_a_token(client: httpx.AsyncClient) -> None:
    for path in (*PAGES, "/explorer/examples.json"):
        assert re.findall(r"hc_at_\w", (await client.get(path)).text) == []
