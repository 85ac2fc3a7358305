"""Taking requests back: the reply was deleted, the account is gone, the shopper opted out.

What was never at its retailer is withdrawn at once. What is there now, or was and may have been
added, is marked: an answer that it was added stands, and else the retailer is asked to take out
what an unclear try may have added.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from app.carts import queries, replies
from app.carts.decisions import note
from app.carts.intents import Intent
from app.carts.moves import move
from app.carts.states import OPEN, CartIntentStatus
from app.core.database import WriteSession
from app.engagements.queries import EngagementKey
from app.events.states import ActorKind
from app.shoppers.queries import ShopperKey
from app.x.ids import moment_of


async def withdraw_for_deleted(
    session: WriteSession, engagement_keys: Collection[EngagementKey], *, now: datetime
) -> list[Intent]:
    """Withdraw the intents whose last tagged reply is among these deleted posts.

    An intent for which another reply stands is left alone, and so is what was added or handed off.
    The same again changes nothing. Returns the intents that this concerned.
    """
    keys = await replies.asked_by(session, engagement_keys)
    intents = [intent for intent in await queries.lock_intents(session, keys) if _is_open(intent)]
    if not intents:
        return []
    # Asked after the locks are held: another delete of the same intent is then seen or waits.
    standing = await replies.still_asked(session, intents, engagement_keys)
    gone = [intent for intent in intents if intent.id not in standing]
    return await _withdraw_all(session, gone, "REPLY_DELETED", ActorKind.UPSTREAM, now)


async def withdraw_waiting(
    session: WriteSession,
    shoppers: Collection[ShopperKey],
    *,
    now: datetime,
    actor: ActorKind = ActorKind.UPSTREAM,
    until: datetime | None = None,
) -> list[Intent]:
    """Withdraw all that these shoppers asked for and that did not reach them yet.

    *actor* is who ended it: X, by a suspension or the end of an account, or the shopper herself.
    *until*: only what was asked by posts that were made by then.
    """
    intents = await queries.lock_of_shoppers(session, shoppers, OPEN)
    if until is not None:
        intents = [each for each in intents if moment_of(each.engagement_xid or 0) <= until]
    why = "SHOPPER_LEFT" if actor is ActorKind.SHOPPER else "ACCOUNT_GONE"
    return await _withdraw_all(session, filter(_is_open, intents), why, actor, now)


async def _withdraw_all(
    session: WriteSession, intents: Iterable[Intent], why: str, actor: ActorKind, now: datetime
) -> list[Intent]:
    concerned = list(intents)
    for intent in concerned:
        withdraw(session, intent, why=why, actor=actor, now=now)
    await queries.update_decided(session, concerned)
    return concerned


def withdraw(
    session: WriteSession, intent: Intent, *, why: str, actor: ActorKind, now: datetime
) -> None:
    """Withdraw one locked intent that is open, or mark it to be; the caller writes the row."""
    asked = {"why": why, "by": actor.value}
    if intent.status is not CartIntentStatus.QUEUED or intent.attempts == 0:
        note(intent, rule=None, at=now, to=CartIntentStatus.WITHDRAWN.value, **asked)
        move(session, intent, CartIntentStatus.WITHDRAWN, now=now, actor=actor)
        return
    note(intent, rule=None, at=now, **asked)
    intent.withdraw_requested = True
    intent.updated_at = now
    if intent.claimed_until is None:
        intent.next_attempt_at = now


def _is_open(intent: Intent) -> bool:
    """Whether it can be withdrawn, and nobody asked for that before."""
    return intent.status in OPEN and not intent.withdraw_requested
