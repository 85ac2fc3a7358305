"""The one place that changes where an intent is: each change collects its event, exactly one.

Nothing here reads or writes rows: callers lock before, and write afterwards.
"""

from datetime import datetime
from typing import Any

from app.carts.decisions import moment
from app.carts.intents import Failure, Intent
from app.carts.states import ANSWERS, CartIntentStatus, may_move
from app.core.database import WriteSession
from app.events.catalogue import EventType
from app.events.log import NewEvent, record
from app.events.states import ActorKind

SUBJECT_TYPE = "CartIntent"


_EVENTS = {status: EventType(f"cart_intent.{status.lower()}") for status in CartIntentStatus}


class IllegalMove(Exception):
    """An intent was to go where its table of moves does not lead: a defect, not a problem."""


def begin(session: WriteSession, intent: Intent, *, now: datetime) -> None:
    """Collect the first event of a new intent."""
    received = EventType.CART_INTENT_RECEIVED
    _tell(session, intent, received, previous=None, now=now, actor=ActorKind.SHOPPER)


def repeat(session: WriteSession, intent: Intent, *, now: datetime) -> None:
    """Note that one more reply asked for what *intent* asks for already."""
    intent.repeat_count += 1
    intent.updated_at = now
    ignored = EventType.CART_INTENT_REPEAT_IGNORED
    _tell(session, intent, ignored, previous=intent.status, now=now, actor=ActorKind.SHOPPER)


def move(
    session: WriteSession,
    intent: Intent,
    status: CartIntentStatus,
    *,
    now: datetime,
    actor: ActorKind = ActorKind.SYSTEM,
    failure: Failure | None = None,
    waits_until: datetime | None = None,
    recovered: bool = False,
) -> None:
    """Bring *intent* to *status* and collect the event; the caller writes the row.

    *recovered*: it is QUEUED because a link or a consent came; the event says so by its type.

    Raises:
        IllegalMove: the table of moves does not hold it.
    """
    if not may_move(intent.status, status):
        raise IllegalMove(f"Intent {intent.id} may not go from {intent.status} to {status}.")
    previous = intent.status
    intent.status = status
    intent.failure = failure
    intent.waits_until = waits_until
    intent.next_attempt_at = now if status is CartIntentStatus.QUEUED else None
    intent.claimed_until = intent.remove_due_at = None
    if status is CartIntentStatus.QUEUED:
        intent.queued_at = now
    if previous is CartIntentStatus.QUEUED and status in ANSWERS:
        intent.answered_at = now
    intent.updated_at = now
    event_type = EventType.CART_INTENT_RECOVERED if recovered else _EVENTS[status]
    _tell(session, intent, event_type, previous=previous, now=now, actor=actor)


def snapshot(intent: Intent, *, previous: CartIntentStatus | None) -> dict[str, Any]:
    """What an event says of an intent: what is true now, by the names of the schema.

    Nothing personal: a shopper is her reference at this brand.
    """
    return {
        "id": str(intent.id),
        "status": intent.status.value,
        "previousStatus": previous.value if previous else None,
        "action": intent.action.value,
        "marketplace": intent.marketplace,
        "quantity": intent.quantity,
        "repeatCount": intent.repeat_count,
        "engagementXid": None if intent.engagement_xid is None else str(intent.engagement_xid),
        "shopper": {"id": str(intent.shopper_id)},
        **_names(intent),
        **_outcome(intent),
        "timings": {
            "receivedAt": _moment(intent.received_at),
            "matchedAt": _moment(intent.matched_at),
            "resolvedAt": _moment(intent.resolved_at),
            "queuedAt": _moment(intent.queued_at),
            "answeredAt": _moment(intent.answered_at),
        },
    }


def _names(intent: Intent) -> dict[str, Any]:
    """What the intent is about, as it is called now."""
    tweet, product = intent.tweet, intent.product
    about: dict[str, Any] = {"tweet": None, "product": None}
    if tweet:
        about["tweet"] = {"id": str(tweet.id), "rootXid": str(tweet.root_xid)}
    if product:
        about["product"] = {
            "id": str(product.id),
            "retailer": product.retailer,
            "marketplace": product.marketplace,
            "retailerProductId": product.retailer_product_id,
            "title": product.title,
        }
    return about


def _outcome(intent: Intent) -> dict[str, Any]:
    """What became of the intent so far."""
    offer, failure, hand_off = intent.offer, intent.failure, intent.hand_off
    outcome: dict[str, Any] = {"offer": None, "failure": None, "handOff": None}
    if offer:
        outcome["offer"] = {"amountMinor": offer.amount_minor, "currency": offer.currency}
    if failure:
        outcome["failure"] = {
            "reason": failure.reason.value,
            "retryable": failure.retryable,
            "detail": failure.detail,
        }
    if hand_off:
        outcome["handOff"] = {"url": hand_off.url, "expiresAt": _moment(hand_off.expires_at)}
    return outcome


def _tell(
    session: WriteSession,
    intent: Intent,
    event_type: EventType,
    *,
    previous: CartIntentStatus | None,
    now: datetime,
    actor: ActorKind,
) -> None:
    event = NewEvent(
        brand_id=intent.brand_id,
        type=event_type,
        occurred_at=now,
        subject_type=SUBJECT_TYPE,
        subject_id=intent.id,
        correlation_id=intent.id,
        actor_kind=actor,
        actor_id=intent.shopper_id if actor is ActorKind.SHOPPER else None,
        data={"cartIntent": snapshot(intent, previous=previous)},
    )
    record(session, event)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else moment(at)
