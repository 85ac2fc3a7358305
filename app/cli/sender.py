"""Sending deliveries as X does: signed, several at a time, again until they are answered 200.

By aiohttp, not httpx, whose pool looks through all its connections at each request: a tool that
measures must cost little itself.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterable
from dataclasses import dataclass, field

import aiohttp

from app.x.signature import SIGNATURE_HEADER, sign

REQUEST_SECONDS_MAX = 10.0
"""X waits that long for an answer (X developer documentation, "Webhooks")."""

ATTEMPTS_MAX = 12
FIRST_PAUSE_SECONDS = 0.1
PAUSE_SECONDS_MAX = 5.0
"""The pauses between attempts double up to this; all attempts take about half a minute."""

GIVEN_UP_IN_A_ROW_MAX = 5
"""Deliveries given up one after the other, none accepted between, until nothing more is sent."""

ANSWERS_MEASURED_MAX = 20_000
"""The quantiles are those of the last so many answers."""

ANSWER_BYTES_SHOWN = 200
HTTP_OK = 200
PASSING = frozenset({408, 429})
"""Refusals that a later attempt may not meet."""


@dataclass
class Tally:
    """What became of the deliveries so far."""

    sent: int = 0
    accepted: int = 0
    refused: int = 0
    retried: int = 0
    given_up: int = 0
    given_up_in_a_row: int = 0
    last_trouble: str | None = None
    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=ANSWERS_MEASURED_MAX))

    @property
    def lost(self) -> int:
        """Deliveries that were never answered 200."""
        return self.refused + self.given_up

    def measure(self, seconds: float) -> None:
        """Count one answer's time."""
        self._seconds.append(seconds)

    def quantile_milliseconds(self, share: float) -> float:
        """The time within which that share of the last answers came; 0 before the first."""
        if not self._seconds:
            return 0.0
        ordered = sorted(self._seconds)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000

    def line(self) -> str:
        """The tally in one line."""
        return (
            f"sent {self.sent}, accepted {self.accepted}, refused {self.refused}, "
            f"retried {self.retried}, given up {self.given_up}, "
            f"p50 {self.quantile_milliseconds(0.5):.1f} ms, "
            f"p99 {self.quantile_milliseconds(0.99):.1f} ms"
        )


@dataclass(frozen=True)
class Door:
    """Where deliveries go, and the secret that signs them."""

    url: str
    consumer_secret: str = field(repr=False)


async def send_all(
    bodies: AsyncIterable[bytes], door: Door, tally: Tally, *, concurrency: int
) -> None:
    """Send every body, at most *concurrency* at a time, and count what became of it.

    With a concurrency of 1 the order is kept: a body is sent when the one before is settled. When
    `GIVEN_UP_IN_A_ROW_MAX` are given up in a row, nobody is there, and the rest is not sent.
    """
    free = asyncio.Semaphore(concurrency)
    async with (
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=concurrency),
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS_MAX),
        ) as client,
        asyncio.TaskGroup() as sending,
    ):
        async for body in bodies:
            await free.acquire()
            if tally.given_up_in_a_row >= GIVEN_UP_IN_A_ROW_MAX:
                break
            tally.sent += 1
            task = sending.create_task(_send(client, door, body, tally))
            task.add_done_callback(lambda _: free.release())


async def _send(client: aiohttp.ClientSession, door: Door, body: bytes, tally: Tally) -> None:
    pause = FIRST_PAUSE_SECONDS
    for attempt in range(ATTEMPTS_MAX):
        if attempt:
            tally.retried += 1
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_SECONDS_MAX)
        status = await _post(client, door, body, tally)
        if status == HTTP_OK:
            tally.accepted += 1
            tally.given_up_in_a_row = 0
            return
        if status is not None and 400 <= status < 500 and status not in PASSING:
            tally.refused += 1
            return
    tally.given_up += 1
    tally.given_up_in_a_row += 1


async def _post(client: aiohttp.ClientSession, door: Door, body: bytes, tally: Tally) -> int | None:
    """The answer's status, or None where there was no answer."""
    headers = {
        "content-type": "application/json",
        SIGNATURE_HEADER: sign(door.consumer_secret, body),
    }
    began = time.perf_counter()
    try:
        async with client.post(
            door.url, data=body, headers=headers, allow_redirects=False
        ) as answer:
            told = await answer.content.read(ANSWER_BYTES_SHOWN)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        tally.last_trouble = f"no answer: {str(error) or type(error).__name__}"
        return None
    tally.measure(time.perf_counter() - began)
    if answer.status != HTTP_OK:
        tally.last_trouble = f"answer {answer.status}: {told.decode(errors='replace')}"
    return answer.status
