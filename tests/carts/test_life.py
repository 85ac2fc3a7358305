"""The life of intents: the table of moves, edge by edge, and random lives that keep to it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product as pairs
from uuid import UUID

import pytest

from app.carts.choices import (
    candidates_of,
    choose_product,
    request_removal,
    withdraw_intent,
)
from app.carts.claims import LEASE
from app.carts.dispatch import Dispatcher
from app.carts.intents import Failure
from app.carts.moves import IllegalMove, move
from app.carts.removals import Remover
from app.carts.states import CartIntentStatus, FailureReason, may_move
from app.carts.waits import complete_waiting, expire_once
from app.carts.withdrawals import withdraw_waiting
from app.core import clock
from app.core.database import WriteSession
from app.core.resources import Resources
from app.events.log import NewEvent
from app.events.states import ActorKind
from app.ingest.desk import Desk
from app.ingest.lanes import Lanes
from tests.carts.acts import (
    BOOT_AGAIN,
    PRIYA,
    TWEET,
    TWO_PRODUCTS,
    UNKNOWN_POST,
    acting,
    assert_told,
    brand,
    delete,
    ids,
    in_carts,
    link,
    shopper_of,
)
from tests.carts.shaky import KOFI, MARA, later, raising, reply_to, shaky
from tests.carts.test_service import NOW, an_intent
from tests.needs import scale
from tests.walk import Walk, a_door, bare_world, fetch

STATES = list(CartIntentStatus)
FAILURE = Failure(FailureReason.OUT_OF_STOCK)


@pytest.mark.parametrize(("old", "new"), list(pairs(STATES, STATES)))
async def test_every_edge_is_one_event_and_no_other_edge_is_possible(
    session: WriteSession, old: CartIntentStatus, new: CartIntentStatus
) -> None:
    intent = an_intent(old)
    failure = FAILURE if new is CartIntentStatus.FAILED else None

    if not may_move(old, new):
        with pytest.raises(IllegalMove):
            move(session, intent, new, now=NOW, failure=failure)
        assert (intent.status, session.info) == (old, {})
        return
    move(session, intent, new, now=NOW, failure=failure)

    [event] = session.info.pop("events")
    assert isinstance(event, NewEvent)
    told = event.data["cartIntent"]
    assert event.type.value == f"cart_intent.{new.value.lower()}"
    assert (told["previousStatus"], told["status"]) == (old.value, new.value)
    assert (told["failure"] is not None) == (new is CartIntentStatus.FAILED)
    assert (intent.status, intent.updated_at) == (new, NOW)


async def test_a_recovery_is_told_as_such(session: WriteSession) -> None:
    intent = an_intent(CartIntentStatus.AWAITING_LINK)

    move(session, intent, CartIntentStatus.QUEUED, now=NOW, recovered=True)

    assert [event.type.value for event in session.info.pop("events")] == ["cart_intent.recovered"]


def asks(status: CartIntentStatus) -> bool:
    """Whether an intent in this state is due at its retailer."""
    return status is CartIntentStatus.QUEUED


@pytest.mark.parametrize("new", STATES)
async def test_only_a_queued_intent_is_due_at_its_retailer(
    session: WriteSession, new: CartIntentStatus
) -> None:
    for old in STATES:
        if may_move(old, new):
            intent = an_intent(old)
            move(session, intent, new, now=NOW)
            assert (intent.next_attempt_at is not None) == asks(new)
    session.info.clear()


@dataclass
class Life:
    """A world of a few shoppers in which anything may happen next."""

    resources: Resources
    door: Walk
    desk: Desk
    dispatcher: Dispatcher
    chance: random.Random
    posts: list[str] = field(default_factory=list)

    async def reply(self) -> None:
        """One of them replies to one of the tweets, or to a post that nobody knows."""
        tweet = self.chance.choice([TWEET, BOOT_AGAIN, TWO_PRODUCTS, UNKNOWN_POST])
        post = str(2123709369132344650 + len(self.posts))
        self.posts.append(post)
        await self.door.post(reply_to(tweet, post, self.chance.choice([MARA, KOFI, PRIYA])))
        await self.desk.decide_batch()

    async def delete(self) -> None:
        """A reply is deleted, perhaps not for the first time."""
        if self.posts:
            await delete(self.resources, self.chance.choice(self.posts))

    async def dispatch(self) -> None:
        """The retailer is asked, and answers or not, or the worker dies."""
        errors: list[BaseException] = [TimeoutError(), asyncio.CancelledError()]
        happens = raising(self.chance.choice(errors))
        moment = self.chance.choice(["before", "after", "nothing", "nothing"])
        hooks = {moment: happens} if moment != "nothing" else {}
        await asyncio.gather(shaky(self.dispatcher, **hooks)[0].run_once(), return_exceptions=True)

    async def delete_in_the_call(self) -> None:
        """The reply is deleted while the retailer is asked."""
        moment = self.chance.choice(["before", "after"])
        await shaky(self.dispatcher, **{moment: self.delete})[0].run_once()

    async def remove(self) -> None:
        """The retailer is asked to take out what is to be taken out."""
        remover = Remover(self.resources, self.dispatcher.retailers, spread=lambda: 1.0)
        await remover.run_once()

    async def act(self) -> None:
        """Somebody chooses, takes back or takes out, whatever the intent's state."""
        if not (known := await ids(self.resources)):
            return
        intent = self.chance.choice(known)
        async with acting(self.resources) as session:
            await self._act(session, await brand(self.resources), intent)

    async def _act(self, session: WriteSession, brand_id: UUID, intent: UUID) -> None:
        kind, now = self.chance.choice(["withdraw", "remove", "choose", "choose"]), clock.now()
        if kind != "choose":
            act = withdraw_intent if kind == "withdraw" else request_removal
            await act(session, brand_id=brand_id, intent_id=intent, actor=ActorKind.BRAND, now=now)
            return
        offered = await candidates_of(session, brand_id=brand_id, intent_id=intent)
        if offered:
            await choose_product(
                session,
                brand_id=brand_id,
                intent_id=intent,
                product_id=self.chance.choice(offered).name.id,
                actor=ActorKind.SHOPPER,
                now=now,
            )

    async def link(self) -> None:
        """She links her account, which completes what waits."""
        await link(self.resources, PRIYA)
        known = await ids(self.resources)
        shoppers = {await shopper_of(self.resources, each) for each in known}
        async with acting(self.resources) as session:
            await complete_waiting(
                session, shoppers=shoppers, retailer="sandbox", marketplace="US", now=clock.now()
            )

    async def leave(self) -> None:
        """One of them opts out."""
        if known := await ids(self.resources):
            shopper = await shopper_of(self.resources, self.chance.choice(known))
            async with acting(self.resources) as session:
                await withdraw_waiting(session, [shopper], now=clock.now(), actor=ActorKind.SHOPPER)

    async def wait(self) -> None:
        """Time passes, a little or a lot."""
        later(self.chance.choice([timedelta(seconds=2), LEASE, timedelta(hours=20)]))
        await expire_once(self.resources)

    def next(self) -> Callable[[], Awaitable[None]]:
        """What happens next."""
        often = [self.reply, self.reply, self.reply, self.dispatch, self.dispatch]
        return self.chance.choice(
            [
                *often,
                self.delete,
                self.delete_in_the_call,
                self.act,
                self.act,
                self.link,
                self.remove,
                self.wait,
                *([self.leave] if self.chance.random() < 0.3 else []),
            ]
        )


async def assert_whole(resources: Resources) -> None:
    """The log tells all; nothing is in a cart twice; what is ADDED is in its cart."""
    await assert_told(resources)
    added = "SELECT id::text FROM cart_intent WHERE status = 'ADDED' ORDER BY 1"
    keys = set(await in_carts(resources))
    assert {key for (key,) in await fetch(resources, added)} <= keys
    doubles = await fetch(
        resources,
        "SELECT account FROM sandbox_cart_line WHERE removed_at IS NULL"
        " GROUP BY account, marketplace, retailer_product_id HAVING count(*) > 1",
    )
    assert doubles == []


UNCLEAR = """
SELECT id::text FROM cart_intent
WHERE (status = 'FAILED' AND failure_retryable) OR (status = 'WITHDRAWN' AND withdraw_requested)
"""
"""What ended because its retailer did not answer in time: only the retailer knows what is there."""


async def assert_settled(life: Life) -> None:
    """When nothing more happens each intent comes to an end; carts hold what is ADDED, no more."""
    for _ in range(12):
        later(timedelta(hours=1))
        await life.dispatcher.run_once()
        await life.remove()
    later(timedelta(days=8))
    await expire_once(life.resources)
    await assert_whole(life.resources)
    waiting = "SELECT count(*) FROM cart_intent WHERE status IN ('RECEIVED', 'QUEUED')"
    assert await fetch(life.resources, waiting) == [(0,)]
    added = await fetch(life.resources, "SELECT id::text FROM cart_intent WHERE status = 'ADDED'")
    unclear = await fetch(life.resources, UNCLEAR)
    assert set(await in_carts(life.resources)) - {key for (key,) in unclear} == {
        key for (key,) in added
    }


@pytest.mark.scaled
async def test_whatever_happens_each_intent_has_one_outcome_that_the_log_tells(
    kept_world: Resources, dispatcher: Dispatcher
) -> None:
    for seed in range(scale(small=4, check=10, soak=200)):
        chance = random.Random(f"life {seed}")
        async with bare_world(kept_world) as resources, a_door(resources) as door:
            lanes = Lanes(resources.sessions)
            await lanes.refresh()
            desk = Desk(resources, lanes, asyncio.Event())
            life = Life(resources, door, desk, dispatcher, chance)
            for _ in range(40):
                await life.next()()
                await assert_whole(resources)
            await assert_settled(life)
            await lanes.release()


@pytest.mark.scaled
async def test_things_that_happen_at_once_end_as_well(
    kept_world: Resources, dispatcher: Dispatcher
) -> None:
    for seed in range(scale(small=3, check=10, soak=100)):
        chance = random.Random(f"at once {seed}")
        async with bare_world(kept_world) as resources, a_door(resources) as door:
            lanes = Lanes(resources.sessions)
            await lanes.refresh()
            desk = Desk(resources, lanes, asyncio.Event())
            life = Life(resources, door, desk, dispatcher, chance)
            for _ in range(12):
                await asyncio.gather(life.reply(), *(life.next()() for _ in range(3)))
                await assert_told(resources)
            await assert_settled(life)
            await lanes.release()
