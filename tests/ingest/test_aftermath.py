"""What became of posts: marked and withdrawn, whatever comes first, and how often."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.carts.dispatch import Dispatcher
from app.carts.express import ROOM, Express
from app.core import clock
from app.ingest.desk import Desk
from app.retailers.registry import open_retailers
from tests.carts.shaky import shaky
from tests.ingest.told import (
    BRAND,
    EARLY,
    LATE,
    MARA,
    REFUSED,
    REPLY,
    TIMES_OUT_ONCE,
    TWEET,
    a_delete,
    content,
    intents,
    of_account,
    of_post,
    tell,
    types,
)
from tests.walk import Walk, a_reply, everything, log_of


async def test_a_reply_that_is_deleted_in_the_same_batch_never_reaches_its_retailer(
    door: Walk, desk: Desk
) -> None:
    express = Express(ROOM)

    await tell(door, replace(desk, express=express), a_reply(), a_delete(), together=True)

    assert await intents(door.resources) == ["WITHDRAWN"]
    assert express.take(now=clock.now()) is None


@pytest.mark.parametrize("together", [False, True])
async def test_a_deleted_reply_is_redacted_and_its_intent_withdrawn(
    door: Walk, desk: Desk, *, together: bool
) -> None:
    await tell(door, desk, a_reply(), a_delete(), together=together)

    assert (await content(door.resources), await intents(door.resources)) == (
        ["DELETED"],
        ["WITHDRAWN"],
    )
    assert await types(door.resources) == [
        "engagement.recorded",
        "cart_intent.received",
        "cart_intent.queued",
        "cart_intent.withdrawn",
        "engagement.redacted",
    ]


async def test_a_deletion_that_comes_first_withdraws_the_late_reply_at_once(
    door: Walk, desk: Desk
) -> None:
    await tell(door, desk, a_delete(), a_reply())

    assert (await content(door.resources), await intents(door.resources)) == (
        ["DELETED"],
        ["WITHDRAWN"],
    )
    recorded = (await log_of(door.resources))[0]
    assert recorded[1:2] == ("engagement.recorded",)
    assert recorded[2]["engagement"]["contentState"] == "DELETED"
    assert not desk.queued.is_set()


async def test_a_deletion_told_again_by_another_source_changes_nothing(
    door: Walk, desk: Desk
) -> None:
    await tell(door, desk, a_reply(), a_delete())
    before = await everything(door.resources)

    await tell(door, desk, of_post("delete"))

    after = await everything(door.resources)
    assert {name for name in after if after[name] != before[name]} <= {"inbox", "standing"}


async def test_a_post_that_is_deleted_stays_so_whatever_else_is_told(
    door: Walk, desk: Desk
) -> None:
    await tell(door, desk, a_reply(), of_account("user_protect"), a_delete())
    await tell(door, desk, of_account("user_unprotect", LATE), of_post("undrop", LATE))

    assert await content(door.resources) == ["DELETED"]


async def test_only_the_last_tagged_reply_takes_the_intent_with_it(door: Walk, desk: Desk) -> None:
    second = str(int(REPLY) + 5_000_000_000)
    await tell(door, desk, a_reply(), a_reply(id=second), a_delete())
    still = await intents(door.resources)

    await tell(door, desk, a_delete(second))

    assert still == ["QUEUED"]
    assert await intents(door.resources) == ["WITHDRAWN"]
    assert await content(door.resources) == ["DELETED", "DELETED"]


async def test_a_withheld_reply_is_marked_until_no_country_is_left(door: Walk, desk: Desk) -> None:
    await tell(door, desk, a_reply(), of_post("withheld", EARLY, withheld_in_countries=["DE"]))
    withheld = await content(door.resources)

    await tell(door, desk, of_post("withheld", LATE, withheld_in_countries=[]))

    assert (withheld, await content(door.resources)) == (["WITHHELD"], ["PRESENT"])
    assert await intents(door.resources) == ["QUEUED"]


async def test_a_deleted_tweet_is_final_and_one_that_is_withheld_may_come_back(
    door: Walk, desk: Desk
) -> None:
    async def status() -> str:
        sql = "SELECT status FROM shoppable_tweet WHERE root_xid = $1"
        [(found,)] = await door.fetch(sql, int(TWEET))
        return str(found)

    await tell(door, desk, of_post("drop", EARLY, TWEET))
    dropped = await status()
    await tell(door, desk, of_post("undrop", LATE, TWEET))
    shown = await status()
    await tell(door, desk, a_delete(TWEET, BRAND), a_reply())

    assert (dropped, shown, await status()) == ("WITHHELD", "LIVE", "DELETED")
    assert await door.fetch("SELECT status, failure_reason FROM cart_intent") == [
        ("FAILED", "TWEET_UNAVAILABLE")
    ]


async def test_a_brands_post_that_was_deleted_before_it_came_is_never_live(
    door: Walk, desk: Desk
) -> None:
    post = "2123714903176592686"
    created = a_reply(
        id=post,
        author_id=BRAND,
        conversation_id=post,
        edit_history_tweet_ids=[post],
        in_reply_to_tweet_id=None,
        in_reply_to_user_id=None,
        referenced_tweets=None,
        entities={
            "urls": [
                {
                    "url": "https://t.co/oyEO96WFnQ",
                    "expanded_url": "https://www.amazon.com/dp/B0ACMESK02",
                }
            ]
        },
    )

    await tell(door, desk, a_delete(post, BRAND), created)

    rows = await door.fetch(
        "SELECT status, text FROM shoppable_tweet WHERE root_xid = $1", int(post)
    )
    assert rows == [("DELETED", None)]


@pytest.mark.parametrize(
    ("author", "status"), [(MARA, "ADDED"), (REFUSED, "WITHDRAWN")], ids=["added", "refused"]
)
async def test_a_deletion_during_the_retailers_call_leaves_what_was_added(
    door: Walk, desk: Desk, author: str, status: str
) -> None:
    async def delete() -> None:
        await tell(door, desk, a_delete(author=author))

    await tell(door, desk, a_reply(author_id=author))
    async with open_retailers(door.resources.database_url) as retailers:
        dispatcher, retailer = shaky(Dispatcher(door.resources, retailers), before=delete)
        await dispatcher.run_once()
        await dispatcher.run_once()

    assert (await content(door.resources), await intents(door.resources)) == (
        ["DELETED"],
        [status],
    )
    assert len(retailer.calls) == 1


async def test_a_retry_after_a_deletion_asks_nobody_to_add(door: Walk, desk: Desk) -> None:
    """What a call that timed out may have added is taken out by another call, never added again."""
    await tell(door, desk, a_reply(author_id=TIMES_OUT_ONCE))
    async with open_retailers(door.resources.database_url) as retailers:
        dispatcher, retailer = shaky(Dispatcher(door.resources, retailers))
        await dispatcher.run_once()
        await tell(door, desk, a_delete(author=TIMES_OUT_ONCE))
        clock.start_at(clock.now() + timedelta(minutes=5))
        await dispatcher.run_once()

    assert await intents(door.resources) == ["WITHDRAWN"]
    assert (len(retailer.calls), len(retailer.removals)) == (1, 1)
