"""Intents in any state, written as rows: what the page says of them needs no walk there."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.brands.models import Brand
from app.carts.models import CartIntent
from app.carts.states import CartIntentStatus
from app.core import clock
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.core.keys import Keys
from app.core.resources import Resources
from app.engagements.models import Engagement
from app.engagements.states import ContentState, EngagementKind, TriggerMatch
from app.events.log import write_transaction
from app.products.models import Product
from app.shoppers.service import ensure_shoppers
from app.tweets.models import ShoppableTweet

BOOT, BOOT_POST = "B0ACMEBT01", "2122978114236649841"
_numbers = count(1)


async def an_intent(
    resources: Resources, x_user_id: int, status: CartIntentStatus, **changes: Any
) -> UUID:
    """`add_intent`, committed."""
    async with write_transaction(resources.sessions) as session:
        return await add_intent(session, resources.keys, x_user_id, status, **changes)


async def add_intent(
    session: WriteSession,
    keys: Keys,
    x_user_id: int,
    status: CartIntentStatus,
    *,
    slug: str = "acme",
    asin: str | None = BOOT,
    **changes: Any,
) -> UUID:
    """An intent of this person for a product of the corpus's world."""
    number, now = next(_numbers), clock.now()
    brand_id = (await session.scalars(select(Brand.id).where(Brand.slug == slug))).one()
    people = await ensure_shoppers(session, keys, brand_id, {x_user_id: None})
    shopper_id = people[x_user_id]
    engagement = _engagement(brand_id, shopper_id, number, now)
    session.add(engagement)
    await session.flush()
    made = {
        "brand_id": brand_id,
        "id": uuid7(),
        "engagement_id": engagement.id,
        "engagement_xid": engagement.xid,
        "shopper_id": shopper_id,
        **(await _names(session, brand_id, asin) if asin else {}),
        "marketplace": "US",
        "retailer": "sandbox",
        "status": status,
        "received_at": now + timedelta(milliseconds=number),
        "updated_at": now,
        **changes,
    }
    if status is CartIntentStatus.QUEUED:
        made.setdefault("next_attempt_at", now + timedelta(hours=1))
    session.add(CartIntent(**made))
    await session.flush()
    key: UUID = made["id"]
    return key


async def _names(session: WriteSession, brand_id: UUID, asin: str) -> dict[str, UUID]:
    """The product, and one of the brand's posts."""
    product = select(Product.id).where(
        Product.brand_id == brand_id,
        Product.retailer_product_id == asin,
        Product.marketplace == "US",
    )
    tweet = select(ShoppableTweet.id).where(ShoppableTweet.brand_id == brand_id).limit(1)
    return {
        "product_id": (await session.scalars(product)).one(),
        "tweet_id": (await session.scalars(tweet)).one(),
    }


def _engagement(brand_id: UUID, shopper_id: UUID, number: int, now: datetime) -> Engagement:
    return Engagement(
        brand_id=brand_id,
        xid=2_124_000_000_000_000_000 + number,
        kind=EngagementKind.REPLY,
        shopper_id=shopper_id,
        parent_xid=int(BOOT_POST),
        conversation_xid=int(BOOT_POST),
        trigger_tag="AmazonCart",
        trigger_match=TriggerMatch.EXACT,
        content_state=ContentState.PRESENT,
        occurred_at=now,
        received_at=now,
    )
