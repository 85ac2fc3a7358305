"""Reading and writing engagements, many at a time.

They are locked and changed in the order of brand and X id, everywhere: so two batches cannot wait
for each other.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from app.core.bulk import columns_of, insert_rows, run, update_rows
from app.core.database import WriteSession
from app.engagements.facts import Arrival, NewEngagement, Recorded
from app.engagements.models import Engagement
from app.engagements.states import ContentState, EngagementKind, MisuseReason, TriggerMatch
from app.shoppers.queries import ShopperKey

DELIVERIES_MAX = 10
"""Most deliveries that are remembered of one post; X may send it any number of times."""

EngagementKey = tuple[UUID, int]
"""A brand's id and a post's X id."""

_NEW_COLUMNS = (
    "id",
    "brand_id",
    "xid",
    "kind",
    "shopper_id",
    "tweet_id",
    "parent_xid",
    "conversation_xid",
    "trigger_tag",
    "trigger_match",
    "misuse_reason",
    "content_state",
    "occurred_at",
    "received_at",
    "deliveries",
)

_ONCE = f"""
ON CONFLICT (brand_id, xid) DO UPDATE
    SET deliveries = engagement.deliveries || excluded.deliveries
    WHERE jsonb_array_length(engagement.deliveries)
        + jsonb_array_length(excluded.deliveries) <= {DELIVERIES_MAX}
RETURNING id
"""

_RECORDED_COLUMNS = (
    "id",
    "brand_id",
    "xid",
    "kind",
    "shopper_id",
    "tweet_id",
    "parent_xid",
    "conversation_xid",
    "trigger_tag",
    "trigger_match",
    "misuse_reason",
    "content_state",
    "occurred_at",
)
_RECORDED = ", ".join(f"engagement.{column}" for column in _RECORDED_COLUMNS)

_LOCKED = "ORDER BY engagement.brand_id, engagement.xid FOR NO KEY UPDATE OF engagement"

_BY_KEY = f"""
SELECT {_RECORDED}
FROM unnest($1::uuid[], $2::bigint[]) AS asked (brand_id, xid)
JOIN engagement ON engagement.brand_id = asked.brand_id AND engagement.xid = asked.xid
{_LOCKED}
"""

_BY_SHOPPER = f"""
WITH page AS MATERIALIZED (
    SELECT engagement.brand_id, engagement.id
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (brand_id, shopper_id)
    JOIN engagement
        ON engagement.brand_id = asked.brand_id AND engagement.shopper_id = asked.shopper_id
    WHERE engagement.id > $3 ORDER BY engagement.id LIMIT $4
)
SELECT {_RECORDED}
FROM page JOIN engagement ON engagement.brand_id = page.brand_id AND engagement.id = page.id
{_LOCKED}
"""

_KEYS_OF_PEOPLE = """
SELECT engagement.brand_id, engagement.xid
FROM unnest($1::bigint[], $2::timestamptz[], $3::uuid[], $4::uuid[])
    AS told (xid, occurred_at, brand_id, shopper_id)
JOIN engagement ON engagement.brand_id = told.brand_id
    AND engagement.shopper_id = told.shopper_id
    AND engagement.occurred_at = told.occurred_at AND engagement.xid = told.xid
"""

_KEYS_OF_NOBODY = """
SELECT engagement.brand_id, engagement.xid FROM engagement
WHERE engagement.xid = ANY($1::bigint[])
    AND engagement.shopper_id IS NULL AND engagement.xid IS NOT NULL
"""


async def insert_unknown(
    session: WriteSession, engagements: Sequence[tuple[UUID, NewEngagement]]
) -> frozenset[UUID]:
    """Insert under these ids what no delivery brought before; the ids that were inserted.

    Of what is known only the delivery is noted. Two batches may hold the same post: the later one
    waits and then finds it known.
    """
    rows = sorted(
        (_values(key, engagement) for key, engagement in engagements), key=lambda row: row[1:3]
    )
    told = await insert_rows(session, Engagement, _NEW_COLUMNS, rows, _ONCE)
    return frozenset(key for key, _ in engagements) & {key for (key,) in told}


async def lock_engagements(
    session: WriteSession, keys: Collection[EngagementKey]
) -> list[Recorded]:
    """The engagements of these posts at these brands, locked; absent are those that are unknown."""
    return _recorded(await run(session, _BY_KEY, *columns_of(keys, 2)) if keys else [])


async def lock_of_shoppers(
    session: WriteSession, shoppers: Collection[ShopperKey], *, after: UUID, limit: int
) -> list[Recorded]:
    """Up to *limit* engagements of these shoppers, locked: the first whose id is above *after*."""
    asked = columns_of(shoppers, 2)
    return _recorded(await run(session, _BY_SHOPPER, *asked, after, limit) if shoppers else [])


async def keys_of_posts(
    session: WriteSession, posts: Collection[tuple[int, datetime, ShopperKey]]
) -> set[EngagementKey]:
    """Which of these posts are engagements: each an X id, the moment in it, and its author.

    There is no index of X ids across brands: a post is found by whose it is and when it was made.
    """
    asked = columns_of(((xid, made_at, *shopper) for xid, made_at, shopper in posts), 4)
    found = await run(session, _KEYS_OF_PEOPLE, *asked) if posts else []
    return {(brand_id, xid) for brand_id, xid in found}


async def keys_of_nobodys_posts(session: WriteSession, xids: Collection[int]) -> set[EngagementKey]:
    """Which of these posts are engagements by brands' own accounts or bots."""
    found = await run(session, _KEYS_OF_NOBODY, list(xids)) if xids else []
    return {(brand_id, xid) for brand_id, xid in found}


async def update_recorded(session: WriteSession, engagements: Iterable[Recorded]) -> None:
    """Write what may change of engagements that are locked."""
    changing = ("tweet_id", "trigger_tag", "trigger_match", "misuse_reason", "content_state")
    rows = [
        (each.brand_id, each.id, *(getattr(each, name) for name in changing))
        for each in engagements
    ]
    if rows:
        await update_rows(session, Engagement, ("brand_id", "id"), changing, rows)


def _recorded(rows: Iterable[Sequence[Any]]) -> list[Recorded]:
    return [
        Recorded(
            **{
                **dict(zip(_RECORDED_COLUMNS, row, strict=True)),
                "kind": EngagementKind(row[3]),
                "trigger_match": TriggerMatch(row[9]),
                "misuse_reason": MisuseReason(row[10]) if row[10] else None,
                "content_state": ContentState(row[11]),
            }
        )
        for row in rows
    ]


def _values(key: UUID, engagement: NewEngagement) -> tuple[Any, ...]:
    return (
        key,
        engagement.brand_id,
        engagement.xid,
        engagement.kind,
        engagement.shopper_id,
        engagement.tweet_id,
        engagement.parent_xid,
        engagement.conversation_xid,
        engagement.trigger_tag,
        engagement.trigger_match,
        engagement.misuse_reason,
        engagement.content_state,
        engagement.occurred_at,
        engagement.arrivals[0].received_at,
        _deliveries(engagement.arrivals),
    )


def _deliveries(arrivals: Sequence[Arrival]) -> str:
    return orjson.dumps(
        [
            {
                "source": arrival.source,
                "receivedAt": _moment(arrival.received_at),
            }
            for arrival in arrivals[:DELIVERIES_MAX]
        ]
    ).decode()


def _moment(moment: datetime) -> str:
    """RFC 3339 in UTC, as the API prints moments."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
