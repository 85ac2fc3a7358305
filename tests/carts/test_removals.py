"""Taking out of the cart what was added: once, whoever dies in between; a refusal leaves it."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from app.carts.answers import RETRY_DELAYS, TRIES_MAX
from app.carts.choices import REMOVE_TRIES_MAX, request_removal
from app.carts.claims import LEASE
from app.carts.dispatch import Dispatcher
from app.carts.intents import Intent
from app.carts.problems import CartIntentNotRemovable
from app.carts.removals import Remover
from app.core import clock
from app.events.states import ActorKind
from app.ingest.desk import Desk
from app.retailers.adapter import Refusal, Refused, Removed
from tests.carts.acts import TWEET, acting, assert_told, brand, ids, in_carts, kinds, statuses
from tests.carts.shaky import FIRST, SECOND, Shaky, later, raising, reply_to, shaky
from tests.walk import Walk


@dataclass(frozen=True)
class Cart:
    """A shopper's one added intent, and who can take it out."""

    door: Walk
    desk: Desk
    dispatcher: Dispatcher
    remover: Remover
    intent: UUID

    def behind(self, adapter: Shaky) -> Remover:
        """The remover behind an unreliable line."""
        return replace(self.remover, retailers={"sandbox": adapter})

    async def ask(self) -> object:
        """The shopper wants it out."""
        async with acting(self.door.resources) as session:
            return await request_removal(
                session,
                brand_id=await brand(self.door.resources),
                intent_id=self.intent,
                actor=ActorKind.SHOPPER,
                now=clock.now(),
            )


@pytest.fixture
async def cart(door: Walk, desk: Desk, dispatcher: Dispatcher) -> Cart:
    """One product in one cart."""
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    await dispatcher.run_once()
    [intent] = await ids(door.resources)
    remover = Remover(door.resources, dispatcher.retailers, spread=lambda: 1.0)
    return Cart(door, desk, dispatcher, remover, intent)


async def assert_removed_once(cart: Cart) -> None:
    """REMOVED, told once, and the cart is empty."""
    assert await statuses(cart.door.resources) == [("REMOVED", None)]
    assert (await kinds(cart.door.resources)).count("removed") == 1
    assert await in_carts(cart.door.resources) == []
    await assert_told(cart.door.resources)


async def test_what_was_added_is_taken_out_and_told(cart: Cart) -> None:
    asked = await cart.ask()
    assert isinstance(asked, Intent)
    assert await statuses(cart.door.resources) == [("ADDED", None)]

    assert await cart.remover.run_once() == 1
    assert await cart.remover.run_once() == 0

    await assert_removed_once(cart)


async def test_nobody_is_asked_to_take_out_what_nobody_wants_out(cart: Cart) -> None:
    assert await cart.remover.run_once() == 0
    assert len(await in_carts(cart.door.resources)) == 1


async def test_asking_again_before_or_after_the_answer_changes_nothing(cart: Cart) -> None:
    await asyncio.gather(*(cart.ask() for _ in range(4)))
    await asyncio.gather(*(cart.remover.run_once() for _ in range(4)))
    again = await cart.ask()

    assert isinstance(again, Intent)
    assert await cart.remover.run_once() == 0
    await assert_removed_once(cart)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("error", [TimeoutError(), ValueError("a defect")])
async def test_a_call_without_an_answer_is_repeated(
    cart: Cart, moment: str, error: Exception
) -> None:
    await cart.ask()
    _, adapter = shaky(cart.dispatcher, **{moment: raising(error)})
    await cart.behind(adapter).run_once()
    assert await statuses(cart.door.resources) == [("ADDED", None)]

    later(RETRY_DELAYS[0])
    await cart.remover.run_once()

    await assert_removed_once(cart)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_worker_that_dies_in_the_call_leaves_one_removal(cart: Cart, moment: str) -> None:
    await cart.ask()
    _, adapter = shaky(cart.dispatcher, **{moment: raising(asyncio.CancelledError())})
    with pytest.raises(asyncio.CancelledError):
        await cart.behind(adapter).run_once()

    assert await cart.remover.run_once() == 0
    later(LEASE)
    await cart.remover.run_once()

    await assert_removed_once(cart)


async def test_an_answer_to_an_older_try_is_dropped(cart: Cart) -> None:
    await cart.ask()
    old = await cart.remover.claim()
    later(LEASE)
    new = await cart.remover.claim()
    [claim] = old.intents
    key = (claim.brand_id, claim.id)

    await cart.remover.record(old.intents, {key: Refused(reason=Refusal.RETAILER_REJECTED)})
    await cart.remover.record(new.intents, {key: Removed()})
    await cart.remover.record(new.intents, {key: Removed()})

    assert await statuses(cart.door.resources) == [("REMOVED", None)]
    assert (await kinds(cart.door.resources)).count("removed") == 1


async def test_what_the_retailer_does_not_take_out_stays_added_and_may_be_asked_for_again(
    cart: Cart,
) -> None:
    await cart.ask()
    claims = await cart.remover.claim()
    [claim] = claims.intents
    refusal = Refused(reason=Refusal.RETAILER_REJECTED)
    await cart.remover.record(claims.intents, {(claim.brand_id, claim.id): refusal})

    assert await statuses(cart.door.resources) == [("ADDED", None)]
    assert await cart.remover.run_once() == 0
    await cart.ask()
    await cart.remover.run_once()

    await assert_removed_once(cart)


async def test_a_retailer_that_never_answers_is_asked_six_times(cart: Cart) -> None:
    await cart.ask()
    _, adapter = shaky(cart.dispatcher, before=raising(TimeoutError()))
    for _ in range(TRIES_MAX + 2):
        await cart.behind(adapter).run_once()
        later(timedelta(hours=1))

    assert len(adapter.removals) == TRIES_MAX
    assert await statuses(cart.door.resources) == [("ADDED", None)]
    assert await cart.remover.run_once() == 0


async def test_a_retailer_is_not_asked_for_ever_however_often_it_is_wanted(cart: Cart) -> None:
    _, adapter = shaky(cart.dispatcher, before=raising(TimeoutError()))
    for _ in range(REMOVE_TRIES_MAX + 3):
        await cart.ask()
        await cart.behind(adapter).run_once()
        later(timedelta(hours=1))

    assert await cart.ask() == CartIntentNotRemovable(
        "The retailer did not take it out: the shopper removes it in her cart herself."
    )
    assert len(adapter.removals) == REMOVE_TRIES_MAX
    assert await statuses(cart.door.resources) == [("ADDED", None)]


async def test_after_a_removal_a_new_reply_makes_a_new_intent_that_is_added(cart: Cart) -> None:
    await cart.ask()
    await cart.remover.run_once()
    await cart.door.post(reply_to(TWEET, SECOND))
    await cart.desk.decide_batch()
    await cart.dispatcher.run_once()

    assert await statuses(cart.door.resources) == [("REMOVED", None), ("ADDED", None)]
    previous = "SELECT previous_intent_id FROM cart_intent ORDER BY id DESC LIMIT 1"
    assert await cart.door.fetch(previous) == [(cart.intent,)]
    assert len(await in_carts(cart.door.resources)) == 1


async def test_every_call_and_its_answer_are_noted(cart: Cart) -> None:
    await cart.ask()
    await cart.remover.run_once()

    [(text,)] = await cart.door.fetch("SELECT retailer_calls FROM cart_intent")
    calls = [(call.get("call"), call["try"], call["answer"]) for call in orjson.loads(text)]
    assert calls == [(None, 1, "ADDED"), ("REMOVE", 1, "REMOVED")]
