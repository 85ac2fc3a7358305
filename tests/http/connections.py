"""A connection to a server in this process, and applications that it asks."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.keep_alive import WHOLE_REQUEST
from app.main import web_config
from tests.http.server import Web

SECONDS_MAX = 20.0

Answering = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass
class Seen:
    """An application that notes its requests, and what answers them."""

    answering: Answering
    scopes: list[Scope] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note and answer one request."""
        self.scopes.append(dict(scope))
        await self.answering(scope, receive, send)

    @property
    def whole(self) -> list[bool]:
        """Of each request, whether it took the short way."""
        return [WHOLE_REQUEST in scope.get("extensions", {}) for scope in self.scopes]


async def body_of(receive: Receive) -> bytes:
    """The whole body of a request."""
    parts = []
    while True:
        message = await receive()
        assert message["type"] == "http.request"
        parts.append(message["body"])
        if not message.get("more_body", False):
            return b"".join(parts)


async def say(send: Send, body: bytes, *more: tuple[bytes, bytes], status: int = 200) -> None:
    """Answer in one piece, with its length."""
    headers = [(b"Content-Type", b"text/plain"), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what was sent."""
    await say(send, await body_of(receive))


@dataclass
class Client:
    """A connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def post(self, body: bytes, *, path: str = "/there?a=%20b", more: str = "") -> None:
        """Send a POST."""
        head = f"POST {path} HTTP/1.1\r\nHost: here\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)

    async def answer(self) -> tuple[bytes, dict[bytes, bytes], bytes]:
        """Status line, headers and body of one answer."""
        async with asyncio.timeout(SECONDS_MAX):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
            headers = dict(line.split(b": ", 1) for line in lines[1:] if line)
            if b"transfer-encoding" not in headers:
                return lines[0], headers, await self.reader.readexactly(_length(headers))
            parts = []
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                parts.append(await self.reader.readexactly(size))
                await self.reader.readexactly(2)
            await self.reader.readexactly(2)
            return lines[0], headers, b"".join(parts)

    async def asked(self, body: bytes, **how: Any) -> bytes:
        """The body of the answer to one POST."""
        self.post(body, **how)
        _, _, found = await self.answer()
        return found

    async def ended(self) -> bool:
        """Whether the server closed the connection, having said nothing more."""
        async with asyncio.timeout(SECONDS_MAX):
            return await self.reader.read() == b""


def _length(headers: dict[bytes, bytes]) -> int:
    return int(headers[b"content-length"])


@asynccontextmanager
async def connected(app: ASGIApp, **settings: Any) -> AsyncIterator[tuple[Client, Web]]:
    """A connection to a server of *app*."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = web_config(app)
    for name, value in settings.items():
        setattr(config, name, value)
    web = Web(config)
    serving = asyncio.ensure_future(web.serve([listener]))
    try:
        client = Client(*await asyncio.open_connection(*listener.getsockname()))
        yield client, web
        client.writer.close()
    finally:
        web.should_exit = True
        await serving
