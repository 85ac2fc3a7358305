"""The door: what is let in, what is not, and that nothing is changed by what is not."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import orjson
import pytest
import uvicorn
from fastapi import FastAPI

from app.core.resources import Resources
from app.ingest.inbox import Inbox
from app.ingest.lanes import lane_of
from app.ingest.routes import BODY_BYTES_MAX, ingest_router
from app.x.signature import SIGNATURE_HEADER, sign
from tests.walk import (
    DOOR,
    SECRET,
    Walk,
    a_reply,
    everything,
    read_corpus,
    until,
    without_database,
)

BAD_REQUESTS = read_corpus("bad_requests.json")["requests"]


@pytest.fixture
async def port(world_resources: Resources) -> AsyncIterator[int]:
    """The port of a real server whose only routes are the door's."""
    application = FastAPI()
    async with Inbox(world_resources.engine) as inbox:
        application.include_router(ingest_router(world_resources, inbox))
        config = uvicorn.Config(application, port=0, log_level="error", ws="none", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())

        async def started() -> bool:
            return server.started

        await until(started)
        yield server.servers[0].sockets[0].getsockname()[1]
        server.should_exit = True
        await serving


async def exchange(port: int, request: bytes) -> tuple[int, bytes]:
    """Send raw bytes to the server and read its first answer: the status and the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        return int(head.split()[1]), await reader.readexactly(length)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def raw_request(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A request as it is, header values in Latin-1."""
    lines = [f"{method} {path} HTTP/1.1", "Host: door.example", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def body_of(request: dict[str, Any]) -> bytes:
    """The body of a request of the corpus."""
    if repeat := request.get("body_repeat"):
        text = repeat["prefix"] + repeat["unit"] * repeat["times"] + repeat["suffix"]
        return str(text).encode()
    encoded = request.get("body_base64")
    return b64decode(encoded) if encoded is not None else request.get("body", "").encode()


@pytest.mark.parametrize("request_", BAD_REQUESTS, ids=lambda request: request["name"])
async def test_a_bad_request_is_answered_and_changes_nothing(
    world_resources: Resources, port: int, request_: dict[str, Any]
) -> None:
    before = await everything(world_resources)
    raw = raw_request(request_["method"], request_["path"], request_["headers"], body_of(request_))

    status, answer = await exchange(port, raw)

    assert status in request_["expect"]["status"]
    if "json" in request_["expect"]:
        assert orjson.loads(answer) == request_["expect"]["json"]
    assert await everything(world_resources) == before


async def inbox_rows(walk: Walk) -> list[tuple[Any, ...]]:
    return await walk.fetch("SELECT lane, body, attempts, decided_at, quarantined_at FROM inbox")


async def test_a_signed_payload_is_kept_as_it_came(door: Walk) -> None:
    body = orjson.dumps(a_reply())

    answer = await door.post(body)

    assert (answer.status_code, answer.json()) == (200, {"accepted": True})
    assert await inbox_rows(door) == [(lane_of(1720000000000000002), body, 0, None, None)]


async def test_the_same_delivery_is_kept_once_and_the_same_post_by_another_source_again(
    door: Walk,
) -> None:
    reply = a_reply()
    by_stream = {"data": reply["data"]["payload"]}
    for_another = {"data": {**reply["data"], "filter": {"user_id": "1512000000000000077"}}}

    for body in (reply, a_reply(text="told again"), by_stream, for_another, by_stream):
        assert (await door.post(body)).status_code == 200

    assert len(await inbox_rows(door)) == 3


@pytest.mark.parametrize(
    "body",
    [{}, {"data": {}}, {"errors": []}, {"data": {"event_type": "like.create", "payload": {}}}],
)
async def test_an_object_without_use_is_answered_200_and_not_kept(door: Walk, body: Any) -> None:
    answer = await door.post(body)

    assert (answer.status_code, answer.json()) == (200, {"accepted": True})
    assert await inbox_rows(door) == []


@pytest.mark.parametrize(("length", "status"), [(BODY_BYTES_MAX, 200), (BODY_BYTES_MAX + 1, 413)])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_may_have_one_mebibyte(
    port: int, length: int, status: int, *, chunked: bool
) -> None:
    frame = orjson.dumps({"data": {"note": ""}})
    body = frame.replace(b'""', b'"' + b"a" * (length - len(frame)) + b'"')
    assert len(body) == length
    signature = {SIGNATURE_HEADER: sign(SECRET, body)}
    raw = raw_request("POST", DOOR, signature, body)
    if chunked:
        head = raw[: -len(body)].replace(
            f"Content-Length: {length}".encode(), b"Transfer-Encoding: chunked"
        )
        half = length // 2
        chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:], b"")]
        raw = head + b"".join(chunks)

    assert (await exchange(port, raw))[0] == status


async def test_the_whole_walk_takes_nul_and_lone_surrogates(walk: Walk) -> None:
    """Both are valid JSON in a text that people wrote; PostgreSQL takes neither."""
    body = orjson.dumps(a_reply(text="#AmazonCart PLACE")).replace(
        b"PLACE", rb"\u0000 \ud800 \udc00"
    )

    assert (await walk.post(body)).status_code == 200
    await walk.settle()

    assert await walk.fetch("SELECT status FROM cart_intent") == [("ADDED",)]


async def test_without_a_database_a_payload_is_refused_for_the_moment(door_alone: Walk) -> None:
    async with without_database(door_alone.resources):
        answers = await asyncio.gather(*(door_alone.post(a_reply()) for _ in range(5)))
    again = await door_alone.post(a_reply())

    assert [answer.status_code for answer in answers] == [503] * 5
    assert {answer.headers["retry-after"] for answer in answers} == {"1"}
    assert again.status_code == 200
    assert len(await inbox_rows(door_alone)) == 1
