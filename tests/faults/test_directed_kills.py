"""Kills at chosen moments: within a retailer's call, a request, a batch, a subscription.

The tests share one deployment and its database; each adds replies of its own and then looks at
everything that came in so far.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.core.ids import parse_global_id
from tests.conftest import CORPUS_CLOCK
from tests.faults.conftest import House, load
from tests.faults.deployment import (
    DATABASE_AWAY,
    SECOND_WORKER,
    SERVER,
    WORKER,
    Deployment,
    deployed,
)
from tests.faults.ledger import Ledger, assert_each_counted_once
from tests.faults.patience import until
from tests.faults.sender import Sender
from tests.faults.subscriber import Subscriber
from tests.faults.traffic import Traffic, Writer

pytestmark = pytest.mark.database

LANES = 16
PER_SECOND = 200.0
Release = Callable[[], Awaitable[None]]

HOLD_RETAILER = "LOCK TABLE sandbox_cart_line IN ACCESS EXCLUSIVE MODE"
HOLD_INTENTS = "SELECT FROM cart_intent FOR UPDATE"
HOLD_ENGAGEMENTS = "LOCK TABLE engagement IN EXCLUSIVE MODE"
HOLD_COUNTERS = "LOCK TABLE brand_log IN EXCLUSIVE MODE"
HOLD_INBOX = "LOCK TABLE inbox IN EXCLUSIVE MODE"

STOPPED_SESSIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'
"""
"""How many sessions of that name wait for what a test holds."""

WRITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_xid IS NOT NULL
"""
"""How many sessions are within a transaction that changes something."""

HOLDERS = """
SELECT count(*), min(lanes) FROM (
    SELECT count(*) AS lanes FROM ingest_lane
    WHERE leased_until > clock_timestamp() GROUP BY owner
) AS held
"""
"""How many workers hold lanes, and how many lanes the poorest of them."""


@dataclass
class Scene:
    """The deployment of this module, and all that came in so far."""

    house: House
    deployment: Deployment
    ledger: Ledger
    writer: Writer = field(default_factory=lambda: Writer(1, CORPUS_CLOCK))
    traffic: Traffic = field(default_factory=Traffic)

    @property
    def sender(self) -> Sender:
        """X's side of the door."""
        return Sender(self.deployment.address)

    async def people(self, count: int, *, linked: bool) -> list[bytes]:
        """So many people whom nobody met before, with one reply of each that is yet to be sent."""
        fresh = self.writer.simple(count, linked=linked)
        await load(self.deployment.database_url, fresh.world())
        self.traffic.wishes += fresh.wishes
        return fresh.bodies

    async def come(self, count: int, *, linked: bool) -> None:
        """Replies of so many new people are taken in by the door."""
        await self.sender.send(await self.people(count, linked=linked), per_second=PER_SECOND)

    @asynccontextmanager
    async def held(self, statement: str) -> AsyncIterator[Release]:
        """Hold locks, until released or to the end."""
        connection = await asyncpg.connect(self.deployment.database_url)
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(statement)
        try:
            yield transaction.rollback
        finally:
            await connection.close()

    async def are_stopped(self, count: int, name: str = "hashcart") -> None:
        """Return when so many sessions of the name wait for what is held."""

        async def stopped() -> bool:
            return bool(await self.ledger.value(STOPPED_SESSIONS, name) >= count)

        await until(stopped, f"{count} sessions of {name} wait for a lock")

    async def put_to_sleep(self, pid: int) -> None:
        """Stop the process while none of its transactions holds a lock."""

        async def sleeps() -> bool:
            os.kill(pid, signal.SIGSTOP)
            if await self.ledger.value(WRITING) == 0:
                return True
            os.kill(pid, signal.SIGCONT)
            return False

        await until(sleeps, "the process sleeps between two transactions")

    async def lanes_are_with(self, workers: int) -> None:
        """Return when so many workers share all lanes evenly."""

        async def shared() -> bool:
            ((holders, least),) = await self.ledger.rows(HOLDERS)
            return (holders, least) == (workers, LANES // workers)

        await until(shared, f"{workers} workers share the lanes")

    async def is_ready(self, ready: bool = True) -> None:
        """Return when the server says so of itself."""

        async def says_so() -> bool:
            try:
                async with httpx.AsyncClient(trust_env=False) as client:
                    answer = await client.get(f"http://{self.deployment.address}/readyz")
            except httpx.TransportError:
                return False
            return answer.is_success is ready

        await until(says_so, f"the server is {'' if ready else 'not '}ready")

    async def assert_each_counted_once(self) -> None:
        """All that came in is answered, each reply counted once, and nobody reported a defect."""
        await self.ledger.settled()
        await assert_each_counted_once(self.ledger, self.traffic)
        self.deployment.look_after()
        assert self.deployment.refused_starts == 0
        assert self.deployment.defects() == []


@pytest.fixture(scope="module")
async def module_scene(house: House) -> AsyncIterator[Scene]:
    """One deployment for all tests here."""
    async with (
        house.deployment("directed", {"format": 1}) as deployment,
        Ledger(deployment.database_url) as ledger,
    ):
        yield Scene(house, deployment, ledger)


@pytest.fixture
def scene(module_scene: Scene) -> Scene:
    """The deployment with one server and one worker, whoever a test before left killed."""
    module_scene.deployment.let_run(SERVER, WORKER)
    return module_scene


async def test_a_worker_killed_while_it_asks_the_retailer_leaves_an_add_to_the_next(
    scene: Scene,
) -> None:
    async with scene.held(HOLD_RETAILER):
        await scene.come(1, linked=True)
        await scene.are_stopped(1, "hashcart-sandbox")
        scene.deployment.kill(WORKER)
    assert await scene.ledger.value("SELECT count(*) FROM sandbox_cart_line") == 0

    scene.deployment.start(WORKER)

    await scene.assert_each_counted_once()
    assert await last_intent(scene.ledger, "status, attempts") == ("ADDED", 2)


async def test_an_add_whose_answer_a_killed_worker_did_not_record_is_told_once(
    scene: Scene,
) -> None:
    lines = "SELECT count(*) FROM sandbox_cart_line"
    before = await scene.ledger.value(lines)
    async with scene.held(HOLD_RETAILER) as release_retailer:
        await scene.come(1, linked=True)
        await scene.are_stopped(1, "hashcart-sandbox")
        async with scene.held(HOLD_INTENTS):
            await release_retailer()
            await scene.are_stopped(1)
            scene.deployment.kill(WORKER)
            assert await scene.ledger.value(lines) == before + 1
            assert await last_intent(scene.ledger, "status, attempts") == ("QUEUED", 1)

    scene.deployment.start(WORKER)

    await scene.assert_each_counted_once()
    assert await last_intent(scene.ledger, "status, attempts") == ("ADDED", 2)
    assert await scene.ledger.value(lines) == before + 1


async def last_intent(ledger: Ledger, columns: str) -> tuple[object, ...]:
    (row,) = await ledger.rows(f"SELECT {columns} FROM cart_intent ORDER BY id DESC LIMIT 1")
    return tuple(row)


async def test_a_reply_that_is_kept_when_the_server_is_killed_is_not_kept_again(
    scene: Scene,
) -> None:
    kept = "SELECT count(*) FROM inbox"
    await scene.come(1, linked=False)
    await scene.ledger.settled()
    before = await scene.ledger.value(kept)
    (body,) = await scene.people(1, linked=False)
    async with scene.held(HOLD_INBOX):
        answer = asyncio.create_task(scene.sender.try_once(body))
        await scene.are_stopped(1)
        scene.deployment.kill(SERVER)
        assert await answer is None

    async def committed() -> bool:
        return bool(await scene.ledger.value(kept) == before + 1)

    await until(committed, "the statement that nobody awaits any more is committed")
    scene.deployment.start(SERVER)
    await scene.sender.send([body], per_second=PER_SECOND)

    await scene.assert_each_counted_once()
    assert await scene.ledger.value(kept) == before + 1


async def test_a_decision_whose_events_are_not_numbered_yet_is_made_again(scene: Scene) -> None:
    decided = "SELECT count(*) FROM engagement"
    before = await scene.ledger.value(decided)
    async with scene.held(HOLD_COUNTERS):
        await scene.come(1, linked=True)
        await scene.are_stopped(1)
        scene.deployment.kill(WORKER)
        assert await scene.ledger.value(decided) == before

    scene.deployment.start(WORKER)

    await scene.assert_each_counted_once()


async def test_what_a_worker_held_when_it_was_killed_is_decided_by_another(scene: Scene) -> None:
    scene.deployment.start(SECOND_WORKER)
    await scene.lanes_are_with(2)
    async with scene.held(HOLD_ENGAGEMENTS):
        await scene.come(40, linked=False)
        await scene.are_stopped(2)
        scene.deployment.kill(WORKER)

    await scene.assert_each_counted_once()
    await scene.lanes_are_with(1)


async def test_a_worker_that_slept_through_its_leases_decides_nothing_twice(scene: Scene) -> None:
    await scene.lanes_are_with(1)
    sleeper = scene.deployment.children[WORKER].process
    await scene.put_to_sleep(sleeper.pid)
    try:
        scene.deployment.start(SECOND_WORKER)
        await scene.come(20, linked=True)
        await scene.assert_each_counted_once()
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)

    await scene.come(20, linked=True)

    await scene.lanes_are_with(2)
    await scene.assert_each_counted_once()


async def test_while_postgresql_is_away_nothing_is_taken_and_nobody_ends(scene: Scene) -> None:
    await scene.is_ready()
    (body,) = await scene.people(1, linked=True)
    scene.house.postgres.stop()
    try:
        assert await scene.sender.try_once(body) == httpx.codes.SERVICE_UNAVAILABLE
        await scene.is_ready(False)
    finally:
        scene.house.postgres.start()

    await scene.sender.send([body], per_second=PER_SECOND)
    await scene.is_ready()

    await scene.assert_each_counted_once()


async def test_a_cursor_outlives_the_server_and_postgresql(scene: Scene) -> None:
    slug, token = next(iter(scene.house.tokens.items()))
    before = Subscriber(scene.deployment.address, token)
    async with before.following():
        started_at = before.held
        await scene.come(5, linked=True)
        await scene.ledger.settled()
        await before.has_read_to((await scene.ledger.heads())[slug])

    scene.deployment.kill(SERVER)
    scene.house.postgres.kill(with_sessions=True)
    await scene.house.postgres.is_up()
    scene.deployment.start(SERVER)
    await scene.come(5, linked=True)
    await scene.assert_each_counted_once()
    after = Subscriber(scene.deployment.address, token, before.cursor, before.held)
    async with after.following():
        await after.has_read_to((await scene.ledger.heads())[slug])

    logged = [("Event", event_id) for event_id in await scene.ledger.event_ids(slug)]
    assert [parse_global_id(each) for each in before.ids + after.ids] == logged[started_at:]
    assert before.held < after.held


async def test_started_while_postgresql_is_away_a_process_says_so_and_ends(
    house: House, tmp_path: Path
) -> None:
    nowhere = f"postgresql://postgres@/postgres?host={tmp_path}&port=5432"
    folder = house.folder / "without PostgreSQL"
    folder.mkdir()
    async with deployed(nowhere, folder, CORPUS_CLOCK) as deployment:
        deployment.let_run(SERVER, WORKER)
        for child in deployment.children.values():
            code = await asyncio.to_thread(child.process.wait, 60)
            told = child.log.read_text()
            assert (code, told.count("\n")) == (1, 1), told
            assert told.startswith(DATABASE_AWAY)
            assert "HASHCART_DATABASE_URL" in told
