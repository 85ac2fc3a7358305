"""The desk: each payload is decided once, all of its effects or none, and none blocks another."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import ProgrammingError
from structlog.testing import capture_logs

from app.core import clock
from app.core.ids import uuid7
from app.core.resources import Resources
from app.engagements.queries import DELIVERIES_MAX
from app.ingest.desk import FAILURES_MAX, Desk
from app.ingest.lanes import Lanes, lane_of
from tests.walk import Walk, a_reply, everything, fetch, log_of

MARA, JONAS = "1720000000000000002", "1830000000000000003"
FIRST, SECOND = "2123709369132344650", "2123709595806271346"


async def intents(resources: Resources) -> list[tuple[Any, ...]]:
    sql = "SELECT engagement_xid::text, status, repeat_count FROM cart_intent ORDER BY 1"
    return await fetch(resources, sql)


async def sources(resources: Resources) -> list[str]:
    """What brought the one engagement, in order."""
    sql = "SELECT jsonb_path_query(deliveries, '$[*].source') #>> '{}' FROM engagement"
    return [source for (source,) in await fetch(resources, sql)]


async def put(resources: Resources, body: bytes, *, author: str = MARA) -> None:
    """An inbox row that no door would let in."""
    async with resources.sessions() as session, session.begin():
        connection = await session.connection()
        await connection.exec_driver_sql(
            "INSERT INTO inbox (id, dedupe_key, lane, body, received_at, attempts,"
            " next_attempt_at) VALUES ($1, $2, $3, $4, $5, 0, $5)",
            (uuid7(), body, lane_of(int(author)), body, clock.now()),
        )


async def test_a_reply_becomes_an_engagement_an_intent_and_their_events(
    door: Walk, desk: Desk
) -> None:
    await door.post(a_reply())

    assert await desk.decide_batch() == 1

    assert await intents(door.resources) == [("2123688217942515450", "QUEUED", 0)]
    assert [(number, kind) for number, kind, _ in await log_of(door.resources)] == [
        (1, "engagement.recorded"),
        (2, "cart_intent.received"),
        (3, "cart_intent.queued"),
    ]
    assert await door.fetch("SELECT body, decided_at IS NULL FROM inbox") == [(None, False)]
    assert desk.queued.is_set()


async def test_what_was_decided_is_not_decided_again(door: Walk, desk: Desk) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    before = await everything(door.resources)

    await door.post(a_reply())

    assert await desk.decide_batch() == 0
    assert await everything(door.resources) == before


async def test_a_post_that_another_source_brings_later_only_adds_to_what_brought_it(
    door: Walk, desk: Desk
) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    before = await everything(door.resources)

    await door.post({"data": a_reply()["data"]["payload"]})

    assert await desk.decide_batch() == 1
    after = await everything(door.resources)
    assert {name for name in after if after[name] != before[name]} == {"inbox", "engagement"}
    assert await sources(door.resources) == ["post.reply.create", "stream"]


async def test_what_brings_a_post_at_the_same_time_is_all_remembered(
    door: Walk, desk: Desk
) -> None:
    await door.post(a_reply())
    await door.post({"data": a_reply()["data"]["payload"]})

    assert await desk.decide_batch() == 2

    assert await sources(door.resources) == ["post.reply.create", "stream"]
    assert await intents(door.resources) == [("2123688217942515450", "QUEUED", 0)]


async def test_at_most_ten_deliveries_of_a_post_are_remembered(door: Walk, desk: Desk) -> None:
    for number in range(DELIVERIES_MAX + 2):
        body = a_reply()
        body["data"]["filter"]["user_id"] = str(1_990_000_000_000_000_000 + number)
        await door.post(body)
        await desk.decide_batch()

    assert await sources(door.resources) == ["post.reply.create"] * DELIVERIES_MAX


async def test_posts_of_one_batch_are_decided_in_the_order_of_their_ids(
    door: Walk, desk: Desk
) -> None:
    await door.post(a_reply(id=SECOND))
    await door.post(a_reply(id=FIRST))

    assert await desk.decide_batch() == 2

    assert await intents(door.resources) == [(FIRST, "QUEUED", 1)]
    assert [kind for _, kind, _ in await log_of(door.resources)][-1] == "cart_intent.repeat_ignored"


async def test_across_batches_posts_are_decided_in_the_order_of_their_arrival(
    door: Walk, desk: Desk
) -> None:
    for post in (SECOND, FIRST):
        await door.post(a_reply(id=post))
        await desk.decide_batch()

    assert await intents(door.resources) == [(SECOND, "QUEUED", 1)]


async def test_an_opted_out_author_leaves_no_trace(door: Walk, desk: Desk) -> None:
    before = await everything(door.resources)

    await door.post(a_reply(author_id="1678000000000000058"))
    await desk.decide_batch()

    after = await everything(door.resources)
    assert {name for name in after if after[name] != before[name]} == {"inbox"}
    assert await door.fetch("SELECT body FROM inbox") == [(None,)]


async def test_one_person_has_another_reference_at_each_brand(door: Walk, desk: Desk) -> None:
    await door.post(a_reply())
    await door.post(
        a_reply(
            id=SECOND,
            in_reply_to_tweet_id=None,
            referenced_tweets=[{"type": "replied_to", "id": "2123446198202517860"}],
        )
    )
    await desk.decide_batch()

    rows = await door.fetch(
        "SELECT count(DISTINCT shopper_id), count(DISTINCT brand_id) FROM engagement"
    )
    assert rows == [(2, 2)]


async def test_an_item_that_keeps_failing_is_put_aside_and_holds_nobody_up(
    door: Walk, desk: Desk
) -> None:
    await door.post(a_reply(author_id=MARA, id=FIRST))
    await put(door.resources, b"no JSON at all: my secret words")
    await door.post(a_reply(author_id=JONAS, id=SECOND))

    with capture_logs() as logs:
        await desk.decide_batch()
        decided = await intents(door.resources)
        for _ in range(FAILURES_MAX + 2):
            clock.start_at(clock.now() + timedelta(seconds=10))
            await desk.retry_failed()

    assert decided == [(FIRST, "QUEUED", 0), (SECOND, "QUEUED", 0)]
    assert await intents(door.resources) == decided
    [(attempts, body, error_id)] = await door.fetch(
        "SELECT attempts, body, error_id FROM inbox WHERE quarantined_at IS NOT NULL"
    )
    assert (attempts, body) == (FAILURES_MAX, b"no JSON at all: my secret words")
    quarantined = [entry for entry in logs if entry["event"] == "inbox_item_quarantined"]
    assert [entry["error_id"] for entry in quarantined] == [error_id]
    assert "secret" not in str(logs)


async def test_a_quarantined_item_is_not_looked_at_again(door: Walk, desk: Desk) -> None:
    await put(door.resources, b"no JSON at all")
    await desk.decide_batch()
    for _ in range(FAILURES_MAX):
        clock.start_at(clock.now() + timedelta(seconds=10))
        await desk.retry_failed()
    before = await everything(door.resources)

    assert (await desk.decide_batch(), await desk.retry_failed()) == (0, 0)
    assert await everything(door.resources) == before


async def test_a_failed_item_waits_before_it_is_tried_again(door: Walk, desk: Desk) -> None:
    await put(door.resources, b"no JSON at all")
    await desk.decide_batch()

    assert await desk.retry_failed() == 0
    clock.start_at(clock.now() + timedelta(milliseconds=150))
    assert await desk.retry_failed() == 1


async def test_a_worker_whose_lanes_were_taken_decides_nothing(door: Walk, desk: Desk) -> None:
    await door.post(a_reply())
    stale = dict(desk.lanes.leases)
    await desk.lanes.release()
    desk.lanes.leases = stale

    assert await desk.decide_batch() == 0
    assert await intents(door.resources) == []


async def test_where_nothing_can_be_claimed_the_failure_is_the_workers_own(
    door_alone: Walk,
) -> None:
    lanes = Lanes(door_alone.resources.sessions)
    await lanes.refresh()
    desk = Desk(door_alone.resources, lanes, asyncio.Event())
    await door_alone.post(a_reply())
    async with door_alone.resources.sessions() as session, session.begin():
        connection = await session.connection()
        await connection.exec_driver_sql("ALTER TABLE ingest_lane RENAME TO elsewhere")

    with pytest.raises(ProgrammingError):
        await desk.decide_batch()

    assert await door_alone.fetch("SELECT attempts, body IS NULL FROM inbox") == [(0, False)]


async def test_a_busy_author_leaves_room_for_the_others_of_a_batch(door: Walk, desk: Desk) -> None:
    base = int(FIRST)
    for number in range(120):
        await door.post(a_reply(id=str(base + number)))
    await door.post(a_reply(id=SECOND, author_id=JONAS))

    await desk.decide_batch()

    assert (SECOND, "QUEUED", 0) in await intents(door.resources)


async def test_handles_and_ids_are_nowhere_in_the_clear(door: Walk, desk: Desk) -> None:
    stream = {
        "data": a_reply(author_id="1777000000000000777")["data"]["payload"],
        "includes": {"users": [{"id": "1777000000000000777", "username": "very_new_handle"}]},
    }
    await door.post(stream)
    await desk.decide_batch()

    rows = str(await everything(door.resources))
    assert await intents(door.resources) == [("2123688217942515450", "AWAITING_LINK", 0)]
    assert "very_new_handle" not in rows
    assert "1777000000000000777" not in rows
