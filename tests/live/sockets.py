"""A client of graphql-transport-ws that sends exactly what a test says."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PROTOCOL = "graphql-transport-ws"
WAIT_SECONDS_MAX = 20.0

EVENTS = """
subscription Events($after: String, $types: [EventType!]) {
  events(after: $after, types: $types) {
    __typename
    ... on LogEntry { cursor seq prevSeq event { id type } }
    ... on LogHeartbeat { cursor scannedTo }
    ... on LogLag { cursor scannedTo }
  }
}
"""
ADDS = """
subscription Adds($after: String, $tweetId: ID) {
  cartAdds(after: $after, tweetId: $tweetId) {
    __typename
    ... on CartAdd { cursor seq prevSeq outcome cartIntent { tweet { id } } }
    ... on LogHeartbeat { cursor scannedTo }
    ... on LogLag { cursor scannedTo }
  }
}
"""


@dataclass(frozen=True)
class Closed:
    """How the server closed the socket."""

    code: int
    reason: str


@dataclass(frozen=True)
class Socket:
    """An open socket."""

    connection: ClientConnection

    async def send(self, *messages: Any) -> None:
        """Send each as a message; text and bytes as they are."""
        for message in messages:
            raw = isinstance(message, str | bytes)
            await self.connection.send(message if raw else orjson.dumps(message).decode())

    async def receive(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            message: dict[str, Any] = orjson.loads(await self.connection.recv())
        return message

    async def init(self, token: str | None) -> dict[str, Any]:
        """Present *token*; the answer."""
        payload = None if token is None else {"Authorization": f"Bearer {token}"}
        await self.send({"type": "connection_init", "payload": payload})
        return await self.receive()

    async def subscribe(self, key: str, query: str, **variables: Any) -> None:
        """Start an operation under *key*."""
        payload = {"query": query, "variables": variables}
        await self.send({"id": key, "type": "subscribe", "payload": payload})

    async def item(self, key: str = "1") -> dict[str, Any]:
        """What the root field of the next `next` message holds; it must be of *key*."""
        message = await self.receive()
        assert (message["type"], message["id"]) == ("next", key), message
        assert message["payload"].keys() - {"extensions"} == {"data"}
        (item,) = message["payload"]["data"].values()
        found: dict[str, Any] = item
        return found

    async def items(self, count: int, key: str = "1") -> list[dict[str, Any]]:
        """The next *count* items that are no heartbeats."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            item = await self.item(key)
            if item["__typename"] != "LogHeartbeat":
                found.append(item)
        return found

    async def error(self, key: str = "1") -> dict[str, Any]:
        """The one error of the next message, which must end the operation *key*."""
        message = await self.receive()
        assert (message["type"], message["id"]) == ("error", key), message
        (error,) = message["payload"]
        found: dict[str, Any] = error
        return found

    async def closed(self) -> Closed:
        """How the server closes the socket; what it still sends before that is dropped."""
        with pytest.raises(ConnectionClosed) as ended:
            await self._drop_all()
        frame = ended.value.rcvd
        assert frame is not None, "the connection broke"
        return Closed(frame.code, frame.reason)

    async def _drop_all(self) -> None:
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while True:
                await self.connection.recv()


@asynccontextmanager
async def connected(
    address: str, *, protocols: Sequence[str] = (PROTOCOL,), headers: dict[str, str] | None = None
) -> AsyncIterator[Socket]:
    """A socket that nothing was sent on yet."""
    async with connect(
        address,
        subprotocols=[Subprotocol(protocol) for protocol in protocols] or None,
        additional_headers=headers,
        proxy=None,
    ) as connection:
        yield Socket(connection)


@asynccontextmanager
async def acknowledged(address: str, token: str) -> AsyncIterator[Socket]:
    """A socket whose token was taken."""
    async with connected(address) as socket:
        assert await socket.init(token) == {"type": "connection_ack"}
        yield socket


def places(items: Sequence[dict[str, Any]]) -> list[tuple[int, int]]:
    """Number and `prevSeq` of each item."""
    return [(int(item["seq"]), int(item["prevSeq"])) for item in items]
