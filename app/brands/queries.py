"""Finding brands."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from app.brands.models import Brand, BrandMarketplace, Trigger
from app.brands.rules import MARKETPLACES_MAX, TRIGGERS_MAX
from app.core.database import WriteSession


async def find_brand(session: WriteSession, *, slug: str) -> Brand | None:
    """The brand with this slug, unlocked."""
    return (await session.scalars(select(Brand).where(Brand.slug == slug))).one_or_none()


async def list_slugs(session: WriteSession, *, limit: int) -> list[str]:
    """The slugs of the first *limit* brands, in alphabetical order."""
    statement = select(Brand.slug).order_by(Brand.slug).limit(limit)
    return list((await session.scalars(statement)).all())


async def lock_brand(session: WriteSession, *, brand_id: UUID) -> Brand:
    """The brand, locked until commit against other changes of its settings, not against replies."""
    statement = select(Brand).where(Brand.id == brand_id).with_for_update(key_share=True)
    return (await session.scalars(statement)).one()


async def list_triggers(session: WriteSession, *, brand_id: UUID) -> Sequence[Trigger]:
    """All triggers of a brand, by name; at most `TRIGGERS_MAX`."""
    statement = (
        select(Trigger)
        .where(Trigger.brand_id == brand_id)
        .order_by(Trigger.folded_tag)
        .limit(TRIGGERS_MAX)
    )
    return (await session.scalars(statement)).all()


async def list_marketplaces(session: WriteSession, *, brand_id: UUID) -> Sequence[BrandMarketplace]:
    """All marketplaces of a brand, by name; at most `MARKETPLACES_MAX`."""
    statement = (
        select(BrandMarketplace)
        .where(BrandMarketplace.brand_id == brand_id)
        .order_by(BrandMarketplace.marketplace)
        .limit(MARKETPLACES_MAX)
    )
    return (await session.scalars(statement)).all()
