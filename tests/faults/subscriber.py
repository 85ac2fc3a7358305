"""A brand's program that follows `events` with a cursor, and checks what it is sent."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tests.faults.patience import PATIENCE_SECONDS, until

PROTOCOL = Subprotocol("graphql-transport-ws")
OPEN_SECONDS_MAX = 10.0
PAUSE_SECONDS = 0.1

DOCUMENT = """
subscription Follow($after: String) {
  events(after: $after) {
    __typename
    ... on LogEntry { cursor seq prevSeq event { id seq } }
    ... on LogHeartbeat { cursor scannedTo }
    ... on LogLag { cursor scannedTo }
  }
}
"""

AWAY = "SERVICE_UNAVAILABLE"
"""The code of a refusal that a client may try again after."""


@dataclass
class Subscriber:
    """Follows the log of one brand, from *cursor* or from now on, whatever cuts it off.

    `held` is the number of the last event it has; `ids` are those of all it was sent, in order.
    """

    address: str
    token: str
    cursor: str | None = None
    held: int = 0
    ids: list[str] = field(default_factory=list)
    connections: int = 0
    first_cursor: str | None = None

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow meanwhile, from a place that is known when this begins.

        Raises:
            AssertionError: an event was missed, repeated or out of order, or we were refused.
        """
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._follow())
            await self._has_begun()
            yield
            task.cancel()

    async def _follow(self) -> None:
        alone_since = time.monotonic()
        while time.monotonic() - alone_since < PATIENCE_SECONDS:
            try:
                async with self._connected() as socket:
                    async for item in self._items(socket):
                        alone_since = time.monotonic()
                        self._take(item)
            except (OSError, TimeoutError, WebSocketException):
                pass
            await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError("The subscriber was not let in again.")

    async def _has_begun(self) -> None:
        async def begun() -> bool:
            return self.cursor is not None

        await until(begun, "the subscription begins")

    async def has_read_to(self, seq: int) -> None:
        """Return when the event of that number was read."""

        async def read() -> bool:
            return self.held >= seq

        await until(read, f"the subscriber reads event {seq}")

    def _connected(self) -> connect:
        return connect(
            f"ws://{self.address}/graphql",
            subprotocols=[PROTOCOL],
            open_timeout=OPEN_SECONDS_MAX,
            proxy=None,
        )

    async def _items(self, socket: ClientConnection) -> AsyncIterator[dict[str, Any]]:
        """What the subscription sends, until it ends."""
        payload = {"Authorization": f"Bearer {self.token}"}
        await _send(socket, {"type": "connection_init", "payload": payload})
        async for frame in socket:
            message = orjson.loads(frame)
            match message["type"]:
                case "connection_ack":
                    self.connections += 1
                    operation = {"query": DOCUMENT, "variables": {"after": self.cursor}}
                    await _send(socket, {"id": "1", "type": "subscribe", "payload": operation})
                case "next":
                    assert "errors" not in message["payload"], message
                    yield message["payload"]["data"]["events"]
                case "error":
                    codes = {error["extensions"]["code"] for error in message["payload"]}
                    assert codes == {AWAY}, message
                    return
                case "complete":
                    return
                case other:
                    raise AssertionError(f"The server sent a message of type {other}.")

    def _take(self, item: dict[str, Any]) -> None:
        """Nothing was missed when an item continues what we hold; nothing comes twice."""
        if item["__typename"] != "LogEntry":
            begins = self.cursor is None
            self.held = int(item["scannedTo"]) if begins else self.held
            assert int(item["scannedTo"]) == self.held, f"Events were held back: {item}."
        else:
            seq, previous = int(item["seq"]), int(item["prevSeq"])
            assert (previous, seq) == (self.held, self.held + 1), f"After {self.held}: {item}."
            assert int(item["event"]["seq"]) == seq
            self.held = seq
            self.ids.append(item["event"]["id"])
        self.cursor = item["cursor"]
        self.first_cursor = self.first_cursor or self.cursor


async def _send(socket: ClientConnection, message: dict[str, Any]) -> None:
    await socket.send(orjson.dumps(message).decode())
