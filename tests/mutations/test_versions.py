"""Where two people edit the same, the second is told that it did not see what it would change."""

import asyncio
from typing import Any

import pytest
from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type

from app.core import clock
from app.core.ids import global_id
from app.core.resources import Resources
from app.events.log import write_transaction
from app.graphql.members import EXPECTED
from app.products.facts import Found, Reference
from app.products.models import Product
from app.products.service import take_listing
from tests.golden_world import PRAIRIE
from tests.http.server import Running, TestBrand
from tests.mutations.asking import Api, events_of, triggers_of
from tests.mutations.walking import (
    GRAPHQL,
    MUTATIONS,
    Writer,
    difference,
    given_of,
    golden_writer,
    ids_of,
    input_of,
)

EDITS = [name for name in MUTATIONS if EXPECTED in input_of(name).fields]
MAKES_ANEW = {"addTrigger", "addProduct", "registerTweet"}
SET = """
mutation Set($input: SetPoliciesInput!) {
  setPolicies(input: $input) {
    __typename
    ... on Brand { version acceptQuotes resolveDepth }
    ... on VersionConflict { expectedVersion currentVersion message }
  }
}
"""
OTHERWISE: dict[str, dict[str, Any]] = {
    "changeTrigger": {"tag": "Otherwise"},
    "setPolicies": {"resolveDepth": "THREAD_ROOT"},
    "mapMarketplace": {"affiliateTag": "otherwise-20"},
    "changeProduct": {"title": "Otherwise"},
    "setPrimaryProduct": {"productId": None},
}
"""What lets an edit change something when the one before it has set everything."""


async def set_policies(api: Api, **given: Any) -> dict[str, Any]:
    """Set policies; what came of it."""
    done: dict[str, Any] = (await api.ask(SET, input=given))["setPolicies"]
    return done


@pytest.fixture
async def writer(resources: Resources) -> Writer:
    """Writes as the golden brands, in a world of the test's own."""
    return await golden_writer(resources)


def test_every_mutation_that_edits_what_has_a_version_takes_the_expected_one() -> None:
    versioned = [
        name
        for name, field in MUTATIONS.items()
        if isinstance(union := get_named_type(field.type), GraphQLUnionType)
        and any("version" in member.fields for member in union.types)
    ]

    assert set(EDITS) == set(versioned) - MAKES_ANEW


def test_what_people_edit_has_a_version_that_is_never_null() -> None:
    found = {
        name
        for name, named in GRAPHQL.type_map.items()
        if isinstance(named, GraphQLObjectType) and "version" in named.fields
    }

    assert found == {"Brand", "BrandMarketplace", "Product", "ShoppableTweet", "Trigger"}
    for name in found:
        named = GRAPHQL.type_map[name]
        assert isinstance(named, GraphQLObjectType)
        assert str(named.fields["version"].type) == "Int!"


async def test_an_edit_of_the_version_it_saw_is_made_and_the_next_one_of_it_is_not(
    running: Running, brand: TestBrand, api: Api
) -> None:
    first = await set_policies(api, acceptQuotes=True, expectedVersion=1)
    second = await set_policies(api, resolveDepth="THREAD_ROOT", expectedVersion=1)

    assert (first["version"], first["acceptQuotes"]) == (2, True)
    assert second == {
        "__typename": "VersionConflict",
        "expectedVersion": 1,
        "currentVersion": 2,
        "message": "It was edited since: you saw version 1, it is at version 2 now. Read it again, "
        "decide anew, and send that version; or leave `expectedVersion` out to overwrite what the "
        "other one did.",
    }
    assert await events_of(running.resources, brand.id) == [(1, "brand.updated")]
    assert (await api.ask("{ brand { resolveDepth } }"))["brand"] == {"resolveDepth": "PARENT"}

    again = await set_policies(api, resolveDepth="THREAD_ROOT", expectedVersion=2)
    assert (again["version"], again["resolveDepth"]) == (3, "THREAD_ROOT")


async def test_of_many_edits_of_the_same_version_at_once_one_is_made(
    running: Running, brand: TestBrand, api: Api
) -> None:
    edits = [("acceptQuotes", True), ("autoRegister", False), ("resolveDepth", "THREAD_ROOT")] * 4

    answers = await asyncio.gather(
        *(set_policies(api, expectedVersion=1, **{name: value}) for name, value in edits)
    )

    made = [each for each in answers if each["__typename"] == "Brand"]
    assert [each["version"] for each in made] == [2]
    assert [each["currentVersion"] for each in answers if each not in made] == [2] * 11
    assert await events_of(running.resources, brand.id) == [(1, "brand.updated")]


async def test_edits_at_once_that_read_again_after_a_conflict_are_all_made(
    running: Running, brand: TestBrand, api: Api
) -> None:
    async def add_one(number: int) -> None:
        version = 1
        for _ in range(20):
            made = await set_policies(api, acceptQuotes=bool(version % 2), expectedVersion=version)
            if made["__typename"] == "Brand":
                return
            version = made["currentVersion"]
        raise AssertionError(f"Edit {number} was never made.")

    await asyncio.gather(*(add_one(number) for number in range(6)))

    # Each one switched what the one before it had set, so none was lost.
    assert (await api.ask("{ brand { version acceptQuotes } }"))["brand"] == {
        "version": 7,
        "acceptQuotes": False,
    }
    assert len(await events_of(running.resources, brand.id)) == 6


async def test_an_edit_that_changes_nothing_is_no_new_version(api: Api) -> None:
    await set_policies(api, acceptQuotes=True)

    assert (await set_policies(api, acceptQuotes=True))["version"] == 2
    assert (await set_policies(api))["version"] == 2


async def test_without_an_expected_version_the_last_edit_stands(api: Api) -> None:
    await set_policies(api, acceptQuotes=True)

    assert (await set_policies(api, acceptQuotes=False))["acceptQuotes"] is False
    assert (await set_policies(api, acceptQuotes=True, expectedVersion=None))["version"] == 4


async def test_a_conflict_under_a_key_is_told_again_and_a_done_edit_is_not_a_conflict(
    api: Api,
) -> None:
    done = await set_policies(api, acceptQuotes=True, expectedVersion=1, idempotencyKey="a")
    conflict = await set_policies(api, autoRegister=False, expectedVersion=1, idempotencyKey="b")
    await set_policies(api, acceptQuotes=False)

    assert conflict["currentVersion"] == 2
    assert (
        await set_policies(api, autoRegister=False, expectedVersion=1, idempotencyKey="b")
        == conflict
    )
    again = await set_policies(api, acceptQuotes=True, expectedVersion=1, idempotencyKey="a")
    assert (done["__typename"], again["__typename"]) == ("Brand", "Brand")
    assert again["version"] == 3


async def test_a_trigger_that_was_edited_is_not_removed_by_who_saw_it_before(
    running: Running, brand: TestBrand, api: Api
) -> None:
    added = await api.add("Basket")
    change = """mutation ($id: ID!) {
      changeTrigger(input: {triggerId: $id, tag: "Bag", expectedVersion: 1}) {
        ... on Trigger { version } } }"""
    remove = """mutation ($id: ID!, $version: Int) {
      removeTrigger(input: {triggerId: $id, expectedVersion: $version}) {
        __typename ... on VersionConflict { currentVersion } } }"""

    assert await api.ask(change, id=added["id"]) == {"changeTrigger": {"version": 2}}
    refused = await api.ask(remove, id=added["id"], version=1)
    assert refused["removeTrigger"] == {"__typename": "VersionConflict", "currentVersion": 2}
    assert await triggers_of(running.resources, brand.id) == ["AmazonCart", "Bag"]
    assert (await api.ask(remove, id=added["id"], version=2))["removeTrigger"] == {
        "__typename": "Brand"
    }


async def test_a_marketplace_that_is_mapped_for_the_first_time_is_expected_at_version_0(
    api: Api,
) -> None:
    query = """mutation ($version: Int!) {
      mapMarketplace(input: {marketplace: "DE", retailer: "sandbox", expectedVersion: $version}) {
        ... on BrandMarketplace { version } ... on VersionConflict { currentVersion } } }"""

    async def map_it(version: int) -> Any:
        return (await api.ask(query, version=version))["mapMarketplace"]

    assert await map_it(1) == {"currentVersion": 0}
    assert await map_it(0) == {"version": 1}
    assert await map_it(0) == {"currentVersion": 1}


@pytest.mark.parametrize("name", EDITS)
async def test_every_edit_counts_once_and_one_of_an_older_version_changes_nothing(
    writer: Writer, name: str
) -> None:
    given = given_of(input_of(name), ids_of(PRAIRIE))
    if name == "resumeTweet":
        await writer.send("pauseTweet", {"tweetId": given["tweetId"]}, PRAIRIE)
        given[EXPECTED] = 2
    seen = given[EXPECTED]
    done = await writer.send(name, given, PRAIRIE)
    before = await writer.tables()

    stale = {**given, **OTHERWISE.get(name, {}), EXPECTED: seen + 7}
    answer = await writer.send(name, stale, PRAIRIE)

    removed = name == "removeTrigger"
    assert done["__typename"] in {
        "Brand",
        "BrandMarketplace",
        "Product",
        "ShoppableTweet",
        "Trigger",
    }
    if removed:
        assert answer["__typename"] == "TriggerNotFound"
    else:
        assert done["version"] == seen + 1
        assert (answer["__typename"], answer["currentVersion"]) == ("VersionConflict", seen + 1)
    assert difference(before, await writer.tables()) == {}


async def test_what_a_retailer_tells_of_a_product_is_no_new_version(
    resources: Resources, writer: Writer
) -> None:
    told = Found(title="Told")
    async with write_transaction(resources.sessions) as session:
        product = await session.get_one(Product, (PRAIRIE.id, PRAIRIE.key(0x20, 1)))
        await take_listing(
            session,
            brand_id=PRAIRIE.id,
            retailer=product.retailer,
            reference=Reference(product.marketplace, product.retailer_product_id),
            listing=told,
            now=clock.now(),
        )
    given = {"productId": global_id("Product", product.id), "description": "New", EXPECTED: 1}

    done = await writer.send("changeProduct", given, PRAIRIE)

    assert (done["title"], done["description"], done["version"]) == ("Told", "New", 2)
