"""Brands' own posts: which register themselves, and what their edits and deletes make of them."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from app.core import clock
from app.core.resources import Resources
from app.events.log import write_transaction
from app.tweets import service
from app.tweets.facts import BrandPost
from app.x.payloads import Url
from tests.tweets.outside import later
from tests.tweets.posts import (
    BOOT,
    NEW,
    SOCKS,
    SOLD_OUT,
    a_post,
    brand_of,
    detect,
    link,
    link_rows,
    short_link,
    tweet_events,
    tweet_row,
    xid,
)
from tests.walk import everything, fetch

FOREIGN = Url("https://t.co/f", "https://shop.example/boots", None)
PAGE = Url("https://t.co/p", "https://www.amazon.com/stores/acme", None)


async def test_a_post_that_links_a_known_product_is_live_at_once(
    world_resources: Resources,
) -> None:
    first = xid(1)

    [facts] = await detect(world_resources, a_post(first, FOREIGN, link(BOOT)))

    assert (facts.name.root_xid, facts.status) == (first, "LIVE")
    assert facts.version_xids == {first}
    assert await tweet_row(world_resources, first) == (
        first,
        "LIVE",
        None,
        f"Look at this {first}",
        first,
    )
    assert await link_rows(world_resources, first) == [
        ("NO_PRODUCT_LINK", None, False),
        ("PRODUCT", BOOT, False),
    ]
    assert await tweet_events(world_resources) == [
        ("tweet.detected", "DETECTED", None),
        ("tweet.live", "LIVE", "DETECTED"),
    ]


@pytest.mark.parametrize("links", [[], [FOREIGN], [PAGE], [PAGE, FOREIGN]])
async def test_a_post_without_a_product_link_changes_nothing(
    world_resources: Resources, links: list[Url]
) -> None:
    before = await everything(world_resources)

    assert await detect(world_resources, a_post(xid(1), *links)) == []

    assert await everything(world_resources) == before


@pytest.mark.parametrize(
    ("links", "reason"),
    [
        ([link(SOLD_OUT)], "OUT_OF_STOCK"),
        ([link("B0ACMEDG03")], "UNSUPPORTED_KIND_DIGITAL"),
        ([link("B0ACMECP05")], "COLLECTION_PARENT"),
        ([link(BOOT, "www.amazon.de")], "MARKETPLACE_MISMATCH"),
        ([FOREIGN, link(SOLD_OUT)], "NO_PRODUCT_LINK"),
    ],
)
async def test_a_post_that_sells_nothing_that_can_be_bought_says_why(
    world_resources: Resources, links: list[Url], reason: str
) -> None:
    first = xid(1)

    await detect(world_resources, a_post(first, *links))

    row = await tweet_row(world_resources, first)
    assert row is not None
    assert row[1:3] == ("UNSHOPPABLE", reason)
    assert [kind for kind, *_ in await tweet_events(world_resources)] == [
        "tweet.detected",
        "tweet.unshoppable",
    ]


@pytest.mark.parametrize("pending", [link(NEW), short_link()])
async def test_a_link_that_takes_a_look_outside_leaves_the_post_detected(
    world_resources: Resources, pending: Url
) -> None:
    first = xid(1)

    [facts] = await detect(world_resources, a_post(first, link(BOOT), pending))

    assert facts.status == "DETECTED"
    assert await link_rows(world_resources, first) == [
        ("PRODUCT", BOOT, False),
        ("PENDING", None, True),
    ]
    assert await tweet_events(world_resources) == [("tweet.detected", "DETECTED", None)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_versions_in_any_order_and_number_end_alike(
    world_resources: Resources, order: tuple[int, ...]
) -> None:
    ids = [xid(1), xid(2), xid(3)]
    versions = [
        a_post(ids[0], link(SOLD_OUT), edit_ids=(ids[0],)),
        a_post(ids[1], link(SOCKS), edit_ids=tuple(ids[:2])),
        a_post(ids[2], link(BOOT), edit_ids=tuple(ids)),
    ]

    for number in (*order, *order):
        await detect(world_resources, versions[number])

    assert await tweet_row(world_resources, ids[0]) == (
        ids[0],
        "LIVE",
        None,
        f"Look at this {ids[2]}",
        ids[2],
    )
    assert await link_rows(world_resources, ids[1]) == [("PRODUCT", BOOT, False)]
    kept = await fetch(
        world_resources,
        "SELECT xid FROM tweet_version WHERE xid = ANY($1) AND tweet_id IN "
        "(SELECT id FROM shoppable_tweet WHERE root_xid = $2) ORDER BY xid",
        ids,
        ids[0],
    )
    assert kept == [(each,) for each in ids]


async def test_all_versions_in_one_batch_make_one_tweet(world_resources: Resources) -> None:
    first, second = xid(1), xid(2)
    posts = [
        a_post(second, link(BOOT), edit_ids=(first, second)),
        a_post(first, link(SOLD_OUT), edit_ids=(first,)),
    ]

    [facts] = await detect(world_resources, *posts)

    assert facts.status == "LIVE"
    assert facts.version_xids == {first, second}
    assert [kind for kind, *_ in await tweet_events(world_resources)] == [
        "tweet.detected",
        "tweet.edited",
        "tweet.live",
    ]


async def test_a_redelivery_changes_nothing(world_resources: Resources) -> None:
    post = a_post(xid(1), link(BOOT), short_link())
    await detect(world_resources, post)
    before = await everything(world_resources)

    await detect(world_resources, post)
    await detect(world_resources, post, post)

    assert await everything(world_resources) == before


async def test_an_edit_that_takes_the_product_out_ends_the_sale_and_one_back_begins_it(
    world_resources: Resources,
) -> None:
    ids = [xid(1), xid(2), xid(3)]
    await detect(world_resources, a_post(ids[0], link(BOOT)))

    await detect(world_resources, a_post(ids[1], FOREIGN, edit_ids=tuple(ids[:2])))
    taken = await tweet_row(world_resources, ids[0])
    await detect(world_resources, a_post(ids[2], link(SOCKS), edit_ids=tuple(ids)))

    assert taken is not None
    assert taken[1:3] == ("UNSHOPPABLE", "NO_PRODUCT_LINK")
    assert await tweet_events(world_resources) == [
        ("tweet.detected", "DETECTED", None),
        ("tweet.live", "LIVE", "DETECTED"),
        ("tweet.edited", "LIVE", None),
        ("tweet.unshoppable", "UNSHOPPABLE", "LIVE"),
        ("tweet.edited", "UNSHOPPABLE", None),
        ("tweet.live", "LIVE", "UNSHOPPABLE"),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_an_edit_that_sells_nothing_counts_also_where_it_comes_first(
    world_resources: Resources, order: tuple[int, ...]
) -> None:
    ids = [xid(1), xid(2), xid(3)]
    versions = [
        a_post(ids[0], FOREIGN),
        a_post(ids[1], link(BOOT), edit_ids=tuple(ids[:2])),
        a_post(ids[2], PAGE, edit_ids=tuple(ids)),
    ]

    for number in (*order, *order):
        await detect(world_resources, versions[number])

    assert await tweet_row(world_resources, ids[2]) == (
        ids[0],
        "UNSHOPPABLE",
        "NOT_A_PRODUCT",
        f"Look at this {ids[2]}",
        ids[2],
    )
    assert await fetch(world_resources, "SELECT count(*) FROM unsold_version") == [(0,)]


async def test_an_edit_that_sells_nothing_is_forgotten_after_a_week_or_when_it_is_deleted(
    world_resources: Resources,
) -> None:
    for number in (1, 11, 21):
        first, second = xid(number), xid(number + 1)
        await detect(world_resources, a_post(second, FOREIGN, edit_ids=(first, second)))
        if number == 1:
            later(timedelta(days=8))
        if number == 21:
            async with write_transaction(world_resources.sessions) as session:
                await service.mark_deleted(session, [first], now=clock.now())

    kept = await fetch(world_resources, "SELECT newest_xid FROM unsold_version")
    assert len(kept) == 1


async def test_an_edit_to_a_link_that_is_not_known_makes_replies_wait(
    world_resources: Resources,
) -> None:
    first, second = xid(1), xid(2)
    await detect(world_resources, a_post(first, link(BOOT)))

    [facts] = await detect(world_resources, a_post(second, link(NEW), edit_ids=(first, second)))

    assert facts.status == "DETECTED"
    assert (await tweet_events(world_resources))[-1] == ("tweet.detected", "DETECTED", "LIVE")


async def test_ids_of_an_edit_are_noted_before_its_text_comes(world_resources: Resources) -> None:
    first, second = xid(1), xid(2)
    await detect(world_resources, a_post(first, link(BOOT)))

    for _ in range(2):
        async with write_transaction(world_resources.sessions) as session:
            await service.note_versions(session, [[first, second]], now=clock.now())
    noted = await tweet_row(world_resources, second)
    await detect(world_resources, a_post(second, link(SOCKS), edit_ids=(first, second)))

    assert noted == (first, "LIVE", None, f"Look at this {first}", first)
    assert await link_rows(world_resources, first) == [("PRODUCT", SOCKS, False)]
    kinds = [kind for kind, *_ in await tweet_events(world_resources)]
    assert kinds == ["tweet.detected", "tweet.live", "tweet.edited", "tweet.edited"]


async def test_two_workers_that_register_one_chain_make_one_tweet(
    world_resources: Resources,
) -> None:
    first, second = xid(1), xid(2)
    posts = [
        a_post(first, link(SOCKS), edit_ids=(first,)),
        a_post(second, link(BOOT), edit_ids=(first, second)),
    ]

    await asyncio.gather(*(detect(world_resources, post) for post in posts * 3))

    assert await tweet_row(world_resources, first) == (
        first,
        "LIVE",
        None,
        f"Look at this {second}",
        second,
    )
    [(tweets,)] = await fetch(
        world_resources, "SELECT count(*) FROM shoppable_tweet WHERE root_xid >= $1", first
    )
    assert tweets == 1


async def test_a_deleted_version_deletes_the_tweet_and_its_text_for_good(
    world_resources: Resources,
) -> None:
    ids = [xid(1), xid(2), xid(3)]
    await detect(world_resources, a_post(ids[1], link(BOOT), edit_ids=tuple(ids[:2])))

    for _ in range(2):
        async with write_transaction(world_resources.sessions) as session:
            await service.mark_deleted(session, [ids[0], 99], now=clock.now())
    await detect(world_resources, a_post(ids[2], link(SOCKS), edit_ids=tuple(ids)))

    row = await tweet_row(world_resources, ids[2])
    assert row is not None
    assert row[:4] == (ids[0], "DELETED", None, None)
    events = await tweet_events(world_resources)
    assert events[2:] == [
        ("tweet.deleted", "DELETED", "LIVE"),
        ("tweet.edited", "DELETED", None),
    ]


async def test_a_withheld_tweet_comes_back_as_what_it_was(world_resources: Resources) -> None:
    sold, paused = xid(1), xid(2)
    [_, facts] = await detect(world_resources, a_post(sold, link(BOOT)), a_post(paused, link(BOOT)))
    brand_id = await brand_of(world_resources)
    async with write_transaction(world_resources.sessions) as session:
        await service.pause_tweet(
            session, brand_id=brand_id, tweet_id=facts.name.id, now=clock.now()
        )

    seen = []
    for withheld in (True, True, False, False):
        async with write_transaction(world_resources.sessions) as session:
            await service.mark_withheld(session, [sold, paused], now=clock.now(), withheld=withheld)
        rows = [await tweet_row(world_resources, each) for each in (sold, paused)]
        seen.append([row[1] for row in rows if row])

    assert seen == [["WITHHELD"] * 2, ["WITHHELD"] * 2, ["LIVE", "PAUSED"], ["LIVE", "PAUSED"]]
    kinds = [kind for kind, *_ in await tweet_events(world_resources)]
    assert sorted(kinds[5:]) == ["tweet.live", "tweet.paused", "tweet.withheld", "tweet.withheld"]


async def test_one_post_of_two_brands_is_two_tweets(world_resources: Resources) -> None:
    post = a_post(xid(1), link(BOOT))
    brands = [await brand_of(world_resources, slug) for slug in ("acme", "nordlicht")]

    async with write_transaction(world_resources.sessions) as session:
        found = await service.detect_tweets(
            session, [BrandPost(brand_id, post) for brand_id in brands], now=clock.now()
        )

    assert {(each.brand_id, each.status.value) for each in found} == {
        (brands[0], "LIVE"),
        (brands[1], "DETECTED"),
    }
