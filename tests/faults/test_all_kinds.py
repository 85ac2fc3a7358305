"""Replies of all kinds come in while server, workers, PostgreSQL and retailer die or hang."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest

from tests.conftest import CORPUS_CLOCK
from tests.faults.conftest import House
from tests.faults.deployment import SECOND_WORKER, SERVER, WORKER, Deployment
from tests.faults.kills import SCALE, SEED, Kill, chosen_seed, planned
from tests.faults.ledger import Ledger
from tests.faults.outcomes import assert_outcomes
from tests.faults.patience import until
from tests.faults.postgres import MortalPostgres
from tests.faults.retailer import MortalRetailer
from tests.faults.sender import Sender
from tests.faults.stories import Stories, tell
from tests.needs import chosen_scale, scale

pytestmark = pytest.mark.database

RUNS = scale(small=1, check=3, soak=20)
REPLIES = scale(small=40, check=400, soak=2_000)
KILLS_MAX = scale(small=1, check=2, soak=3)
POSTGRES_KILLS_MAX = scale(small=1, check=1, soak=2)
"""PostgreSQL's owner starts it again for no more than 100 times in all."""

HANGS_MAX = scale(small=1, check=2, soak=3)
HANG_SECONDS_MAX = scale(small=1.0, check=7.0, soak=7.0)
"""Some hang longer than a call may take."""

DELIVERIES_PER_SECOND = 100.0
WAITS_ARE_OVER = timedelta(days=8)
WORKERS = (WORKER, SECOND_WORKER)

HAND_OFF = """
UPDATE brand_marketplace SET retailer = 'amazon' FROM brand
WHERE brand.id = brand_marketplace.brand_id AND brand.slug = 'nordlicht' AND marketplace = 'US'
"""

DUE_AT = """
SELECT max(coalesce(next_attempt_at, claimed_until)) FROM cart_intent WHERE status = 'QUEUED'
"""

UNDECIDED = """
SELECT (SELECT count(*) FROM inbox WHERE decided_at IS NULL)
    + (SELECT count(*) FROM cart_intent WHERE status = 'QUEUED'
        AND coalesce(next_attempt_at, claimed_until) <= $1)
    + (SELECT count(*) FROM shoppable_tweet WHERE status = 'DETECTED')
    + (SELECT count(*) FROM cart_intent AS intent
        JOIN engagement ON engagement.brand_id = intent.brand_id
            AND engagement.id = intent.engagement_id
        JOIN tweet_version ON tweet_version.xid = engagement.parent_xid
        WHERE intent.status = 'RECEIVED')
"""
"""How much there is to do by then: also replies whose parent is known by now."""

WAITING = """
SELECT count(*) FROM cart_intent
WHERE status IN ('RECEIVED', 'AWAITING_CHOICE', 'AWAITING_LINK', 'QUEUED')
"""


@dataclass
class Run:
    """One run: stories on their way through a deployment with two workers."""

    postgres: MortalPostgres
    deployment: Deployment
    stories: Stories
    sender: Sender
    ledger: Ledger
    retailer: MortalRetailer
    happened: list[str] = field(default_factory=list)

    async def go(self, random: Random) -> None:
        """Everything at once, until all replies are in and answered."""
        self.deployment.let_run(SERVER, *WORKERS)
        async with self.deployment.kept_running():
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(
                    self.sender.send(self.stories.bodies, per_second=DELIVERIES_PER_SECOND)
                )
                for place in (SERVER, *WORKERS):
                    tasks.create_task(self.kill_children(place, planned(random, KILLS_MAX)))
                tasks.create_task(self.kill_postgres(planned(random, POSTGRES_KILLS_MAX)))
                tasks.create_task(self.trouble_retailer(planned(random, HANGS_MAX), random))
            await self.settle()

    async def end_waits(self, random: Random) -> None:
        """All waits are over; a worker and PostgreSQL die while they end."""
        self.deployment.skip_to(self.deployment.now() + WAITS_ARE_OVER)
        self.deployment.let_run(SERVER)
        self.deployment.let_run(SERVER, *WORKERS)
        async with self.deployment.kept_running():
            await asyncio.sleep(random.uniform(0.5, 2.0))
            await self.postgres.is_up()
            self.postgres.kill(with_sessions=True)
            self.deployment.kill(WORKER)
            self.deployment.start(WORKER)
            await self._none(WAITING, "nothing waits any more")

    async def kill_children(self, place: str, kills: Sequence[Kill]) -> None:
        """Kill the process of a place as planned, and start it again at once."""
        for kill in kills:
            await self._reach(kill)
            self.happened.append(f"{place} killed")
            self.deployment.kill(place)
            self.deployment.start(place)

    async def kill_postgres(self, kills: Sequence[Kill]) -> None:
        """Kill PostgreSQL as planned; it is started again by itself."""
        for kill in kills:
            await self._reach(kill)
            await self.postgres.is_up()
            self.happened.append("PostgreSQL killed" + " with its sessions" * kill.with_sessions)
            self.postgres.kill(with_sessions=kill.with_sessions)

    async def trouble_retailer(self, kills: Sequence[Kill], random: Random) -> None:
        """Let the retailer hang or die as planned."""
        for kill in kills:
            await self._reach(kill)
            if random.random() < 0.5:
                self.happened.append("retailer died")
                await self.retailer.die()
            else:
                seconds = random.uniform(0.1, HANG_SECONDS_MAX)
                self.happened.append(f"retailer hung for {seconds:.1f} s")
                await self.retailer.hang(seconds)

    async def settle(self) -> None:
        """Let all be decided and answered; what is to be tried again later, at a later time."""
        await self._none(UNDECIDED, "all that came in is decided", self.deployment.now())
        while (due_at := await self.ledger.value(DUE_AT)) is not None:
            self.deployment.skip_to(due_at)
            for place in WORKERS:
                self.deployment.kill(place)
                self.deployment.start(place)
            await self._none(UNDECIDED, "what is due is answered", self.deployment.now())

    async def _none(self, count: str, what: str, *values: object) -> None:
        async def none() -> bool:
            return bool(await self.ledger.value(count, *values) == 0)

        await until(none, what)

    async def _reach(self, kill: Kill) -> None:
        async def reached() -> bool:
            return self.sender.accepted >= kill.share * len(self.stories.bodies)

        await until(reached, f"{kill.share:.0%} of the work is done")
        await asyncio.sleep(kill.lag_seconds)


@pytest.mark.scaled
@pytest.mark.parametrize("number", range(RUNS))
async def test_every_kind_of_reply_comes_to_its_one_outcome(house: House, number: int) -> None:
    seed = chosen_seed()
    random, began = Random(seed), time.monotonic()
    stories = tell(seed, CORPUS_CLOCK, REPLIES)
    try:
        async with AsyncExitStack() as stack:
            name = f"all kinds {number} of seed {seed}"
            deployment = await stack.enter_async_context(house.deployment(name, stories.world()))
            ledger = await stack.enter_async_context(Ledger(deployment.database_url))
            await ledger.rows(HAND_OFF)
            run = Run(
                house.postgres,
                deployment,
                stories,
                Sender(deployment.address),
                ledger,
                MortalRetailer(deployment.database_url),
            )
            await run.go(random)
            await assert_outcomes(ledger, stories, expired=False)
            await run.end_waits(random)
            await assert_outcomes(ledger, stories, expired=True)
            assert deployment.defects() == []
            told = f"{len(stories.played)} stories, {run.sender.accepted} deliveries"
            print(f"{name}: {told}; {', '.join(run.happened)}; {time.monotonic() - began:.0f} s")
    except BaseException as error:
        error.add_note(f"{SEED}={seed} {SCALE}={chosen_scale()} repeats this run.")
        raise
