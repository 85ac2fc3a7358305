"""Finding brands."""

from sqlalchemy import select

from app.brands.models import Brand
from app.core.database import WriteSession


async def find_brand(session: WriteSession, *, slug: str) -> Brand | None:
    """The brand with this slug, unlocked."""
    return (await session.scalars(select(Brand).where(Brand.slug == slug))).one_or_none()


async def list_slugs(session: WriteSession, *, limit: int) -> list[str]:
    """The slugs of the first *limit* brands, in alphabetical order."""
    statement = select(Brand.slug).order_by(Brand.slug).limit(limit)
    return list((await session.scalars(statement)).all())
