"""Ingest: replies at the real door, with server, worker and a subscriber; and the ceiling."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from app.core.settings import DEVELOPMENT_CONSUMER_SECRET
from benchmarks.ceiling import last_transaction, read_written, write_again
from benchmarks.databases import REAPED_SECONDS, Filled, Postgres, copied
from benchmarks.door_load import DoorAnswers, DoorLoad, offer, pairs_used
from benchmarks.door_world import TEMPLATE, Cast, door_template
from benchmarks.machine import Cores
from benchmarks.processes import Running, running_server, running_worker
from benchmarks.report import Section, middle, say

STEADY_PER_SECOND = 300.0
BACKLOG_SECONDS_BAR = 2.0
POSTGRES_MICROSECONDS_BAR = 150.0
FRAME_P50_BAR, FRAME_P99_BAR = 25.0, 100.0
"""What is asked of a machine with two cores that does nothing else; frames at the steady rate."""

WARM_REPLIES = 200
WARM_PER_SECOND = 100.0
IDLE_SECONDS = 1.0
POLL_SECONDS = 0.25
DRAIN_SECONDS_MAX = 60.0
MICROSECONDS = 1e6

BACKLOG_SECONDS_COUNTED = 2 * BACKLOG_SECONDS_BAR
"""To count more would cost PostgreSQL as much as to work it off."""

EXPRESS_BATCHES = 10
"""How many of the newest batches of the short way are looked through for what is unanswered: more
than wait at once."""

_WAITING = f"""
SELECT (
    SELECT count(*) FROM (
        SELECT FROM inbox WHERE decided_at IS NULL AND quarantined_at IS NULL LIMIT $1
    ) AS undecided
) + (
    SELECT count(*) FROM (
        SELECT FROM cart_intent WHERE next_attempt_at IS NOT NULL LIMIT $1
    ) AS due
) + (
    SELECT count(*)
    FROM (
        SELECT brand_ids, intent_ids FROM express_batch
        ORDER BY due_at DESC LIMIT {EXPRESS_BATCHES}
    ) AS batch
    CROSS JOIN LATERAL unnest(batch.brand_ids, batch.intent_ids) AS claimed (brand_id, id)
    CROSS JOIN LATERAL (
        SELECT FROM cart_intent AS intent
        WHERE intent.brand_id = claimed.brand_id AND intent.id = claimed.id
            AND intent.status = 'QUEUED' AND intent.next_attempt_at IS NULL
        OFFSET 0
    ) AS unanswered
)
"""


@dataclass(frozen=True)
class Plan:
    """How much is offered. Rates are replies a second."""

    steady_seconds: float
    offered_seconds: float
    offered: float

    @property
    def steady(self) -> int:
        """Replies of one load at the steady rate."""
        return int(STEADY_PER_SECOND * self.steady_seconds)

    @property
    def full(self) -> int:
        """Replies of one load at the offered rate."""
        return int(self.offered * self.offered_seconds)

    @property
    def pairs(self) -> int:
        """Pairs of person and post that one round uses up."""
        return sum(pairs_used(count) for count in (WARM_REPLIES, self.steady, self.full))


@dataclass(frozen=True)
class Measured:
    """One load at the door. CPU is microseconds for each reply."""

    answers: DoorAnswers
    backlog_most: int
    drained_after: float
    postgres_cpu: float
    server_cpu: float
    worker_cpu: float


@dataclass(frozen=True)
class Round:
    """Everything of one round."""

    idle_cpu: float
    """Microseconds of CPU that PostgreSQL spends in a second without traffic."""
    steady: Measured
    offered: Measured
    ceiling_per_second: float
    ceiling_cpu: float


@dataclass(frozen=True)
class Door:
    """A running server and worker over a database of their own."""

    postgres: Postgres
    url: str
    server: Running
    worker: Running
    loader: Executor
    cast: Cast

    async def load(self, per_second: float, replies: int, used: int) -> Measured:
        """Offer replies and wait until each has its outcome; *used* pairs were used before."""
        spec = DoorLoad(
            port=self.server.port,
            token=self.cast.token,
            secret=DEVELOPMENT_CONSUMER_SECRET,
            posts=self.cast.posts,
            authors=self.cast.authors,
            per_second=per_second,
            replies=replies,
            first=used,
        )
        before = self._cpu()
        counted = int(per_second * BACKLOG_SECONDS_COUNTED)
        backlog, drained = await self._watch(future := self.loader.submit(offer, spec), counted)
        spent = [
            (now - then) / replies * MICROSECONDS
            for now, then in zip(self._cpu(), before, strict=True)
        ]
        return Measured(future.result(), backlog, drained, *spent)

    async def idle_cpu(self) -> float:
        """Microseconds of CPU that PostgreSQL spends in a second without traffic."""
        before = self.postgres.cpu_seconds()
        await asyncio.sleep(IDLE_SECONDS)
        return (self.postgres.cpu_seconds() - before) / IDLE_SECONDS * MICROSECONDS

    def _cpu(self) -> tuple[float, float, float]:
        return (
            self.postgres.cpu_seconds(),
            self.server.cpu_seconds(),
            self.worker.cpu_seconds(),
        )

    async def _watch(self, loading: Future[DoorAnswers], counted: int) -> tuple[int, float]:
        """The most that waited at once, and seconds from the end of the load until none did.

        No more than *counted* are counted at the door, and as many at retailers.
        """
        connection = await asyncpg.connect(self.url)
        most, ended, moment = 0, 0.0, 0.0
        try:
            while moment - ended < DRAIN_SECONDS_MAX or not ended:
                waiting = await connection.fetchval(_WAITING, counted)
                most, moment = max(most, waiting), time.monotonic()
                if loading.done():
                    ended = ended or moment
                    if not waiting:
                        break
                await asyncio.sleep(POLL_SECONDS)
        finally:
            await connection.close()
        return most, moment - ended


@dataclass(frozen=True)
class IngestBench:
    """What ingest is measured with."""

    postgres: Postgres
    cores: Cores
    loader: Executor
    folder: Path
    plan: Plan
    cast: Cast

    async def round(self) -> Round:
        """The door at both rates, then the ceiling of the offered one."""
        async with copied(self.postgres, TEMPLATE, "door_run") as url:
            began = await last_transaction(url)
            with (
                running_server(url, self.cores.both, self.folder) as server,
                running_worker(url, self.cores.both, self.folder) as worker,
            ):
                door = Door(self.postgres, url, server, worker, self.loader, self.cast)
                await door.load(WARM_PER_SECOND, WARM_REPLIES, 0)
                idle = await door.idle_cpu()
                used = pairs_used(WARM_REPLIES)
                steady = await door.load(STEADY_PER_SECOND, self.plan.steady, used)
                used += pairs_used(self.plan.steady)
                before = await last_transaction(url)
                offered = await door.load(self.plan.offered, self.plan.full, used)
            written = await read_written(url, began, self.cast.body)
        async with copied(self.postgres, TEMPLATE, "door_ceiling") as url:
            await write_again(url, written, until=before, measured=False)
            spent = self.postgres.cpu_seconds()
            ceiling = await write_again(url, written, until=before, measured=True)
            await asyncio.sleep(REAPED_SECONDS)
            cpu = (self.postgres.cpu_seconds() - spent) / ceiling.replies * MICROSECONDS
        return Round(idle, steady, offered, ceiling.replies / ceiling.seconds, cpu)


async def measure_ingest(
    postgres: Postgres,
    filled: Filled,
    cores: Cores,
    loader: Executor,
    folder: Path,
    *,
    rounds: int,
    plan: Plan,
) -> list[Section]:
    """The door at a steady rate, at the offered one, and the ceiling, in turn."""
    found = []
    async with door_template(postgres, filled, plan.pairs) as cast:
        bench = IngestBench(postgres, cores, loader, folder, plan, cast)
        for turn in range(rounds):
            say(f"ingest: round {turn + 1} of {rounds}")
            found.append(await bench.round())
    return [_section(plan, found), _bars(plan, found)]


def _section(plan: Plan, rounds: Sequence[Round]) -> Section:
    rows = [
        _row("the door", STEADY_PER_SECOND, plan.steady, [each.steady for each in rounds]),
        _row("the door", plan.offered, plan.full, [each.offered for each in rounds]),
        {
            "what": "ceiling: the same rows by plain asyncpg",
            "replies/s": middle([each.ceiling_per_second for each in rounds]),
            "PostgreSQL µs": middle([each.ceiling_cpu for each in rounds]),
        },
    ]
    idle = middle([each.idle_cpu for each in rounds]) or 0.0
    notes = [
        "Frames: from the answer 200 to the subscriber's frame of the add. Backlog: replies "
        "without an outcome, in seconds of that traffic; about "
        f"{BACKLOG_SECONDS_COUNTED:.0f} s and more look the same. CPU is for each reply, until all "
        f"have theirs; without traffic PostgreSQL spends {idle / 1000:.1f} ms a second for server "
        "and worker, which is counted in."
    ]
    return Section("Ingest: replies at the door", rows, notes)


def _bars(plan: Plan, rounds: Sequence[Round]) -> Section:
    """What is asked for, and what came of it, side by side."""
    steady, offered = [each.steady for each in rounds], [each.offered for each in rounds]
    lost = sum(plan.full - each.answers.accepted for each in offered)
    at_rate = f"at {plan.offered:.0f}/s for {plan.offered_seconds:.0f} s"
    at_steady = f"at {STEADY_PER_SECOND:.0f}/s"
    backlog = max(each.backlog_most for each in offered) / plan.offered
    cpu = middle([each.postgres_cpu for each in offered])
    ceiling = middle([each.ceiling_cpu for each in rounds])
    frame_p50 = middle([each.answers.frame_p50 for each in steady])
    frame_p99 = middle([each.answers.frame_p99 for each in steady])
    rows = [
        _bar(f"replies not accepted {at_rate}", 0.0, float(lost)),
        _bar(f"backlog, s of that traffic, {at_rate}", BACKLOG_SECONDS_BAR, backlog),
        _bar(f"PostgreSQL µs per reply {at_rate}", POSTGRES_MICROSECONDS_BAR, cpu, ceiling),
        _bar(f"200 to frame, p50 ms, {at_steady}", FRAME_P50_BAR, frame_p50),
        _bar(f"200 to frame, p99 ms, {at_steady}", FRAME_P99_BAR, frame_p99),
    ]
    return Section("Ingest: the bars", rows)


def _bar(
    what: str, most: float, found: float | None, ceiling: float | None = None
) -> Mapping[str, Any]:
    held = found is not None and found <= most
    return {
        "what": what,
        "at most": most,
        "result": found,
        "held": "yes" if held else "NO",
        "ceiling": ceiling,
    }


def _row(
    what: str, per_second: float, replies: int, measured: Sequence[Measured]
) -> Mapping[str, Any]:
    answers = [each.answers for each in measured]
    return {
        "what": what,
        "replies/s": per_second,
        "accepted": f"{sum(each.accepted for each in answers)}/{replies * len(answers)}",
        "late p99 ms": middle([each.late_p99 for each in answers]),
        "200 p50 ms": middle([each.answer_p50 for each in answers]),
        "200 p99 ms": middle([each.answer_p99 for each in answers]),
        "frames": f"{sum(each.frames for each in answers)}"
        f"/{sum(each.frames_expected for each in answers)}",
        "frame p50 ms": middle([each.frame_p50 for each in answers]),
        "frame p99 ms": middle([each.frame_p99 for each in answers]),
        "backlog s": max(each.backlog_most for each in measured) / per_second,
        "drained s": middle([each.drained_after for each in measured]),
        "PostgreSQL µs": middle([each.postgres_cpu for each in measured]),
        "server µs": middle([each.server_cpu for each in measured]),
        "worker µs": middle([each.worker_cpu for each in measured]),
    }
