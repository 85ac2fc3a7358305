"""Connections on which the same head comes again: answered as by uvicorn alone, whatever comes."""

import asyncio
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.core.keep_alive import HEADS_REMEMBERED, JOINED_BYTES_MAX, WHOLE_REQUEST
from app.main import web_config
from tests.http.connections import SECONDS_MAX, Seen, body_of, connected, echo, say

LONG = b"l" * (JOINED_BYTES_MAX + 1)


async def test_a_repeated_head_says_what_it_said_before() -> None:
    app = Seen(echo)
    async with connected(app) as (client, _):
        answers = [await client.asked(body, more="X-More: a b\r\n") for body in (b"12", b"34")]

    assert (answers, app.whole) == ([b"12", b"34"], [False, True])
    first, second = app.scopes
    assert second.pop("extensions") == {WHOLE_REQUEST: {}}
    assert second == first
    assert second["headers"] is not first["headers"]
    assert second["state"] is not first["state"]


async def test_the_answer_is_the_same_to_the_byte() -> None:
    async with connected(Seen(echo)) as (client, _):
        client.post(b"12")
        status, headers, _ = await client.answer()
        client.post(b"34")
        again, others, _ = await client.answer()

    assert (again, list(others)) == (status, list(headers))
    assert {**others, b"date": b""} == {**headers, b"date": b""}


async def test_each_length_has_a_head_of_its_own() -> None:
    app = Seen(echo)
    sent = [b"1", b"22", b"333", b"1", b"22", b"333"]
    async with connected(app) as (client, _):
        assert [await client.asked(body) for body in sent] == sent

    assert app.whole == [False, False, False, True, True, True]


async def test_more_heads_than_are_remembered_are_answered_too() -> None:
    app = Seen(echo)
    sent = [b"x" * length for length in range(1, HEADS_REMEMBERED + 3)] * 2
    async with connected(app) as (client, _):
        assert [await client.asked(body) for body in sent] == sent


async def test_what_the_application_remembers_of_a_head_is_there_again() -> None:
    found: list[Any] = []

    async def remembering(scope: Scope, receive: Receive, send: Send) -> None:
        kept = scope.get("extensions", {}).get(WHOLE_REQUEST, {})
        found.append(kept.get("turn"))
        kept["turn"] = len(found)
        await echo(scope, receive, send)

    async with connected(remembering) as (client, _):
        for path in ("/a", "/a", "/a", "/b", "/b"):
            await client.asked(b"1", path=path)

    assert found == [None, None, 2, None, None]


async def test_a_body_in_parts_is_put_together() -> None:
    app = Seen(echo)
    async with connected(app) as (client, _):
        await client.asked(b"123456")
        client.post(b"123456")
        await client.answer()
        client.writer.write(
            b"POST /there?a=%20b HTTP/1.1\r\nHost: here\r\nContent-Length: 6\r\n\r\n123"
        )
        await client.writer.drain()
        await asyncio.sleep(0.05)
        client.writer.write(b"456")
        _, _, body = await client.answer()
        assert await client.asked(b"654321") == b"654321"

    assert (body, app.whole) == (b"123456", [False, True, False, True])


async def test_requests_sent_before_their_answers_are_answered_in_order() -> None:
    app = Seen(echo)
    async with connected(app) as (client, _):
        await client.asked(b"0")
        for number in (b"1", b"2", b"3", b"4"):
            client.post(number)
        found = [(await client.answer())[2] for _ in range(4)]
        assert await client.asked(b"5") == b"5"

    assert found == [b"1", b"2", b"3", b"4"]


async def test_a_request_during_another_waits_for_its_answer() -> None:
    go = asyncio.Event()
    entered = asyncio.Event()

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        body = await body_of(receive)
        if body == b"2":
            entered.set()
            await go.wait()
        await say(send, body)

    async with connected(waiting) as (client, _):
        await client.asked(b"1")
        client.post(b"2")
        await entered.wait()
        client.post(b"3")
        await asyncio.sleep(0.05)
        go.set()
        assert [(await client.answer())[2] for _ in range(2)] == [b"2", b"3"]
        assert await client.asked(b"4") == b"4"


@pytest.mark.parametrize(
    "bad", [b"GARBAGE\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"]
)
async def test_what_is_no_http_after_good_requests_is_refused(bad: bytes) -> None:
    async with connected(Seen(echo)) as (client, _):
        await client.asked(b"1")
        await client.asked(b"1")
        client.writer.write(bad)
        status, _, _ = await client.answer()
        assert await client.ended()

    assert status == b"HTTP/1.1 400 Bad Request"


async def test_bodies_in_chunks_are_read_by_uvicorn() -> None:
    app = Seen(echo)
    head = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with connected(app) as (client, _):
        for _ in range(2):
            client.writer.write(head + b"1\r\na\r\n0\r\n\r\n")
            assert (await client.answer())[2] == b"a"

    assert app.whole == [False, False]


async def test_who_expects_to_be_told_to_go_on_is_told_every_time() -> None:
    app = Seen(echo)
    async with connected(app) as (client, _):
        for _ in range(2):
            client.post(b"a", more="Expect: 100-continue\r\n")
            assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            assert (await client.answer())[2] == b"a"

    assert app.whole == [False, False]


async def test_who_wants_the_connection_closed_has_it_closed() -> None:
    async with connected(Seen(echo)) as (client, _):
        await client.asked(b"a")
        assert await client.asked(b"a", more="Connection: close\r\n") == b"a"
        assert await client.ended()


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail, before or after the head of the answer."""
    body = await body_of(receive)
    if body == b"late":
        await send({"type": "http.response.start", "status": 200, "headers": []})
    if body != b"good":
        raise ArithmeticError(body.decode())
    await say(send, body)


async def test_an_application_that_fails_is_answered_500(caplog: pytest.LogCaptureFixture) -> None:
    async with connected(failing) as (client, _):
        assert await client.asked(b"good") == b"good"
        client.post(b"fail")
        status, headers, body = await client.answer()
        assert await client.ended()

    assert (status, body) == (b"HTTP/1.1 500 Internal Server Error", b"Internal Server Error")
    assert headers[b"connection"] == b"close"
    assert "Exception in ASGI application" in caplog.text


async def test_an_application_that_fails_amid_its_answer_ends_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with connected(failing) as (client, _):
        assert await client.asked(b"good") == b"good"
        client.post(b"late")
        assert await client.ended()

    assert "late" in caplog.text


async def odd(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer in the way that the body names."""
    way = await body_of(receive)
    if way == b"long":
        await say(send, LONG)
    if way == b"none":
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})
    if way == b"part":
        headers = [[b"content-length", b"4"]]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b"ab", "more_body": True})
        await send({"type": "http.response.body", "body": b"cd"})
    if way == b"open":
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": b"ef", "more_body": True})
        await send({"type": "http.response.body", "body": b"gh"})


async def test_answers_of_every_form_are_whole() -> None:
    ways = [b"long", b"part", b"open"] * 3
    async with connected(Seen(odd)) as (client, _):
        found = [await client.asked(way) for way in ways]

    assert found == [LONG, b"abcd", b"efgh"] * 3


async def test_a_header_that_would_break_the_answer_is_not_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def breaking(scope: Scope, receive: Receive, send: Send) -> None:
        body = await body_of(receive)
        await say(send, body, (b"x-said", b"a\r\nx-other: b" if body == b"bad" else b"a"))

    async with connected(breaking) as (client, _):
        assert await client.asked(b"fin") == b"fin"
        client.post(b"bad")
        assert await client.ended()

    assert "Invalid HTTP header value." in caplog.text


async def test_who_waits_hears_that_the_client_left() -> None:
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        if await body_of(receive) == b"1":
            await say(send, b"")
            return
        heard.set_result((await receive())["type"])

    async with connected(waiting) as (client, _):
        await client.asked(b"1")
        client.post(b"2")
        await client.writer.drain()
        await asyncio.sleep(0.05)
        client.writer.close()
        async with asyncio.timeout(SECONDS_MAX):
            assert await heard == "http.disconnect"


async def test_a_connection_that_rests_is_closed_and_one_at_work_is_not() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        body = await body_of(receive)
        if body == b"slow":
            await asyncio.sleep(0.6)
        await say(send, body)

    async with connected(slow, timeout_keep_alive=0.2) as (client, _):
        for body in (b"fast", b"slow", b"slow", b"fast"):
            assert await client.asked(body) == body
        assert await client.ended()


async def test_a_server_that_ends_finishes_what_runs() -> None:
    entered, go = asyncio.Event(), asyncio.Event()

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        body = await body_of(receive)
        if body == b"2":
            entered.set()
            await go.wait()
        await say(send, body)

    async with connected(waiting) as (client, web):
        await client.asked(b"1")
        client.post(b"2")
        await entered.wait()
        web.should_exit = True
        await asyncio.sleep(0.3)
        go.set()
        _, headers, body = await client.answer()
        assert await client.ended()

    assert (body, headers[b"connection"]) == (b"2", b"close")


async def test_served_requests_are_counted_and_no_task_is_left() -> None:
    async with connected(Seen(echo)) as (client, web):
        for _ in range(5):
            await client.asked(b"1")
        await asyncio.sleep(0)
        assert (web.server_state.total_requests, web.server_state.tasks) == (5, set())


def test_the_server_uses_it() -> None:
    config = web_config(echo)

    assert isinstance(config, uvicorn.Config)
    assert config.http.__name__ == "KeepAliveProtocol"  # type: ignore[union-attr]  # a class
