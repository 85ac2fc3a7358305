"""The short way to the retailer: claimed by the insert, passed on in memory, safely lost."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.carts.claims import LEASE
from app.carts.dispatch import Dispatcher
from app.carts.express import STARTS_WITHIN, Express
from app.core import clock
from app.core.resources import Resources
from app.ingest.desk import Desk
from tests.carts.shaky import FIRST, KOFI, OTHER_TWEET, SECOND, later, raising, reply_to, shaky
from tests.walk import Walk, a_reply, fetch, log_of

USUAL_TWEET = "2122978114236649841"
TRIES = "SELECT status, attempts, claimed_until IS NOT NULL FROM cart_intent ORDER BY id"
LINES = "SELECT count(*) FROM sandbox_cart_line"
BATCHES = "SELECT count(*) FROM express_batch"
IN_INDEXES = r"""
SELECT DISTINCT attname
FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum > 0
WHERE indrelid = 'cart_intent'::regclass AND pg_get_indexdef(indexrelid) ~ ('\m' || attname || '\M')
"""


@pytest.fixture
def express() -> Express:
    return Express(room=10)


@pytest.fixture
def desk_with_express(desk: Desk, express: Express) -> Desk:
    return replace(desk, express=express)


async def tries(resources: Resources) -> list[tuple[object, ...]]:
    """State, number of tries and whether one is under way, of all intents."""
    return await fetch(resources, TRIES)


async def test_a_new_intent_is_claimed_as_it_is_made_and_asked_for_at_once(
    door: Walk, desk_with_express: Desk, express: Express, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk_with_express.decide_batch()
    assert await tries(door.resources) == [("QUEUED", 1, True)]
    assert express.wake.is_set()
    assert not desk_with_express.queued.is_set()
    assert await dispatcher.run_once() == 0

    assert await dispatcher.run_express(express) == 1

    assert await tries(door.resources) == [("ADDED", 1, False)]
    assert await dispatcher.run_express(express) == 0
    kinds = [kind for _, kind, _ in await log_of(door.resources)]
    assert kinds.count("cart_intent.added") == 1


async def test_what_a_dead_process_held_in_memory_is_due_after_its_lease(
    door: Walk, desk_with_express: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk_with_express.decide_batch()

    later(LEASE)
    assert await dispatcher.run_once() == 1

    assert await tries(door.resources) == [("ADDED", 2, False)]
    assert await fetch(door.resources, LINES) == [(1,)]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_worker_that_dies_during_the_call_leaves_one_add(
    door: Walk, desk_with_express: Desk, express: Express, dispatcher: Dispatcher, moment: str
) -> None:
    await door.post(a_reply())
    await desk_with_express.decide_batch()
    dying, _ = shaky(dispatcher, **{moment: raising(asyncio.CancelledError())})
    with pytest.raises(asyncio.CancelledError):
        await dying.run_express(express)

    assert await dispatcher.run_once() == 0
    later(LEASE)
    assert await dispatcher.run_once() == 1

    assert await tries(door.resources) == [("ADDED", 2, False)]
    assert await fetch(door.resources, LINES) == [(1,)]


async def test_an_answer_that_comes_after_another_worker_took_over_is_dropped(
    door: Walk, desk_with_express: Desk, express: Express, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk_with_express.decide_batch()
    held = express.take(now=clock.now())
    assert held is not None
    later(LEASE)
    await dispatcher.run_once()
    before = await log_of(door.resources)

    await dispatcher.answer(held)

    assert await log_of(door.resources) == before
    assert await fetch(door.resources, LINES) == [(1,)]


async def test_what_waited_too_long_for_its_lease_is_left_to_the_table(
    door: Walk, desk_with_express: Desk, express: Express, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk_with_express.decide_batch()

    later(STARTS_WITHIN)
    assert await dispatcher.run_express(express) == 0
    later(LEASE - STARTS_WITHIN)
    assert await dispatcher.run_once() == 1


async def test_what_finds_no_room_goes_the_long_way(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    full = replace(desk, express=Express(room=0))
    await door.post(a_reply())

    await full.decide_batch()

    assert await tries(door.resources) == [("QUEUED", 0, False)]
    assert full.queued.is_set()
    assert await dispatcher.run_once() == 1


async def test_the_same_product_from_another_tweet_does_not_overtake_the_first(
    door: Walk, desk_with_express: Desk, express: Express, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(USUAL_TWEET, FIRST, KOFI))
    await desk_with_express.decide_batch()
    await door.post(reply_to(OTHER_TWEET, SECOND, KOFI))
    await desk_with_express.decide_batch()

    assert await tries(door.resources) == [("QUEUED", 1, True), ("QUEUED", 0, False)]
    assert desk_with_express.queued.is_set()
    assert await dispatcher.run_once() == 0  # it stands behind the first one


async def test_what_a_stopping_worker_did_not_begin_is_due_for_the_next_at_once(
    door: Walk, desk_with_express: Desk, express: Express, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk_with_express.decide_batch()

    await express.close(door.resources.sessions, now=clock.now())

    assert await tries(door.resources) == [("QUEUED", 0, False)]
    assert await dispatcher.run_express(express) == 0
    later(timedelta(seconds=1))
    assert await dispatcher.run_once() == 1
    assert await tries(door.resources) == [("ADDED", 1, False)]


async def test_a_batch_that_is_rolled_back_hands_nothing_over(
    door: Walk, desk_with_express: Desk, express: Express
) -> None:
    await door.post(a_reply())
    await fetch(door.resources, "ALTER TABLE event RENAME TO elsewhere")
    await desk_with_express.decide_batch()
    await fetch(door.resources, "ALTER TABLE elsewhere RENAME TO event")

    assert await tries(door.resources) == []
    assert express.take(now=clock.now()) is None


async def test_what_was_answered_in_time_is_left_alone_when_its_lease_is_over(
    door: Walk, desk_with_express: Desk, express: Express, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk_with_express.decide_batch()
    await dispatcher.run_express(express)
    before = await log_of(door.resources)
    assert await fetch(door.resources, BATCHES) == [(1,)]

    later(LEASE)
    assert await dispatcher.run_once() == 0

    assert await fetch(door.resources, BATCHES) == [(0,)]
    assert await tries(door.resources) == [("ADDED", 1, False)]
    assert await log_of(door.resources) == before


async def test_no_index_of_intents_speaks_of_what_an_answer_changes(door: Walk) -> None:
    spoken_of = {name for (name,) in await fetch(door.resources, IN_INDEXES)}

    assert {"id", "is_live", "next_attempt_at"} <= spoken_of
    assert spoken_of.isdisjoint(
        {"status", "claimed_until", "answered_at", "updated_at", "cart_reference", "retailer_calls"}
    )
