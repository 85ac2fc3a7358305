"""Tweets by the brand's word: registered, paused, resumed, and the product that replies mean."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.core import clock
from app.core.resources import Resources
from app.events.log import write_transaction
from app.products.problems import ProductNotFound
from app.tweets import service
from app.tweets.facts import NewTweet
from app.tweets.models import ShoppableTweet
from app.tweets.problems import BadTweet, TweetKnown, TweetNotFound, TweetNotOnX
from tests.tweets.posts import (
    ACME_X,
    BOOT,
    NEW,
    SOCKS,
    SOLD_OUT,
    a_post,
    brand_of,
    detect,
    link,
    link_rows,
    tweet_events,
    tweet_row,
    xid,
)
from tests.walk import everything, fetch

FAN = 1_720_000_000_000_000_002


async def register(resources: Resources, post_id: int, *asins: str, **changes: Any) -> object:
    brand_id = await brand_of(resources)
    urls = tuple(f"https://www.amazon.com/dp/{asin}" for asin in asins)
    new = NewTweet(xid=post_id, urls=urls, **changes)
    async with write_transaction(resources.sessions) as session:
        return await service.register_tweet(session, brand_id=brand_id, new=new, now=clock.now())


async def a_tweet(resources: Resources, *asins: str) -> ShoppableTweet:
    tweet = await register(resources, xid(1), *(asins or (BOOT,)))
    assert isinstance(tweet, ShoppableTweet)
    return tweet


async def product_id(resources: Resources, asin: str) -> UUID:
    [(found,)] = await fetch(
        resources,
        "SELECT product.id FROM product JOIN brand ON brand.id = product.brand_id "
        "WHERE slug = 'acme' AND marketplace = 'US' AND retailer_product_id = $1",
        asin,
    )
    assert isinstance(found, UUID)
    return found


async def pause(resources: Resources, tweet: ShoppableTweet) -> object:
    async with write_transaction(resources.sessions) as session:
        return await service.pause_tweet(
            session, brand_id=tweet.brand_id, tweet_id=tweet.id, now=clock.now()
        )


async def resume(resources: Resources, tweet: ShoppableTweet) -> object:
    async with write_transaction(resources.sessions) as session:
        return await service.resume_tweet(
            session, brand_id=tweet.brand_id, tweet_id=tweet.id, now=clock.now()
        )


async def set_primary(resources: Resources, tweet: ShoppableTweet, product: UUID | None) -> object:
    async with write_transaction(resources.sessions) as session:
        return await service.set_primary_product(
            session,
            brand_id=tweet.brand_id,
            tweet_id=tweet.id,
            product_id=product,
            now=clock.now(),
        )


async def test_a_brand_registers_its_own_post_with_its_text(world_resources: Resources) -> None:
    post_id = xid(1)

    tweet = await register(world_resources, post_id, BOOT, text="Boots", campaign="autumn")

    assert isinstance(tweet, ShoppableTweet)
    assert (tweet.authored_by_brand, tweet.author_xid, tweet.campaign) == (True, ACME_X, "autumn")
    assert await tweet_row(world_resources, post_id) == (post_id, "LIVE", None, "Boots", None)
    assert await tweet_events(world_resources) == [
        ("tweet.detected", "DETECTED", None),
        ("tweet.live", "LIVE", "DETECTED"),
    ]


async def test_a_brand_registers_a_fans_post_without_its_text(world_resources: Resources) -> None:
    tweet = await register(world_resources, xid(1), BOOT, author_xid=FAN, conversation_xid=7)

    assert isinstance(tweet, ShoppableTweet)
    assert (tweet.authored_by_brand, tweet.author_xid, tweet.conversation_xid) == (False, FAN, 7)
    assert tweet.text is None


async def test_a_registered_post_without_links_sells_its_primary_product(
    world_resources: Resources,
) -> None:
    boot = await product_id(world_resources, BOOT)

    tweet = await register(world_resources, xid(1), primary_product_id=boot)

    assert isinstance(tweet, ShoppableTweet)
    assert (tweet.status, tweet.primary_product_id) == ("LIVE", boot)


async def test_a_registered_post_with_a_link_that_is_not_known_is_looked_at(
    world_resources: Resources,
) -> None:
    tweet = await a_tweet(world_resources, NEW)

    assert tweet.status == "DETECTED"
    assert await link_rows(world_resources, tweet.root_xid) == [("PENDING", None, True)]


async def test_a_post_is_registered_once_by_whichever_id_and_whoever_is_quicker(
    world_resources: Resources,
) -> None:
    first, second = xid(1), xid(2)
    [facts] = await detect(world_resources, a_post(second, link(BOOT), edit_ids=(first, second)))
    before = await everything(world_resources)

    for version in (first, second):
        known = await register(world_resources, version, SOCKS)
        assert known == TweetKnown(tweet_id=facts.name.id)
    assert await everything(world_resources) == before

    third = xid(3)
    outcomes = await asyncio.gather(
        *(register(world_resources, third, BOOT) for _ in range(3)),
        detect(world_resources, a_post(third, link(BOOT))),
    )
    [(count,)] = await fetch(
        world_resources, "SELECT count(*) FROM shoppable_tweet WHERE root_xid = $1", third
    )
    assert count == 1
    assert sum(isinstance(each, ShoppableTweet) for each in outcomes) <= 1


@pytest.mark.parametrize(
    ("asins", "changes", "problem"),
    [
        ((), {}, BadTweet),
        ((BOOT,), {"text": "x", "author_xid": FAN}, BadTweet),
        ((BOOT,), {"primary_product_id": uuid4()}, ProductNotFound),
    ],
)
async def test_what_cannot_be_registered_leaves_nothing_and_says_the_remedy(
    world_resources: Resources,
    asins: tuple[str, ...],
    changes: dict[str, Any],
    problem: type[Any],
) -> None:
    before = await everything(world_resources)

    outcome = await register(world_resources, xid(1), *asins, **changes)

    assert isinstance(outcome, problem)
    assert outcome.message
    assert await everything(world_resources) == before


async def test_a_pause_holds_through_repetition_and_edits_until_it_is_ended(
    world_resources: Resources,
) -> None:
    first, second = xid(1), xid(2)
    await detect(world_resources, a_post(first, link(BOOT)))
    row = await fetch(
        world_resources, "SELECT brand_id, id FROM shoppable_tweet WHERE root_xid = $1", first
    )
    tweet = ShoppableTweet(brand_id=row[0][0], id=row[0][1])

    await resume(world_resources, tweet)  # not paused: nothing happens
    for _ in range(2):
        assert isinstance(await pause(world_resources, tweet), ShoppableTweet)
    await detect(world_resources, a_post(second, link(SOLD_OUT), edit_ids=(first, second)))
    resumed = [await resume(world_resources, tweet) for _ in range(2)][-1]

    assert isinstance(resumed, ShoppableTweet)
    assert (resumed.status, resumed.unshoppable_reason) == ("UNSHOPPABLE", "OUT_OF_STOCK")
    assert (await tweet_events(world_resources))[2:] == [
        ("tweet.paused", "PAUSED", "LIVE"),
        ("tweet.edited", "PAUSED", None),
        ("tweet.unshoppable", "UNSHOPPABLE", "PAUSED"),
    ]


async def test_a_primary_product_is_what_replies_mean_until_it_is_taken_away(
    world_resources: Resources,
) -> None:
    tweet = await a_tweet(world_resources, SOLD_OUT)
    socks = await product_id(world_resources, SOCKS)

    for product in (socks, socks, None):
        assert isinstance(await set_primary(world_resources, tweet, product), ShoppableTweet)

    assert (await tweet_events(world_resources))[2:] == [
        ("tweet.primary_product_set", "UNSHOPPABLE", None),
        ("tweet.live", "LIVE", "UNSHOPPABLE"),
        ("tweet.primary_product_set", "LIVE", None),
        ("tweet.unshoppable", "UNSHOPPABLE", "LIVE"),
    ]


async def test_another_brands_product_or_tweet_is_not_found(world_resources: Resources) -> None:
    tweet = await a_tweet(world_resources)
    other = await brand_of(world_resources, "nordlicht")
    [(foreign,)] = await fetch(
        world_resources, "SELECT id FROM product WHERE brand_id = $1 LIMIT 1", other
    )
    stranger = ShoppableTweet(brand_id=other, id=tweet.id)
    before = await everything(world_resources)

    refused = await set_primary(world_resources, tweet, foreign)

    assert refused == ProductNotFound(product_id=foreign)
    for change in (pause(world_resources, stranger), resume(world_resources, stranger)):
        assert await change == TweetNotFound(tweet_id=tweet.id)
    assert await set_primary(world_resources, stranger, None) == TweetNotFound(tweet_id=tweet.id)
    assert await everything(world_resources) == before


async def test_a_tweet_that_is_gone_takes_no_orders(world_resources: Resources) -> None:
    tweet = await a_tweet(world_resources)
    async with write_transaction(world_resources.sessions) as session:
        await service.mark_deleted(session, [tweet.root_xid], now=clock.now())
    before = await everything(world_resources)

    outcomes = [
        await pause(world_resources, tweet),
        await resume(world_resources, tweet),
        await set_primary(world_resources, tweet, await product_id(world_resources, SOCKS)),
    ]

    for outcome in outcomes:
        assert isinstance(outcome, TweetNotOnX)
        assert outcome.status == "DELETED"
        assert outcome.message
    assert await everything(world_resources) == before
