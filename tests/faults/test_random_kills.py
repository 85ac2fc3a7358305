"""Replies come in while the server, the worker and PostgreSQL are killed at random moments."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random

import pytest

from app.core.ids import parse_global_id
from tests.conftest import CORPUS_CLOCK
from tests.faults.conftest import House
from tests.faults.deployment import SERVER, WORKER, Deployment
from tests.faults.kills import SCALE, SEED, Kill, chosen_seed, planned
from tests.faults.ledger import Ledger, assert_each_counted_once
from tests.faults.patience import until
from tests.faults.postgres import MortalPostgres
from tests.faults.sender import Sender
from tests.faults.subscriber import Subscriber
from tests.faults.traffic import Traffic, Writer
from tests.needs import chosen_scale, scale

pytestmark = pytest.mark.database

RUNS = scale(small=1, check=3, soak=30) if SEED not in os.environ else 1
REPLIES = scale(small=100, check=500, soak=500)
KILLS_MAX = scale(small=1, check=3, soak=3)
POSTGRES_KILLS_MAX = scale(small=1, check=2, soak=2)
"""How often each is killed at most, and once at least. PostgreSQL's owner starts it again for no
more than 100 times in all."""

DELIVERIES_PER_SECOND = 100.0


@dataclass
class Run:
    """One run: replies on their way through a deployment, and who watches."""

    postgres: MortalPostgres
    deployment: Deployment
    traffic: Traffic
    sender: Sender
    ledger: Ledger
    subscribers: dict[str, Subscriber]
    killed: list[str] = field(default_factory=list)

    async def accepted(self) -> float:
        """The share of the deliveries that are answered with 200."""
        return self.sender.accepted / len(self.traffic.bodies)

    async def decided(self) -> float:
        """The share of the replies that are decided."""
        count: int = await self.ledger.value("SELECT count(*) FROM engagement")
        return count / sum(len(wish.bodies) for wish in self.traffic.wishes)

    async def kill_children(
        self, place: str, kills: Sequence[Kill], progress: Callable[[], Awaitable[float]]
    ) -> None:
        """Kill the process of a place as planned, and start it again at once."""
        for kill in kills:
            await self._reach(kill, progress)
            self.killed.append(place)
            self.deployment.kill(place)
            self.deployment.start(place)

    async def kill_postgres(self, kills: Sequence[Kill]) -> None:
        """Kill PostgreSQL as planned; it is started again by itself."""
        for kill in kills:
            await self._reach(kill, self.accepted)
            await self.postgres.is_up()
            self.killed.append("PostgreSQL" + " with its sessions" * kill.with_sessions)
            self.postgres.kill(with_sessions=kill.with_sessions)

    async def _reach(self, kill: Kill, progress: Callable[[], Awaitable[float]]) -> None:
        async def reached() -> bool:
            return await progress() >= kill.share

        await until(reached, f"{kill.share:.0%} of the work is done")
        await asyncio.sleep(kill.lag_seconds)

    async def go(self, random: Random) -> None:
        """Everything at once, until all replies are in, answered and read by the subscribers."""
        self.deployment.let_run(SERVER, WORKER)
        async with AsyncExitStack() as watching:
            await watching.enter_async_context(self.deployment.kept_running())
            for subscriber in self.subscribers.values():
                await watching.enter_async_context(subscriber.following())
            await self._work(random)
            await self.ledger.settled()
            for slug, head in (await self.ledger.heads()).items():
                await self.subscribers[slug].has_read_to(head)
            for subscriber in self.subscribers.values():
                await self._read_again(subscriber)

    async def _work(self, random: Random) -> None:
        """Replies come in while everybody is killed."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                self.sender.send(self.traffic.bodies, per_second=DELIVERIES_PER_SECOND)
            )
            for place, progress in ((SERVER, self.accepted), (WORKER, self.decided)):
                kills = planned(random, KILLS_MAX)
                tasks.create_task(self.kill_children(place, kills, progress))
            tasks.create_task(self.kill_postgres(planned(random, POSTGRES_KILLS_MAX)))

    async def _read_again(self, first: Subscriber) -> None:
        """Who starts at the first cursor only now reads the same."""
        late = Subscriber(first.address, first.token, cursor=first.first_cursor)
        async with late.following():
            await late.has_read_to(first.held)
        assert late.ids == first.ids

    def story(self) -> str:
        """What happened on the way."""
        connections = sum(each.connections for each in self.subscribers.values())
        return (
            f"{', '.join(self.killed)} killed; {self.sender.accepted} deliveries kept, "
            f"{self.sender.repeated} tries repeated, {self.sender.refused} of them after a 503; "
            f"{connections} subscriptions; {self.deployment.refused_starts} starts refused"
        )

    async def assert_seen_once(self) -> None:
        """Each subscriber was sent its brand's whole log, each event once and in order."""
        for slug, subscriber in self.subscribers.items():
            logged = [("Event", event_id) for event_id in await self.ledger.event_ids(slug)]
            assert [parse_global_id(each) for each in subscriber.ids] == logged


@pytest.mark.scaled
@pytest.mark.parametrize("number", range(RUNS))
async def test_each_reply_counts_once_whoever_is_killed(house: House, number: int) -> None:
    seed = chosen_seed()
    random = Random(seed)
    traffic = Writer(seed, CORPUS_CLOCK).write(REPLIES)
    began = time.monotonic()
    try:
        async with AsyncExitStack() as stack:
            name = f"run {number} of seed {seed}"
            deployment = await stack.enter_async_context(house.deployment(name, traffic.world()))
            ledger = await stack.enter_async_context(Ledger(deployment.database_url))
            subscribers = {
                slug: Subscriber(deployment.address, token) for slug, token in house.tokens.items()
            }
            sender = Sender(deployment.address)
            run = Run(house.postgres, deployment, traffic, sender, ledger, subscribers)
            await run.go(random)
            await assert_each_counted_once(ledger, traffic)
            await run.assert_seen_once()
            assert deployment.defects() == []
            print(f"{name}: {run.story()}, {time.monotonic() - began:.1f} s")
    except BaseException as error:
        error.add_note(f"{SEED}={seed} {SCALE}={chosen_scale()} repeats this run.")
        raise
