"""Following links: as far as they lead, never into private space, never for long."""

import asyncio
import socket
from ipaddress import ip_network
from typing import Any

import pytest

from app.core.http import (
    HOPS_MAX,
    URL_CHARACTERS_MAX,
    Guard,
    Unreachable,
    open_guarded,
)
from tests.core.http_servers import (
    Names,
    a_server,
    answering,
    never,
    on_loopback,
    redirecting,
)


async def test_a_name_that_resolves_elsewhere_at_the_second_look_is_refused_then() -> None:
    names = Names(turning_example="127.0.0.1")

    async def turn(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        names.names["turning.example"] = "127.0.0.2"
        await redirecting("/next")(reader, writer, head)

    async with a_server(turn) as server:
        guard = Guard(ports=frozenset({server.port}), networks=(ip_network("127.0.0.1/32"),))
        async with open_guarded(guard, resolver=names) as client:
            with pytest.raises(Unreachable):
                await client.follow(server.url("turning.example"), until=never)

        assert server.connections == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://localhost/",
        "http://0x7f.1/",
        "//127.0.0.2/",
    ],
)
async def test_a_redirect_into_private_space_is_not_followed(location: str) -> None:
    async with a_server(redirecting(location)) as server:
        guard = Guard(ports=frozenset({80, server.port}), networks=(ip_network("127.0.0.1/32"),))
        names = Names(start_example="127.0.0.1", localhost="127.0.0.2")
        async with open_guarded(guard, resolver=names) as client:
            with pytest.raises(Unreachable):
                await client.follow(server.url("start.example"), until=never)

        assert server.connections == 1


@pytest.mark.parametrize(
    "location",
    [
        "ftp://shop.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://user:secret@shop.example/",
        "http://shop.example:22/",
        "http://[::1/",
        "http://shop.example/" + "x" * URL_CHARACTERS_MAX,
        "",
    ],
)
async def test_a_redirect_to_no_address_of_the_web_leads_nowhere(location: str) -> None:
    async with a_server(redirecting(location)) as server:
        async with open_guarded(on_loopback(server)) as client:
            assert await client.follow(server.url(), until=never) is None

        assert server.connections == 1


async def test_the_way_is_followed_to_the_first_address_that_is_known_and_no_further() -> None:
    end = "https://www.amazon.com/dp/B0ACMEBT01?x=1"

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes
    ) -> None:
        place = "/second" if head.startswith(b"GET /first ") else end
        await redirecting(place, "302 Found")(reader, writer, head)

    async with a_server(handle) as server:
        async with open_guarded(on_loopback(server)) as client:
            led = await client.follow(server.url(path="/first"), until=lambda url: "amazon" in url)

        assert led == end
        assert [head.split(b" ")[1] for head in server.requests] == [b"/first", b"/second"]


async def test_an_address_that_is_known_by_its_text_is_not_asked_at_all() -> None:
    async with a_server(answering("HTTP/1.1 200 OK")) as server:
        async with open_guarded(on_loopback(server)) as client:
            assert await client.follow(server.url(), until=lambda _: True) == server.url()

        assert server.connections == 0


@pytest.mark.parametrize("status", ["301 A", "302 B", "303 C", "307 D", "308 E"])
async def test_each_kind_of_redirect_is_one(status: str) -> None:
    async with a_server(redirecting("https://shop.example/end", status)) as server:
        async with open_guarded(on_loopback(server)) as client:
            led = await client.follow(server.url(), until=lambda url: url.endswith("/end"))

        assert led == "https://shop.example/end"


async def test_more_than_five_hops_lead_nowhere() -> None:
    async with a_server(redirecting("/again")) as server:
        async with open_guarded(on_loopback(server)) as client:
            assert await client.follow(server.url(), until=never) is None

        assert server.connections == HOPS_MAX == 5


@pytest.mark.parametrize(
    ("status", "led"), [("200 OK", True), ("404 Not Found", False), ("304 Not Modified", False)]
)
async def test_who_does_not_redirect_is_the_end_or_none(status: str, *, led: bool) -> None:
    async with a_server(answering(f"HTTP/1.1 {status}")) as server:
        async with open_guarded(on_loopback(server)) as client:
            end = await client.follow(server.url(), until=never)

        assert end == (server.url() if led else None)


@pytest.mark.parametrize(
    "status", ["500 X", "503 X", "429 X", "408 X", "200 " + "x" * 10_000, "garbled"]
)
async def test_what_may_be_otherwise_later_is_asked_again(status: str) -> None:
    async with (
        a_server(answering(f"HTTP/1.1 {status}")) as server,
        open_guarded(on_loopback(server)) as client,
    ):
        with pytest.raises(Unreachable):
            await client.follow(server.url(), until=never)


async def test_nobody_there_and_nobody_who_may_be_there_look_alike() -> None:
    told = []
    async with a_server(answering("HTTP/1.1 200 OK")) as server:
        pass  # nobody listens there any more
    for guard in (on_loopback(server), Guard(ports=frozenset({server.port}))):
        async with open_guarded(guard) as client:
            with pytest.raises(Unreachable) as raised:
                await client.follow(server.url(), until=never)
            told.append((str(raised.value), raised.value.__cause__))
    assert told == [("", None)] * 2


async def test_an_endless_body_is_not_read() -> None:
    sent = 0
    cut = asyncio.Event()

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
                sent += 65_536
        except ConnectionError:
            cut.set()

    async with a_server(handle) as server:
        async with open_guarded(on_loopback(server)) as client:
            assert await client.follow(server.url(), until=never) == server.url()
        await asyncio.wait_for(cut.wait(), timeout=10)

    assert sent < 64 * 1024 * 1024


async def test_endless_headers_are_not_read() -> None:
    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write(b"HTTP/1.1 301 Moved\r\n")
        while True:
            writer.write(b"X-More: x\r\n" * 1_000)
            await writer.drain()

    async with a_server(handle) as server, open_guarded(on_loopback(server)) as client:
        with pytest.raises(Unreachable):
            await client.follow(server.url(), until=never)


@pytest.mark.parametrize("slow", ["silent", "drop by drop", "hop by hop"])
async def test_a_slow_server_is_given_up(slow: str) -> None:
    given_up = asyncio.Event()

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes
    ) -> None:
        try:
            if slow == "drop by drop":
                for letter in b"HTTP/1.1 301 Moved Permanently\r\nLocation: /again":
                    writer.write(bytes([letter]))
                    await writer.drain()
                    await asyncio.sleep(0.05)
            elif slow == "hop by hop":
                await asyncio.sleep(0.2)
                await redirecting("/again")(reader, writer, head)
            await reader.read()
        finally:
            given_up.set()

    async with a_server(handle) as server:
        async with open_guarded(on_loopback(server), seconds=0.3) as client:
            with pytest.raises(Unreachable):
                await client.follow(server.url(), until=never)
        await asyncio.wait_for(given_up.wait(), timeout=10)


async def test_a_request_carries_nothing_of_ours_and_keeps_nothing_of_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    lines = ("HTTP/1.1 302 Found", "Location: /again", "Set-Cookie: seen=1; Path=/")
    async with (
        a_server(answering(*lines)) as server,
        open_guarded(on_loopback(server)) as client,
    ):
        await client.follow(server.url(), until=never)

    names = {
        line.split(b":")[0].lower() for head in server.requests for line in head.split(b"\r\n")
    }
    assert names == {
        b"get / http/1.1",
        b"get /again http/1.1",
        b"host",
        b"user-agent",
        b"accept-encoding",
        b"accept",
        b"connection",
        b"",
    }


async def test_every_connection_passes_the_guard() -> None:
    asked: list[Any] = []

    class Watching(Guard):
        def open_socket(self, address: Any) -> socket.socket:
            asked.append(address[4][0])
            return super().open_socket(address)

    async with a_server(redirecting("/again")) as server:
        plain = on_loopback(server)
        guard = Watching(ports=plain.ports, networks=plain.networks)
        async with open_guarded(guard) as client:
            await client.follow(server.url(), until=never)

    assert asked == ["127.0.0.1"] * HOPS_MAX
