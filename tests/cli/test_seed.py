"""Loading a world: all of it, once, and never what people took back."""

from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from app.brands.models import Brand
from app.brands.service import create_brand
from app.cli.seed import SeedReport, seed_world
from app.cli.world_file import BadWorld, demo_data
from app.core.resources import Resources
from app.events.log import write_transaction
from app.shoppers.service import open_accounts, suppress, x_lookup
from app.x.ids import moment_of
from tests.brands.test_rules import ACME
from tests.cli.worlds import contents, corpus_world, counts, small_world

MARA = 1720000000000000002


async def seed(resources: Resources, world: dict[str, Any]) -> SeedReport:
    return await seed_world(resources.sessions, resources.keys, world)


async def ask(resources: Resources, query: str, *values: object) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(resources.database_url)
    try:
        return [tuple(row) for row in await connection.fetch(query, *values)]
    finally:
        await connection.close()


async def test_a_world_is_loaded_whole(resources: Resources) -> None:
    report = await seed(resources, small_world())

    assert report.entries == {
        "brands": 1,
        "products": 1,
        "tweets": 1,
        "shoppers": 1,
        "advocates": 1,
        "reviews": 1,
    }
    assert await counts(resources.database_url) == {
        "brand": 1,
        "brand_log": 1,
        "brand_marketplace": 1,
        "trigger": 1,
        "x_account": 1,
        "product": 1,
        "sandbox_product": 1,
        "shoppable_tweet": 1,
        "tweet_version": 1,
        "tweet_link": 1,
        "person": 1,
        "account_link": 1,
        "consent": 2,
        "shopper": 1,
        "advocate": 1,
        "advocate_review": 1,
    }
    assert report.rows_changed == 16  # all but her reference, which comes with the advocate


async def test_the_corpus_is_loaded_as_it_says(resources: Resources) -> None:
    await seed(resources, corpus_world())

    assert await counts(resources.database_url) == {
        "brand": 2,
        "brand_log": 2,
        "brand_marketplace": 4,
        "trigger": 4,
        "x_account": 3,
        "product": 12,
        "sandbox_product": 12,
        "shoppable_tweet": 21,
        "tweet_version": 21,
        "tweet_link": 22,
        "person": 13,
        "suppression": 1,
        "account_link": 13,
        "sandbox_cart": 4,
    }
    verdicts = await ask(
        resources, "SELECT verdict, count(*) FROM tweet_link GROUP BY 1 ORDER BY 1"
    )
    assert verdicts == [("NOT_A_PRODUCT", 1), ("NO_PRODUCT_LINK", 3), ("PRODUCT", 18)]
    primary = await ask(
        resources,
        "SELECT root_xid, retailer_product_id FROM shoppable_tweet AS tweet"
        " JOIN product ON product.brand_id = tweet.brand_id AND product.id = primary_product_id",
    )
    assert primary == [(2123023413906866004, "B0ACMESK02")]
    foreign = await ask(resources, "SELECT text FROM shoppable_tweet WHERE NOT authored_by_brand")
    assert foreign == [(None,)]
    assert await ask(
        resources,
        'SELECT holds, "full", refusal, timeouts_left FROM sandbox_cart ORDER BY timeouts_left,'
        ' "full", refusal',
    ) == [
        ("[]", False, "RETAILER_REJECTED", 0),
        ('["B0ACMEBT01"]', False, None, 0),
        ("[]", True, None, 0),
        ("[]", False, None, 1),
    ]


@pytest.mark.parametrize("world", [small_world(), corpus_world(), demo_data()])
async def test_loading_again_touches_no_row(resources: Resources, world: dict[str, Any]) -> None:
    await seed(resources, world)
    before = await contents(resources.database_url)

    again = await seed(resources, world)

    assert again.rows_changed == 0
    assert await contents(resources.database_url) == before


async def test_an_edit_changes_what_it_names_and_nothing_else(resources: Resources) -> None:
    world = small_world()
    await seed(resources, world)
    before = await contents(resources.database_url)
    world["products"][0]["price_minor"] = 9900
    world["tweets"][0]["status"] = "PAUSED"

    edited = await seed(resources, world)

    after = await contents(resources.database_url)
    changed = {table for table in after if after[table] != before[table]}
    assert changed == {"product", "sandbox_product", "shoppable_tweet"}
    assert edited.rows_changed == 3
    assert await ask(resources, "SELECT price_amount_minor FROM product") == [(9900,)]
    assert await ask(resources, "SELECT status FROM shoppable_tweet") == [("PAUSED",)]


async def test_the_parts_of_an_entry_become_exactly_what_the_file_says(
    resources: Resources,
) -> None:
    world = small_world()
    await seed(resources, world)
    brand = world["brands"][0]
    brand["marketplaces"] = ["US", "UK"]
    brand["triggers"] = [{"tag": "AmazonBasket", "marketplace": "UK"}]
    brand["x_user_id"] = "1512000000000000077"
    world["tweets"][0]["urls"] = []

    await seed(resources, world)

    assert await ask(resources, "SELECT folded_tag FROM trigger") == [("amazonbasket",)]
    assert await ask(resources, "SELECT x_user_id FROM x_account") == [(1512000000000000077,)]
    shops = await ask(resources, "SELECT marketplace, retailer FROM brand_marketplace ORDER BY 1")
    assert shops == [("UK", "sandbox"), ("US", "sandbox")]
    assert await ask(resources, "SELECT count(*) FROM tweet_link") == [(0,)]


async def test_a_fault_anywhere_loads_nothing(resources: Resources) -> None:
    world = small_world()
    world["reviews"][0]["rating"] = 6

    with pytest.raises(BadWorld):
        await seed(resources, world)

    assert await counts(resources.database_url) == {}


async def test_an_x_account_is_not_taken_from_another_brand(resources: Resources) -> None:
    async with write_transaction(resources.sessions) as session:
        assert isinstance(await create_brand(session, ACME), Brand)
    world = small_world()
    world["brands"][0]["slug"] = "impostor"
    for entries in ("products", "tweets", "advocates", "reviews"):
        world[entries] = []
    world["shoppers"] = []
    before = await contents(resources.database_url)

    with pytest.raises(BadWorld, match="1510000000000000001 belongs to the brand acme already"):
        await seed(resources, world)

    assert await contents(resources.database_url) == before


async def test_of_who_opted_out_only_the_keyed_hash_is_stored(resources: Resources) -> None:
    world = small_world()
    world["advocates"], world["reviews"] = [], []
    world["shoppers"][0]["opted_out"] = True
    world["shoppers"][0]["sandbox_cart"] = {"full": True}

    await seed(resources, world)

    stored = await counts(resources.database_url)
    people = ("person", "suppression", "account_link", "consent", "sandbox_cart", "shopper")
    assert {table: stored.get(table, 0) for table in people} == {
        "person": 0,
        "suppression": 1,
        "account_link": 0,
        "consent": 0,
        "sandbox_cart": 0,
        "shopper": 0,
    }
    hashes = await ask(resources, "SELECT x_lookup FROM suppression")
    assert hashes == [(x_lookup(resources.keys, MARA),)]


async def test_an_opt_out_is_not_lifted_by_a_file_that_does_not_know_of_it(
    resources: Resources,
) -> None:
    async with write_transaction(resources.sessions) as session:
        await suppress(session, resources.keys, [MARA])

    await seed(resources, small_world())

    stored = await counts(resources.database_url)
    assert stored["suppression"] == 1
    assert not stored.keys() & {"person", "account_link", "consent", "shopper", "advocate"}
    assert await ask(resources, "SELECT advocate_id FROM advocate_review") == [(None,)]


async def test_what_she_took_back_is_not_given_again(resources: Resources) -> None:
    await seed(resources, small_world())
    async with write_transaction(resources.sessions) as session:
        await session.execute(
            text("UPDATE account_link SET status = 'REVOKED_BY_SHOPPER', ended_at = now()")
        )
        await session.execute(text("UPDATE consent SET revoked_at = now()"))
    before = await contents(resources.database_url)

    again = await seed(resources, small_world())

    assert again.rows_changed == 0
    assert await contents(resources.database_url) == before


async def test_the_sandbox_knows_an_account_by_no_x_id(resources: Resources) -> None:
    world = small_world()
    world["shoppers"][0]["sandbox_cart"] = {"full": True}
    await seed(resources, world)

    [(account,)] = await ask(resources, "SELECT account FROM sandbox_cart")
    [shopper] = await ask(resources, "SELECT brand_id, id FROM shopper")
    key = (*shopper, "sandbox", "US")
    async with write_transaction(resources.sessions) as session:
        opened = await open_accounts(session, resources.keys, [key])

    assert opened == {key: account}
    assert str(MARA) not in account


async def test_no_x_id_or_handle_of_a_person_is_readable(resources: Resources) -> None:
    world = small_world()
    world["tweets"] = []
    await seed(resources, world)

    stored = str(await contents(resources.database_url))

    assert str(MARA) not in stored
    assert "mara_k_inv" not in stored
    assert str(MARA).encode().hex() not in stored


async def test_a_tweet_told_in_days_keeps_its_snowflake(resources: Resources) -> None:
    await seed(resources, small_world())

    [(root, version, posted_at, created_at)] = await ask(
        resources,
        "SELECT root_xid, xid, posted_at, brand.created_at FROM shoppable_tweet AS tweet"
        " JOIN tweet_version ON tweet_version.tweet_id = tweet.id"
        " JOIN brand ON brand.id = tweet.brand_id",
    )

    assert root == version
    assert posted_at == moment_of(root)
    assert 3.5 <= (created_at - posted_at).total_seconds() / 86_400 < 3.5001


async def test_ten_thousand_products_are_loaded(resources: Resources) -> None:
    world = small_world()
    boot = world["products"][0]
    world["products"] += [{**boot, "asin": f"B{number:09}"} for number in range(10_000)]

    report = await seed(resources, world)

    assert report.entries["products"] == 10_001
    stored = await ask(
        resources,
        "SELECT (SELECT count(*) FROM product), (SELECT count(*) FROM sandbox_product)",
    )
    assert stored == [(10_001, 10_001)]
