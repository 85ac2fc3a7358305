"""Choosing among products, taking back, taking out: what is legal, told once, and races."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.carts.choices import (
    candidates_of,
    choose_product,
    request_removal,
    withdraw_intent,
)
from app.carts.dispatch import Dispatcher
from app.carts.intents import Intent
from app.carts.problems import (
    CartIntentNotFound,
    CartIntentNotRemovable,
    CartIntentNotWaiting,
    CartIntentNotWithdrawable,
    ProductNotOffered,
)
from app.carts.rules import SHOPPER_WAITS
from app.carts.waits import expire_once
from app.core import clock
from app.core.resources import Resources
from app.events.states import ActorKind
from app.ingest.desk import Desk
from tests.carts.acts import (
    PRIYA,
    TWEET,
    TWO_PRODUCTS,
    VARIATION,
    acting,
    assert_told,
    brand,
    delete,
    ids,
    in_carts,
    kinds,
    product,
    statuses,
)
from tests.carts.shaky import FIRST, MARA, SECOND, later, reply_to, shaky
from tests.walk import Walk, everything, fetch

BOOT, SOCKS, PAPERBACK = "B0ACMEBT01", "B0ACMESK02", "080442957X"


async def offered(resources: Resources, intent_id: UUID) -> list[str]:
    async with acting(resources) as session:
        found = await candidates_of(session, brand_id=await brand(resources), intent_id=intent_id)
    return [each.name.retailer_product_id for each in found]


async def choose(
    resources: Resources,
    intent_id: UUID,
    product_id: UUID,
    actor: ActorKind = ActorKind.SHOPPER,
) -> object:
    async with acting(resources) as session:
        return await choose_product(
            session,
            brand_id=await brand(resources),
            intent_id=intent_id,
            product_id=product_id,
            actor=actor,
            now=clock.now(),
        )


async def take_back(
    resources: Resources, intent_id: UUID, actor: ActorKind = ActorKind.SHOPPER
) -> object:
    async with acting(resources) as session:
        return await withdraw_intent(
            session,
            brand_id=await brand(resources),
            intent_id=intent_id,
            actor=actor,
            now=clock.now(),
        )


async def take_out(resources: Resources, intent_id: UUID) -> object:
    async with acting(resources) as session:
        return await request_removal(
            session,
            brand_id=await brand(resources),
            intent_id=intent_id,
            actor=ActorKind.SHOPPER,
            now=clock.now(),
        )


async def a_choice(door: Walk, desk: Desk, author: str = MARA, post: str = FIRST) -> UUID:
    """An intent that waits for a choice."""
    await door.post(reply_to(TWO_PRODUCTS, post, author))
    await desk.decide_batch()
    return (await ids(door.resources))[-1]


async def a_variant(resources: Resources, parent: UUID, name: str) -> UUID:
    """A known variant of a product, in stock."""
    key = uuid4()
    async with acting(resources) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "INSERT INTO product SELECT (p).* FROM (SELECT jsonb_populate_record(product,"
            " jsonb_build_object('id', $2::text, 'kind', 'PHYSICAL', 'parent_id', $1::text,"
            " 'retailer_product_id', $3::text)) AS p FROM product WHERE id = $1::uuid) AS q",
            (str(parent), str(key), name),
        )
    return key


async def test_a_choice_is_among_the_usable_products_of_the_tweet(door: Walk, desk: Desk) -> None:
    intent = await a_choice(door, desk)

    assert await offered(door.resources, intent) == [BOOT, SOCKS]
    await fetch_update(
        door.resources,
        f"UPDATE product SET availability = 'OUT_OF_STOCK' WHERE retailer_product_id = '{BOOT}'",
    )
    assert await offered(door.resources, intent) == [SOCKS]


async def fetch_update(resources: Resources, sql: str) -> None:
    async with acting(resources) as session:
        await (await session.connection()).exec_driver_sql(sql)


async def test_variants_stand_in_the_place_of_a_product_that_comes_in_them(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(VARIATION, FIRST))
    await desk.decide_batch()
    [intent] = await ids(door.resources)
    parent = await product(door.resources, "B0ACMEVP04")
    assert await offered(door.resources, intent) == []
    answer = await choose(door.resources, intent, parent)
    assert answer == ProductNotOffered(
        "None of the products can be bought now: add the post's products, or withdraw."
    )
    variant = await a_variant(door.resources, parent, "B0ACMEVP39")

    assert await offered(door.resources, intent) == ["B0ACMEVP39"]
    assert isinstance(await choose(door.resources, intent, variant), Intent)

    assert await statuses(door.resources) == [("QUEUED", None)]
    assert await fetch(door.resources, "SELECT product_id FROM cart_intent") == [(variant,)]
    await assert_told(door.resources)


@pytest.mark.parametrize("actor", [ActorKind.SHOPPER, ActorKind.BRAND])
async def test_a_chosen_product_goes_to_the_cart(
    door: Walk, desk: Desk, dispatcher: Dispatcher, actor: ActorKind
) -> None:
    intent = await a_choice(door, desk)

    chosen = await choose(door.resources, intent, await product(door.resources, SOCKS), actor)
    await dispatcher.run_once()

    assert isinstance(chosen, Intent)
    assert await statuses(door.resources) == [("ADDED", None)]
    assert await kinds(door.resources) == ["received", "awaiting_choice", "queued", "added"]
    [(kind, resolved)] = await door.fetch(
        "SELECT actor_kind, data -> 'cartIntent' -> 'timings' ->> 'resolvedAt' IS NOT NULL"
        " FROM event WHERE type = 'cart_intent.queued'"
    )
    assert (kind, resolved) == (actor.value, True)
    await assert_told(door.resources)


async def test_without_a_link_a_choice_waits_for_one_until_seven_days_from_the_receipt(
    door: Walk, desk: Desk
) -> None:
    intent = await a_choice(door, desk, PRIYA)
    later(timedelta(days=6))

    await choose(door.resources, intent, await product(door.resources, SOCKS))

    assert await statuses(door.resources) == [("AWAITING_LINK", None)]
    [(left,)] = await door.fetch("SELECT waits_until - received_at FROM cart_intent")
    assert left == SHOPPER_WAITS


async def test_what_is_not_offered_or_no_longer_waits_is_refused_and_nothing_changes(
    door: Walk, desk: Desk
) -> None:
    intent = await a_choice(door, desk)
    socks = await product(door.resources, SOCKS)
    before = await everything(door.resources)

    assert await choose(door.resources, uuid4(), socks) == CartIntentNotFound()
    wrong = await choose(door.resources, intent, await product(door.resources, PAPERBACK))
    assert wrong == ProductNotOffered(
        f"Choose one of the products that its tweet offers now: {BOOT}, {SOCKS}."
    )
    assert await everything(door.resources) == before

    await choose(door.resources, intent, socks)
    before = await everything(door.resources)
    again = await choose(door.resources, intent, socks)
    assert isinstance(again, CartIntentNotWaiting)
    assert "QUEUED" in again.message
    assert await everything(door.resources) == before


async def test_another_brand_cannot_choose_withdraw_or_remove(door: Walk, desk: Desk) -> None:
    intent = await a_choice(door, desk)
    [(stranger,)] = await door.fetch("SELECT id FROM brand WHERE slug = 'nordlicht'")
    socks = await product(door.resources, SOCKS)
    before = await everything(door.resources)

    async with acting(door.resources) as session:
        asked = {"brand_id": stranger, "intent_id": intent, "now": clock.now()}
        answers = [
            await choose_product(session, product_id=socks, actor=ActorKind.BRAND, **asked),
            await withdraw_intent(session, actor=ActorKind.BRAND, **asked),
            await request_removal(session, actor=ActorKind.BRAND, **asked),
            await candidates_of(session, brand_id=stranger, intent_id=intent),
        ]

    assert answers == [CartIntentNotFound(), CartIntentNotFound(), CartIntentNotFound(), []]
    assert await everything(door.resources) == before


async def test_a_choice_after_its_time_is_refused_though_nobody_ended_it_yet(
    door: Walk, desk: Desk
) -> None:
    intent = await a_choice(door, desk)
    later(SHOPPER_WAITS)

    late = await choose(door.resources, intent, await product(door.resources, SOCKS))

    assert isinstance(late, CartIntentNotWaiting)
    assert await statuses(door.resources) == [("AWAITING_CHOICE", None)]


async def test_choice_expiry_and_delete_at_once_have_one_outcome(door: Walk, desk: Desk) -> None:
    intent = await a_choice(door, desk)
    socks = await product(door.resources, SOCKS)
    later(SHOPPER_WAITS - timedelta(milliseconds=20))

    await asyncio.gather(
        *(choose(door.resources, intent, socks) for _ in range(3)),
        *(expire_once(door.resources) for _ in range(3)),
        delete(door.resources, FIRST),
    )

    await assert_told(door.resources)
    told = await kinds(door.resources)
    assert told[:2] == ["received", "awaiting_choice"]
    assert len(told) <= 4


async def test_choosing_what_another_reply_to_the_same_tweet_asked_for_counts_there(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    elder = await a_choice(door, desk)
    await choose(door.resources, elder, await product(door.resources, SOCKS))
    younger = await a_choice(door, desk, post=SECOND)
    assert younger != elder

    await choose(door.resources, younger, await product(door.resources, SOCKS))

    assert await statuses(door.resources) == [("QUEUED", None), ("FAILED", "ALREADY_IN_CART")]
    assert await door.fetch("SELECT repeat_count FROM cart_intent ORDER BY id") == [(1,), (0,)]
    await delete(door.resources, FIRST)
    assert (await statuses(door.resources))[0] == ("QUEUED", None)
    await delete(door.resources, SECOND)
    assert (await statuses(door.resources))[0] == ("WITHDRAWN", None)
    await assert_told(door.resources)


async def test_choosing_what_another_tweet_brought_already_fails(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    await dispatcher.run_once()
    intent = await a_choice(door, desk, post=SECOND)

    await choose(door.resources, intent, await product(door.resources, BOOT))

    assert await statuses(door.resources) == [("ADDED", None), ("FAILED", "ALREADY_IN_CART")]
    assert len(await in_carts(door.resources)) == 1
    await assert_told(door.resources)


async def test_what_waits_is_taken_back_once_by_whoever_asks(door: Walk, desk: Desk) -> None:
    intent = await a_choice(door, desk)

    await asyncio.gather(*(take_back(door.resources, intent) for _ in range(4)))

    assert await statuses(door.resources) == [("WITHDRAWN", None)]
    assert await kinds(door.resources) == ["received", "awaiting_choice", "withdrawn"]
    await assert_told(door.resources)


async def test_taking_back_while_the_retailer_is_asked_waits_for_its_answer(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    [intent] = await ids(door.resources)
    told: list[object] = []

    async def take_it_back() -> None:
        told.append(await take_back(door.resources, intent))

    calling, _ = shaky(dispatcher, before=take_it_back)
    await calling.run_once()

    [answer] = told
    assert isinstance(answer, Intent)
    assert (answer.status.value, answer.withdraw_requested) == ("QUEUED", True)
    assert await statuses(door.resources) == [("ADDED", None)]


async def test_what_reached_her_is_not_taken_back(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    await dispatcher.run_once()
    [intent] = await ids(door.resources)

    answer = await take_back(door.resources, intent)

    assert answer == CartIntentNotWithdrawable(
        "The cart intent is ADDED: ask for its removal instead."
    )
    assert await take_back(door.resources, uuid4()) == CartIntentNotFound()


async def test_only_what_was_added_can_be_taken_out(door: Walk, desk: Desk) -> None:
    intent = await a_choice(door, desk)
    waiting = await take_out(door.resources, intent)
    await take_back(door.resources, intent)
    over = await take_out(door.resources, intent)
    await fetch_update(door.resources, "UPDATE cart_intent SET status = 'HANDED_OFF'")
    handed_off = await take_out(door.resources, intent)

    for answer, remedy in [
        (waiting, "withdraw it instead"),
        (over, "only what is ADDED"),
        (handed_off, "the shopper herself decides"),
    ]:
        assert isinstance(answer, CartIntentNotRemovable)
        assert remedy in answer.message
    assert await take_out(door.resources, uuid4()) == CartIntentNotFound()
