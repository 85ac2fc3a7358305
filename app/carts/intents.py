"""An intent in memory, with the names that its events tell, and what is asked for before it exists.

Intents are read and written many at a time, so they are plain values here, not rows of a session.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.brands.states import TriggerAction
from app.carts.states import CartIntentStatus, FailureReason
from app.products.facts import ProductName
from app.tweets.facts import TweetFacts, TweetName


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an intent failed. `detail` is for people, and names nobody."""

    reason: FailureReason
    retryable: bool = False
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class HandOffLink:
    """Where the shopper completes a hand-off herself."""

    url: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A price in the minor unit of an ISO 4217 currency."""

    amount_minor: int
    currency: str


@dataclass(slots=True, kw_only=True)
class Intent:
    """A cart intent. Only `moves.move` changes `status`: it writes the event too.

    `claimed_until` is set while its retailer is asked: the end of the lease. `remove_due_at` is
    when the retailer is to be asked to take it out again; None where nobody wants that.
    `new_decisions` and `new_calls` are notes for the trace that the table does not hold yet: an
    update appends them.
    """

    brand_id: UUID
    id: UUID
    engagement_id: UUID
    engagement_xid: int | None
    shopper_id: UUID
    action: TriggerAction
    marketplace: str
    retailer: str | None
    status: CartIntentStatus
    received_at: datetime
    updated_at: datetime
    tweet: TweetName | None = None
    product: ProductName | None = None
    previous_intent_id: UUID | None = None
    quantity: int = 1
    failure: Failure | None = None
    hand_off: HandOffLink | None = None
    cart_reference: str | None = None
    offer: Offer | None = None
    repeat_count: int = 0
    withdraw_requested: bool = False
    attempts: int = 0
    next_attempt_at: datetime | None = None
    claimed_until: datetime | None = None
    remove_due_at: datetime | None = None
    remove_attempts: int = 0
    waits_until: datetime | None = None
    matched_at: datetime | None = None
    resolved_at: datetime | None = None
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    new_decisions: list[dict[str, Any]] = field(default_factory=list)
    new_calls: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Related:
    """An intent that a further reply of the same shopper may repeat or follow.

    `parent_xid` is the post that its reply answered, which names the tweet as long as that is not
    registered.
    """

    intent: Intent
    parent_xid: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one tagged post asks of one brand. `tweet` is None while its parent is unknown.

    `unavailable` is why the tweet cannot be bought from, if it cannot. `retailer` serves the
    brand's marketplace; None where nobody does. `deleted` says that the post was deleted before
    it arrived: a new intent is withdrawn at once.
    """

    brand_id: UUID
    engagement_id: UUID
    engagement_xid: int
    shopper_id: UUID
    parent_xid: int | None
    tweet: TweetFacts | None
    unavailable: FailureReason | None
    action: TriggerAction
    marketplace: str
    retailer: str | None
    received_at: datetime
    deleted: bool = False
