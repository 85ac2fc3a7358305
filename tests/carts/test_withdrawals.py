"""Taking back: a deleted reply, an account that is gone, and every race with the retailer."""

import asyncio
from datetime import timedelta

import pytest

from app.carts.answers import RETRY_DELAYS
from app.carts.claims import LEASE
from app.carts.dispatch import Dispatcher
from app.carts.withdrawals import withdraw_for_deleted, withdraw_waiting
from app.core import clock
from app.events.states import ActorKind
from app.ingest.desk import Desk
from tests.carts.acts import (
    PRIYA,
    TWEET,
    TWO_PRODUCTS,
    UNKNOWN_POST,
    acting,
    assert_told,
    brand,
    delete,
    ids,
    in_carts,
    kinds,
    shopper_of,
    statuses,
)
from tests.carts.shaky import FIRST, KOFI, MARA, SECOND, later, raising, reply_to, shaky
from tests.walk import Walk, everything


@pytest.mark.parametrize(
    ("tweet", "author", "before"),
    [
        (UNKNOWN_POST, MARA, "RECEIVED"),
        (TWO_PRODUCTS, MARA, "AWAITING_CHOICE"),
        (TWEET, PRIYA, "AWAITING_LINK"),
        (TWEET, MARA, "QUEUED"),
    ],
)
async def test_an_intent_whose_reply_is_deleted_before_it_is_added_is_withdrawn(
    door: Walk, desk: Desk, dispatcher: Dispatcher, tweet: str, author: str, before: str
) -> None:
    await door.post(reply_to(tweet, FIRST, author))
    await desk.decide_batch()
    assert await statuses(door.resources) == [(before, None)]

    await delete(door.resources, FIRST)

    assert await dispatcher.run_once() == 0
    assert await statuses(door.resources) == [("WITHDRAWN", None)]
    assert (await kinds(door.resources))[-1] == "withdrawn"
    assert await in_carts(door.resources) == []
    await assert_told(door.resources)


async def test_the_same_delete_twice_changes_nothing(door: Walk, desk: Desk) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    await delete(door.resources, FIRST)
    before = await everything(door.resources)

    await delete(door.resources, FIRST)

    assert await everything(door.resources) == before


async def test_two_deletes_of_one_reply_at_once_withdraw_once(door: Walk, desk: Desk) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()

    await asyncio.gather(*(delete(door.resources, FIRST) for _ in range(4)))

    assert (await kinds(door.resources)).count("withdrawn") == 1
    await assert_told(door.resources)


async def test_an_intent_stays_while_another_tagged_reply_stands(door: Walk, desk: Desk) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await door.post(reply_to(TWEET, SECOND))
    await desk.decide_batch()

    await delete(door.resources, FIRST)
    assert await statuses(door.resources) == [("QUEUED", None)]
    await delete(door.resources, SECOND)

    assert await statuses(door.resources) == [("WITHDRAWN", None)]
    assert await kinds(door.resources) == ["received", "queued", "repeat_ignored", "withdrawn"]


async def test_both_replies_deleted_at_once_withdraw_it(door: Walk, desk: Desk) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await door.post(reply_to(TWEET, SECOND))
    await desk.decide_batch()

    await asyncio.gather(delete(door.resources, FIRST), delete(door.resources, SECOND))

    assert await statuses(door.resources) == [("WITHDRAWN", None)]
    await assert_told(door.resources)


async def test_a_delete_of_a_post_that_nobody_knows_changes_nothing(door: Walk) -> None:
    before = await everything(door.resources)

    async with acting(door.resources) as session:
        key = (await brand(door.resources), int(FIRST))
        assert await withdraw_for_deleted(session, [key], now=clock.now()) == []
        assert await withdraw_for_deleted(session, [], now=clock.now()) == []

    assert await everything(door.resources) == before


async def test_after_the_add_a_delete_removes_nothing(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    await dispatcher.run_once()

    await delete(door.resources, FIRST)

    assert await statuses(door.resources) == [("ADDED", None)]
    assert len(await in_carts(door.resources)) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_an_add_that_the_retailer_confirms_after_the_delete_stands(
    door: Walk, desk: Desk, dispatcher: Dispatcher, moment: str
) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    calling, _ = shaky(dispatcher, **{moment: lambda: delete(door.resources, FIRST)})

    await calling.run_once()

    assert await statuses(door.resources) == [("ADDED", None)]
    assert len(await in_carts(door.resources)) == 1
    await assert_told(door.resources)


async def test_a_refusal_after_the_delete_makes_it_withdrawn(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST, "1890000000000000070"))  # her cart is full
    await desk.decide_batch()
    calling, _ = shaky(dispatcher, before=lambda: delete(door.resources, FIRST))

    await calling.run_once()

    assert await statuses(door.resources) == [("WITHDRAWN", None)]
    await assert_told(door.resources)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_an_unclear_answer_after_the_delete_is_undone_at_the_retailer(
    door: Walk, desk: Desk, dispatcher: Dispatcher, moment: str
) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()

    async def delete_and_break() -> None:
        await delete(door.resources, FIRST)
        raise TimeoutError

    calling, _ = shaky(dispatcher, **{moment: delete_and_break})
    await calling.run_once()
    assert await statuses(door.resources) == [("QUEUED", None)]
    later(RETRY_DELAYS[0])
    working, adapter = shaky(dispatcher)
    await working.run_once()

    assert await statuses(door.resources) == [("WITHDRAWN", None)]
    assert (len(adapter.calls), len(adapter.removals)) == (0, 1)
    assert await in_carts(door.resources) == []
    await assert_told(door.resources)


async def test_a_delete_between_two_tries_is_settled_at_once(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST, KOFI))  # whose first try times out
    await desk.decide_batch()
    await dispatcher.run_once()

    await delete(door.resources, FIRST)
    await dispatcher.run_once()

    assert await statuses(door.resources) == [("WITHDRAWN", None)]
    assert await in_carts(door.resources) == []


async def test_a_delete_after_a_worker_died_in_the_call_leaves_nothing_in_the_cart(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    dying, _ = shaky(dispatcher, after=raising(asyncio.CancelledError()))
    with pytest.raises(asyncio.CancelledError):
        await dying.run_once()

    await delete(door.resources, FIRST)
    assert await dispatcher.run_once() == 0
    later(LEASE)
    await dispatcher.run_once()

    assert await statuses(door.resources) == [("WITHDRAWN", None)]
    assert await in_carts(door.resources) == []
    await assert_told(door.resources)


async def test_a_retailer_that_never_answers_cannot_keep_a_withdrawal_open(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    broken, _ = shaky(dispatcher, before=raising(TimeoutError()))
    await broken.run_once()
    await delete(door.resources, FIRST)

    for _ in range(8):
        await broken.run_once()
        later(timedelta(minutes=31))

    assert await statuses(door.resources) == [("WITHDRAWN", None)]


async def test_what_an_opted_out_shopper_waits_for_is_withdrawn_in_all_its_states(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    for number, tweet in enumerate([UNKNOWN_POST, TWO_PRODUCTS, TWEET]):
        await door.post(reply_to(tweet, str(int(FIRST) + number)))
    await door.post(reply_to(TWEET, SECOND, KOFI))
    await desk.decide_batch()
    shopper = await shopper_of(door.resources, (await ids(door.resources))[0])

    async with acting(door.resources) as session:
        found = await withdraw_waiting(session, [shopper], now=clock.now(), actor=ActorKind.SHOPPER)

    assert len(found) == 3
    assert await statuses(door.resources) == [("WITHDRAWN", None)] * 3 + [("QUEUED", None)]
    rows = await door.fetch(
        "SELECT DISTINCT actor_kind, actor_id FROM event WHERE type = 'cart_intent.withdrawn'"
    )
    assert rows == [("SHOPPER", shopper[1])]
    await assert_told(door.resources)


async def test_an_opt_out_during_the_call_leaves_what_was_added_and_withdraws_the_rest(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    [intent] = await ids(door.resources)
    shopper = await shopper_of(door.resources, intent)

    async def opt_out() -> None:
        async with acting(door.resources) as session:
            await withdraw_waiting(session, [shopper], now=clock.now())

    calling, _ = shaky(dispatcher, before=opt_out)
    await calling.run_once()

    assert await statuses(door.resources) == [("ADDED", None)]
    await assert_told(door.resources)
