"""What a shopper, or the brand for her, decides about an intent: choose, withdraw, undo."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from app.carts import queries
from app.carts.answers import TRIES_MAX
from app.carts.decisions import note, told_way
from app.carts.intents import Intent
from app.carts.offers import products_offered
from app.carts.problems import (
    CartIntentNotFound,
    CartIntentNotRemovable,
    CartIntentNotWaiting,
    CartIntentNotWithdrawable,
    ProductNotOffered,
)
from app.carts.rules import Repeats, decide_choice
from app.carts.service import Look, enter, find_ways, look_at_shoppers, merge, place_of
from app.carts.states import OPEN, CartIntentStatus
from app.carts.withdrawals import withdraw
from app.core.database import WriteSession
from app.events.states import ActorKind
from app.products.facts import ProductFacts, ProductName

NAMED_MAX = 5
"""Most products that a problem's message names."""

REMOVE_TRIES_MAX = 2 * TRIES_MAX
"""How often one retailer is asked to take one line out, however often that is asked for."""

ChosenOrProblem: TypeAlias = Intent | CartIntentNotFound | CartIntentNotWaiting | ProductNotOffered
WithdrawnOrProblem: TypeAlias = Intent | CartIntentNotFound | CartIntentNotWithdrawable
RemovalOrProblem: TypeAlias = Intent | CartIntentNotFound | CartIntentNotRemovable


async def candidates_of(
    session: WriteSession, *, brand_id: UUID, intent_id: UUID
) -> list[ProductFacts]:
    """The products among which the intent waits for a choice; none where it does not wait."""
    found = await queries.read_intents(session, [(brand_id, intent_id)])
    return [
        product
        for intent in found
        if intent.status is CartIntentStatus.AWAITING_CHOICE
        for product in await products_offered(session, intent)
    ]


async def choose_product(
    session: WriteSession,
    *,
    brand_id: UUID,
    intent_id: UUID,
    product_id: UUID,
    actor: ActorKind,
    now: datetime,
) -> ChosenOrProblem:
    """Choose one of the candidates: the intent goes on as if its tweet had that product alone.

    Where she asked for just that by another reply to the same tweet, this intent ends and the
    other one counts one more reply.
    """
    look, intent = await _look_at(session, brand_id, intent_id)
    if intent is None:
        return CartIntentNotFound()
    if problem := _why_not_choose(intent, now):
        return problem
    offered = [each.name for each in await products_offered(session, intent)]
    chosen = next((each for each in offered if each.id == product_id), None)
    if chosen is None:
        return ProductNotOffered(_offered_text(offered))
    await _choose(session, look, intent, chosen, actor=actor, now=now)
    await queries.update_decided(session, [look.changed[key] for key in sorted(look.changed)])
    return intent


async def withdraw_intent(
    session: WriteSession, *, brand_id: UUID, intent_id: UUID, actor: ActorKind, now: datetime
) -> WithdrawnOrProblem:
    """Take back what was asked for and did not reach the shopper yet.

    An intent that is, or was, with its retailer stays QUEUED with `withdraw_requested` until that
    is settled; the same again changes nothing.
    """
    found = await queries.lock_intents(session, [(brand_id, intent_id)])
    if not found:
        return CartIntentNotFound()
    [intent] = found
    if intent.withdraw_requested or intent.status is CartIntentStatus.WITHDRAWN:
        return intent
    if intent.status not in OPEN:
        return CartIntentNotWithdrawable(_not_withdrawable_text(intent))
    why = "BY_SHOPPER" if actor is ActorKind.SHOPPER else "BY_BRAND"
    withdraw(session, intent, why=why, actor=actor, now=now)
    await queries.update_decided(session, found)
    return intent


async def request_removal(
    session: WriteSession, *, brand_id: UUID, intent_id: UUID, actor: ActorKind, now: datetime
) -> RemovalOrProblem:
    """Ask that the retailer takes out of the cart what it added.

    The retailer is asked after the commit; until it answers, and if it refuses, the intent stays
    ADDED. The same again, before the answer or after it, changes nothing.
    """
    found = await queries.lock_intents(session, [(brand_id, intent_id)])
    if not found:
        return CartIntentNotFound()
    [intent] = found
    if intent.remove_due_at is not None or intent.status is CartIntentStatus.REMOVED:
        return intent
    if intent.status is not CartIntentStatus.ADDED or intent.remove_attempts >= REMOVE_TRIES_MAX:
        return CartIntentNotRemovable(_not_removable_text(intent))
    note(intent, rule=None, at=now, why="REMOVAL_REQUESTED", by=actor.value)
    intent.remove_due_at = intent.updated_at = now
    await queries.update_decided(session, found)
    return intent


async def _look_at(
    session: WriteSession, brand_id: UUID, intent_id: UUID
) -> tuple[Look, Intent | None]:
    """The intent among all that is live of its shopper; locked."""
    found = await queries.read_intents(session, [(brand_id, intent_id)])
    shoppers = [(brand_id, intent.shopper_id) for intent in found]
    look = await look_at_shoppers(session, shoppers)
    known = (each.intent for related in look.known.values() for each in related)
    if intent := next((each for each in known if each.id == intent_id), None):
        return look, intent
    # What is not live has come to an end, now or before the lock: it is read as it ended.
    ended = await queries.read_intents(session, [(brand_id, intent_id)])
    return look, next(iter(ended), None)


async def _choose(
    session: WriteSession,
    look: Look,
    intent: Intent,
    product: ProductName,
    *,
    actor: ActorKind,
    now: datetime,
) -> None:
    way = (await find_ways(session, [intent]))[place_of(intent)]
    decision = decide_choice(intent, product, look.others(intent), way)
    facts: dict[str, Any] = {"chosen": str(product.id), "by": actor.value}
    look.changed[intent.id] = intent
    intent.product, intent.resolved_at = product, now
    if isinstance(decision, Repeats):
        note(intent, rule=7, at=now, **facts)
        await merge(session, look, elder=decision.intent, younger=intent, now=now)
        return
    note(intent, rule=decision.rule, at=now, to=decision.status.value, way=told_way(way), **facts)
    enter(session, intent, decision, now=now, actor=actor)


def _why_not_choose(intent: Intent, now: datetime) -> CartIntentNotWaiting | None:
    if intent.status is not CartIntentStatus.AWAITING_CHOICE:
        return CartIntentNotWaiting(
            f"The cart intent is {intent.status}: a product is chosen while it is AWAITING_CHOICE."
        )
    if intent.waits_until is not None and intent.waits_until <= now:
        return CartIntentNotWaiting(
            "The time to choose is over: a new reply to the post makes a new cart intent."
        )
    return None


def _offered_text(offered: Sequence[ProductName]) -> str:
    if not offered:
        return "None of the products can be bought now: add the post's products, or withdraw."
    names = ", ".join(each.retailer_product_id for each in offered[:NAMED_MAX])
    return f"Choose one of the products that its tweet offers now: {names}."


def _not_withdrawable_text(intent: Intent) -> str:
    if intent.status is CartIntentStatus.ADDED:
        return "The cart intent is ADDED: ask for its removal instead."
    return f"The cart intent is {intent.status}: only what did not reach her yet is withdrawn."


def _not_removable_text(intent: Intent) -> str:
    if intent.status is CartIntentStatus.HANDED_OFF:
        return "The cart intent is HANDED_OFF: the shopper herself decides at the retailer."
    if intent.status is CartIntentStatus.ADDED:
        return "The retailer did not take it out: the shopper removes it in her cart herself."
    if intent.status in OPEN:
        return f"The cart intent is {intent.status}: withdraw it instead."
    return f"The cart intent is {intent.status}: only what is ADDED can be taken out again."
