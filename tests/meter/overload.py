"""Apps that ask several server processes for more than they may have, and count what they got."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import orjson

ROWS = 30
POINTS = 20 + ROWS
BODY = orjson.dumps({"query": f"{{ shoppableTweets(first: {ROWS}) {{ nodes {{ id }} }} }}"})


@dataclass
class App:
    """One installation, and what became of its operations."""

    token: str
    pause: float
    """Seconds between two operations of one connection."""
    admitted: int = 0
    """Points."""
    throttled: int = 0
    others: list[bytes] = field(default_factory=list)
    """Answers of any other kind."""

    def count(self, status: int, body: bytes) -> None:
        """Count an answer."""
        if status == 200 and body.startswith(b'{"data"'):
            self.admitted += orjson.loads(body)["extensions"]["cost"]["requested"]
        elif status == 429 and b"THROTTLED" in body:
            self.throttled += 1
        else:
            self.others.append(body[:200])


async def load(apps: Sequence[App], ports: Sequence[int], seconds: float) -> float:
    """Let every app ask every process; how long that took."""
    began = time.monotonic()
    until = began + seconds
    await asyncio.gather(
        *(_ask(app, port, until, number) for app in apps for number, port in enumerate(ports))
    )
    return time.monotonic() - began


async def _ask(app: App, port: int, until: float, number: int) -> None:
    """One connection, until the time is over or the process is gone."""
    await asyncio.sleep(app.pause * number / 4)  # not all at the same moment
    request = (
        f"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {app.token}\r\n"
        "accept: application/graphql-response+json\r\ncontent-type: application/json\r\n"
        f"content-length: {len(BODY)}\r\n\r\n"
    ).encode() + BODY
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with suppress(OSError, asyncio.IncompleteReadError):  # it was killed
        while time.monotonic() < until:
            writer.write(request)
            app.count(*await _answer(reader))
            await asyncio.sleep(app.pause)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length)
