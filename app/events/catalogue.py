"""Every type of event: the list that a third party reads.

An event says what was true then: its `data` holds snapshots, by the names of the schema. It holds
facts and references, never a handle nor the text of other people's posts.
"""

from enum import StrEnum

from app.core.viewer import Scope

SCHEMA_VERSION = 1


class EventType(StrEnum):
    """What happened."""

    CART_INTENT_RECEIVED = "cart_intent.received"
    CART_INTENT_AWAITING_CHOICE = "cart_intent.awaiting_choice"
    CART_INTENT_AWAITING_LINK = "cart_intent.awaiting_link"
    CART_INTENT_QUEUED = "cart_intent.queued"
    CART_INTENT_ADDED = "cart_intent.added"
    CART_INTENT_HANDED_OFF = "cart_intent.handed_off"
    CART_INTENT_FAILED = "cart_intent.failed"
    CART_INTENT_EXPIRED = "cart_intent.expired"
    CART_INTENT_WITHDRAWN = "cart_intent.withdrawn"
    CART_INTENT_REPEAT_IGNORED = "cart_intent.repeat_ignored"
    ENGAGEMENT_RECORDED = "engagement.recorded"
    ENGAGEMENT_MISUSE_DETECTED = "engagement.misuse_detected"


def scope_of(event_type: EventType) -> Scope:
    """The scope that reading events of this type takes, beside `events:read`."""
    return _SCOPES[event_type.value.partition(".")[0]]


_SCOPES = {"cart_intent": Scope.INTENTS_READ, "engagement": Scope.INTENTS_READ}
