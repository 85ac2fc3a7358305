"""Looks outside: short links, products that are not known, and what retailers say later."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.core import clock
from app.core.resources import Resources
from app.events.log import write_transaction
from app.products.facts import Found, Reference
from app.retailers.adapter import RetailerUnavailable
from app.tweets import service
from app.tweets.resolver import RETRY_DELAYS, Looked, Resolver
from tests.tweets.outside import AwayRetailer, later, product_row
from tests.tweets.posts import (
    BOOT,
    NEW,
    PAGE,
    Signposts,
    a_post,
    detect,
    link,
    link_rows,
    product_events,
    shelve,
    short_link,
    tweet_events,
    tweet_row,
    xid,
)
from tests.walk import fetch


async def test_a_product_that_the_brand_does_not_have_is_asked_for_and_made(
    world_resources: Resources, resolver: Resolver
) -> None:
    post = a_post(xid(1), link(NEW))
    await shelve(world_resources)
    await detect(world_resources, post)

    assert await resolver.resolve_once() == 2  # the link, and the tweet of the new product
    assert await resolver.resolve_once() == 0

    assert await product_row(world_resources) == (
        "Acme Gloves",
        "PHYSICAL",
        "RESOLVED",
        "IN_STOCK",
        2900,
    )
    assert await link_rows(world_resources, post.id) == [("PRODUCT", NEW, False)]
    assert await tweet_events(world_resources) == [
        ("tweet.detected", "DETECTED", None),
        ("tweet.live", "LIVE", "DETECTED"),
    ]
    assert await product_events(world_resources) == [("product.resolved", NEW)]


@pytest.mark.parametrize(
    ("shelf", "verdict", "reason", "events"),
    [
        (None, ("NOT_A_PRODUCT", None, False), "NOT_A_PRODUCT", []),
        (
            {"gone": True},
            ("PRODUCT", NEW, False),
            "PRODUCT_GONE",
            [("product.gone", NEW)],
        ),
        (
            {"availability": "OUT_OF_STOCK"},
            ("PRODUCT", NEW, False),
            "OUT_OF_STOCK",
            [("product.resolved", NEW)],
        ),
        (
            {"kind": "DIGITAL"},
            ("PRODUCT", NEW, False),
            "UNSUPPORTED_KIND_DIGITAL",
            [("product.resolved", NEW)],
        ),
    ],
)
async def test_what_the_retailer_does_not_sell_makes_the_tweet_unshoppable(
    world_resources: Resources,
    resolver: Resolver,
    shelf: dict[str, Any] | None,
    verdict: tuple[Any, ...],
    reason: str,
    events: list[tuple[str, str]],
) -> None:
    post = a_post(xid(1), link(NEW))
    if shelf is not None:
        await shelve(world_resources, **shelf)
    await detect(world_resources, post)

    await resolver.resolve_once()

    assert await link_rows(world_resources, post.id) == [verdict]
    row = await tweet_row(world_resources, post.id)
    assert row is not None
    assert row[1:3] == ("UNSHOPPABLE", reason)
    assert await product_events(world_resources) == events


async def test_a_short_link_is_followed_once_and_remembered(
    world_resources: Resources, resolver: Resolver, signposts: Signposts
) -> None:
    signposts.ends["https://amzn.to/4acmeBt"] = PAGE.format(BOOT)
    first, second, third = (a_post(xid(number), short_link()) for number in (1, 2, 3))
    await detect(world_resources, first, second)

    await resolver.resolve_once()
    [facts] = await detect(world_resources, third)

    assert signposts.asked == ["https://amzn.to/4acmeBt"]
    for post in (first, second, third):
        assert await link_rows(world_resources, post.id) == [("PRODUCT", BOOT, False)]
    assert facts.status == "LIVE"
    kept = await fetch(
        world_resources,
        "SELECT count(*) FROM tweet_link WHERE resolved_url = $1",
        PAGE.format(BOOT),
    )
    assert kept == [(2,)]


async def test_where_a_short_link_leads_is_asked_again_after_a_month(
    world_resources: Resources, resolver: Resolver, signposts: Signposts
) -> None:
    signposts.ends["https://amzn.to/4acmeBt"] = PAGE.format(BOOT)
    await detect(world_resources, a_post(xid(1), short_link()))
    await resolver.resolve_once()

    later(timedelta(days=31))
    [facts] = await detect(world_resources, a_post(xid(2), short_link()))
    signposts.ends["https://amzn.to/other"] = None
    await detect(world_resources, a_post(xid(3), short_link("other")))
    await resolver.resolve_once()

    assert facts.status == "DETECTED"
    assert signposts.asked.count("https://amzn.to/4acmeBt") == 2
    assert await fetch(world_resources, "SELECT count(*) FROM short_link") == [(2,)]


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        (None, "NO_PRODUCT_LINK"),
        ("https://shop.example/boots", "NO_PRODUCT_LINK"),
        ("https://amzn.to/again", "NO_PRODUCT_LINK"),
        ("https://www.amazon.com/stores/acme", "NOT_A_PRODUCT"),
        ("https://www.amazon.de/dp/B0ACMEBT01", "MARKETPLACE_MISMATCH"),
    ],
)
async def test_a_short_link_to_anything_else_says_so(
    world_resources: Resources,
    resolver: Resolver,
    signposts: Signposts,
    end: str | None,
    verdict: str,
) -> None:
    signposts.ends["https://amzn.to/4acmeBt"] = end
    post = a_post(xid(1), short_link())
    await detect(world_resources, post)

    await resolver.resolve_once()

    assert await link_rows(world_resources, post.id) == [(verdict, None, False)]
    row = await tweet_row(world_resources, post.id)
    assert row is not None
    assert row[1:3] == ("UNSHOPPABLE", verdict)


async def test_what_cannot_be_reached_is_tried_eight_times_within_the_day_then_given_up(
    world_resources: Resources, resolver: Resolver, signposts: Signposts
) -> None:
    post = a_post(xid(1), short_link())
    began = clock.now()
    await detect(world_resources, post)

    for delay in RETRY_DELAYS:
        assert await resolver.resolve_once() == 1
        assert await resolver.resolve_once() == 0  # not before the delay is over
        assert await link_rows(world_resources, post.id) == [("PENDING", None, True)]
        later(delay + timedelta(seconds=1))
    await resolver.resolve_once()

    assert len(signposts.asked) == len(RETRY_DELAYS) + 1
    assert clock.now() - began < timedelta(hours=24)
    assert await link_rows(world_resources, post.id) == [("NOT_A_PRODUCT", None, False)]
    assert (await tweet_events(world_resources))[-1] == (
        "tweet.unshoppable",
        "UNSHOPPABLE",
        "DETECTED",
    )


async def test_a_link_that_is_reached_at_last_sells(
    world_resources: Resources, resolver: Resolver, signposts: Signposts
) -> None:
    post = a_post(xid(1), short_link())
    await detect(world_resources, post)
    await resolver.resolve_once()

    signposts.ends["https://amzn.to/4acmeBt"] = PAGE.format(BOOT)
    later(timedelta(seconds=6))
    await resolver.resolve_once()

    assert await link_rows(world_resources, post.id) == [("PRODUCT", BOOT, False)]


@pytest.mark.parametrize("error", [RetailerUnavailable(), TimeoutError(), ValueError("garbled")])
async def test_a_retailer_that_is_away_is_asked_again(
    world_resources: Resources, resolver: Resolver, error: Exception
) -> None:
    await shelve(world_resources)
    away = AwayRetailer(resolver.retailers["sandbox"], error)
    asking = Resolver(world_resources, {"sandbox": away}, resolver.follower)
    post = a_post(xid(1), link(NEW))
    await detect(world_resources, post)

    await asking.resolve_once()
    waits = await link_rows(world_resources, post.id)
    away.error = None
    later(timedelta(seconds=6))
    await asking.resolve_once()

    assert waits == [("PENDING", None, True)]
    assert await link_rows(world_resources, post.id) == [("PRODUCT", NEW, False)]


async def test_a_batch_asks_each_retailer_once(
    world_resources: Resources, resolver: Resolver
) -> None:
    await shelve(world_resources)
    await shelve(world_resources, "B0ACMENEW8")
    asked = AwayRetailer(resolver.retailers["sandbox"], None)
    asking = Resolver(world_resources, {"sandbox": asked}, resolver.follower)
    await detect(
        world_resources,
        a_post(xid(1), link(NEW), link("B0ACMENEW8")),
        a_post(xid(2), link(NEW)),
    )

    await asking.resolve_once()

    assert [sorted(each.retailer_product_id for each in call) for call in asked.asked] == [
        ["B0ACMENEW8", NEW]
    ]
    assert await product_events(world_resources) == [
        ("product.resolved", "B0ACMENEW8"),
        ("product.resolved", NEW),
    ]


async def test_two_resolvers_look_at_a_link_once_and_tell_once(
    world_resources: Resources, resolver: Resolver
) -> None:
    await shelve(world_resources)
    await detect(world_resources, *(a_post(xid(number), link(NEW)) for number in range(1, 6)))

    await asyncio.gather(*(resolver.resolve_once() for _ in range(4)))
    await resolver.resolve_once()

    assert await product_events(world_resources) == [("product.resolved", NEW)]
    kinds = [kind for kind, *_ in await tweet_events(world_resources)]
    assert sorted(kinds) == ["tweet.detected"] * 5 + ["tweet.live"] * 5


async def test_an_answer_that_comes_after_the_claim_ran_out_is_dropped(
    world_resources: Resources, resolver: Resolver, signposts: Signposts
) -> None:
    post = a_post(xid(1), short_link())
    await detect(world_resources, post)
    stale = await resolver.claim()
    later(timedelta(minutes=2))
    current = await resolver.claim()

    ends: dict[str, str | None] = {"https://amzn.to/4acmeBt": "https://shop.example/"}
    await resolver.record(stale, Looked(ends=ends))
    dropped = await link_rows(world_resources, post.id)
    await resolver.record(current, Looked(ends=ends))

    assert dropped == [("PENDING", None, True)]
    assert await link_rows(world_resources, post.id) == [("NO_PRODUCT_LINK", None, False)]


async def test_an_edit_during_the_look_drops_the_answer(
    world_resources: Resources, resolver: Resolver
) -> None:
    first, second = xid(1), xid(2)
    await shelve(world_resources)
    await detect(world_resources, a_post(first, link(NEW)))
    claims = await resolver.claim()
    await detect(world_resources, a_post(second, link(BOOT), edit_ids=(first, second)))

    found = {("sandbox", Reference("US", NEW)): Found(title="Acme Gloves")}
    await resolver.record(claims, Looked(listings=dict(found)))

    assert await link_rows(world_resources, first) == [("PRODUCT", BOOT, False)]
    assert (await tweet_events(world_resources))[-1][1] == "LIVE"


async def test_a_look_that_ends_after_the_tweet_was_deleted_revives_nothing(
    world_resources: Resources, resolver: Resolver
) -> None:
    post = a_post(xid(1), link(NEW))
    await shelve(world_resources)
    await detect(world_resources, post)
    async with write_transaction(world_resources.sessions) as session:
        await service.mark_deleted(session, [post.id], now=clock.now())

    await resolver.resolve_once()

    row = await tweet_row(world_resources, post.id)
    assert row is not None
    assert row[1] == "DELETED"
    assert (await tweet_events(world_resources))[-1][0] == "tweet.deleted"


async def test_a_title_that_cannot_be_stored_blocks_nobody_and_is_given_up(
    world_resources: Resources, resolver: Resolver
) -> None:
    other = "B0ACMENEW8"
    await shelve(world_resources)
    await shelve(world_resources, other)
    garbled = AwayRetailer(resolver.retailers["sandbox"], None, {NEW: Found(title="a\0b")})
    asking = Resolver(world_resources, {"sandbox": garbled}, resolver.follower)
    bad, good = a_post(xid(1), link(NEW)), a_post(xid(2), link(other))
    await detect(world_resources, bad, good)

    await asking.resolve_once()
    first = [await link_rows(world_resources, post.id) for post in (bad, good)]
    for delay in RETRY_DELAYS:
        later(delay + timedelta(seconds=1))
        await asking.resolve_once()

    assert first == [[("PENDING", None, True)], [("PRODUCT", other, False)]]
    assert await link_rows(world_resources, bad.id) == [("NOT_A_PRODUCT", None, False)]
    assert await product_events(world_resources) == [("product.resolved", other)]
