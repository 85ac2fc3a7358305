"""Replies to posts that sell something new, through the real door and worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any

import pytest

from app.core import clock
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.core.resources import Resources
from app.shoppers.models import Consent
from app.shoppers.service import ensure_persons
from app.shoppers.states import ConsentKind
from app.worker import run_worker
from tests.tweets.posts import (
    BOOT,
    NEW,
    PAGE,
    Signposts,
    brand_of,
    product_events,
    shelve,
    tweet_row,
)
from tests.walk import Walk, a_door, a_reply, fetch, read_corpus

REPLY, POST = (
    delivery["body"]
    for delivery in read_corpus("cases/parent_arrives_after_the_reply.json")["deliveries"]
)
POST_ID = int(POST["data"]["payload"]["id"])
MARA = 1720000000000000002


def a_post(*, expanded: str, unwound: str | None = None) -> dict[str, Any]:
    """The brand's post of the corpus with another link."""
    body = deepcopy(POST)
    [url] = body["data"]["payload"]["entities"]["urls"]
    url["expanded_url"] = expanded
    url.pop("unwound_url")
    if unwound is not None:
        url["unwound_url"] = unwound
    assert isinstance(body, dict)
    return body


@asynccontextmanager
async def a_walk(resources: Resources, follower: Signposts) -> AsyncIterator[Walk]:
    """The door and one worker that follows short links by signposts."""
    stop = asyncio.Event()
    async with a_door(resources) as walk, asyncio.TaskGroup() as group:
        group.create_task(run_worker(resources, stop=stop, follower=follower))
        try:
            yield walk
        finally:
            stop.set()


async def outcomes(resources: Resources) -> list[tuple[Any, ...]]:
    """Each intent's state, reason and product, oldest first."""
    return await fetch(
        resources,
        "SELECT intent.status, failure_reason, product.retailer_product_id "
        "FROM cart_intent AS intent LEFT JOIN product ON product.id = intent.product_id "
        "ORDER BY intent.id",
    )


@pytest.mark.parametrize("reply_first", [True, False])
async def test_a_reply_to_a_post_with_a_short_link_ends_in_the_cart(
    world_resources: Resources, *, reply_first: bool
) -> None:
    signposts = Signposts({"https://amzn.to/4newSk1": PAGE.format(BOOT)})
    bodies = [REPLY, a_post(expanded="https://amzn.to/4newSk1")]

    async with a_walk(world_resources, signposts) as walk:
        for body in bodies if reply_first else bodies[::-1]:
            assert (await walk.post(body)).status_code == 200
        await walk.settle()

    assert await outcomes(world_resources) == [("ADDED", None, BOOT)]
    assert signposts.asked == ["https://amzn.to/4newSk1"]


async def test_a_reply_to_a_post_with_a_product_that_is_new_ends_in_the_cart(
    world_resources: Resources,
) -> None:
    await shelve(world_resources, NEW)
    body = a_post(expanded="https://amzn.to/x", unwound=PAGE.format(NEW))

    async with a_walk(world_resources, Signposts()) as walk:
        await walk.post(body)
        await walk.post(REPLY)
        await walk.settle()

    assert await outcomes(world_resources) == [("ADDED", None, NEW)]
    assert await product_events(world_resources) == [("product.resolved", NEW)]


async def test_a_reply_to_a_post_with_a_product_that_nobody_knows_fails_by_its_name(
    world_resources: Resources,
) -> None:
    async with a_walk(world_resources, Signposts()) as walk:
        await walk.post(REPLY)
        await walk.post(a_post(expanded=PAGE.format(NEW)))
        await walk.settle()

    assert await outcomes(world_resources) == [("FAILED", "NOT_A_PRODUCT", None)]
    row = await tweet_row(world_resources, POST_ID)
    assert row is not None
    assert row[1:3] == ("UNSHOPPABLE", "NOT_A_PRODUCT")


async def test_a_product_that_the_retailer_refuses_as_gone_is_gone_for_all(
    world_resources: Resources,
) -> None:
    await shelve(world_resources, BOOT, gone=True)

    async with a_walk(world_resources, Signposts()) as walk:
        await walk.post(a_reply())
        await walk.settle()

    assert [row[:2] for row in await outcomes(world_resources)] == [("FAILED", "PRODUCT_GONE")]
    assert await product_events(world_resources) == [("product.gone", BOOT)]
    statuses = await fetch(
        world_resources,
        "SELECT DISTINCT status, unshoppable_reason FROM shoppable_tweet AS tweet WHERE EXISTS "
        "(SELECT FROM tweet_link JOIN product ON product.id = tweet_link.product_id "
        "WHERE tweet_id = tweet.id AND product.status = 'GONE' AND position = 0) AND NOT EXISTS "
        "(SELECT FROM tweet_link WHERE tweet_id = tweet.id AND position > 0) "
        "AND primary_product_id IS NULL",
    )
    assert ("UNSHOPPABLE", "PRODUCT_GONE") in statuses
    assert ("LIVE", None) not in statuses


async def test_at_amazon_a_reply_ends_in_a_link_with_the_brands_tag_and_never_in_an_add(
    world_resources: Resources,
) -> None:
    brand_id = await brand_of(world_resources)
    async with world_resources.sessions() as session, session.begin():
        persons = await ensure_persons(WriteSession(session), world_resources.keys, {MARA: None})
        consent = Consent(
            id=uuid7(),
            person_id=persons[MARA],
            kind=ConsentKind.HANDOFF,
            text_version="1",
            granted_at=clock.now(),
        )
        session.add(consent)
    async with world_resources.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE brand_marketplace SET retailer = 'amazon', affiliate_tag = 'acme-20' "
            "WHERE brand_id = $1 AND marketplace = 'US'",
            (brand_id,),
        )

    async with a_walk(world_resources, Signposts()) as walk:
        await walk.post(a_post(expanded=PAGE.format(NEW)))
        await walk.post(REPLY)
        await walk.settle()

    assert await outcomes(world_resources) == [("HANDED_OFF", None, NEW)]
    [(url,)] = await fetch(world_resources, "SELECT hand_off_url FROM cart_intent")
    assert url == (
        f"https://www.amazon.com/gp/aws/cart/add.html?ASIN.1={NEW}&Quantity.1=1&AssociateTag=acme-20"
    )
    assert await fetch(world_resources, "SELECT count(*) FROM sandbox_cart_line") == [(0,)]
    [(title, retailer, kind, due)] = await fetch(
        world_resources,
        "SELECT title, retailer, kind, next_look_up_at FROM product WHERE retailer_product_id = $1",
        NEW,
    )
    assert (title, retailer, kind, due) == (NEW, "amazon", "UNKNOWN", None)
