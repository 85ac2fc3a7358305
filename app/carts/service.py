"""Cart intents: made from tagged posts, moved from state to state, each move with its event.

Nothing here commits. Intents are decided many at a time: one look, one write, one row of the log
for each that happened.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.carts import queries
from app.carts.intents import Failure, Intent, Related, Request
from app.carts.rules import Becomes, Chosen, Repeats, Way, decide, find_product
from app.carts.states import CartIntentStatus, may_move
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.events.catalogue import EventType
from app.events.log import NewEvent, record
from app.events.states import ActorKind
from app.retailers.registry import ADD_MODES
from app.retailers.states import AddMode
from app.shoppers.queries import ShopperKey, active_links, consenting
from app.shoppers.states import ConsentKind

SUBJECT_TYPE = "CartIntent"


class IllegalMove(Exception):
    """An intent was to go where its table of moves does not lead: a defect, not a problem."""


async def ask_for_carts(
    session: WriteSession, requests: Sequence[Request], *, now: datetime
) -> list[Intent]:
    """Answer each request in its order: a new intent in its first state, or a repeat noted.

    Returns the new intents. Requests of one shopper in one batch see each other.
    """
    if not requests:
        return []
    known = await _related(session, requests)
    ways = await _ways(session, requests)
    made: list[Intent] = []
    repeated: dict[UUID, Intent] = {}
    for request in requests:
        shopper = (request.brand_id, request.shopper_id)
        related = known.setdefault(shopper, [])
        decision = decide(request, related, ways[shopper, request.retailer, request.marketplace])
        if isinstance(decision, Repeats):
            repeat(session, decision.intent, now=now)
            repeated[decision.intent.id] = decision.intent
            continue
        intent = _make(session, request, decision, now=now)
        related.append(Related(intent, request.parent_xid))
        made.append(intent)
    await queries.insert_intents(session, made)
    fresh = {intent.id for intent in made}
    await queries.update_intents(
        session, [repeated[key] for key in sorted(repeated.keys() - fresh)]
    )
    return made


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
) -> None:
    """Bring *intent* to *status* and collect the event; the caller writes the row.

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
    if status is CartIntentStatus.QUEUED:
        intent.queued_at = now
    if previous is CartIntentStatus.QUEUED:
        intent.answered_at = now
    intent.updated_at = now
    event_type = EventType(f"cart_intent.{status.value.lower()}")
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


def _make(session: WriteSession, request: Request, decision: Becomes, *, now: datetime) -> Intent:
    """A new intent: received, then at once where the decision sends it."""
    intent = Intent(
        brand_id=request.brand_id,
        id=uuid7(),
        engagement_id=request.engagement_id,
        engagement_xid=request.engagement_xid,
        shopper_id=request.shopper_id,
        action=request.action,
        marketplace=request.marketplace,
        retailer=request.retailer,
        status=CartIntentStatus.RECEIVED,
        tweet=request.tweet.name if request.tweet else None,
        previous_intent_id=decision.previous.id if decision.previous else None,
        received_at=request.received_at,
        matched_at=now,
        waits_until=decision.waits_until,
        updated_at=now,
    )
    received = EventType.CART_INTENT_RECEIVED
    _tell(session, intent, received, previous=None, now=now, actor=ActorKind.SHOPPER)
    if decision.product is not None:
        intent.product, intent.resolved_at = decision.product, now
    if decision.status is not CartIntentStatus.RECEIVED:
        move(
            session,
            intent,
            decision.status,
            now=now,
            failure=decision.failure,
            waits_until=decision.waits_until,
        )
    return intent


async def _related(
    session: WriteSession, requests: Sequence[Request]
) -> dict[ShopperKey, list[Related]]:
    """The intents that these requests may repeat, follow or collide with, by shopper; locked."""
    tweets = [(request.tweet, request) for request in requests if request.tweet is not None]
    found = [find_product(tweet, request.marketplace) for tweet, request in tweets]
    related = await queries.lock_related(
        session,
        shoppers={(request.brand_id, request.shopper_id) for request in requests},
        tweet_ids={tweet.name.id for tweet, _ in tweets},
        product_ids={each.product.id for each in found if isinstance(each, Chosen)},
        parent_xids={
            request.parent_xid
            for request in requests
            if request.tweet is None and request.parent_xid is not None
        },
    )
    known: dict[ShopperKey, list[Related]] = {}
    for each in related:
        known.setdefault((each.intent.brand_id, each.intent.shopper_id), []).append(each)
    return known


async def _ways(
    session: WriteSession, requests: Sequence[Request]
) -> dict[tuple[ShopperKey, str | None, str], Way]:
    """How each request's shopper reaches her cart there: by her link, or by her consent."""
    asked = {
        ((request.brand_id, request.shopper_id), request.retailer, request.marketplace)
        for request in requests
    }
    shoppers = {shopper for shopper, _, _ in asked}
    links = await active_links(session, shoppers)
    modes = {retailer: ADD_MODES.get(retailer or "") for _, retailer, _ in asked}
    hand_off = AddMode.HANDOFF_URL in modes.values()
    consents = await consenting(session, shoppers, ConsentKind.HANDOFF) if hand_off else frozenset()
    return {
        (shopper, retailer, marketplace): Way(
            add_mode=modes[retailer],
            linked=(retailer, marketplace) in links.get(shopper, frozenset()),
            consents=shopper in consents,
        )
        for shopper, retailer, marketplace in asked
    }


def _moment(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, as the API prints moments."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
