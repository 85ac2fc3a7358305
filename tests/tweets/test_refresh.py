"""Products as their retailers tell of them, again and again, and the tweets that link them."""

from datetime import timedelta
from typing import Any

from app.core import clock
from app.core.resources import Resources
from app.events.log import write_transaction
from app.products import service as products
from app.products.facts import NewProduct
from app.products.models import Product
from app.products.states import Availability
from app.retailers.adapter import RetailerUnavailable
from app.tweets.resolver import Resolver
from tests.tweets.outside import AwayRetailer, later, product_row
from tests.tweets.posts import (
    BOOT,
    NEW,
    a_post,
    brand_of,
    detect,
    link,
    link_rows,
    product_events,
    shelve,
    tweet_events,
    tweet_row,
    xid,
)
from tests.walk import fetch


async def add(resources: Resources, **changes: Any) -> Product:
    """A product by the brand's word."""
    brand_id = await brand_of(resources)
    new = NewProduct(marketplace="US", retailer_product_id=NEW, **changes)
    async with write_transaction(resources.sessions) as session:
        added = await products.add_product(session, brand_id=brand_id, new=new, now=clock.now())
        assert isinstance(added, Product)
        return added


async def test_a_product_that_a_brand_adds_is_what_its_retailer_says(
    world_resources: Resources, resolver: Resolver
) -> None:
    await shelve(world_resources, availability="LIMITED")
    await add(world_resources, title="My gloves", availability=Availability.IN_STOCK)
    post = a_post(xid(1), link(NEW))
    [facts] = await detect(world_resources, post)

    while await resolver.resolve_once():
        pass

    assert facts.status == "DETECTED"
    assert await product_row(world_resources) == (
        "Acme Gloves",
        "PHYSICAL",
        "RESOLVED",
        "LIMITED",
        2900,
    )
    assert await link_rows(world_resources, post.id) == [("PRODUCT", NEW, False)]
    assert await product_events(world_resources) == [
        ("product.added", NEW),
        ("product.resolved", NEW),
    ]


async def test_a_product_that_a_brand_adds_and_nobody_knows_is_gone(
    world_resources: Resources, resolver: Resolver
) -> None:
    await add(world_resources)

    await resolver.resolve_once()

    assert await product_events(world_resources) == [
        ("product.added", NEW),
        ("product.gone", NEW),
    ]


async def test_a_retailer_is_asked_every_six_hours_and_its_news_reach_the_tweets(
    world_resources: Resources, resolver: Resolver
) -> None:
    await shelve(world_resources)
    post = a_post(xid(1), link(NEW))
    await detect(world_resources, post)
    while await resolver.resolve_once():
        pass

    for changes in (
        {"price_amount_minor": 3900},
        {"availability": "OUT_OF_STOCK"},
        {"availability": "OUT_OF_STOCK", "title": "Acme Winter Gloves"},
        {},
        {"gone": True},
    ):
        await shelve(world_resources, **changes)
        later(timedelta(hours=6, seconds=1))
        while await resolver.resolve_once():
            pass

    assert [kind for kind, _ in await product_events(world_resources)] == [
        "product.resolved",
        "product.offer_changed",
        "product.offer_changed",
        "product.changed",
        "product.offer_changed",
        "product.gone",
    ]
    assert (await tweet_events(world_resources))[2:] == [
        ("tweet.unshoppable", "UNSHOPPABLE", "LIVE"),
        ("tweet.live", "LIVE", "UNSHOPPABLE"),
        ("tweet.unshoppable", "UNSHOPPABLE", "LIVE"),
    ]


async def test_what_a_retailer_told_is_stale_after_a_day_of_silence_and_fresh_again_after(
    world_resources: Resources, resolver: Resolver
) -> None:
    await shelve(world_resources)
    await detect(world_resources, a_post(xid(1), link(NEW)))
    away = AwayRetailer(resolver.retailers["sandbox"], None)
    asking = Resolver(world_resources, {"sandbox": away}, resolver.follower)
    await asking.resolve_once()

    away.error = RetailerUnavailable()
    for _ in range(30):
        later(timedelta(hours=1))
        await asking.resolve_once()
    silent = await product_row(world_resources)
    away.error = None
    later(timedelta(hours=7))
    await asking.resolve_once()

    assert silent is not None
    assert silent[2] == "STALE"
    assert [kind for kind, _ in await product_events(world_resources)] == [
        "product.resolved",
        "product.stale",
        "product.resolved",
    ]


async def test_a_refusal_of_a_product_that_is_gone_reaches_product_and_tweets(
    world_resources: Resources, resolver: Resolver
) -> None:
    post = a_post(xid(1), link(BOOT))
    await detect(world_resources, post)
    brand_id = await brand_of(world_resources)
    [(product_id,)] = await fetch(
        world_resources,
        "SELECT id FROM product WHERE brand_id = $1 AND retailer_product_id = $2 "
        "AND marketplace = 'US'",
        brand_id,
        BOOT,
    )

    for _ in range(2):
        async with write_transaction(world_resources.sessions) as session:
            await products.mark_gone(session, [(brand_id, product_id)], now=clock.now())
    await resolver.resolve_once()

    assert await product_events(world_resources) == [("product.gone", BOOT)]
    row = await tweet_row(world_resources, post.id)
    assert row is not None
    assert row[1:3] == ("UNSHOPPABLE", "PRODUCT_GONE")
