"""Products by their brand's word: added, changed, and what stands above that word."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from app.core import clock
from app.core.resources import Resources
from app.events.log import write_transaction
from app.products import service
from app.products.facts import Found, NewProduct, Option, Price, ProductChanges, Reference
from app.products.models import Product
from app.products.problems import (
    BadProduct,
    MarketplaceNotServed,
    ProductGone,
    ProductKnown,
    ProductNotFound,
    ToldByRetailer,
)
from app.products.states import Availability, ProductKind, ProductStatus
from tests.tweets.posts import BOOT, NEW, brand_of, product_events
from tests.walk import everything, fetch


def gloves(**changes: Any) -> NewProduct:
    usual: dict[str, Any] = {"marketplace": "US", "retailer_product_id": NEW}
    return NewProduct(**(usual | changes))


async def add(resources: Resources, new: NewProduct, slug: str = "acme") -> object:
    brand_id = await brand_of(resources, slug)
    async with write_transaction(resources.sessions) as session:
        return await service.add_product(session, brand_id=brand_id, new=new, now=clock.now())


async def change(resources: Resources, product: Product, **changes: Any) -> object:
    async with write_transaction(resources.sessions) as session:
        return await service.change_product(
            session,
            brand_id=product.brand_id,
            product_id=product.id,
            changes=ProductChanges(**changes),
            now=clock.now(),
        )


async def listed(resources: Resources, product: Product, **told: Any) -> None:
    """The retailer tells of the product."""
    async with write_transaction(resources.sessions) as session:
        await service.take_listing(
            session,
            brand_id=product.brand_id,
            retailer=product.retailer,
            reference=Reference(product.marketplace, product.retailer_product_id),
            listing=Found(**told),
            now=clock.now(),
        )


async def a_product(resources: Resources, **changes: Any) -> Product:
    added = await add(resources, gloves(**changes))
    assert isinstance(added, Product)
    return added


async def test_a_product_is_added_by_the_brands_word_and_its_retailer_is_asked_at_once(
    world_resources: Resources,
) -> None:
    added = await a_product(
        world_resources,
        title=" Acme Gloves ",
        price=Price(2900, "USD"),
        options=(Option("size", ("S", "M")),),
    )

    assert (added.retailer, added.title, added.status) == (
        "sandbox",
        "Acme Gloves",
        ProductStatus.UNRESOLVED,
    )
    assert added.canonical_url == f"https://www.amazon.com/dp/{NEW}"
    assert added.options == [{"name": "size", "values": ["S", "M"]}]
    assert added.next_look_up_at == added.created_at == added.offer_as_of
    assert await product_events(world_resources) == [("product.added", NEW)]


async def test_a_product_without_a_title_is_called_by_its_id(world_resources: Resources) -> None:
    assert (await a_product(world_resources)).title == NEW


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"title": ""}, BadProduct),
        ({"marketplace": "DE"}, MarketplaceNotServed),
        ({"parent_id": uuid4()}, ProductNotFound),
        ({"retailer_product_id": BOOT}, ProductKnown),
    ],
)
async def test_a_product_that_cannot_be_added_leaves_nothing_and_says_the_remedy(
    world_resources: Resources, changes: dict[str, Any], problem: type[Any]
) -> None:
    before = await everything(world_resources)

    outcome = await add(world_resources, gloves(**changes))

    assert isinstance(outcome, problem)
    assert outcome.message
    assert await everything(world_resources) == before


async def test_two_that_add_one_product_at_once_make_one(world_resources: Resources) -> None:
    outcomes = await asyncio.gather(*(add(world_resources, gloves()) for _ in range(4)))

    added = [outcome for outcome in outcomes if isinstance(outcome, Product)]
    known = [outcome for outcome in outcomes if isinstance(outcome, ProductKnown)]
    assert (len(added), len(known)) == (1, 3)
    assert {each.product_id for each in known} == {added[0].id}
    assert await product_events(world_resources) == [("product.added", NEW)]


async def test_a_variation_names_its_parent_on_the_same_marketplace(
    world_resources: Resources,
) -> None:
    parents = dict(
        await fetch(
            world_resources,
            "SELECT marketplace, id FROM product WHERE retailer_product_id = $1",
            BOOT,
        )
    )

    child = await add(world_resources, gloves(parent_id=parents["US"]))
    stranger = await add(
        world_resources, gloves(retailer_product_id="B0ACMENEW8", parent_id=parents["UK"])
    )

    assert isinstance(child, Product)
    assert child.parent_id == parents["US"]
    assert stranger == ProductNotFound(product_id=parents["UK"])


async def test_another_brands_product_is_not_found(world_resources: Resources) -> None:
    product = await a_product(world_resources)
    other = await brand_of(world_resources, "nordlicht")
    before = await everything(world_resources)

    async with write_transaction(world_resources.sessions) as session:
        outcome = await service.change_product(
            session,
            brand_id=other,
            product_id=product.id,
            changes=ProductChanges(title="Mine"),
            now=clock.now(),
        )

    assert outcome == ProductNotFound(product_id=product.id)
    assert await everything(world_resources) == before


async def test_a_change_is_told_by_what_it_changes_and_none_is_not_told(
    world_resources: Resources,
) -> None:
    product = await a_product(world_resources)

    for changes in (
        {"title": "Acme Gloves", "description": "Warm."},
        {"title": "Acme Gloves", "description": "Warm."},
        {"price": Price(2900, "USD"), "title": "Acme Winter Gloves"},
        {"availability": Availability.LIMITED},
        {"kind": ProductKind.PHYSICAL, "image_url": None},
        {"price": None},
    ):
        assert isinstance(await change(world_resources, product, **changes), Product)

    assert [kind for kind, _ in await product_events(world_resources)] == [
        "product.added",
        "product.changed",
        "product.offer_changed",
        "product.offer_changed",
        "product.changed",
        "product.offer_changed",
    ]
    [row] = await fetch(
        world_resources,
        "SELECT title, description, kind, availability, price_amount_minor, tweets_judged "
        "FROM product WHERE id = $1",
        product.id,
    )
    assert row == ("Acme Winter Gloves", "Warm.", "PHYSICAL", "LIMITED", None, False)


async def test_what_the_retailer_tells_is_not_the_brands_to_change(
    world_resources: Resources,
) -> None:
    product = await a_product(world_resources, title="My gloves")
    await listed(world_resources, product, title="Acme Gloves", kind=ProductKind.PHYSICAL)

    refused = await change(
        world_resources, product, title="Mine", price=Price(1, "USD"), description="x"
    )
    taken = await change(world_resources, product, price=Price(1, "USD"), description="x")

    assert refused == ToldByRetailer(fields=["title"])
    assert "title" in refused.message
    assert isinstance(taken, Product)
    assert (taken.title, taken.price_amount_minor, taken.description) == ("Acme Gloves", 1, "x")


async def test_a_retailer_that_tells_nothing_leaves_the_brands_word(
    world_resources: Resources,
) -> None:
    product = await a_product(
        world_resources, title="My gloves", price=Price(5, "USD"), kind=ProductKind.PHYSICAL
    )

    await listed(world_resources, product)

    [row] = await fetch(
        world_resources,
        "SELECT title, kind, status, price_amount_minor, next_look_up_at FROM product "
        "WHERE id = $1",
        product.id,
    )
    assert row == ("My gloves", "PHYSICAL", "RESOLVED", 5, None)


async def test_what_is_gone_stays_gone(world_resources: Resources) -> None:
    product = await a_product(world_resources)
    async with write_transaction(world_resources.sessions) as session:
        gone = await service.mark_gone(
            session, [(product.brand_id, product.id), (uuid4(), uuid4())], now=clock.now()
        )
    await listed(world_resources, product, title="Back again")

    assert [each.id for each in gone] == [product.id]
    assert await change(world_resources, product, title="x") == ProductGone(product_id=product.id)
    assert await product_events(world_resources) == [
        ("product.added", NEW),
        ("product.gone", NEW),
    ]


async def test_a_problem_is_found_before_the_brand_is_asked_for(
    world_resources: Resources,
) -> None:
    product = await a_product(world_resources)

    assert isinstance(await change(world_resources, product, title=""), BadProduct)
