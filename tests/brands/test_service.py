"""Making brands."""

from dataclasses import replace

from sqlalchemy import func, select

from app.brands.models import Brand, BrandMarketplace, Trigger, XAccount
from app.brands.problems import SlugTaken, XAccountTaken
from app.brands.queries import find_brand, list_slugs
from app.brands.service import create_brand
from app.brands.states import AccountRole, BrandStatus
from app.core.database import WriteSession
from app.events.models import BrandLog
from tests.brands.test_rules import ACME


async def test_a_new_brand_takes_part_with_its_log_at_zero(session: WriteSession) -> None:
    brand = await create_brand(session, ACME)

    assert isinstance(brand, Brand)
    assert (brand.slug, brand.status) == ("acme", BrandStatus.ACTIVE)
    log = await session.get_one(BrandLog, brand.id)
    assert (log.head, log.floor) == (0, 0)
    account = await session.get_one(XAccount, ACME.x_user_id)
    assert (account.role, account.brand_id) == (AccountRole.BRAND, brand.id)
    assert await find_brand(session, slug="acme") is brand
    assert await list_slugs(session, limit=10) == ["acme"]


async def test_a_new_brand_sells_at_the_sandbox_by_its_folded_hashtags(
    session: WriteSession,
) -> None:
    await create_brand(session, ACME)

    shops = await session.execute(
        select(BrandMarketplace.marketplace, BrandMarketplace.retailer).order_by(
            BrandMarketplace.marketplace
        )
    )
    assert shops.all() == [("UK", "sandbox"), ("US", "sandbox")]
    triggers = await session.execute(
        select(Trigger.folded_tag, Trigger.marketplace).order_by(Trigger.folded_tag)
    )
    assert triggers.all() == [("amazonbasket", "UK"), ("amazoncart", "US")]


async def test_a_slug_is_given_once(session: WriteSession) -> None:
    await create_brand(session, ACME)

    again = await create_brand(session, replace(ACME, x_user_id=1512000000000000077))

    assert again == SlugTaken(slug="acme")
    assert await session.scalar(select(func.count(Brand.id))) == 1


async def test_an_x_account_speaks_for_one_brand(session: WriteSession) -> None:
    await create_brand(session, ACME)

    again = await create_brand(session, replace(ACME, slug="other"))

    assert again == XAccountTaken(x_user_id=ACME.x_user_id)
    assert await list_slugs(session, limit=10) == ["acme"]
    assert await session.scalar(select(func.count(Trigger.id))) == 2
