"""Asking retailers: one add and one event, whoever dies in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import orjson
import pytest
from structlog.testing import capture_logs

from app.carts.answers import RETRY_DELAYS, TRIES_MAX
from app.carts.choices import choose_product
from app.carts.claims import LEASE
from app.carts.dispatch import Dispatcher
from app.core import clock
from app.core.resources import Resources
from app.events.states import ActorKind
from app.ingest.desk import Desk
from app.retailers.adapter import Added, RetailerUnavailable
from tests.carts.acts import TWO_PRODUCTS, acting, brand, ids, product
from tests.carts.shaky import (
    FIRST,
    KOFI,
    MARA,
    OTHER_TWEET,
    SECOND,
    TESS,
    THIRD,
    intents,
    later,
    raising,
    reply_to,
    shaky,
)
from tests.walk import Walk, a_reply, fetch, log_of, until


async def assert_added_once(resources: Resources) -> None:
    """One intent, ADDED; one line in the sandbox's cart; one event that says so."""
    kinds = [kind for _, kind, _ in await log_of(resources)]
    lines = "SELECT idempotency_key FROM sandbox_cart_line"
    assert await fetch(resources, "SELECT status FROM cart_intent") == [("ADDED",)]
    assert await fetch(resources, lines) == await fetch(
        resources, "SELECT id::text FROM cart_intent"
    )
    assert kinds.count("cart_intent.added") == 1
    assert kinds[-1] == "cart_intent.added"


async def test_a_queued_intent_is_added_with_its_price_and_its_event(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk.decide_batch()

    assert await dispatcher.run_once() == 1

    await assert_added_once(door.resources)
    [(reference, amount, currency, answered)] = await door.fetch(
        "SELECT cart_reference, offer_amount_minor, offer_currency, answered_at IS NOT NULL"
        " FROM cart_intent"
    )
    assert (amount, currency, answered) == (12900, "USD", True)
    assert "1720000000000000002" not in reference
    _, _, data = (await log_of(door.resources))[-1]
    assert data["cartIntent"]["offer"] == {"amountMinor": 12900, "currency": "USD"}
    assert data["cartIntent"]["previousStatus"] == "QUEUED"


async def test_what_is_answered_is_not_asked_again(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    await dispatcher.run_once()
    later(timedelta(days=1))

    assert await dispatcher.run_once() == 0
    await assert_added_once(door.resources)


@pytest.mark.parametrize(
    "error", [ConnectionError(), RetailerUnavailable(), TimeoutError(), ValueError("a defect")]
)
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_call_without_an_answer_is_repeated_and_adds_once(
    door: Walk, desk: Desk, dispatcher: Dispatcher, error: Exception, moment: str
) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    broken, _ = shaky(dispatcher, **{moment: raising(error)})
    await broken.run_once()
    assert await intents(door.resources) == [("2123688217942515450", "QUEUED", None)]

    later(RETRY_DELAYS[0])
    await dispatcher.run_once()

    await assert_added_once(door.resources)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_worker_that_dies_during_the_call_leaves_one_add(
    door: Walk, desk: Desk, dispatcher: Dispatcher, moment: str
) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    dying, _ = shaky(dispatcher, **{moment: raising(asyncio.CancelledError())})
    with pytest.raises(asyncio.CancelledError):
        await dying.run_once()

    assert await dispatcher.run_once() == 0
    later(LEASE)
    assert await dispatcher.run_once() == 1

    await assert_added_once(door.resources)


async def test_a_worker_that_dies_after_claiming_leaves_one_add(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    claims = await dispatcher.claim()
    assert len(claims.intents) == 1

    later(LEASE)
    await dispatcher.run_once()

    await assert_added_once(door.resources)


@asynccontextmanager
async def recording(dispatcher: Dispatcher) -> AsyncIterator["asyncio.Task[int]"]:
    """A run that stands between its rows and its commit: the log's counter is held meanwhile."""
    holder = await asyncpg.connect(dispatcher.resources.database_url)
    async with holder.transaction():
        await holder.execute("SELECT FROM brand_log FOR UPDATE")
        running = asyncio.create_task(dispatcher.run_once())

        async def is_waiting() -> bool:
            return bool(await fetch(dispatcher.resources, BLOCKED))

        await until(is_waiting)
        yield running
    await holder.close()


BLOCKED = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def test_a_worker_that_dies_while_recording_leaves_one_add(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    async with recording(dispatcher) as running:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert await intents(door.resources) == [("2123688217942515450", "QUEUED", None)]
    later(LEASE)
    await dispatcher.run_once()
    await assert_added_once(door.resources)


async def test_a_connection_that_breaks_while_recording_leaves_one_add(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    async with recording(dispatcher) as running:
        await fetch(dispatcher.resources, f"SELECT pg_terminate_backend(pid) FROM ({BLOCKED}) AS b")

    assert await running == 1
    await assert_added_once(door.resources)


async def test_an_answer_to_an_older_try_is_dropped(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    old = await dispatcher.claim()
    later(LEASE)
    new = await dispatcher.claim()
    [claim] = old.intents
    key = (claim.brand_id, claim.id)
    late, current = Added(cart_reference="late"), Added(cart_reference="current")

    await dispatcher.record(old.intents, {key: late})
    before = await intents(door.resources)
    await dispatcher.record(new.intents, {key: current})
    await dispatcher.record(new.intents, {key: late})
    await dispatcher.record(old.intents, {key: late})

    assert before == [("2123688217942515450", "QUEUED", None)]
    assert await door.fetch("SELECT cart_reference FROM cart_intent") == [("current",)]
    kinds = [kind for _, kind, _ in await log_of(door.resources)]
    assert kinds.count("cart_intent.added") == 1


async def test_two_dispatchers_share_the_work_without_sharing_an_intent(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    for number in range(40):
        await door.post(a_reply(id=str(int(FIRST) + number), author_id=str(10**18 + number)))
    await door.post(reply_to("2122978114236649841", SECOND, MARA))
    await door.post(reply_to("2122978114236649841", THIRD, KOFI))
    await desk.decide_batch()
    counting, adapter = shaky(dispatcher)

    found = await asyncio.gather(*(counting.run_once() for _ in range(4)))

    assert sum(found) == 2
    keys = [line.idempotency_key for lines in adapter.calls for line in lines]
    assert len(keys) == len(set(keys)) == 2


async def test_a_time_out_is_retried_after_growing_waits_at_most_six_times(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    broken, adapter = shaky(dispatcher, before=raising(TimeoutError()))

    for delay in RETRY_DELAYS:
        assert await broken.run_once() == 1
        assert await broken.run_once() == 0
        later(delay)
    assert await broken.run_once() == 1
    later(timedelta(days=1))

    assert await broken.run_once() == 0
    assert len(adapter.calls) == TRIES_MAX
    assert await intents(door.resources) == [("2123688217942515450", "FAILED", "RETAILER_TIMEOUT")]
    _, kind, data = (await log_of(door.resources))[-1]
    assert kind == "cart_intent.failed"
    assert data["cartIntent"]["failure"] == {
        "reason": "RETAILER_TIMEOUT",
        "retryable": True,
        "detail": None,
    }


async def test_the_same_product_from_another_tweet_waits_for_the_first_answer(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to("2122978114236649841", FIRST, KOFI))
    await door.post(reply_to(OTHER_TWEET, SECOND, KOFI))
    await desk.decide_batch()

    assert await dispatcher.run_once() == 1  # the first one, which times out once
    assert await dispatcher.run_once() == 0
    assert [status for _, status, _ in await intents(door.resources)] == ["QUEUED", "QUEUED"]
    later(RETRY_DELAYS[0])
    await dispatcher.run_once()
    later(RETRY_DELAYS[0])
    await dispatcher.run_once()

    assert await intents(door.resources) == [
        (FIRST, "ADDED", None),
        (SECOND, "FAILED", "ALREADY_IN_CART"),
    ]
    assert await door.fetch("SELECT count(*) FROM sandbox_cart_line") == [(1,)]


async def test_what_was_asked_before_goes_first_though_an_older_reply_is_queued_meanwhile(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWO_PRODUCTS, FIRST, KOFI))
    await door.post(reply_to("2122978114236649841", SECOND, KOFI))
    await desk.decide_batch()
    assert await dispatcher.run_once() == 1  # the second reply's, which times out once
    [elder, _] = await ids(door.resources)
    async with acting(door.resources) as session:
        await choose_product(
            session,
            brand_id=await brand(door.resources),
            intent_id=elder,
            product_id=await product(door.resources, "B0ACMEBT01"),
            actor=ActorKind.SHOPPER,
            now=clock.now(),
        )

    assert await dispatcher.run_once() == 0
    for _ in range(2):
        later(RETRY_DELAYS[0])
        await dispatcher.run_once()

    assert await intents(door.resources) == [
        (FIRST, "FAILED", "ALREADY_IN_CART"),
        (SECOND, "ADDED", None),
    ]


async def test_every_try_and_its_answer_are_noted(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to("2122978114236649841", FIRST, KOFI))
    await desk.decide_batch()
    await dispatcher.run_once()
    later(RETRY_DELAYS[0])
    await dispatcher.run_once()

    [(text,)] = await door.fetch("SELECT retailer_calls FROM cart_intent")
    assert [
        (call["try"], call["answer"], call.get("retryable")) for call in orjson.loads(text)
    ] == [
        (1, "RETAILER_TIMEOUT", True),
        (2, "ADDED", None),
    ]


async def test_the_second_is_tried_itself_when_the_first_failed(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to("2122978114236649841", FIRST, TESS))
    await door.post(reply_to(OTHER_TWEET, SECOND, TESS))
    await desk.decide_batch()
    counting, adapter = shaky(dispatcher)

    for _ in range(3):
        await counting.run_once()
        later(timedelta(seconds=2))

    assert len(adapter.calls) == 2
    assert await intents(door.resources) == [
        (FIRST, "FAILED", "ALREADY_IN_CART"),
        (SECOND, "FAILED", "ALREADY_IN_CART"),
    ]


async def test_without_a_link_any_more_the_intent_fails_and_the_retailer_is_not_asked(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    async with door.resources.sessions() as session, session.begin():
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE account_link SET status = 'REVOKED_BY_SHOPPER'")
    counting, adapter = shaky(dispatcher)

    await counting.run_once()

    assert await intents(door.resources) == [("2123688217942515450", "FAILED", "LINK_REVOKED")]
    assert adapter.calls == []


async def test_an_adapters_defect_is_reported_without_what_it_says(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(a_reply())
    await desk.decide_batch()
    broken, _ = shaky(dispatcher, before=raising(ValueError("account of Mara")))

    with capture_logs() as logs:
        await broken.run_once()

    assert [entry["event"] for entry in logs] == ["retailer_failed"]
    assert "Mara" not in str(logs)
