"""What a person sees of herself, and nothing of anybody else: every query begins at her row.

Reads go to the primary: what she just did is there.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.carts.states import CartIntentStatus, FailureReason
from app.core.read_pool import ReadPool
from app.engagements.states import ContentState, EngagementKind, MisuseReason
from app.shoppers.states import ConsentKind

PAGE_ITEMS = 20
LISTED_MAX = 100
"""Most accounts and waiting places of one person that are looked at; retailers are few."""

_ITEM = """
intent.brand_id, intent.id, brand.name, intent.status, intent.failure_reason,
intent.failure_retryable, intent.retailer, intent.marketplace, intent.quantity,
intent.hand_off_url, intent.withdraw_requested, intent.remove_due_at IS NOT NULL,
intent.waits_until, intent.received_at, intent.offer_amount_minor, intent.offer_currency,
product.id, product.title, product.image_url, product.price_amount_minor,
product.price_currency, brand.x_handle, tweet.root_xid
"""

_JOINED = """
LEFT JOIN product ON product.brand_id = intent.brand_id AND product.id = intent.product_id
LEFT JOIN shoppable_tweet AS tweet
    ON tweet.brand_id = intent.brand_id AND tweet.id = intent.tweet_id
"""

_ITEMS = f"""
SELECT {_ITEM}
FROM shopper JOIN brand ON brand.id = shopper.brand_id
CROSS JOIN LATERAL (
    SELECT * FROM cart_intent AS own
    WHERE own.brand_id = shopper.brand_id AND own.shopper_id = shopper.id
        AND (own.received_at, own.id) < ($2, $3)
    ORDER BY own.received_at DESC, own.id DESC LIMIT $4
) AS intent
{_JOINED}
WHERE shopper.person_id = $1
ORDER BY intent.received_at DESC, intent.id DESC LIMIT $4
"""

_ONE = f"""
SELECT {_ITEM}
FROM shopper JOIN brand ON brand.id = shopper.brand_id
JOIN cart_intent AS intent
    ON intent.brand_id = shopper.brand_id AND intent.shopper_id = shopper.id AND intent.id = $2
{_JOINED}
WHERE shopper.person_id = $1
"""

_WAITING = """
SELECT DISTINCT intent.retailer, intent.marketplace
FROM shopper JOIN cart_intent AS intent
    ON intent.brand_id = shopper.brand_id AND intent.shopper_id = shopper.id
WHERE shopper.person_id = $1 AND intent.status = 'AWAITING_LINK' AND intent.retailer IS NOT NULL
ORDER BY 1, 2 LIMIT $2
"""

_ACCOUNTS = """
SELECT retailer, marketplace, linked_at FROM account_link
WHERE person_id = $1 AND status = 'ACTIVE' ORDER BY retailer, marketplace LIMIT $2
"""

_CONSENTS = """
SELECT consent.id, consent.kind, consent.text_version, brand.name, consent.granted_at,
    consent.revoked_at
FROM consent LEFT JOIN brand ON brand.id = consent.brand_id
WHERE consent.person_id = $1 AND (consent.granted_at, consent.id) < ($2, $3)
ORDER BY consent.granted_at DESC, consent.id DESC LIMIT $4
"""

_AGREED = """
SELECT EXISTS (
    SELECT FROM consent
    WHERE person_id = $1 AND kind = $2 AND brand_id IS NULL AND revoked_at IS NULL
)
"""

_BRANDS = "SELECT count(*) FROM shopper WHERE person_id = $1"

_REPLIES = """
SELECT engagement.id, brand.name, engagement.kind, engagement.trigger_tag,
    engagement.misuse_reason, engagement.content_state, engagement.xid, engagement.occurred_at
FROM shopper JOIN brand ON brand.id = shopper.brand_id
CROSS JOIN LATERAL (
    SELECT * FROM engagement AS own
    WHERE own.brand_id = shopper.brand_id AND own.shopper_id = shopper.id
        AND (own.occurred_at, own.id) < ($2, $3)
    ORDER BY own.occurred_at DESC, own.id DESC LIMIT $4
) AS engagement
WHERE shopper.person_id = $1
ORDER BY engagement.occurred_at DESC, engagement.id DESC LIMIT $4
"""

_OFFERED = """
SELECT id, title, image_url, price_amount_minor, price_currency
FROM product WHERE brand_id = $1 AND id = ANY($2::uuid[])
"""

_PLACES = """
SELECT DISTINCT place.retailer, place.marketplace
FROM brand_marketplace AS place JOIN brand ON brand.id = place.brand_id
WHERE brand.status = 'ACTIVE' ORDER BY 1, 2 LIMIT $1
"""

_QUEUED = """
SELECT intent.brand_id, intent.id
FROM shopper JOIN cart_intent AS intent
    ON intent.brand_id = shopper.brand_id AND intent.shopper_id = shopper.id
WHERE shopper.person_id = $1 AND intent.status = 'QUEUED' AND intent.retailer = ANY($2)
ORDER BY intent.brand_id, intent.id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Item:
    """Something she saved, from any brand."""

    brand_id: UUID
    id: UUID
    brand_name: str
    status: CartIntentStatus
    failure_reason: FailureReason | None
    failure_retryable: bool | None
    retailer: str | None
    marketplace: str
    quantity: int
    hand_off_url: str | None
    is_being_withdrawn: bool
    is_being_removed: bool
    waits_until: datetime | None
    received_at: datetime
    offer_amount_minor: int | None
    offer_currency: str | None
    product_id: UUID | None
    title: str | None
    image_url: str | None
    price_amount_minor: int | None
    price_currency: str | None
    brand_handle: str
    root_xid: int | None


@dataclass(frozen=True, slots=True)
class Reply:
    """A post of hers that we know of: which it is, never what it says."""

    id: UUID
    brand_name: str
    kind: EngagementKind
    trigger_tag: str | None
    misuse_reason: MisuseReason | None
    content_state: ContentState
    xid: int | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Offered:
    """A product among which she chooses."""

    title: str
    image_url: str | None
    amount_minor: int | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """Where she has an account connected."""

    retailer: str
    marketplace: str
    linked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Something she agreed to, with one brand or with all."""

    id: UUID
    kind: ConsentKind
    text_version: str
    brand_name: str | None
    granted_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Place:
    """After which row a page begins: a moment and an id, as its address says."""

    moment: datetime
    id: UUID

    def text(self) -> str:
        """The place in an address. It is no secret, and leads to her own rows alone."""
        plain = f"{self.moment.isoformat()} {self.id}"
        return urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()


def read_place(text: str) -> Place | None:
    """The place that an address names; None where it names none."""
    if len(text) > 120:
        return None
    try:
        plain = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii")
        moment, _, key = plain.partition(" ")
        place = Place(datetime.fromisoformat(moment), UUID(key))
    except (Error, ValueError, OverflowError):
        return None
    return place if place.moment.tzinfo is not None else None


async def items_of(
    reads: ReadPool, person_id: UUID, after: Place
) -> tuple[list[Item], Place | None]:
    """What she saved before a place, newest first, over all brands; and where the next page is."""
    rows = await reads.fetch(_ITEMS, person_id, after.moment, after.id, PAGE_ITEMS + 1)
    items = [_item(tuple(row)) for row in rows[:PAGE_ITEMS]]
    more = len(rows) > PAGE_ITEMS
    return items, Place(items[-1].received_at, items[-1].id) if more else None


async def item_of(reads: ReadPool, person_id: UUID, intent_id: UUID) -> Item | None:
    """One thing that she saved; None where it is not hers."""
    row = await reads.fetchrow(_ONE, person_id, intent_id)
    return None if row is None else _item(tuple(row))


async def replies_of(
    reads: ReadPool, person_id: UUID, after: Place
) -> tuple[list[Reply], Place | None]:
    """Her posts before a place, newest first, about all brands; and where the next page is."""
    rows = await reads.fetch(_REPLIES, person_id, after.moment, after.id, PAGE_ITEMS + 1)
    replies = [_reply(tuple(row)) for row in rows[:PAGE_ITEMS]]
    last = replies[-1] if len(rows) > PAGE_ITEMS else None
    return replies, Place(last.occurred_at, last.id) if last else None


async def offered_of(
    reads: ReadPool, brand_id: UUID, product_ids: Sequence[UUID]
) -> dict[UUID, Offered]:
    """These products of one brand, by id."""
    rows = await reads.fetch(_OFFERED, brand_id, list(product_ids))
    return {key: Offered(*rest) for key, *rest in rows}


async def places(reads: ReadPool) -> list[tuple[str, str]]:
    """The (retailer, marketplace) pairs at which the brands here sell."""
    rows = await reads.fetch(_PLACES, LISTED_MAX)
    return [(retailer, marketplace) for retailer, marketplace in rows]


async def waiting_places(reads: ReadPool, person_id: UUID) -> list[tuple[str, str]]:
    """The (retailer, marketplace) pairs that something of hers waits for her at."""
    rows = await reads.fetch(_WAITING, person_id, LISTED_MAX)
    return [(retailer, marketplace) for retailer, marketplace in rows]


async def accounts_of(reads: ReadPool, person_id: UUID) -> list[Account]:
    """Where she has an account connected now."""
    return [Account(*row) for row in await reads.fetch(_ACCOUNTS, person_id, LISTED_MAX)]


async def agreements_of(
    reads: ReadPool, person_id: UUID, after: Place
) -> tuple[list[Agreement], Place | None]:
    """What she agreed to before a place, newest first; and where the next page is."""
    rows = await reads.fetch(_CONSENTS, person_id, after.moment, after.id, PAGE_ITEMS + 1)
    agreements = [
        Agreement(key, ConsentKind(kind), *rest) for key, kind, *rest in rows[:PAGE_ITEMS]
    ]
    more = len(rows) > PAGE_ITEMS
    last = agreements[-1] if more else None
    return agreements, Place(last.granted_at, last.id) if last else None


async def agreed_to(reads: ReadPool, person_id: UUID, kind: ConsentKind) -> bool:
    """Whether she agrees to something now, with all brands."""
    agreed: bool = await reads.fetchval(_AGREED, person_id, kind.value)
    return agreed


async def count_brands(reads: ReadPool, person_id: UUID) -> int:
    """At how many brands she is known by a reference."""
    counted: int = await reads.fetchval(_BRANDS, person_id)
    return counted


async def queued_at(
    reads: ReadPool, person_id: UUID, retailers: Sequence[str]
) -> list[tuple[UUID, UUID]]:
    """Her intents that are on their way to these retailers, as brand and intent id."""
    rows = await reads.fetch(_QUEUED, person_id, list(retailers), LISTED_MAX)
    return [(brand_id, intent_id) for brand_id, intent_id in rows]


def _item(row: Sequence[Any]) -> Item:
    brand_id, key, brand_name, status, reason, *rest = row
    known = FailureReason(reason) if reason is not None else None
    return Item(brand_id, key, brand_name, CartIntentStatus(status), known, *rest)


def _reply(row: Sequence[Any]) -> Reply:
    key, brand_name, kind, tag, reason, state, xid, moment = row
    misuse = MisuseReason(reason) if reason is not None else None
    return Reply(
        key, brand_name, EngagementKind(kind), tag, misuse, ContentState(state), xid, moment
    )
