"""The worker: goes on through outages, shares work with others, and ends when told to."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from structlog.testing import capture_logs

from app.carts.claims import LEASE
from app.core import clock
from app.core.resources import Resources
from app.worker import Loop, run_worker
from tests.walk import (
    Walk,
    a_reply,
    cut_connections,
    fetch,
    log_of,
    until,
    without_database,
    working,
)

LINKED = (
    "1720000000000000002",
    "1830000000000000003",
    "1844000000000000014",
    "1345000000000000025",
    "1456000000000000036",
    "1923000000000000103",
    "1934000000000000114",
)
"""Shoppers of the world whose carts take everything."""

TWEETS = ("2122978114236649841", "2123098913543173753", "2123114009266903834")
"""Tweets with three different products."""

REPLIES = [
    a_reply(
        id=str(2123709369132344650 + number),
        author_id=author,
        in_reply_to_tweet_id=tweet,
        referenced_tweets=[{"type": "replied_to", "id": tweet}],
    )
    for number, (author, tweet) in enumerate(
        (author, tweet) for author in LINKED for tweet in TWEETS
    )
]


async def insist(door: Walk, body: Any) -> None:
    """Post until it is answered with 200, as X does."""

    async def kept() -> bool:
        return (await door.post(body)).status_code == 200

    await until(kept)


async def assert_each_added_once(resources: Resources) -> None:
    """One engagement, intent, cart line and event for each reply, and a log without gaps."""
    counts = await fetch(
        resources,
        """
        SELECT (SELECT count(*) FROM engagement), (SELECT count(*) FROM cart_intent),
            (SELECT count(*) FROM cart_intent WHERE status = 'ADDED'),
            (SELECT count(*) FROM sandbox_cart_line),
            (SELECT count(DISTINCT subject_id) FROM event WHERE type = 'cart_intent.added'),
            (SELECT count(*) FROM event WHERE type = 'cart_intent.added')
        """,
    )
    assert counts == [(len(REPLIES),) * 6]
    log = await log_of(resources)
    assert [number for number, _, _ in log] == list(range(1, len(log) + 1))


def told_again(logs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Loops that told of an outage while they had told of it and had not gone on since."""
    away: set[str] = set()
    again = []
    for entry in logs:
        if entry["event"] == "database_away":
            again += [entry["loop"]] if entry["loop"] in away else []
            away.add(entry["loop"])
        elif entry["event"] == "loop_goes_on":
            away.discard(entry["loop"])
    return again


async def test_two_workers_bring_each_reply_to_one_outcome(door: Walk) -> None:
    async with working(door.resources, workers=2):
        await asyncio.gather(*(insist(door, body) for body in REPLIES * 3))
        await door.settle()

    await assert_each_added_once(door.resources)


async def test_an_outage_of_the_database_is_waited_for_and_told_once(door_alone: Walk) -> None:
    door = door_alone
    with capture_logs() as logs:
        async with working(door.resources):
            await asyncio.gather(*(insist(door, body) for body in REPLIES[:10]))
            async with without_database(door.resources):
                sending = asyncio.gather(*(insist(door, body) for body in REPLIES))
                await asyncio.sleep(1)
            await sending
            await door.settle()

    await assert_each_added_once(door.resources)
    assert [entry for entry in logs if entry["event"] == "database_away"] != []
    assert told_again(logs) == []
    assert [entry for entry in logs if entry["event"] == "step_failed"] == []


async def test_connections_that_are_cut_again_and_again_lose_and_double_nothing(
    door_alone: Walk,
) -> None:
    door = door_alone
    async with working(door.resources, workers=2):
        sending = asyncio.gather(*(insist(door, body) for body in REPLIES * 2))
        for _ in range(8):
            await asyncio.sleep(0.1)
            await cut_connections(door.resources)
        await sending
        await door.settle()

    await assert_each_added_once(door.resources)


async def test_a_worker_that_is_killed_leaves_its_work_to_the_next(door: Walk) -> None:
    await asyncio.gather(*(insist(door, body) for body in REPLIES))
    stop = asyncio.Event()
    killed = asyncio.create_task(run_worker(door.resources, stop=stop))

    async def has_begun() -> bool:
        return bool(await door.fetch("SELECT FROM cart_intent WHERE status <> 'RECEIVED'"))

    await until(has_begun)
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    clock.start_at(clock.now() + LEASE)

    async with working(door.resources):
        await door.settle()
    await assert_each_added_once(door.resources)


async def test_a_worker_that_is_told_to_stop_gives_its_lanes_back(
    world_resources: Resources,
) -> None:
    async def has_lanes() -> bool:
        return bool(await fetch(world_resources, "SELECT FROM ingest_lane WHERE owner IS NOT NULL"))

    async with working(world_resources):
        await until(has_lanes)

    assert not await has_lanes()


async def test_a_step_that_fails_is_tried_again_and_its_failure_told_once() -> None:
    failures = [ValueError("secret"), ValueError("secret"), OSError(), ConnectionResetError()]
    stop, ends = asyncio.Event(), [*failures, None]

    async def step() -> int:
        if error := ends.pop(0):
            raise error
        stop.set()
        return 1

    with capture_logs() as logs:
        await Loop("test", step, 0.0, asyncio.Event()).run(stop)

    assert [entry["event"] for entry in logs] == ["step_failed", "database_away", "loop_goes_on"]
    assert "secret" not in str(logs)
