"""Loading a world into the database, in one transaction.

A seed records no event: it loads a world as it was before the log begins, so nothing of it appears
in the log. It adds and updates, and running it again changes nothing. What belongs wholly to an
entry becomes exactly what the file says (a brand's marketplaces and triggers, a tweet's links);
nothing else is removed. What people decided is only added: a seed never ends an account link,
revokes a consent or lifts an opt-out, and of who is on the suppression list it stores nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, text, tuple_

from app.brands.models import Brand, BrandMarketplace, Trigger, XAccount
from app.brands.states import AccountRole
from app.cli import seed_rows
from app.cli.seed_people import seed_people
from app.cli.seed_rows import KnownBrand
from app.cli.upsert import Row, ids_by, upsert
from app.cli.world import World
from app.cli.world_file import BadWorld, parse_world
from app.core import clock
from app.core.bulk import run
from app.core.database import Sessions, WriteSession
from app.core.ids import uuid7
from app.core.keys import Keys
from app.core.models import TenantRecord
from app.events.log import write_transaction
from app.events.models import BrandLog
from app.products.models import Product
from app.retailers.models import SandboxProduct
from app.tweets.models import ShoppableTweet, TweetLink, TweetVersion
from app.x.ids import moment_of

SEED_LOCK = 0x4841_5348_5345_4544
"""The advisory lock of seeds, "HASHSEED" in ASCII: one at a time."""

_DELETE_LINKS = """
DELETE FROM tweet_link AS link
USING unnest($1::uuid[], $2::uuid[], $3::integer[]) AS told (brand_id, tweet_id, count)
WHERE link.brand_id = told.brand_id AND link.tweet_id = told.tweet_id
    AND link.position >= told.count
RETURNING link.id
"""

PRODUCT_KEY = ("brand_id", "retailer", "marketplace", "retailer_product_id")


@dataclass(frozen=True)
class SeedReport:
    """What the file held, and how many rows were made or changed by it."""

    entries: Mapping[str, int]
    rows_changed: int


@dataclass(frozen=True)
class Loading:
    """A world on its way: the transaction, and what is known of its brands."""

    session: WriteSession
    keys: Keys
    world: World
    brands: Mapping[str, KnownBrand]
    moment: datetime


async def seed_world(sessions: Sessions, keys: Keys, world: Mapping[str, Any]) -> SeedReport:
    """Load *world*, of the form in `world.py`: all of it or, at the first fault, nothing.

    Raises:
        BadWorld: where and what to mend, or whose X account is another brand's already.
    """
    told = parse_world(world)
    moment = clock.now()
    async with write_transaction(sessions) as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SEED_LOCK})
        changed = await _seed_brands(session, told, moment)
        brands = await _known_brands(session, told)
        loading = Loading(session, keys, told, brands, moment)
        changed += await _seed_accounts(loading)
        changed += await _seed_triggers(loading)
        changed += await _seed_products(loading)
        products = await _product_ids(loading)
        changed += await _seed_tweets(loading, products)
        changed += await seed_people(session, keys, told, brands, products, moment)
    return SeedReport(_entries(told), changed)


def _entries(world: World) -> dict[str, int]:
    names = ("brands", "products", "tweets", "shoppers", "advocates", "reviews")
    return {name: len(getattr(world, name)) for name in names}


async def _seed_brands(session: WriteSession, world: World, moment: datetime) -> int:
    await _refuse_taken_accounts(session, world)
    return await upsert(
        session,
        Brand,
        [{"id": uuid7(), **seed_rows.brand_row(brand, moment)} for brand in world.brands],
        by=["slug"],
        only_when_new=["id", "status", "created_at"],
    )


async def _refuse_taken_accounts(session: WriteSession, world: World) -> None:
    """An X account speaks for one brand; a file cannot take it from another."""
    asked = {brand.x_user_id: brand.slug for brand in world.brands}
    bot = {world.bot.x_user_id} if world.bot else set[int]()
    statement = (
        select(XAccount.x_user_id, Brand.slug)
        .outerjoin(Brand, Brand.id == XAccount.brand_id)
        .where(XAccount.x_user_id.in_([*asked, *bot]))
    )
    for x_user_id, slug in await session.execute(statement):
        if slug != asked.get(x_user_id):
            whose = f"the brand {slug}" if slug else "the bot"
            raise BadWorld(
                f"Nothing was loaded: the X account {x_user_id} belongs to {whose} already. "
                "Give each brand an account of its own."
            )


async def _known_brands(session: WriteSession, world: World) -> dict[str, KnownBrand]:
    entries = {brand.slug: brand for brand in world.brands}
    statement = select(Brand.slug, Brand.id, Brand.created_at).where(Brand.slug.in_(entries))
    return {
        slug: KnownBrand(brand_id, created_at, entries[slug])
        for slug, brand_id, created_at in await session.execute(statement)
    }


async def _seed_accounts(loading: Loading) -> int:
    """Logs at 0, the routes of X accounts, and the marketplaces' retailer."""
    session, brands = loading.session, loading.brands.values()
    logs = [{"brand_id": brand.id, "head": 0, "floor": 0} for brand in brands]
    changed = await upsert(
        session, BrandLog, logs, by=["brand_id"], only_when_new=["head", "floor"]
    )
    accounts = [_account(brand.entry.x_user_id, brand.entry.x_handle, brand.id) for brand in brands]
    if bot := loading.world.bot:
        accounts.append(_account(bot.x_user_id, bot.x_handle, None))
    changed += await _delete_stale_accounts(loading, accounts)
    changed += await upsert(session, XAccount, accounts, by=["x_user_id"])
    shops = [
        {
            "brand_id": brand.id,
            "marketplace": marketplace,
            "id": uuid7(),
            "retailer": brand.entry.retailers.get(marketplace, seed_rows.RETAILER),
        }
        for brand in brands
        for marketplace in brand.entry.marketplaces
    ]
    return changed + await _replace(loading, BrandMarketplace, shops, "marketplace")


def _account(x_user_id: int, handle: str, brand_id: UUID | None) -> Row:
    role = AccountRole.BOT if brand_id is None else AccountRole.BRAND
    return {"x_user_id": x_user_id, "handle": handle, "role": role, "brand_id": brand_id}


async def _delete_stale_accounts(loading: Loading, accounts: Sequence[Row]) -> int:
    """A brand of the file, or the bot, that has moved to another X account leaves the old one."""
    brand_ids = [account["brand_id"] for account in accounts if account["brand_id"] is not None]
    roles = {account["role"] for account in accounts} & {AccountRole.BOT}
    statement = delete(XAccount).where(
        or_(XAccount.brand_id.in_(brand_ids), XAccount.role.in_(roles)),
        XAccount.x_user_id.not_in([account["x_user_id"] for account in accounts]),
    )
    return len((await loading.session.execute(statement.returning(XAccount.x_user_id))).all())


async def _seed_triggers(loading: Loading) -> int:
    rows = [
        {"id": uuid7(), **row}
        for brand in loading.brands.values()
        for row in seed_rows.trigger_rows(brand)
    ]
    return await _replace(loading, Trigger, rows, "folded_tag")


async def _replace(
    loading: Loading, model: type[TenantRecord], rows: Sequence[Row], name: str
) -> int:
    """Make a part of every brand of the file exactly *rows*, told apart by the column *name*."""
    key = tuple_(model.brand_id, getattr(model, name))
    stale = delete(model).where(
        model.brand_id.in_([brand.id for brand in loading.brands.values()]),
        key.not_in([(row["brand_id"], row[name]) for row in rows]),
    )
    removed = (await loading.session.execute(stale.returning(model.id))).all()
    made = await upsert(loading.session, model, rows, by=["brand_id", name], only_when_new=["id"])
    return len(removed) + made


async def _seed_products(loading: Loading) -> int:
    rows = [
        {
            "id": uuid7(),
            **seed_rows.product_row(loading.brands[product.brand], product, loading.moment),
        }
        for product in loading.world.products
    ]
    changed = await upsert(
        loading.session,
        Product,
        rows,
        by=PRODUCT_KEY,
        only_when_new=["id", "created_at"],
        stamps=["offer_as_of"],
    )
    shelf = {
        (product.marketplace, product.asin): seed_rows.shelf_row(product)
        for product in loading.world.products
    }
    return changed + await upsert(
        loading.session,
        SandboxProduct,
        list(shelf.values()),
        by=["marketplace", "retailer_product_id"],
    )


async def _product_ids(loading: Loading) -> dict[tuple[UUID, str, str], UUID]:
    keys = [
        (loading.brands[product.brand].id, product.retailer, product.marketplace, product.asin)
        for product in loading.world.products
    ]
    found = await ids_by(loading.session, Product, PRODUCT_KEY, keys)
    return {
        (brand_id, marketplace, asin): product_id
        for (brand_id, _, marketplace, asin), product_id in found.items()
    }


async def _seed_tweets(loading: Loading, products: seed_rows.ProductIds) -> int:
    session, brands, tweets = loading.session, loading.brands, loading.world.tweets
    rows = [
        {"id": uuid7(), **seed_rows.tweet_row(brands[tweet.brand], tweet, products)}
        for tweet in tweets
    ]
    key = ["brand_id", "root_xid"]
    changed = await upsert(
        session, ShoppableTweet, rows, by=key, only_when_new=["id", "registered_at"]
    )
    ids = await ids_by(session, ShoppableTweet, key, [(row[key[0]], row[key[1]]) for row in rows])
    tweet_ids = [ids[row["brand_id"], row["root_xid"]] for row in rows]
    return changed + await _seed_tweet_parts(loading, products, tweet_ids)


async def _seed_tweet_parts(
    loading: Loading, products: seed_rows.ProductIds, tweet_ids: Sequence[UUID]
) -> int:
    session, brands, tweets = loading.session, loading.brands, loading.world.tweets
    versions = [
        {
            "brand_id": brands[tweet.brand].id,
            "xid": xid,
            "id": uuid7(),
            "tweet_id": tweet_id,
            "seen_at": moment_of(xid),
        }
        for tweet, tweet_id in zip(tweets, tweet_ids, strict=True)
        for xid in tweet.versions or [seed_rows.root_xid(tweet, brands[tweet.brand].anchor)]
    ]
    links = [
        {
            "id": uuid7(),
            **seed_rows.link_row(brands[tweet.brand], tweet_id, position, link, products),
        }
        for tweet, tweet_id in zip(tweets, tweet_ids, strict=True)
        for position, link in enumerate(tweet.urls)
    ]
    changed = await upsert(
        session, TweetVersion, versions, by=["brand_id", "xid"], only_when_new=["id"]
    )
    changed += await _delete_stale_links(loading, tweet_ids)
    return changed + await upsert(
        session, TweetLink, links, by=["brand_id", "tweet_id", "position"], only_when_new=["id"]
    )


async def _delete_stale_links(loading: Loading, tweet_ids: Sequence[UUID]) -> int:
    """Links beyond those that the file now gives a tweet."""
    tweets = loading.world.tweets
    removed = await run(
        loading.session,
        _DELETE_LINKS,
        [loading.brands[tweet.brand].id for tweet in tweets],
        list(tweet_ids),
        [len(tweet.urls) for tweet in tweets],
    )
    return len(removed)
