"""Making brands."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.brands.models import Brand, BrandMarketplace, Trigger, XAccount
from app.brands.problems import BadBrand, SlugTaken, XAccountTaken
from app.brands.rules import NewBrand, NewTrigger, fold_tag, why_not_create
from app.brands.states import AccountRole, BrandStatus
from app.core import clock
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.events.models import BrandLog

SANDBOX = "sandbox"
"""The adapter that a new brand's marketplaces are mapped to."""


async def create_brand(
    session: WriteSession, new: NewBrand
) -> Brand | SlugTaken | XAccountTaken | BadBrand:
    """A brand that takes part at once, with its log at 0 and its marketplaces at the sandbox.

    Two that are made at the same moment cannot share a slug or an X account: the database says
    which came first. A problem leaves nothing behind.
    """
    if problem := why_not_create(new):
        return problem
    brand_id = uuid7()
    async with session.begin_nested() as attempt:
        if not await _insert_brand(session, brand_id, new):
            return SlugTaken(slug=new.slug)
        if not await _insert_account(session, brand_id, new):
            await attempt.rollback()
            return XAccountTaken(x_user_id=new.x_user_id)
    session.add(BrandLog(brand_id=brand_id))
    session.add_all(_marketplaces(brand_id, new.marketplaces))
    session.add_all(_triggers(brand_id, new.triggers))
    await session.flush()
    return await session.get_one(Brand, brand_id)


async def _insert_brand(session: WriteSession, brand_id: UUID, new: NewBrand) -> bool:
    statement = (
        insert(Brand)
        .values(
            id=brand_id,
            slug=new.slug,
            name=new.name.strip(),
            x_user_id=new.x_user_id,
            x_handle=new.x_handle,
            status=BrandStatus.ACTIVE,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=[Brand.slug])
        .returning(Brand.id)
    )
    return await session.scalar(statement) is not None


async def _insert_account(session: WriteSession, brand_id: UUID, new: NewBrand) -> bool:
    statement = (
        insert(XAccount)
        .values(
            x_user_id=new.x_user_id,
            handle=new.x_handle,
            role=AccountRole.BRAND,
            brand_id=brand_id,
        )
        .on_conflict_do_nothing(index_elements=[XAccount.x_user_id])
        .returning(XAccount.x_user_id)
    )
    return await session.scalar(statement) is not None


def _marketplaces(brand_id: UUID, marketplaces: Sequence[str]) -> list[BrandMarketplace]:
    return [
        BrandMarketplace(brand_id=brand_id, marketplace=name, retailer=SANDBOX)
        for name in marketplaces
    ]


def _triggers(brand_id: UUID, triggers: Sequence[NewTrigger]) -> list[Trigger]:
    return [
        Trigger(
            brand_id=brand_id,
            tag=trigger.tag,
            folded_tag=fold_tag(trigger.tag),
            marketplace=trigger.marketplace,
            action=trigger.action,
        )
        for trigger in triggers
    ]
