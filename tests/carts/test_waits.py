"""What ends a wait: its time to the second, a link, a consent."""

import asyncio
from datetime import datetime, timedelta

import pytest

from app.carts.dispatch import Dispatcher
from app.carts.rules import PARENT_WAITS, SHOPPER_WAITS
from app.carts.waits import PARENT_GRACE, complete_waiting, expire_once, expire_waits
from app.core import clock
from app.core.resources import Resources
from app.ingest.desk import Desk
from app.shoppers.queries import ShopperKey
from tests.carts.acts import (
    BOOT_AGAIN,
    PRIYA,
    TWEET,
    TWO_PRODUCTS,
    UNKNOWN_POST,
    acting,
    assert_told,
    ids,
    in_carts,
    kinds,
    link,
    shopper_of,
    statuses,
)
from tests.carts.shaky import FIRST, MARA, SECOND, later, reply_to
from tests.walk import Walk, everything, fetch

SECOND_OF_TIME = timedelta(seconds=1)


async def complete(
    resources: Resources,
    shoppers: list[ShopperKey],
    *,
    retailer: str = "sandbox",
    marketplace: str | None = None,
) -> int:
    async with acting(resources) as session:
        return await complete_waiting(
            session,
            shoppers=shoppers,
            retailer=retailer,
            marketplace=marketplace,
            now=clock.now(),
        )


async def priya(resources: Resources) -> ShopperKey:
    return await shopper_of(resources, (await ids(resources))[0])


@pytest.mark.parametrize(
    ("tweet", "author", "wait", "end"),
    [
        (UNKNOWN_POST, MARA, PARENT_WAITS, ("FAILED", "NO_PRODUCT_LINK")),
        (TWO_PRODUCTS, MARA, SHOPPER_WAITS, ("FAILED", "OPTIONS_REQUIRED_EXPIRED")),
        (TWEET, PRIYA, SHOPPER_WAITS, ("EXPIRED", None)),
    ],
)
async def test_a_wait_ends_when_its_time_is_over_and_not_before(
    door: Walk,
    desk: Desk,
    tweet: str,
    author: str,
    wait: timedelta,
    end: tuple[str, str | None],
) -> None:
    await door.post(reply_to(tweet, FIRST, author))
    await desk.decide_batch()
    [(received,)] = await door.fetch("SELECT received_at FROM cart_intent")
    assert isinstance(received, datetime)

    clock.start_at(received + wait - SECOND_OF_TIME)
    assert await expire_once(door.resources) == 0
    clock.start_at(received + wait)
    assert await expire_once(door.resources) == 1
    assert await expire_once(door.resources) == 0

    assert await statuses(door.resources) == [end]
    assert len(await kinds(door.resources)) == (2 if tweet == UNKNOWN_POST else 3)
    await assert_told(door.resources)


async def test_a_parent_that_never_came_is_misuse_too(door: Walk, desk: Desk) -> None:
    await door.post(reply_to(UNKNOWN_POST, FIRST))
    await desk.decide_batch()
    later(PARENT_WAITS)

    await expire_once(door.resources)

    assert await door.fetch("SELECT misuse_reason FROM engagement") == [("NO_LINK",)]
    detected = "SELECT count(*) FROM event WHERE type = 'engagement.misuse_detected'"
    assert await door.fetch(detected) == [(1,)]


async def test_a_reply_that_lay_undecided_beyond_its_wait_is_given_a_minute_for_its_parent(
    door: Walk, desk: Desk
) -> None:
    await door.post(reply_to(UNKNOWN_POST, FIRST))
    later(PARENT_WAITS + timedelta(hours=1))
    await desk.decide_batch()

    assert await expire_once(door.resources) == 0
    later(PARENT_GRACE)
    assert await expire_once(door.resources) == 1

    assert await statuses(door.resources) == [("FAILED", "NO_PRODUCT_LINK")]


async def test_waits_end_in_batches_and_once_whoever_looks(door: Walk, desk: Desk) -> None:
    for number in range(7):
        await door.post(reply_to(TWEET, str(int(FIRST) + number), str(10**18 + number)))
    await desk.decide_batch()
    later(SHOPPER_WAITS)

    async def expire() -> int:
        async with acting(door.resources) as session:
            return await expire_waits(session, now=clock.now(), limit=3)

    assert await expire() == 3
    await asyncio.gather(*(expire() for _ in range(4)))

    assert await statuses(door.resources) == [("EXPIRED", None)] * 7
    assert (await kinds(door.resources)).count("expired") == 7


async def test_one_link_completes_all_that_waits_for_it(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST, PRIYA))
    await door.post(reply_to("2123023413906866004", SECOND, PRIYA))
    await desk.decide_batch()
    await link(door.resources, PRIYA)

    assert await complete(door.resources, [await priya(door.resources)]) == 2
    assert await complete(door.resources, [await priya(door.resources)]) == 0

    assert (await kinds(door.resources))[-2:] == ["recovered", "recovered"]
    assert await statuses(door.resources) == [("QUEUED", None)] * 2
    await dispatcher.run_once()
    assert await statuses(door.resources) == [("ADDED", None)] * 2
    await assert_told(door.resources)


@pytest.mark.parametrize(
    ("retailer", "marketplace"), [("amazon", None), ("sandbox", "UK"), ("sandbox", None)]
)
async def test_what_waits_for_something_else_waits_on(
    door: Walk, desk: Desk, retailer: str, marketplace: str | None
) -> None:
    await door.post(reply_to(TWEET, FIRST, PRIYA))
    await desk.decide_batch()
    if (retailer, marketplace) != ("sandbox", None):  # there she is not linked at all
        await link(door.resources, PRIYA)
    shopper = await priya(door.resources)

    done = await complete(door.resources, [shopper], retailer=retailer, marketplace=marketplace)

    assert done == 0
    assert await statuses(door.resources) == [("AWAITING_LINK", None)]


async def test_a_link_after_the_time_is_over_completes_nothing(door: Walk, desk: Desk) -> None:
    await door.post(reply_to(TWEET, FIRST, PRIYA))
    await desk.decide_batch()
    await link(door.resources, PRIYA)
    later(SHOPPER_WAITS)

    assert await complete(door.resources, [await priya(door.resources)]) == 0
    await expire_once(door.resources)

    assert await statuses(door.resources) == [("EXPIRED", None)]


async def test_a_link_and_the_end_of_its_time_at_once_are_one_of_both(
    door: Walk, desk: Desk
) -> None:
    await door.post(reply_to(TWEET, FIRST, PRIYA))
    await desk.decide_batch()
    await link(door.resources, PRIYA)
    shopper = await priya(door.resources)
    later(SHOPPER_WAITS - timedelta(milliseconds=20))

    await asyncio.gather(
        *(complete(door.resources, [shopper]) for _ in range(3)),
        *(expire_once(door.resources) for _ in range(3)),
    )
    later(SECOND_OF_TIME)
    await expire_once(door.resources)

    told = await kinds(door.resources)
    assert told[:2] == ["received", "awaiting_link"]
    assert told[2:] in (["recovered"], ["expired"])
    await assert_told(door.resources)


async def test_the_same_product_from_two_tweets_goes_on_together_and_is_added_once(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST, PRIYA))
    await door.post(reply_to(BOOT_AGAIN, SECOND, PRIYA))
    await desk.decide_batch()
    await link(door.resources, PRIYA)
    await complete(door.resources, [await priya(door.resources)])

    for _ in range(3):
        await dispatcher.run_once()
        later(SECOND_OF_TIME)

    assert await statuses(door.resources) == [("ADDED", None), ("FAILED", "ALREADY_IN_CART")]
    assert len(await in_carts(door.resources)) == 1
    await assert_told(door.resources)


async def test_what_reached_her_meanwhile_from_another_tweet_is_not_asked_for_again(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST, PRIYA))
    await desk.decide_batch()
    await link(door.resources, PRIYA)
    await door.post(reply_to(BOOT_AGAIN, SECOND, PRIYA))
    await desk.decide_batch()
    await dispatcher.run_once()
    assert await statuses(door.resources) == [("AWAITING_LINK", None), ("ADDED", None)]

    assert await complete(door.resources, [await priya(door.resources)]) == 1

    assert await statuses(door.resources) == [("FAILED", "ALREADY_IN_CART"), ("ADDED", None)]
    await assert_told(door.resources)


async def test_a_shopper_who_waits_for_nothing_is_left_alone(door: Walk, desk: Desk) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    before = await everything(door.resources)

    assert await complete(door.resources, [await priya(door.resources)]) == 0
    assert await complete(door.resources, []) == 0

    assert await everything(door.resources) == before
    assert await fetch(door.resources, "SELECT count(*) FROM cart_intent") == [(1,)]
