"""Reading what the trace of an intent is made of."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, and_, select

from app.carts.access import visible_cart_intents
from app.carts.models import CartIntent
from app.engagements.access import visible_engagements
from app.engagements.models import Engagement

REPEATS_MAX = 50
"""Most repeating replies that one trace names, the latest ones."""

_REPLY = (
    "kind",
    "xid",
    "parent_xid",
    "conversation_xid",
    "trigger_tag",
    "trigger_match",
    "misuse_reason",
    "content_state",
    "deliveries",
    "occurred_at",
)
_JSON = ("decisions", "retailer_calls", "reply_deliveries")


def intent_row(intent_id: UUID) -> Select[Any]:
    """The viewer's intent with its engagement, whose columns begin with `reply_`."""
    reply = [getattr(Engagement, name).label(f"reply_{name}") for name in _REPLY]
    mine = and_(
        Engagement.brand_id == CartIntent.brand_id, Engagement.id == CartIntent.engagement_id
    )
    return (
        select(*CartIntent.__table__.columns, *reply)
        .select_from(CartIntent)
        .join(Engagement, mine)
        .where(
            CartIntent.id == intent_id,
            visible_cart_intents(CartIntent),
            visible_engagements(Engagement),
        )
    )


def repeating_rows(intent: Mapping[str, Any]) -> Select[Any]:
    """The viewer's engagements that repeated the intent, the latest `REPEATS_MAX`."""
    columns = [Engagement.__table__.c[name] for name in ("xid", "content_state", "received_at")]
    return (
        select(*columns)
        .where(
            Engagement.intent_id == intent["id"],
            Engagement.id != intent["engagement_id"],
            visible_engagements(Engagement),
        )
        .order_by(Engagement.received_at.desc())
        .limit(REPEATS_MAX)
    )


def read_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row of `intent_row` with its JSON read."""
    values = dict(row)
    for name in _JSON:
        if isinstance(values[name], str):
            values[name] = orjson.loads(values[name])
    return values
