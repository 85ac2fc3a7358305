"""Intents and their events: what an event says, and which moves there are."""

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from app.brands.states import TriggerAction
from app.carts.intents import Failure, HandOffLink, Intent, Offer, Request
from app.carts.moves import IllegalMove, move, snapshot
from app.carts.service import ask_for_carts
from app.carts.states import CartIntentStatus, FailureReason
from app.core.bulk import run
from app.core.database import WriteSession
from app.ingest.desk import Desk
from app.products.facts import ProductName
from app.tweets.facts import TweetName
from app.tweets.queries import tweets_by_version
from app.x.ids import moment_of
from tests.carts.acts import TWEET, UNKNOWN_POST, acting, ids
from tests.carts.shaky import FIRST, reply_to
from tests.walk import Walk, a_reply, log_of

NOW = datetime(2026, 11, 20, 12, 0, 0, 250_000, UTC)
NOW_TEXT = "2026-11-20T12:00:00.250000Z"


def an_intent(status: CartIntentStatus) -> Intent:
    return Intent(
        brand_id=UUID(int=1),
        id=UUID(int=2),
        engagement_id=UUID(int=3),
        engagement_xid=2123688217942515450,
        shopper_id=UUID(int=4),
        action=TriggerAction.CART,
        marketplace="US",
        retailer="sandbox",
        status=status,
        received_at=NOW,
        updated_at=NOW,
    )


def test_a_bare_intent_is_told_with_nulls() -> None:
    assert snapshot(an_intent(CartIntentStatus.RECEIVED), previous=None) == {
        "id": "00000000-0000-0000-0000-000000000002",
        "status": "RECEIVED",
        "previousStatus": None,
        "action": "CART",
        "marketplace": "US",
        "quantity": 1,
        "repeatCount": 0,
        "engagementXid": "2123688217942515450",
        "shopper": {"id": "00000000-0000-0000-0000-000000000004"},
        "tweet": None,
        "product": None,
        "offer": None,
        "failure": None,
        "handOff": None,
        "timings": {
            "receivedAt": NOW_TEXT,
            "matchedAt": None,
            "resolvedAt": None,
            "queuedAt": None,
            "answeredAt": None,
        },
    }


def test_an_intent_is_told_with_all_that_became_of_it() -> None:
    intent = an_intent(CartIntentStatus.FAILED)
    intent.tweet = TweetName(UUID(int=5), 2122978114236649841)
    intent.product = ProductName(UUID(int=6), "sandbox", "US", "B0ACMEBT01", "Boot")
    intent.offer = Offer(12900, "USD")
    intent.failure = Failure(FailureReason.CART_FULL, retryable=False, detail="50 lines")
    intent.hand_off = HandOffLink("https://shop.example", NOW)

    told = snapshot(intent, previous=CartIntentStatus.QUEUED)

    assert told["previousStatus"] == "QUEUED"
    assert told["tweet"] == {
        "id": "00000000-0000-0000-0000-000000000005",
        "rootXid": "2122978114236649841",
    }
    assert told["product"] == {
        "id": "00000000-0000-0000-0000-000000000006",
        "retailer": "sandbox",
        "marketplace": "US",
        "retailerProductId": "B0ACMEBT01",
        "title": "Boot",
    }
    assert told["offer"] == {"amountMinor": 12900, "currency": "USD"}
    assert told["failure"] == {"reason": "CART_FULL", "retryable": False, "detail": "50 lines"}
    assert told["handOff"] == {"url": "https://shop.example", "expiresAt": NOW_TEXT}


async def test_a_move_that_the_table_does_not_hold_is_a_defect(session: WriteSession) -> None:
    intent = an_intent(CartIntentStatus.ADDED)

    with pytest.raises(IllegalMove):
        move(session, intent, CartIntentStatus.QUEUED, now=NOW)

    assert intent.status is CartIntentStatus.ADDED
    assert session.info == {}


async def test_each_move_is_one_event_with_what_was_true_then(door: Walk, desk: Desk) -> None:
    await door.post(a_reply())
    await desk.decide_batch()

    _, (_, _, received), (_, _, queued) = await log_of(door.resources)

    received, queued = received["cartIntent"], queued["cartIntent"]
    assert (received["status"], received["previousStatus"]) == ("RECEIVED", None)
    assert (received["product"], received["timings"]["resolvedAt"]) == (None, None)
    assert (queued["status"], queued["previousStatus"]) == ("QUEUED", "RECEIVED")
    assert queued["product"]["retailerProductId"] == "B0ACMEBT01"
    assert queued["timings"]["queuedAt"] == queued["timings"]["resolvedAt"]
    assert queued["timings"]["answeredAt"] is None


async def test_events_name_their_subject_actor_and_correlation(door: Walk, desk: Desk) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    [(engagement, intent, shopper)] = await door.fetch(
        "SELECT engagement_id, id, shopper_id FROM cart_intent"
    )

    rows = await door.fetch(
        "SELECT type, subject_type, subject_id, correlation_id, actor_kind, actor_id"
        " FROM event ORDER BY seq"
    )

    assert rows == [
        ("engagement.recorded", "Engagement", engagement, None, "SHOPPER", shopper),
        ("cart_intent.received", "CartIntent", intent, intent, "SHOPPER", shopper),
        ("cart_intent.queued", "CartIntent", intent, intent, "SYSTEM", None),
    ]


async def test_an_engagement_is_told_by_ids_and_derived_facts(door: Walk, desk: Desk) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    [(engagement, shopper, tweet)] = await door.fetch(
        "SELECT id, shopper_id, tweet_id FROM engagement"
    )

    _, _, data = (await log_of(door.resources))[0]

    assert data == {
        "engagement": {
            "id": str(engagement),
            "xid": "2123688217942515450",
            "kind": "REPLY",
            "parentXid": "2122978114236649841",
            "conversationXid": "2122978114236649841",
            "triggerMatch": "EXACT",
            "triggerTag": "AmazonCart",
            "misuseReason": None,
            "contentState": "PRESENT",
            "shopper": {"id": str(shopper)},
            "tweet": {"id": str(tweet)},
            "occurredAt": moment_of(2123688217942515450).isoformat().replace("+00:00", "Z"),
        }
    }


async def test_a_reply_that_goes_straight_to_its_retailer_costs_three_statements(
    door: Walk, desk: Desk
) -> None:
    await door.post(reply_to(UNKNOWN_POST, FIRST))
    await desk.decide_batch()
    [intent] = await ids(door.resources)
    [(engagement,)] = await door.fetch("SELECT id FROM engagement")
    async with acting(door.resources) as session:
        await (await session.connection()).exec_driver_sql("DELETE FROM cart_intent")
        [tweet] = (await tweets_by_version(session, [int(TWEET)]))[int(TWEET)]
    [(shopper,)] = await door.fetch("SELECT shopper_id FROM engagement")
    request = Request(
        brand_id=tweet.brand_id,
        engagement_id=engagement,
        engagement_xid=int(FIRST),
        shopper_id=shopper,
        parent_xid=int(TWEET),
        tweet=tweet,
        unavailable=None,
        action=TriggerAction.CART,
        marketplace="US",
        retailer="sandbox",
        received_at=NOW,
    )
    statements: list[str] = []

    async with acting(door.resources) as session:
        await run(session, "SELECT")  # the transaction begins: later statements go to the driver
        raw = await (await session.connection()).get_raw_connection()
        driver = raw.driver_connection
        assert isinstance(driver, asyncpg.Connection)
        with driver.query_logger(lambda told: statements.append(told.query)):
            [made] = await ask_for_carts(session, [request], now=NOW)

    assert made.status is CartIntentStatus.QUEUED
    assert made.id != intent
    # The third one copies the row in, which the driver does not tell.
    assert [statement.split()[0] for statement in statements] == ["WITH", "SELECT"]
