"""Servers on the loopback, for the guarded client: they count who connects."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network

from aiohttp.abc import AbstractResolver, ResolveResult

from app.core.http import Guard

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


@dataclass
class Server:
    """A server on the loopback, IPv4 and IPv6, that notes whatever is asked of it."""

    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    def url(self, host: str = "127.0.0.1", path: str = "/") -> str:
        """An address that leads here."""
        return f"http://{host}:{self.port}{path}"


@asynccontextmanager
async def a_server(handle: Handler) -> AsyncIterator[Server]:
    """A server that answers by *handle*, which is given the request's head."""
    server = Server(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            server.requests.append(head)
            await handle(reader, writer, head)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    also = None
    if socket.has_ipv6:
        try:
            also = await asyncio.start_server(serve, "::1", server.port)
        except OSError:
            also = None  # a machine without IPv6 has nothing there to be reached
    try:
        yield server
    finally:
        for each in (listening, also):
            if each is not None:
                each.close()
                await each.wait_closed()


def answering(*lines: str) -> Handler:
    """A handler that sends these header lines and nothing more."""

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write("\r\n".join((*lines, "Content-Length: 0", "", "")).encode("latin-1"))
        await writer.drain()

    return handle


def redirecting(location: str, status: str = "301 Moved Permanently") -> Handler:
    """A handler that sends everybody elsewhere."""
    return answering(f"HTTP/1.1 {status}", f"Location: {location}")


class Names(AbstractResolver):
    """A name server that knows only these names."""

    def __init__(self, **names: str) -> None:
        self.names = {name.replace("_", "."): address for name, address in names.items()}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The one address of a name."""
        if host not in self.names:
            raise OSError(f"no such name: {host}")
        address = self.names[host]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """Nothing is held."""


def never(_: str) -> bool:
    """No address is the end by its text."""
    return False


def on_loopback(server: Server) -> Guard:
    """The guard that lets one server through."""
    networks = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    return Guard(ports=frozenset({server.port}), networks=networks)
