"""Hostile requests to a real server: none is answered 5xx, none changes anything, none stays."""

import asyncio
import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from random import Random

import orjson
import pytest

from app.core.resources import Resources, open_resources
from tests.conftest import CORPUS_CLOCK
from tests.databases import cloned
from tests.faults.deployment import SERVER, WORKER, Deployment, deployed
from tests.faults.ledger import Ledger
from tests.faults.patience import until
from tests.faults.sender import Sender
from tests.faults.traffic import Traffic, Writer
from tests.hostile.raw import Attempt
from tests.hostile.requests import Attacker
from tests.needs import chosen_scale, scale
from tests.walk import everything, settings

pytestmark = pytest.mark.once

SEED = "HASHCART_HOSTILE_SEED"
REQUESTS = scale(small=200, check=1_000, soak=5_000)
AT_ONCE = 32
ANSWER_SECONDS_MAX = 20.0
SILENCE_SECONDS = 0.2
MEMORY_GROWTH_BYTES_MAX = 256 * 2**20
"""More than everything that is on its way at once; what leaked for each request would be more."""

PER_SECOND = 200.0
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


@pytest.fixture
async def deployment(server_url: str, world: str, tmp_path: Path) -> AsyncIterator[Deployment]:
    """A real server and nobody who decides, over a clone of the corpus's world."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    async with cloned(server_url, world) as url, deployed(url, folder, CORPUS_CLOCK) as deployment:
        deployment.start(SERVER)
        yield deployment


@pytest.fixture
async def resources(deployment: Deployment) -> AsyncIterator[Resources]:
    """Connections to look into the database with."""
    async with open_resources(settings(), deployment.database_url) as resources:
        yield resources


@pytest.mark.scaled
async def test_hostile_requests_change_nothing_and_the_door_stays_open(
    deployment: Deployment, resources: Resources
) -> None:
    seed = int(os.environ.get(SEED, 0)) or Random().randrange(1, 2**32)
    print(f"{SEED}={seed} HASHCART_TEST_SCALE={chosen_scale()} repeats this run.")
    writer = Writer(seed, CORPUS_CLOCK)
    decided, forged = writer.simple(5, linked=False), writer.simple(50, linked=False)
    await go_on(deployment, decided)
    deployment.let_run(SERVER)
    attacker = Attacker(seed, forged.bodies)
    before, held = await everything(resources), _held(deployment)

    kinds = await attack(deployment, [attacker.make() for _ in range(REQUESTS)])
    await send_again(deployment, decided)

    assert await everything(resources) == before
    assert len(kinds) > 20
    await assert_nothing_stayed(deployment, *held)
    await go_on(deployment, writer.simple(20, linked=False), expected=25)
    assert deployment.defects() == []


async def go_on(deployment: Deployment, traffic: Traffic, *, expected: int = 5) -> None:
    """Good replies are taken, decided, and wait for their authors' accounts."""
    deployment.let_run(SERVER, WORKER)
    async with Ledger(deployment.database_url) as ledger:
        await Sender(deployment.address).send(traffic.bodies, per_second=PER_SECOND)
        await ledger.settled()
        waiting = await ledger.rows("SELECT status, count(*) FROM cart_intent GROUP BY status")
    assert [tuple(row) for row in waiting] == [("AWAITING_LINK", expected)]


async def send_again(deployment: Deployment, decided: Traffic) -> None:
    """Bodies that were decided before, with the signatures they had."""
    sender = Sender(deployment.address)
    for body in decided.bodies * 3:
        assert await sender.try_once(body) == 200


async def attack(deployment: Deployment, attempts: list[Attempt]) -> Counter[str]:
    """All attempts, several at once; how many there were of each kind."""
    free = asyncio.Semaphore(AT_ONCE)
    wrong: list[str] = []

    async def one(attempt: Attempt) -> None:
        async with free:
            statuses = await answers(deployment.port, attempt)
        if not (statuses or attempt.silent) or not set(statuses) <= attempt.permitted:
            wrong.append(f"{statuses}: {_shown(attempt)}")

    async with asyncio.TaskGroup() as group:
        for attempt in attempts:
            group.create_task(one(attempt))
    assert wrong == []
    return Counter(attempt.kind for attempt in attempts)


async def answers(port: int, attempt: Attempt) -> list[int]:
    """The statuses of all that the server says until it closes.

    Where it may wait for more, it is told that there is none; it then says nothing more either.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    told: list[bytes] = []

    async def listen() -> None:
        while chunk := await reader.read(65_536):
            told.append(chunk)

    listening = asyncio.create_task(listen())
    with suppress(ConnectionError):
        for part in attempt.parts:
            if isinstance(part, float):
                await asyncio.wait([listening], timeout=part)
            else:
                writer.write(part)
                await writer.drain()
        if attempt.silent:
            await asyncio.wait([listening], timeout=SILENCE_SECONDS)
            writer.write_eof()
    with suppress(ConnectionError):
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            await listening
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return [int(status) for status in STATUS.findall(b"".join(told))]


def _shown(attempt: Attempt) -> str:
    head = b"".join(part for part in attempt.parts if isinstance(part, bytes))[:300]
    return f"{attempt.kind} {head!r}"


async def assert_nothing_stayed(deployment: Deployment, files: int, memory: int) -> None:
    """The server holds no more open than before but its pools, and about as much memory."""
    pools = settings().write_connections + settings().read_connections

    async def let_go() -> bool:
        return _held(deployment)[0] <= files + pools

    await until(let_go, "the server lets go of every connection")
    assert _held(deployment)[1] - memory < MEMORY_GROWTH_BYTES_MAX


def _held(deployment: Deployment) -> tuple[int, int]:
    """How many files the server has open and how many bytes it occupies, where the system tells."""
    process = Path(f"/proc/{deployment.children[SERVER].process.pid}")
    if not process.exists():
        return 0, 0
    pages = int((process / "statm").read_text().split()[1])
    return len(list((process / "fd").iterdir())), pages * os.sysconf("SC_PAGE_SIZE")


def test_the_same_seed_makes_the_same_attempts() -> None:
    replies = [orjson.dumps({"data": {"id": str(number)}}) for number in range(10)]
    one, same, other = (Attacker(seed, replies) for seed in (7, 7, 8))

    made = [one.make() for _ in range(100)]

    assert made == [same.make() for _ in range(100)]
    assert made != [other.make() for _ in range(100)]
