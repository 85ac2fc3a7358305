"""Documents that are named instead of sent: automatic persisted queries and trusted documents."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import orjson
import pytest

from app.core.ids import uuid7
from app.graphql import persisted
from tests.http.requests import PLAIN, asking, code_of, post, told
from tests.http.server import Running, TestBrand, make_brand
from tests.live.sockets import acknowledged
from tests.live.streams import streaming

DOCUMENT = "query Mine { brand { slug } }"
UNKNOWN: dict[str, Any] = {
    "message": "PersistedQueryNotFound",
    "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
}


def hash_of(document: str) -> str:
    """Its SHA-256 in hexadecimal."""
    return hashlib.sha256(document.encode()).hexdigest()


def named(document: str, version: int = 1) -> dict[str, Any]:
    """The extension that names a document."""
    return {"persistedQuery": {"version": version, "sha256Hash": hash_of(document)}}


def by_get(**parameters: Any) -> str:
    """The address of a request by GET."""
    texts = {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in parameters.items()
    }
    return f"/graphql?{urlencode(texts)}"


@pytest.fixture
async def client(running: Running, brand: TestBrand) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the brand's token, in front of a server that kept nothing yet."""
    _forget(running)
    async with asking(running, brand.token) as client:
        yield client


def _forget(running: Running) -> None:
    running.server.persisted._apps.clear()
    running.server.persisted._trusted.clear()


async def test_a_document_is_sent_once_and_named_from_then_on(
    client: httpx.AsyncClient, brand: TestBrand
) -> None:
    mine = {"data": {"brand": {"slug": brand.slug}}}

    unknown = await post(client, {"extensions": named(DOCUMENT)})
    plain = await post(client, {"extensions": named(DOCUMENT)}, accept=PLAIN)
    sent = await post(client, {"query": DOCUMENT, "extensions": named(DOCUMENT)})
    known = await post(client, {"extensions": named(DOCUMENT), "operationName": "Mine"})
    by_id = await post(client, {"documentId": f"sha256:{hash_of(DOCUMENT)}"})

    assert (unknown.status_code, plain.status_code) == (400, 200)
    assert told(unknown) == told(plain) == {"errors": [UNKNOWN]}
    assert [told(sent), told(known), told(by_id)] == [mine] * 3


async def test_get_runs_what_was_persisted_and_nothing_else(
    client: httpx.AsyncClient, brand: TestBrand
) -> None:
    mine = {"data": {"brand": {"slug": brand.slug}}}
    document = "query Mine($x: Boolean!) { brand { slug @include(if: $x) } }"
    variables = {"x": True}

    text_alone = await client.get(by_get(query=document, variables=variables))
    unknown = await client.get(by_get(extensions=named(document), variables=variables))
    sent = await client.get(by_get(query=document, extensions=named(document), variables=variables))
    by_hash = await client.get(by_get(extensions=named(document), variables=variables))
    by_text = await client.get(by_get(query=document, variables=variables))

    assert (text_alone.status_code, code_of(text_alone)) == (405, "METHOD_NOT_ALLOWED")
    assert text_alone.headers["allow"] == "POST"
    assert (unknown.status_code, code_of(unknown)) == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert [told(each) for each in (sent, by_hash, by_text)] == [mine] * 3


@pytest.mark.parametrize(
    "document", ["mutation { __typename }", "subscription { events { __typename } }"]
)
async def test_get_runs_no_mutation_and_no_subscription(
    client: httpx.AsyncClient, document: str
) -> None:
    address = by_get(query=document, extensions=named(document))
    for accept in (PLAIN, f"{PLAIN}, text/event-stream"):
        answer = await client.get(address, headers={"accept": accept})

        assert (answer.status_code, code_of(answer)) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    "address",
    [
        by_get(query=DOCUMENT, extensions="{"),
        by_get(query=DOCUMENT, extensions=[]),
        by_get(query=DOCUMENT, variables="7"),
        by_get(extensions={"persistedQuery": {"version": 1, "sha256Hash": "a" * 63}}),
        by_get(query=DOCUMENT) + "&query=x",
        by_get(query=DOCUMENT) + "&variables=%ff",
        by_get(query=DOCUMENT) + "&variables=%7B%22a%22:1,%22a%22:2%7D",
        "/graphql?" + "&".join(f"x{n}=1" for n in range(50)),
        "/graphql?nothing",
    ],
)
async def test_an_address_that_is_no_request_is_answered_400(
    client: httpx.AsyncClient, address: str
) -> None:
    answer = await client.get(address)

    assert (answer.status_code, code_of(answer)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"extensions": {"persistedQuery": None}}, "BAD_REQUEST"),
        ({"extensions": {"persistedQuery": "x"}}, "BAD_REQUEST"),
        ({"extensions": {"persistedQuery": {"version": "1"}}}, "BAD_REQUEST"),
        ({"extensions": {"persistedQuery": {"version": True}}}, "BAD_REQUEST"),
        ({"extensions": named("x", version=2)}, "PERSISTED_QUERY_NOT_SUPPORTED"),
        ({"query": DOCUMENT, "extensions": named("x")}, "BAD_REQUEST"),
        ({"documentId": 7}, "BAD_REQUEST"),
        ({"documentId": "x:y"}, "BAD_REQUEST"),
        ({"documentId": "sha256:abc"}, "BAD_REQUEST"),
        ({"documentId": "a" * 201}, "BAD_REQUEST"),
        ({"documentId": "mine", "query": DOCUMENT}, "BAD_REQUEST"),
        ({"documentId": "mine", "extensions": named(DOCUMENT)}, "BAD_REQUEST"),
        ({"documentId": "nobodys"}, "PERSISTED_QUERY_NOT_FOUND"),
    ],
)
async def test_a_document_is_named_rightly_or_not_at_all(
    client: httpx.AsyncClient, request_: dict[str, Any], code: str
) -> None:
    answer = await post(client, request_)

    assert (answer.status_code, code_of(answer)) == (400, code)


async def test_what_is_not_valid_is_not_kept(client: httpx.AsyncClient, running: Running) -> None:
    document = "{ brand { sluk } }"

    refused = await post(client, {"query": document, "extensions": named(document)})

    assert code_of(refused) == "GRAPHQL_VALIDATION_FAILED"
    assert (
        code_of(await post(client, {"extensions": named(document)}))
        == UNKNOWN["extensions"]["code"]
    )


async def test_an_app_keeps_so_many_documents_and_takes_the_room_of_no_other(
    client: httpx.AsyncClient,
    running: Running,
    brand: TestBrand,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(persisted, "TEXTS_PER_APP", 2)
    documents = [f"query Q{number} {{ __typename }}" for number in range(3)]
    other = await make_brand(running.resources)
    await own_app(running, other)
    async with asking(running, other.token) as another:
        await post(another, {"query": DOCUMENT, "extensions": named(DOCUMENT)})
        for document in documents:
            await post(client, {"query": document, "extensions": named(document)})

        answers = [await post(client, {"extensions": named(each)}) for each in documents]
        still = await post(another, {"extensions": named(DOCUMENT)})
        nobodys = await post(client, {"extensions": named(DOCUMENT)})

    assert [answer.status_code for answer in answers] == [400, 200, 200]
    assert still.status_code == 200
    assert told(nobodys) == {"errors": [UNKNOWN]}


async def test_sockets_and_streams_take_names_too(running: Running, brand: TestBrand) -> None:
    _forget(running)
    request = {"extensions": named(DOCUMENT)}
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.send({"id": "1", "type": "subscribe", "payload": request})
        assert (await socket.error())["extensions"] == {"code": "PERSISTED_QUERY_NOT_FOUND"}
        for payload in ({**request, "query": DOCUMENT}, request):
            await socket.send({"id": "1", "type": "subscribe", "payload": payload})
            assert (await socket.receive())["payload"]["data"] == {"brand": {"slug": brand.slug}}
            assert (await socket.receive())["type"] == "complete"
    async with streaming(running, brand.token, DOCUMENT) as stream:
        assert (await stream.rest())[1] == ("complete", None)


async def test_an_app_s_trusted_documents_run_by_id_and_by_hash(
    client: httpx.AsyncClient, running: Running, brand: TestBrand
) -> None:
    app_id = await own_app(running, brand)
    await trust(running, app_id, "mine-1", DOCUMENT)
    mine = {"data": {"brand": {"slug": brand.slug}}}

    answers = [
        await post(client, {"documentId": "mine-1"}),
        await post(client, {"documentId": f"sha256:{hash_of(DOCUMENT)}"}),
        await post(client, {"extensions": named(DOCUMENT)}),
        await client.get(by_get(documentId="mine-1")),
        await client.get(by_get(extensions=named(DOCUMENT))),
        await post(client, {"query": "{ brand { slug } }"}),
    ]

    assert [told(answer) for answer in answers] == [mine] * 6


async def test_an_app_held_to_trusted_documents_runs_no_other(
    client: httpx.AsyncClient, running: Running, brand: TestBrand
) -> None:
    app_id = await own_app(running, brand, trusted_only=True)
    await trust(running, app_id, "mine-1", DOCUMENT)
    other = "{ brand { slug } }"

    by_text = await post(client, {"query": DOCUMENT})
    refused = await post(client, {"query": other})
    plain = await post(client, {"query": other}, accept=PLAIN)
    registered = await post(client, {"query": other, "extensions": named(other)})
    unknown = await post(client, {"extensions": named(other)})
    introspection = await post(client, {"query": "{ __schema { queryType { name } } }"})
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.send({"id": "1", "type": "subscribe", "payload": {"query": other}})
        over_socket = await socket.error()

    assert told(by_text) == {"data": {"brand": {"slug": brand.slug}}}
    assert (refused.status_code, plain.status_code) == (403, 200)
    codes = [code_of(each) for each in (refused, plain, registered, introspection)]
    assert codes == ["DOCUMENT_NOT_TRUSTED"] * 4
    assert over_socket["extensions"] == {"code": "DOCUMENT_NOT_TRUSTED"}
    assert told(unknown) == {"errors": [UNKNOWN]}


async def test_another_app_s_documents_are_nobody_s(
    client: httpx.AsyncClient, running: Running, brand: TestBrand
) -> None:
    other = await make_brand(running.resources)
    await trust(running, await own_app(running, other), "theirs", DOCUMENT)
    await own_app(running, brand)

    assert told(await post(client, {"documentId": "theirs"})) == {"errors": [UNKNOWN]}


async def test_a_document_that_is_taken_back_runs_for_a_minute_at_most(
    client: httpx.AsyncClient,
    running: Running,
    brand: TestBrand,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app_id = await own_app(running, brand)
    await trust(running, app_id, "mine", DOCUMENT)
    before = await post(client, {"documentId": "mine"})
    await execute(running, "DELETE FROM trusted_document WHERE app_id = $1", app_id)

    meanwhile = await post(client, {"documentId": "mine"})
    monkeypatch.setattr(persisted, "TRUSTED_SECONDS", 0.0)
    after = await post(client, {"documentId": "mine"})

    assert [before.status_code, meanwhile.status_code] == [200, 200]
    assert told(after) == {"errors": [UNKNOWN]}


async def execute(running: Running, sql: str, *values: object) -> None:
    """Run one statement and commit."""
    async with running.resources.engine.begin() as connection:
        await connection.exec_driver_sql(sql, values)


async def trust(running: Running, app_id: UUID, key: str, document: str) -> None:
    """Write down a document of the app."""
    sql = "INSERT INTO trusted_document VALUES ($1, $2, $3, $4, now())"
    await execute(running, sql, app_id, key, hash_of(document), document)


async def own_app(running: Running, brand: TestBrand, *, trusted_only: bool = False) -> UUID:
    """An app that the brand's token belongs to from now on; the token was not used before."""
    app_id = uuid7()
    await execute(
        running,
        "INSERT INTO app (id, client_id, name, kind, status, created_at, trusted_documents_only) "
        "VALUES ($1, $2, 'An app', 'CONFIDENTIAL', 'ACTIVE', now(), $3)",
        app_id,
        f"app-of-{brand.slug}",
        trusted_only,
    )
    sql = "UPDATE installation SET app_id = $1 WHERE brand_id = $2"
    await execute(running, sql, app_id, brand.id)
    return app_id
