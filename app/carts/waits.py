"""What ends a wait: its time, a link, a consent."""

from collections.abc import Collection
from datetime import datetime, timedelta

from app.carts import queries
from app.carts.decisions import note, told_way
from app.carts.intents import Failure, Intent
from app.carts.moves import move
from app.carts.rules import decide_completion
from app.carts.service import Look, enter, find_ways, look_at_shoppers, mark_no_link
from app.carts.states import WAITING, CartIntentStatus, FailureReason
from app.core import clock
from app.core.database import WriteSession
from app.core.resources import Resources
from app.events.log import write_transaction
from app.shoppers.queries import ShopperKey

BATCH_MAX = 200
"""Most waits that one transaction ends."""

PARENT_GRACE = timedelta(minutes=1)
"""A reply that lay undecided beyond its wait, since no worker ran, stays so long for its parent:
that may have come in time and lie undecided too."""

_FAILURES = {
    CartIntentStatus.RECEIVED: FailureReason.NO_PRODUCT_LINK,
    CartIntentStatus.AWAITING_CHOICE: FailureReason.OPTIONS_REQUIRED_EXPIRED,
}
_RULES = {
    CartIntentStatus.RECEIVED: 6,
    CartIntentStatus.AWAITING_CHOICE: 7,
    CartIntentStatus.AWAITING_LINK: 9,
}


async def expire_once(resources: Resources) -> int:
    """End one batch of waits that are over, in a transaction of its own; how many there were."""
    async with write_transaction(resources.sessions) as session:
        return await expire_waits(session, now=clock.now(), limit=BATCH_MAX)


async def expire_waits(session: WriteSession, *, now: datetime, limit: int) -> int:
    """End up to *limit* waits that are over; how many there were.

    A parent that never came is `NO_PRODUCT_LINK`, a choice that was not made
    `OPTIONS_REQUIRED_EXPIRED`; who did not link or consent lets the intent expire. What another
    transaction holds is passed over: it is moving on, or its turn comes next time.
    """
    ended = await queries.lock_overdue(
        session, now=now, received_before=now - PARENT_GRACE, limit=limit
    )
    for intent in ended:
        _end(session, intent, now)
    await queries.update_decided(session, ended)
    await mark_no_link(session, ended, now=now)
    return len(ended)


def _end(session: WriteSession, intent: Intent, now: datetime) -> None:
    assert intent.status in WAITING, "only what waits has an end of its wait"
    reason = _FAILURES.get(intent.status)
    status = CartIntentStatus.FAILED if reason else CartIntentStatus.EXPIRED
    note(intent, rule=_RULES[intent.status], at=now, to=status.value, waitIsOver=True)
    move(session, intent, status, now=now, failure=Failure(reason) if reason else None)


async def complete_waiting(
    session: WriteSession,
    *,
    shoppers: Collection[ShopperKey],
    retailer: str,
    marketplace: str | None,
    now: datetime,
) -> int:
    """Send on all that waited for a link or consent that is there now; how many went on.

    Only what these shoppers want of *retailer*, on *marketplace* or on any. Rules 8 and 9 are
    judged again: what reached her from another tweet meanwhile is not asked for twice. What is
    over its time is left to expire.
    """
    look = await look_at_shoppers(session, shoppers)
    waiting = [
        known.intent
        for related in look.known.values()
        for known in related
        if known.intent.status is CartIntentStatus.AWAITING_LINK
        and known.intent.retailer == retailer
        and marketplace in (None, known.intent.marketplace)
        and (known.intent.waits_until is None or known.intent.waits_until > now)
    ]
    if not waiting:
        return 0
    look.ways = await find_ways(session, waiting)
    completed = [intent for intent in waiting if _complete(session, look, intent, now)]
    await queries.update_decided(session, completed)
    return len(completed)


def _complete(session: WriteSession, look: Look, intent: Intent, now: datetime) -> bool:
    way = look.way_of(intent)
    decision = decide_completion(intent, look.others(intent), way)
    if decision is None:
        return False
    note(intent, rule=decision.rule, at=now, to=decision.status.value, way=told_way(way))
    recovered = decision.status is CartIntentStatus.QUEUED
    enter(session, intent, decision, now=now, recovered=recovered)
    return True
