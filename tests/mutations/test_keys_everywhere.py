"""Idempotency keys of every mutation, over time, and where whoever holds one comes to its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.core import clock
from app.core.resources import Resources
from app.core.viewer import Scope
from app.events.log import write_transaction
from app.graphql.idempotency import KEPT, KEY_LIFE, forget_old
from app.graphql.problems import KEY_REUSED
from tests.golden_world import PRAIRIE
from tests.http.server import ALL, Running, TestBrand, token_of
from tests.mutations.asking import ADD, Api, events_of, rows_of, triggers_of
from tests.mutations.walking import (
    MUTATIONS,
    difference,
    given_of,
    golden_writer,
    ids_of,
    input_of,
)

WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO idempotency_key%'
"""
KEPT_ROWS = "SELECT FROM idempotency_key WHERE brand_id = $1"
HOLD = """
INSERT INTO idempotency_key (brand_id, key_hash, request_hash, created_at)
SELECT brand_id, key_hash, 'another request', created_at + interval '1 day' FROM idempotency_key
WHERE brand_id = $1
ON CONFLICT (brand_id, key_hash) DO UPDATE SET request_hash = excluded.request_hash
"""


@pytest.mark.database
async def test_every_mutation_is_done_once_under_a_key_and_tells_another_input_so(
    resources: Resources,
) -> None:
    writer = await golden_writer(resources)
    for name in MUTATIONS:
        given = {**given_of(input_of(name), ids_of(PRAIRIE)), "idempotencyKey": f"key of {name}"}
        first = await writer.send(name, given, PRAIRIE)
        before = await writer.tables()

        assert await writer.send(name, given, PRAIRIE) == first, name
        other = await writer.send(name, {**given, **_otherwise(given)}, PRAIRIE)

        assert other == {"__typename": "IdempotencyKeyReused", "message": KEY_REUSED}, name
        assert difference(before, await writer.tables()) == {}, name


def _otherwise(given: dict[str, Any]) -> dict[str, Any]:
    """One member of an input with another value."""
    name, value = next((each, given[each]) for each in given if each != "idempotencyKey")
    if isinstance(value, bool):
        return {name: not value}
    if isinstance(value, int):
        return {name: value + 1}
    return {name: value[:-1] + ("2" if value.endswith("1") else "1")}


async def test_the_same_key_twice_in_one_operation_is_done_once(
    running: Running, brand: TestBrand, api: Api
) -> None:
    add = 'addTrigger(input: {tag: "%s", marketplace: "US", idempotencyKey: "key"})'
    show = "{ __typename ... on Trigger { id } }"

    done = await api.ask(
        f"mutation {{ a: {add % 'Basket'} {show} b: {add % 'Basket'} {show} "
        f"c: {add % 'Other'} {show} }}"
    )

    assert done["a"] == done["b"]
    assert (done["a"]["__typename"], done["c"]) == (
        "Trigger",
        {"__typename": "IdempotencyKeyReused"},
    )
    assert await triggers_of(running.resources, brand.id) == ["AmazonCart", "Basket"]


@pytest.fixture
def _own_time() -> Any:
    """Time may be set ahead; afterwards it is the machine's again."""
    yield
    clock.start_at(None)


@pytest.mark.usefixtures("_own_time")
async def test_a_key_ends_by_the_clock_after_24_hours_and_its_row_an_hour_later(
    running: Running, brand: TestBrand, api: Api
) -> None:
    added, problem = await api.add("Basket", "done"), await api.add("AmazonCart", "problem")
    begun = clock.now()

    async def kept() -> int:
        async with write_transaction(running.resources.sessions) as session:
            await forget_old(session, now=clock.now(), limit=1_000)
        return len(await rows_of(running.resources.database_url, KEPT_ROWS, brand.id))

    clock.start_at(begun + KEY_LIFE - timedelta(minutes=1))
    assert await api.add("Basket", "done") == added
    assert await api.add("AmazonCart", "problem") == problem
    assert (await api.add("Other", "problem"))["message"] == KEY_REUSED

    clock.start_at(begun + KEY_LIFE)
    assert (await api.add("Basket", "done"))["__typename"] == "TriggerTaken"
    assert (await api.add("Other", "problem"))["__typename"] == "Trigger"
    assert await kept() == 2

    clock.start_at(begun + KEY_LIFE + KEPT + timedelta(minutes=1))
    assert await kept() == 0
    assert (await api.add("Basket", "done"))["__typename"] == "TriggerTaken"


@pytest.mark.usefixtures("_own_time")
async def test_of_many_at_once_with_a_key_that_ended_one_is_done_and_all_get_its_answer(
    running: Running, brand: TestBrand, api: Api
) -> None:
    await api.add("Old", "key")
    clock.start_at(clock.now() + KEY_LIFE)

    answers = await asyncio.gather(*(api.add("Basket", "key") for _ in range(8)))

    assert answers == [answers[0]] * 8
    assert answers[0]["__typename"] == "Trigger"
    assert await triggers_of(running.resources, brand.id) == ["AmazonCart", "Basket", "Old"]


@asynccontextmanager
async def holding(running: Running, brand_id: UUID) -> AsyncIterator[asyncpg.Connection]:
    """A connection that holds the brand's keys in a transaction which did not commit."""
    url = running.resources.database_url
    holder = await asyncpg.connect(url)
    try:
        await holder.execute("BEGIN")
        await holder.execute(HOLD.replace("$1", f"'{brand_id}'"))
        yield holder
    finally:
        holder.terminate()


async def until_waiting(running: Running) -> None:
    """Until somebody waits for a key: at most 1,000 looks."""
    for _ in range(1_000):
        if (await rows_of(running.resources.database_url, WAITING))[0][0]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("Nobody waits for the key.")


@pytest.mark.database
async def test_who_waits_for_a_key_goes_on_when_its_holder_is_cut_off(
    running: Running, brand: TestBrand, api: Api
) -> None:
    first = await api.add("Basket", "key")
    async with holding(running, brand.id):
        waiting = asyncio.create_task(api.add("Basket", "key"))
        await until_waiting(running)

    assert await waiting == first
    assert len(await events_of(running.resources, brand.id)) == 1


@pytest.mark.database
async def test_who_waits_for_a_key_is_told_what_its_holder_made_of_it(
    running: Running, brand: TestBrand, api: Api
) -> None:
    await api.add("Basket", "key")
    async with holding(running, brand.id) as holder:
        waiting = asyncio.create_task(api.add("Basket", "key"))
        await until_waiting(running)
        await holder.execute("COMMIT")

    assert (await waiting)["message"] == KEY_REUSED
    assert len(await events_of(running.resources, brand.id)) == 1


async def test_an_earlier_answer_is_not_told_to_a_token_that_may_not_ask_for_it(
    running: Running, brand: TestBrand, api: Api
) -> None:
    token = await token_of(running.resources, brand.slug, ALL - {Scope.BRAND_WRITE})
    given = {"tag": "Basket", "marketplace": "US", "idempotencyKey": "key"}
    await api.ask(ADD, input=given)

    assert await Api(api.client, token).refused(ADD, input=given) == (
        403,
        "MISSING_SCOPE",
        ["addTrigger"],
    )
