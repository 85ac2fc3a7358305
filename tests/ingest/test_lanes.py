"""Lanes: one worker at a time for each, shared out among all, taken over by a fencing token."""

from uuid import UUID

import pytest

from app.core.bulk import run
from app.core.resources import Resources
from app.events.log import write_transaction
from app.ingest import queries
from app.ingest.lanes import Lanes, lane_of
from app.ingest.queries import LANES
from tests.walk import Walk, a_reply, fetch

AUTHOR = 1720000000000000002


async def shares(resources: Resources) -> dict[UUID | None, int]:
    """How many lanes each owner has."""
    rows = await fetch(resources, "SELECT owner, count(*) FROM ingest_lane GROUP BY owner")
    return dict(rows)


async def claimed(lanes: Lanes) -> int:
    """How many items a worker with these lanes would be given."""
    engine = lanes.sessions.kw["bind"]
    waiting = await queries.look_for_waiting(engine, lanes.leases, limit=100)
    async with write_transaction(lanes.sessions) as session:
        return len(await queries.claim_batch(session, lanes.owner, lanes.leases, waiting))


def test_an_author_has_one_lane_and_authors_are_spread() -> None:
    lanes = [lane_of(AUTHOR + number) for number in range(1000)]

    assert set(lanes) == set(range(LANES))
    assert lane_of(AUTHOR) == lanes[0]


async def test_a_lone_worker_takes_every_lane(world_resources: Resources) -> None:
    lanes = Lanes(world_resources.sessions)

    await lanes.refresh()
    await lanes.refresh()

    assert await shares(world_resources) == {lanes.owner: LANES}
    assert lanes.leases == dict.fromkeys(range(LANES), 1)


@pytest.mark.parametrize("count", [2, 3, 5])
async def test_workers_share_the_lanes_evenly(world_resources: Resources, count: int) -> None:
    workers = [Lanes(world_resources.sessions) for _ in range(count)]
    for _ in range(count + 1):
        for lanes in workers:
            await lanes.refresh()
    for lanes in workers:
        await lanes.refresh()

    held = await shares(world_resources)

    assert held.keys() == {lanes.owner for lanes in workers}
    assert sum(held.values()) == LANES
    assert max(held.values()) - min(held.values()) <= 1
    assert {lanes.owner: len(lanes.leases) for lanes in workers} == held


async def test_a_worker_that_stops_gives_its_lanes_back(world_resources: Resources) -> None:
    first, second = Lanes(world_resources.sessions), Lanes(world_resources.sessions)
    await first.refresh()

    await first.release()
    await second.refresh()

    assert await shares(world_resources) == {second.owner: LANES}
    assert first.leases == {}


async def test_lanes_of_a_worker_that_vanished_are_taken_when_its_leases_run_out(
    world_resources: Resources,
) -> None:
    vanished, heir = Lanes(world_resources.sessions), Lanes(world_resources.sessions)
    await vanished.refresh()
    async with write_transaction(world_resources.sessions) as session:
        await run(session, "UPDATE ingest_lane SET leased_until = now() - interval '1 ms'")

    await heir.refresh()

    assert await shares(world_resources) == {heir.owner: LANES}
    assert set(heir.leases.values()) == {2}


async def test_a_lost_lane_brings_its_old_holder_nothing(door: Walk) -> None:
    await door.post(a_reply())
    old, new = Lanes(door.resources.sessions), Lanes(door.resources.sessions)
    await old.refresh()
    assert await claimed(old) == 1
    await old.release()
    await new.refresh()
    old.leases = dict.fromkeys(range(LANES), 1)

    assert (await claimed(old), await claimed(new)) == (0, 1)


async def test_an_older_token_of_the_same_holder_brings_nothing(door: Walk) -> None:
    await door.post(a_reply())
    lanes = Lanes(door.resources.sessions)
    await lanes.refresh()
    stale = dict(lanes.leases)
    await lanes.release()
    await lanes.refresh()

    assert await claimed(lanes) == 1
    lanes.leases = stale
    assert await claimed(lanes) == 0


async def test_a_lane_is_not_taken_while_its_holder_decides(door: Walk) -> None:
    await door.post(a_reply())
    busy, other = Lanes(door.resources.sessions), Lanes(door.resources.sessions)
    await busy.refresh()
    async with write_transaction(door.resources.sessions) as session:
        await run(session, "UPDATE ingest_lane SET leased_until = now() - interval '1 ms'")

    waiting = await queries.look_for_waiting(door.resources.engine, busy.leases, limit=1)
    async with write_transaction(door.resources.sessions) as session:
        assert len(await queries.claim_batch(session, busy.owner, busy.leases, waiting)) == 1
        await other.refresh()
        assert set(range(LANES)) - other.leases.keys() == {lane_of(AUTHOR)}
    await other.refresh()

    assert other.leases.keys() == set(range(LANES))


async def test_a_lane_that_is_lost_between_the_look_and_the_claim_brings_nothing(
    door: Walk,
) -> None:
    lanes = Lanes(door.resources.sessions)
    await lanes.refresh()
    await door.post(a_reply())
    waiting = await queries.look_for_waiting(door.resources.engine, lanes.leases, limit=1)

    async with write_transaction(lanes.sessions) as session:
        assert await queries.claim_batch(session, lanes.owner, {}, waiting) == []
    assert len(waiting) == 1
    assert await claimed(lanes) == 1
