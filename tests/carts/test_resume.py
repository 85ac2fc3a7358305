"""What waited for its parent goes on when that is known; the same asked for twice is one."""

import asyncio
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest

from app.brands.states import TriggerAction
from app.carts.dispatch import Dispatcher
from app.carts.intents import Request
from app.carts.queries import read_intents
from app.carts.service import ask_for_carts, resume
from app.carts.states import FailureReason
from app.carts.waits import expire_once
from app.core import clock
from app.core.resources import Resources
from app.ingest.desk import Desk
from app.tweets.facts import TweetFacts
from app.tweets.queries import tweets_by_version
from tests.carts.acts import (
    NO_LINK,
    PRIYA,
    TWEET,
    UNKNOWN_POST,
    acting,
    assert_told,
    brand,
    delete,
    ids,
    kinds,
    shopper_of,
    statuses,
)
from tests.carts.shaky import FIRST, MARA, SECOND, THIRD, reply_to
from tests.walk import Walk, fetch

OTHER_UNKNOWN = "2123700000000000002"


async def tweet_of(resources: Resources, xid: str, *, versions: tuple[str, ...]) -> TweetFacts:
    """A registered tweet, as if its edit chain had those ids too."""
    async with acting(resources) as session:
        [tweet] = (await tweets_by_version(session, [int(xid)]))[int(xid)]
    return replace(tweet, version_xids=tweet.version_xids | {int(each) for each in versions})


async def request_of(resources: Resources, intent_id: UUID, tweet: TweetFacts) -> Request:
    """What the intent's reply asks for, now that its tweet is known."""
    sql = """
        SELECT intent.engagement_id, intent.engagement_xid, engagement.parent_xid,
            intent.received_at
        FROM cart_intent AS intent JOIN engagement ON engagement.id = intent.engagement_id
        WHERE intent.id = $1
    """
    [(engagement_id, xid, parent_xid, received_at)] = await fetch(resources, sql, intent_id)
    assert isinstance(received_at, datetime)
    brand_id, shopper_id = await shopper_of(resources, intent_id)
    return Request(
        brand_id=brand_id,
        engagement_id=engagement_id,
        engagement_xid=xid,
        shopper_id=shopper_id,
        parent_xid=parent_xid,
        tweet=tweet,
        unavailable=None,
        action=TriggerAction.CART,
        marketplace="US",
        retailer="sandbox",
        received_at=received_at,
    )


async def go_on(
    resources: Resources,
    tweet: TweetFacts,
    *intent_ids: UUID,
    unavailable: FailureReason | None = None,
) -> int:
    """Resume these intents, all of the same tweet."""
    brand_id = await brand(resources)
    requests = {
        intent_id: replace(await request_of(resources, intent_id, tweet), unavailable=unavailable)
        for intent_id in intent_ids
    }
    async with acting(resources) as session:
        found = await read_intents(session, [(brand_id, each) for each in intent_ids])
        pairs = [(intent, requests[intent.id]) for intent in found]
        return len(await resume(session, pairs, now=clock.now()))


@pytest.mark.parametrize(
    ("author", "tweet", "unavailable", "end"),
    [
        (MARA, TWEET, None, ("QUEUED", None)),
        (PRIYA, TWEET, None, ("AWAITING_LINK", None)),
        (MARA, "2123008314160798387", None, ("AWAITING_CHOICE", None)),
        (MARA, NO_LINK, None, ("FAILED", "NO_PRODUCT_LINK")),
        (
            MARA,
            TWEET,
            FailureReason.TWEET_UNAVAILABLE,
            ("FAILED", "TWEET_UNAVAILABLE"),
        ),
    ],
)
async def test_an_intent_goes_on_where_its_tweet_leads(
    door: Walk,
    desk: Desk,
    author: str,
    tweet: str,
    unavailable: FailureReason | None,
    end: tuple[str, str | None],
) -> None:
    await door.post(reply_to(UNKNOWN_POST, FIRST, author))
    await desk.decide_batch()
    [intent] = await ids(door.resources)
    facts = await tweet_of(door.resources, tweet, versions=(UNKNOWN_POST,))

    assert await go_on(door.resources, facts, intent, unavailable=unavailable) == 1
    assert await go_on(door.resources, facts, intent) == 0

    assert await statuses(door.resources) == [end]
    misuse = await door.fetch("SELECT misuse_reason FROM engagement")
    assert misuse == [("NO_LINK" if tweet == NO_LINK else None,)]
    await assert_told(door.resources)


async def test_two_workers_and_the_end_of_the_wait_at_once_move_it_once(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(UNKNOWN_POST, FIRST))
    await desk.decide_batch()
    [intent] = await ids(door.resources)
    facts = await tweet_of(door.resources, TWEET, versions=(UNKNOWN_POST,))

    await asyncio.gather(
        *(go_on(door.resources, facts, intent) for _ in range(4)),
        *(expire_once(door.resources) for _ in range(2)),
    )

    assert await kinds(door.resources) == ["received", "queued"]
    await dispatcher.run_once()
    await assert_told(door.resources)


async def test_a_reply_that_brings_the_tweet_lets_the_older_one_go_on_and_repeats_it(
    door: Walk, desk: Desk
) -> None:
    await door.post(reply_to(UNKNOWN_POST, FIRST))
    await door.post(reply_to(OTHER_UNKNOWN, SECOND))
    await desk.decide_batch()
    first, second = await ids(door.resources)
    facts = await tweet_of(door.resources, TWEET, versions=(UNKNOWN_POST, OTHER_UNKNOWN))

    async with acting(door.resources) as session:
        engagement = await request_of(door.resources, second, facts)
        made = await ask_for_carts(session, [engagement], now=clock.now())

    assert made == []
    assert await statuses(door.resources) == [("QUEUED", None), ("FAILED", "ALREADY_IN_CART")]
    [(repeats, _), _] = await door.fetch("SELECT repeat_count, id FROM cart_intent ORDER BY id")
    assert repeats == 2  # the second reply's own intent, and the request made of it here
    await assert_told(door.resources)
    assert first < second


async def test_two_that_turn_out_to_ask_for_the_same_become_one(door: Walk, desk: Desk) -> None:
    await door.post(reply_to(UNKNOWN_POST, FIRST))
    await door.post(reply_to(OTHER_UNKNOWN, SECOND))
    await desk.decide_batch()
    elder, younger = await ids(door.resources)
    facts = await tweet_of(door.resources, TWEET, versions=(UNKNOWN_POST, OTHER_UNKNOWN))

    assert await go_on(door.resources, facts, younger, elder) == 2

    assert await statuses(door.resources) == [("QUEUED", None), ("FAILED", "ALREADY_IN_CART")]
    await delete(door.resources, FIRST)
    assert (await statuses(door.resources))[0] == ("QUEUED", None)
    await delete(door.resources, SECOND)
    assert (await statuses(door.resources))[0] == ("WITHDRAWN", None)
    await assert_told(door.resources)


async def test_a_post_that_was_deleted_before_it_arrived_makes_a_withdrawn_intent(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(UNKNOWN_POST, FIRST))
    await desk.decide_batch()
    [intent] = await ids(door.resources)
    facts = await tweet_of(door.resources, TWEET, versions=())
    await delete(door.resources, FIRST)
    late = replace(await a_late_post(door, desk, intent, facts), deleted=True)

    async with acting(door.resources) as session:
        [made] = await ask_for_carts(session, [late], now=clock.now())

    assert made.status.value == "WITHDRAWN"
    assert (await kinds(door.resources))[-2:] == ["received", "withdrawn"]
    assert await dispatcher.run_once() == 0
    await assert_told(door.resources)


async def a_late_post(door: Walk, desk: Desk, intent: UUID, facts: TweetFacts) -> Request:
    """A request of the same shopper by an engagement that has no intent yet."""
    untagged = reply_to(TWEET, THIRD)
    untagged["data"]["payload"]["entities"]["hashtags"] = []
    await door.post(untagged)
    await desk.decide_batch()
    [(engagement,)] = await door.fetch("SELECT id FROM engagement WHERE xid = $1", int(THIRD))
    request = await request_of(door.resources, intent, facts)
    return replace(request, engagement_id=engagement, engagement_xid=int(THIRD))
