"""Idempotency keys: the same key gets what was decided first, and nothing is done twice."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.core import clock
from app.events.log import write_transaction
from app.graphql.idempotency import KEPT, KEY_LIFE, forget_old
from app.graphql.problems import KEY_REUSED, NO_LONGER_THERE
from tests.http.server import Running, TestBrand, make_brand
from tests.mutations.asking import Api, events_of, rows_of, token_of_app, triggers_of

REMOVE = """
mutation Remove($id: ID!, $key: String) {
  removeTrigger(input: {triggerId: $id, idempotencyKey: $key}) {
    __typename
    ... on Problem { message }
  }
}
"""
AGE = "UPDATE idempotency_key SET created_at = created_at - $2::interval WHERE brand_id = $1"
REUSED = {"__typename": "IdempotencyKeyReused", "message": KEY_REUSED}


async def test_the_same_key_does_it_once_and_gets_the_same_answer(
    running: Running, brand: TestBrand, api: Api
) -> None:
    first = await api.add("AmazonBasket", "key")
    again = await api.add("AmazonBasket", "key")

    assert first["__typename"] == "Trigger"
    assert again == first
    assert await triggers_of(running.resources, brand.id) == ["AmazonBasket", "AmazonCart"]
    assert await events_of(running.resources, brand.id) == [(1, "brand.updated")]


async def test_without_a_key_each_sending_is_decided_anew(api: Api) -> None:
    await api.add("AmazonBasket")
    again = await api.add("AmazonBasket")

    assert again["__typename"] == "TriggerTaken"


async def test_the_same_key_with_other_input_is_told_so_and_does_nothing(
    running: Running, brand: TestBrand, api: Api
) -> None:
    await api.add("AmazonBasket", "key")

    assert await api.add("AmazonWishList", "key") == REUSED
    assert await triggers_of(running.resources, brand.id) == ["AmazonBasket", "AmazonCart"]
    assert await events_of(running.resources, brand.id) == [(1, "brand.updated")]


async def test_the_same_key_for_another_mutation_is_told_so_and_does_nothing(
    running: Running, brand: TestBrand, api: Api
) -> None:
    added = await api.add("AmazonBasket", "key")

    removed = await api.ask(REMOVE, id=added["id"], key="key")

    assert removed == {"removeTrigger": REUSED}
    assert await triggers_of(running.resources, brand.id) == ["AmazonBasket", "AmazonCart"]


async def test_a_default_that_is_written_out_is_the_same_input(api: Api) -> None:
    query = """mutation ($key: String) {
      addTrigger(input: {tag: "AmazonBasket", marketplace: "US", %s idempotencyKey: $key}) {
        ... on Trigger { id } } }"""

    left_out = await api.ask(query % "", key="key")
    written = await api.ask(query % "action: CART,", key="key")

    assert written == left_out


async def test_a_problem_is_told_again_in_its_words_though_it_is_mended_by_now(
    running: Running, brand: TestBrand, api: Api
) -> None:
    added = await api.add("AmazonBasket")
    problem = await api.add("AMAZONBASKET", "key")
    await api.ask(REMOVE, id=added["id"])

    assert problem["__typename"] == "TriggerTaken"
    assert await api.add("AMAZONBASKET", "key") == problem
    assert (await api.add("AMAZONBASKET", "other key"))["__typename"] == "Trigger"
    assert await triggers_of(running.resources, brand.id) == ["AMAZONBASKET", "AmazonCart"]


async def test_what_was_done_and_undone_since_is_not_done_again(
    running: Running, brand: TestBrand, api: Api
) -> None:
    added = await api.add("AmazonBasket", "key")
    await api.ask(REMOVE, id=added["id"])

    again = await api.add("AmazonBasket", "key")

    assert again == {"__typename": "NoLongerThere", "message": NO_LONGER_THERE}
    assert await triggers_of(running.resources, brand.id) == ["AmazonCart"]


@pytest.mark.parametrize("tag", ["AmazonBasket", "AmazonCart"], ids=["done", "problem"])
async def test_of_many_at_once_with_the_same_key_all_get_the_same_answer(
    running: Running, brand: TestBrand, api: Api, tag: str
) -> None:
    answers = await asyncio.gather(*(api.add(tag, "key") for _ in range(12)))

    assert answers == [answers[0]] * 12
    events = 1 if answers[0]["__typename"] == "Trigger" else 0
    assert len(await events_of(running.resources, brand.id)) == events
    assert len(await triggers_of(running.resources, brand.id)) == 1 + events


async def test_of_many_at_once_with_different_input_one_is_done_and_the_rest_are_told(
    running: Running, brand: TestBrand, api: Api
) -> None:
    answers = await asyncio.gather(*(api.add(f"Basket{number}", "key") for number in range(8)))

    done = [answer for answer in answers if answer["__typename"] == "Trigger"]
    assert len(done) == 1
    assert [answer for answer in answers if answer not in done] == [REUSED] * 7
    assert await triggers_of(running.resources, brand.id) == ["AmazonCart", done[0]["tag"]]


async def test_another_brands_equal_key_is_another_key(
    running: Running, brand: TestBrand, api: Api
) -> None:
    other = await make_brand(running.resources)

    mine = await api.add("AmazonBasket", "key")
    theirs = await Api(api.client, other.token).add("AmazonBasket", "key")

    assert theirs["__typename"] == "Trigger"
    assert theirs["id"] != mine["id"]
    assert await triggers_of(running.resources, other.id) == ["AmazonBasket", "AmazonCart"]


async def test_another_apps_equal_key_is_another_key(
    running: Running, brand: TestBrand, api: Api
) -> None:
    token = await token_of_app(running.resources, brand, "another-app")

    await api.add("AmazonBasket", "key")

    assert (await Api(api.client, token).add("AmazonBasket", "key"))["__typename"] == "TriggerTaken"


async def test_a_key_is_good_for_24_hours(running: Running, brand: TestBrand, api: Api) -> None:
    added = await api.add("AmazonBasket", "key")
    for aged, expected in (
        (KEY_LIFE - timedelta(minutes=1), "Trigger"),
        (KEY_LIFE, "TriggerTaken"),
    ):
        await rows_of(running.resources.database_url, AGE, brand.id, aged)
        again = await api.add("AmazonBasket", "key")
        assert (again["__typename"], again == added) == (expected, expected == "Trigger")


async def test_old_keys_are_forgotten_and_no_others(
    running: Running, brand: TestBrand, api: Api
) -> None:
    for number in range(4):
        await api.add(f"Old{number}", f"old {number}")
    await rows_of(running.resources.database_url, AGE, brand.id, KEPT)
    await api.add("AmazonBasket", "young")

    async def forget(limit: int) -> int:
        async with write_transaction(running.resources.sessions) as session:
            return await forget_old(session, now=clock.now(), limit=limit)

    assert [await forget(3), await forget(3), await forget(3)] == [3, 1, 0]
    assert (await api.add("AmazonBasket", "young"))["__typename"] == "Trigger"


async def test_a_key_is_kept_as_a_hash(running: Running, brand: TestBrand, api: Api) -> None:
    await api.add("AmazonBasket", "a secret that a client put into its key")

    (row,) = await rows_of(
        running.resources.database_url,
        "SELECT idempotency_key::text AS kept, * FROM idempotency_key WHERE brand_id = $1",
        brand.id,
    )
    assert "secret" not in row["kept"]
    assert b"secret" not in row["key_hash"]
    assert len(row["key_hash"]) == len(row["request_hash"]) == 32


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_of_no_or_too_many_characters_is_refused_before_anything_runs(
    running: Running, brand: TestBrand, api: Api, key: str
) -> None:
    query = """mutation ($key: String) {
      setPolicies(input: {acceptQuotes: true}) { __typename }
      addTrigger(input: {tag: "AmazonBasket", marketplace: "US", idempotencyKey: $key}) {
        __typename } }"""

    assert await api.refused(query, key=key) == (400, "BAD_USER_INPUT", ["addTrigger"])
    assert await events_of(running.resources, brand.id) == []


KEYS: list[Any] = ["x" * 200, "ключ", "\U0001f511" * 100, "0", " "]


@pytest.mark.parametrize("key", KEYS)
async def test_any_text_can_be_a_key(api: Api, key: str) -> None:
    first = await api.add("AmazonBasket", key)

    assert first["__typename"] == "Trigger"
    assert await api.add("AmazonBasket", key) == first
