"""Live: from the commit of an event to the frames of those who follow, beside a bare NOTIFY."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from app.core import clock
from app.core.ids import uuid7
from app.core.resources import Resources, open_resources
from app.core.settings import Settings
from app.events.catalogue import EventType
from app.events.log import NewEvent, record, write_transaction
from app.events.states import ActorKind
from benchmarks.databases import Filled
from benchmarks.machine import Cores
from benchmarks.processes import Running, running_server
from benchmarks.report import Section, middle, quantile, say
from benchmarks.subscription import Subscription

SOCKETS = (1, 100)
PAUSE_SECONDS = (0.01, 0.03)
"""Between two events, drawn evenly: nothing may fall into step with the relay."""

WAIT_SECONDS_MAX = 5.0
LOOK_SECONDS = 0.02
CHANNEL = "hashcart_bench"
MILLISECOND = 1e6


@dataclass
class Arrivals:
    """Moments of one round, in nanoseconds, by the number of the event."""

    committed: dict[int, int] = field(default_factory=dict)
    frames: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    notified: dict[int, int] = field(default_factory=dict)
    heard: dict[int, int] = field(default_factory=dict)

    def row(self, sockets: int) -> dict[str, float | None]:
        """Quantiles of the round, in milliseconds."""
        first, last = [], []
        for number, moments in self.frames.items():
            first.append((min(moments) - self.committed[number]) / MILLISECOND)
            last.append((max(moments) - self.committed[number]) / MILLISECOND)
        bare = [(self.heard[each] - self.notified[each]) / MILLISECOND for each in self.heard]
        missing = len(self.committed) * sockets - sum(map(len, self.frames.values()))
        return {
            "first frame p50 ms": quantile(first, 0.5),
            "first frame p99 ms": quantile(first, 0.99),
            "last frame p50 ms": quantile(last, 0.5),
            "last frame p99 ms": quantile(last, 0.99),
            "missing": float(missing),
            "bare NOTIFY p50 ms": quantile(bare, 0.5),
            "bare NOTIFY p99 ms": quantile(bare, 0.99),
        }


async def measure_live(
    filled: Filled, cores: Cores, folder: Path, *, rounds: int, seconds: float
) -> list[Section]:
    """A row for each number of sockets, medians over the rounds."""
    found: dict[int, list[dict[str, float | None]]] = {sockets: [] for sockets in SOCKETS}
    async with open_resources(Settings(), filled.url) as resources:
        with running_server(filled.url, cores.server, folder) as server:
            for turn in range(rounds):
                say(f"live: round {turn + 1} of {rounds}")
                for sockets in SOCKETS:
                    arrivals = await _round(resources, server, filled, sockets, seconds)
                    found[sockets].append(arrivals.row(sockets))
    rows = [
        {"sockets": sockets, **{name: middle([each[name] for each in taken]) for name in taken[0]}}
        for sockets, taken in found.items()
    ]
    notes = [
        "From the moment the commit is known to its writer. The bare NOTIFY is a transaction of "
        "its own between two events, heard by a listening connection of this program."
    ]
    return [Section("Live: from the commit to the frame", rows, notes)]


async def _round(
    resources: Resources, server: Running, filled: Filled, sockets: int, seconds: float
) -> Arrivals:
    arrivals, brand = Arrivals(), filled.brands[0]
    subscriptions = [Subscription(server.port, brand.token) for _ in range(sockets)]
    loop = asyncio.get_running_loop()
    try:
        for each in subscriptions:
            loop.add_reader(each.fileno(), _take, each, arrivals)
        async with _listening(filled.url, arrivals) as connection:
            await _write(resources, brand.id, connection, arrivals, seconds)
            await _await_frames(arrivals, sockets)
    finally:
        for each in subscriptions:
            loop.remove_reader(each.fileno())
            each.close()
    return arrivals


def _take(subscription: Subscription, arrivals: Arrivals) -> None:
    for item in subscription.adds():
        intent = item["cartIntent"]
        assert isinstance(intent, dict)
        arrivals.frames[int(intent["engagementXid"])].append(time.monotonic_ns())


@asynccontextmanager
async def _listening(url: str, arrivals: Arrivals) -> AsyncIterator[Any]:
    """A connection to notify on, while another one listens."""

    def hear(_: object, __: int, ___: str, payload: object) -> None:
        arrivals.heard[int(str(payload))] = time.monotonic_ns()

    listener, writer = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        await listener.add_listener(CHANNEL, hear)
        yield writer
    finally:
        await listener.close()
        await writer.close()


async def _write(
    resources: Resources, brand_id: UUID, notifier: Any, arrivals: Arrivals, seconds: float
) -> None:
    random, end, number = Random(1), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        async with write_transaction(resources.sessions) as session:
            record(session, _event(brand_id, number))
        arrivals.committed[number] = time.monotonic_ns()
        await asyncio.sleep(random.uniform(*PAUSE_SECONDS))
        await notifier.execute("SELECT pg_notify($1, $2)", CHANNEL, str(number))
        arrivals.notified[number] = time.monotonic_ns()
        await asyncio.sleep(random.uniform(*PAUSE_SECONDS))


def _event(brand_id: UUID, number: int) -> NewEvent:
    intent = {"engagementXid": str(number), "status": "ADDED"}
    return NewEvent(
        brand_id=brand_id,
        type=EventType.CART_INTENT_ADDED,
        occurred_at=clock.now(),
        subject_type="CartIntent",
        subject_id=uuid7(),
        data={"cartIntent": intent},
        actor_kind=ActorKind.UPSTREAM,
    )


async def _await_frames(arrivals: Arrivals, sockets: int) -> None:
    expected = len(arrivals.committed) * sockets
    for _ in range(int(WAIT_SECONDS_MAX / LOOK_SECONDS)):
        if sum(map(len, arrivals.frames.values())) >= expected:
            return
        await asyncio.sleep(LOOK_SECONDS)
