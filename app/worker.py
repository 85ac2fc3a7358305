"""The worker: everything that goes on without anybody asking, in one process or in many.

It decides what came through the door, asks the retailers, and keeps the log's months ahead. Each
of these is a loop that outlives the database's absence; any of them may run in several workers at
once, and all end within a few seconds of being told to.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog

from app.carts.dispatch import Dispatcher
from app.carts.express import ROOM, Express
from app.carts.removals import Remover
from app.carts.waits import expire_once
from app.core import clock
from app.core.http import open_guarded
from app.core.outage import describe, is_outage, waits
from app.core.resources import Resources
from app.events.feed import tell_own_growth
from app.events.log import write_transaction
from app.events.partitions import ensure_partitions
from app.graphql.idempotency import forget_old
from app.graphql.uses import forget_old_uses
from app.ingest.desk import Desk
from app.ingest.lag import LOOK_SECONDS, measure_lag
from app.ingest.lanes import RENEWAL_SECONDS, Lanes
from app.ingest.purge import purge_once
from app.ingest.resume import Resumer
from app.ingest.spread import spread_once
from app.retailers.registry import open_retailers
from app.tweets.resolver import Follower, Resolver

INBOX_IDLE_SECONDS = 0.02
RETRY_IDLE_SECONDS = 0.5
DISPATCH_IDLE_SECONDS = 0.5
RESOLVE_IDLE_SECONDS = 0.5
"""How often a loop looks that found nothing; a queued intent wakes the dispatch at once."""

RESUME_IDLE_SECONDS = 0.25
"""How often one page is looked at of the replies whose parent was unknown."""

SPREAD_IDLE_SECONDS = 0.5
"""How often accounts are looked for whose standing is to come to all their posts."""

PURGE_SECONDS = 60.0
"""How often that is looked for which is too old to be kept."""

PARTITIONS_SECONDS = 6 * 3600.0
"""How often the log's months are looked after; they are made two months ahead."""

DISPATCHERS = 2
"""How many batches may be with retailers at once: one that is slow holds up half, not all."""

KEYS_SECONDS = 60.0
KEYS_AT_ONCE = 1_000
"""How often idempotency keys that mean nothing any more are looked for, and how many at once; the
same for days of deprecated uses."""

WAITS_SECONDS = 1.0
"""How often waits are looked for that are over; some of them count hours, some days."""

RELEASE_SECONDS_MAX = 1.0
STOP_SECONDS_MAX = 4.0
"""How long a step that is under way may still take when the worker is told to stop."""

log = structlog.get_logger()

Step = Callable[[], Awaitable[int]]
"""One turn of a loop; how much it found to do. A loop with nothing to do pauses."""


@dataclass(frozen=True)
class Loop:
    """Steps, one after the other, until told to stop. `wake` ends a pause early."""

    name: str
    step: Step
    idle_seconds: float
    wake: asyncio.Event

    async def run(self, stop: asyncio.Event) -> None:
        """Turn after turn until *stop*, with a pause where nothing was found."""
        while not stop.is_set():
            self.wake.clear()
            if not await self.turn(stop):
                await _pause(self.idle_seconds, stop, self.wake)

    async def turn(self, stop: asyncio.Event) -> int:
        """One step; where it fails, again after longer and longer waits, until it works or *stop*.

        An outage is told when it begins and when it is over, not at every try.
        """
        told: set[str] = set()
        for delay in waits():
            try:
                found = await self.step()
            except Exception as error:
                self._tell(error, told)
                await _pause(delay, stop)
                if stop.is_set():
                    break
                continue
            if told:
                log.info("loop_goes_on", loop=self.name)
            return found
        return 0

    def _tell(self, error: Exception, told: set[str]) -> None:
        facts = describe(error)
        away = is_outage(error)
        # One outage shows many faces: a cut connection first, then refused ones.
        kind = "database_away" if away else facts["error"]
        if kind in told:
            return
        told.add(kind)
        if away:
            log.warning("database_away", loop=self.name, **facts)
        else:
            log.error("step_failed", loop=self.name, **facts)


async def run_worker(
    resources: Resources, *, stop: asyncio.Event, follower: Follower | None = None
) -> None:
    """Work until *stop* is set, then end within `STOP_SECONDS_MAX` and give the lanes back.

    What is cut off by the end is done again by the next worker: nothing is lost or doubled. Short
    links are followed by *follower*; None goes out to the internet.
    """
    lanes = Lanes(resources.sessions)
    queued, express = asyncio.Event(), Express(ROOM)
    desk = Desk(resources, lanes, queued, express)
    months = Loop("partitions", lambda: _make_partitions(resources), PARTITIONS_SECONDS, _never())
    async with open_retailers(resources.database_url) as retailers, open_guarded() as internet:
        dispatcher = Dispatcher(resources, retailers)
        resolver = Resolver(resources, retailers, follower or internet)
        remover = Remover(resources, retailers)
        resumer = Resumer(resources, queued)
        await months.turn(stop)
        loops = [
            months,
            Loop("keys", lambda: _forget_keys(resources), KEYS_SECONDS, _never()),
            Loop("inbox lag", lambda: _measure(resources), LOOK_SECONDS, _never()),
            Loop("lanes", lambda: _renew(lanes), RENEWAL_SECONDS, _never()),
            Loop("inbox", desk.decide_batch, INBOX_IDLE_SECONDS, _never()),
            Loop("failed inbox items", desk.retry_failed, RETRY_IDLE_SECONDS, _never()),
            Loop("parents", resumer.resume_once, RESUME_IDLE_SECONDS, _never()),
            Loop("accounts", lambda: spread_once(resources), SPREAD_IDLE_SECONDS, _never()),
            Loop("purge", lambda: purge_once(resources), PURGE_SECONDS, _never()),
            Loop("links", resolver.resolve_once, RESOLVE_IDLE_SECONDS, _never()),
            Loop("waits", lambda: expire_once(resources), WAITS_SECONDS, _never()),
            Loop("removals", remover.run_once, DISPATCH_IDLE_SECONDS, _never()),
            *(
                Loop(f"retailers {number}", dispatcher.run_once, DISPATCH_IDLE_SECONDS, queued)
                for number in range(1, DISPATCHERS + 1)
            ),
            *(
                Loop(
                    f"express {number}",
                    lambda: dispatcher.run_express(express),
                    DISPATCH_IDLE_SECONDS,
                    express.wake,
                )
                for number in range(1, DISPATCHERS + 1)
            ),
        ]
        await _run_until(stop, loops, tell_own_growth(resources.database_url, stop))
        with suppress(Exception):
            async with asyncio.timeout(RELEASE_SECONDS_MAX):
                await express.close(resources.sessions, now=clock.now())
                await lanes.release()


async def _run_until(
    stop: asyncio.Event, loops: list[Loop], beside: Coroutine[Any, Any, None]
) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop.run(stop), name=loop.name) for loop in loops]
        tasks.append(group.create_task(beside, name="hints"))
        await stop.wait()
        _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS_MAX)
        for task in late:
            task.cancel()


async def _make_partitions(resources: Resources) -> int:
    connection = await asyncpg.connect(resources.database_url)
    try:
        made = await ensure_partitions(connection, clock.now())
    finally:
        await connection.close()
    for name in made:
        log.info("partition_made", name=name)
    return 0


async def _forget_keys(resources: Resources) -> int:
    """Forget old idempotency keys, and days of deprecated uses that are told no more."""
    now = clock.now()
    async with write_transaction(resources.sessions) as session:
        keys = await forget_old(session, now=now, limit=KEYS_AT_ONCE)
        return keys + await forget_old_uses(session, now=now, limit=KEYS_AT_ONCE)


async def _measure(resources: Resources) -> int:
    await measure_lag(resources.primary_reads)
    return 0


async def _renew(lanes: Lanes) -> int:
    await lanes.refresh()
    return 0


def _never() -> asyncio.Event:
    return asyncio.Event()


async def _pause(seconds: float, stop: asyncio.Event, wake: asyncio.Event | None = None) -> None:
    """Wait that long, or until told to stop, or until woken."""
    waiters = [asyncio.ensure_future(event.wait()) for event in (stop, wake) if event is not None]
    try:
        await asyncio.wait(waiters, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
