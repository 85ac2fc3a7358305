"""A client of event streams that takes each event as it comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from tests.http.server import Running

WAIT_SECONDS_MAX = 20.0
EVENTS_ONLY = "text/event-stream"


@dataclass(frozen=True)
class EventStream:
    """An answer whose events are read one by one."""

    answer: httpx.Response
    lines: AsyncIterator[str]

    async def block(self) -> list[str]:
        """The lines up to the next empty one; none where the stream ended."""
        found: list[str] = []
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            async for line in self.lines:
                if not line:
                    break
                found.append(line)
        return found

    async def event(self) -> tuple[str, Any]:
        """The name and the data of the next event; comments are passed over."""
        block = [":"]
        while block == [":"]:
            block = await self.block()
        if not block:
            return "", None
        named, data = block
        text = data.removeprefix("data: ")
        return named.removeprefix("event: "), orjson.loads(text) if text else None

    async def item(self) -> dict[str, Any]:
        """What the root field of the next answer holds."""
        name, answer = await self.event()
        assert (name, answer.keys()) == ("next", {"data"}), answer
        (item,) = answer["data"].values()
        found: dict[str, Any] = item
        return found

    async def items(self, count: int) -> list[dict[str, Any]]:
        """The next *count* items that are no heartbeats."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            item = await self.item()
            if item["__typename"] != "LogHeartbeat":
                found.append(item)
        return found

    async def rest(self) -> list[tuple[str, Any]]:
        """All events up to the end."""
        found: list[tuple[str, Any]] = []
        while (event := await self.event())[0]:
            found.append(event)
        return found


@asynccontextmanager
async def streaming(
    running: Running, token: str, query: str, accept: str = EVENTS_ONLY, **variables: Any
) -> AsyncIterator[EventStream]:
    """The answer to an operation of whoever accepts an event stream."""
    headers = {"authorization": f"Bearer {token}", "accept": accept}
    request = {"query": query, "variables": variables}
    async with (
        running.client() as client,
        client.stream("POST", "/graphql", json=request, headers=headers, timeout=30) as answer,
    ):
        yield EventStream(answer, answer.aiter_lines())
