"""Replies that came before the post they answer, and those that answer another brand's post."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.core.resources import Resources
from app.ingest.desk import Desk
from app.ingest.resume import Resumer
from tests.walk import Walk, a_reply, fetch, log_of

MARA, FAN = "1720000000000000002", "1945000000000000077"
ACME, NORD = "1510000000000000001", "1512000000000000077"
PARENT = "2123714903176592686"
REPLY, OTHER = "2123715026745829175", "2123715026745829999"
SOCKS, HEADPHONES = "https://www.amazon.com/dp/B0ACMESK02", "https://www.amazon.com/dp/B0NORDHP01"


def a_waiting_reply(**changes: Any) -> dict[str, Any]:
    """A tagged reply to a post that nobody registered."""
    fields = {
        "id": REPLY,
        "conversation_id": PARENT,
        "in_reply_to_tweet_id": None,
        "referenced_tweets": [{"type": "replied_to", "id": PARENT}],
    }
    return a_reply(**(fields | changes))


def a_brand_post(author: str, link: str, xid: str = PARENT) -> dict[str, Any]:
    """A brand's own post with a product link."""
    payload = {
        "id": xid,
        "author_id": author,
        "conversation_id": xid,
        "text": f"Look #AmazonCart {link}",
        "entities": {"urls": [{"url": "https://t.co/oyEO96WFnQ", "expanded_url": link}]},
    }
    data = {"event_type": "post.create", "filter": {"user_id": author}, "payload": payload}
    return {"data": data}


def told_to(brand: str, body: dict[str, Any]) -> dict[str, Any]:
    """The same delivery for another brand's subscription."""
    return {"data": {**body["data"], "filter": {"user_id": brand}}}


def naming_both(**changes: Any) -> dict[str, Any]:
    """A tagged reply to a fan's unknown post that mentions both brands."""
    mentions = [{"id": FAN}, {"id": ACME}, {"id": NORD}]
    entities = {"mentions": mentions, "hashtags": [{"start": 30, "tag": "AmazonCart"}]}
    return a_waiting_reply(in_reply_to_user_id=FAN, entities=entities, **changes)


async def tell(door: Walk, desk: Desk, *bodies: Any) -> None:
    for body in bodies:
        assert (await door.post(body)).status_code == 200
        await desk.decide_batch()


async def intents(resources: Resources) -> list[tuple[Any, ...]]:
    sql = """
        SELECT brand.slug, intent.status, intent.repeat_count
        FROM cart_intent AS intent JOIN brand ON brand.id = intent.brand_id
        ORDER BY intent.id
    """
    return await fetch(resources, sql)


@pytest.fixture
def resumer(world_resources: Resources) -> Resumer:
    return Resumer(world_resources, asyncio.Event())


async def test_a_reply_goes_on_once_its_parent_is_registered(
    door: Walk, desk: Desk, resumer: Resumer
) -> None:
    await tell(door, desk, a_waiting_reply())
    waiting, nothing = await intents(door.resources), await resumer.resume_once()

    await tell(door, desk, a_brand_post(ACME, SOCKS))

    assert (waiting, nothing) == ([("acme", "RECEIVED", 0)], 0)
    assert await resumer.resume_once() == 1
    assert await intents(door.resources) == [("acme", "QUEUED", 0)]
    assert resumer.queued.is_set()
    assert await resumer.resume_once() == 0


async def test_whatever_waits_beyond_a_page_is_looked_at_in_turn(door: Walk, desk: Desk) -> None:
    resumer = Resumer(door.resources, asyncio.Event(), page_rows=2)
    for number in range(5):
        person, xid = str(int(FAN) + number), str(int(REPLY) + number)
        await tell(door, desk, a_waiting_reply(author_id=person, id=xid))
    await tell(door, desk, a_brand_post(ACME, SOCKS))

    moved = [await resumer.resume_once() for _ in range(5)]

    assert sum(moved) == 5
    assert max(moved) == 2
    assert {status for _, status, _ in await intents(door.resources)} == {"AWAITING_LINK"}


async def test_a_reply_to_a_post_that_sells_nothing_goes_on_waiting(
    door: Walk, desk: Desk, resumer: Resumer
) -> None:
    await tell(door, desk, a_waiting_reply(), a_brand_post(ACME, "https://acme-boots.example/"))

    assert await resumer.resume_once() == 0
    assert await intents(door.resources) == [("acme", "RECEIVED", 0)]


async def test_two_workers_that_resume_the_same_do_it_once(
    door: Walk, desk: Desk, resumer: Resumer
) -> None:
    await tell(door, desk, a_waiting_reply(), a_brand_post(ACME, SOCKS))
    second = Resumer(door.resources, asyncio.Event())

    moved = await asyncio.gather(resumer.resume_once(), second.resume_once())

    assert sum(moved) == 1
    kinds = [kind for _, kind, _ in await log_of(door.resources)]
    assert kinds.count("cart_intent.queued") == 1


@pytest.mark.parametrize("subscribers", [(ACME, NORD), (NORD, ACME)])
async def test_a_post_for_two_brands_asks_the_one_that_it_names_first(
    door: Walk, desk: Desk, subscribers: tuple[str, ...]
) -> None:
    await tell(door, desk, *(told_to(brand, naming_both()) for brand in subscribers))

    assert await intents(door.resources) == [("acme", "RECEIVED", 0)]
    rows = await door.fetch(
        "SELECT brand.slug, trigger_match FROM engagement JOIN brand ON brand.id = brand_id"
        " ORDER BY 1"
    )
    assert rows == [("acme", "EXACT"), ("nordlicht", "NONE")]


@pytest.mark.parametrize("subscribers", [(ACME,), (ACME, NORD), (NORD, ACME), (NORD,)])
async def test_a_parent_that_is_another_brands_takes_the_reply_over(
    door: Walk, desk: Desk, resumer: Resumer, subscribers: tuple[str, ...]
) -> None:
    await tell(door, desk, *(told_to(brand, naming_both()) for brand in subscribers))
    await tell(door, desk, a_brand_post(NORD, HEADPHONES))

    assert await resumer.resume_once() == 2

    assert await intents(door.resources) == [
        ("acme", "WITHDRAWN", 0),
        ("nordlicht", "QUEUED", 0),
    ]
    rows = await door.fetch(
        "SELECT engagement.trigger_match, tweet.root_xid::text FROM engagement"
        " JOIN brand ON brand.id = engagement.brand_id AND brand.slug = 'nordlicht'"
        " LEFT JOIN shoppable_tweet AS tweet ON tweet.id = engagement.tweet_id"
    )
    assert rows == [("EXACT", PARENT)]
    assert await resumer.resume_once() == 0


async def test_a_parent_that_is_known_in_time_is_asked_alone(
    door: Walk, desk: Desk, resumer: Resumer
) -> None:
    await tell(door, desk, a_brand_post(NORD, HEADPHONES))
    await tell(door, desk, *(told_to(brand, naming_both()) for brand in (ACME, NORD)))

    assert await resumer.resume_once() == 0
    assert await intents(door.resources) == [("nordlicht", "QUEUED", 0)]


async def test_a_reply_that_asks_the_parents_brand_by_itself_is_not_asked_for_twice(
    door: Walk, desk: Desk, resumer: Resumer
) -> None:
    await tell(door, desk, told_to(ACME, naming_both()), a_brand_post(NORD, HEADPHONES))
    await tell(door, desk, told_to(NORD, naming_both()))

    assert await resumer.resume_once() == 1
    assert await intents(door.resources) == [
        ("acme", "WITHDRAWN", 0),
        ("nordlicht", "QUEUED", 0),
    ]


async def test_a_tag_that_the_parents_brand_does_not_know_asks_nobody(
    door: Walk, desk: Desk, resumer: Resumer
) -> None:
    reply = naming_both()
    reply["data"]["payload"]["entities"]["hashtags"] = [{"tag": "AmazonBasket"}]
    await tell(door, desk, reply, a_brand_post(NORD, HEADPHONES))

    assert await resumer.resume_once() == 1
    assert await intents(door.resources) == [("acme", "WITHDRAWN", 0)]


async def test_the_brand_itself_asks_nothing_of_itself(
    door: Walk, desk: Desk, resumer: Resumer
) -> None:
    await tell(door, desk, naming_both(author_id=NORD), a_brand_post(NORD, HEADPHONES))

    await resumer.resume_once()

    assert await intents(door.resources) == [("acme", "WITHDRAWN", 0)]


async def test_one_that_cannot_go_on_holds_nobody_up(
    door: Walk, desk: Desk, resumer: Resumer
) -> None:
    second = str(int(REPLY) + 1)
    await tell(door, desk, a_waiting_reply(), a_waiting_reply(author_id=FAN, id=second))
    await tell(door, desk, a_brand_post(ACME, SOCKS))
    async with door.resources.sessions() as session, session.begin():
        connection = await session.connection()
        await connection.exec_driver_sql(
            "ALTER TABLE cart_intent ADD CONSTRAINT defect"
            f" CHECK (engagement_xid <> {REPLY} OR status = 'RECEIVED')"
        )

    try:
        with capture_logs() as logs:
            moved = await resumer.resume_once()
    finally:
        async with door.resources.sessions() as session, session.begin():
            connection = await session.connection()
            await connection.exec_driver_sql("ALTER TABLE cart_intent DROP CONSTRAINT defect")

    assert moved == 1
    assert await intents(door.resources) == [("acme", "RECEIVED", 0), ("acme", "AWAITING_LINK", 0)]
    assert [entry["event"] for entry in logs] == ["resuming_failed", "intent_not_resumed"]
    assert await resumer.resume_once() == 1
