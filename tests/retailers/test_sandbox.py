"""The sandbox: every answer that it can give, once for each key."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from app.core.models import Model
from app.core.resources import Resources
from app.products.facts import Found, Gone, Reference, Unknown
from app.products.states import Availability, ProductKind
from app.retailers.adapter import (
    Adapter,
    Added,
    Line,
    Opened,
    Outcome,
    Refusal,
    Refused,
    Removed,
    RetailerUnavailable,
)
from app.retailers.models import SandboxCart, SandboxCartLine, SandboxProduct
from app.retailers.registry import ADD_MODES, open_retailers
from tests.walk import Walk, fetch, without_database

DEADLINE = timedelta(seconds=5)


def a_product(product_id: str, **changes: Any) -> SandboxProduct:
    usual = {
        "marketplace": "US",
        "retailer_product_id": product_id,
        "title": product_id,
        "kind": "PHYSICAL",
        "availability": "IN_STOCK",
        "gone": False,
        "price_amount_minor": 500,
        "price_currency": "USD",
    }
    return SandboxProduct(**(usual | changes))


def a_cart(account: str, **changes: Any) -> SandboxCart:
    usual = {"marketplace": "US", "holds": [], "full": False, "timeouts_left": 0}
    return SandboxCart(account=account, **(usual | changes))


SHELF: list[Model] = [
    a_product("boot"),
    a_product("socks", price_amount_minor=None, price_currency=None),
    a_product("gone", gone=True),
    a_product("sold-out", availability="OUT_OF_STOCK"),
    a_product("limited", availability="LIMITED"),
    a_product("refused", refusal="LIMITED_QUANTITY"),
    a_product("digital", kind="DIGITAL"),
    a_product("collection", kind="COLLECTION_PARENT"),
    a_product("variation", kind="VARIATION_PARENT"),
    a_cart("holder", holds=["boot"]),
    a_cart("full", full=True),
    a_cart("refuser", refusal="RETAILER_REJECTED"),
    a_cart("late", timeouts_left=1),
    a_cart("late", marketplace="DE", timeouts_left=0),
]


@pytest.fixture
async def sandbox(world_resources: Resources) -> AsyncIterator[Adapter]:
    """The sandbox with one of every product and cart."""
    async with world_resources.sessions() as session, session.begin():
        for row in SHELF:
            await session.merge(row)
    async with open_retailers(world_resources.database_url) as retailers:
        yield retailers["sandbox"]


def a_line(key: str, product_id: str = "boot", account: str | None = "mara") -> Line:
    return Line(
        idempotency_key=key,
        account=account,
        marketplace="US",
        retailer_product_id=product_id,
        quantity=1,
    )


ADDED = Added(cart_reference="sandbox:k", amount_minor=500, currency="USD")


def refused(reason: Refusal) -> Outcome:
    return Refused(reason=reason)


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        (a_line("k"), ADDED),
        (
            a_line("k", "limited"),
            ADDED,
        ),
        (a_line("k", "socks"), Added(cart_reference="sandbox:k")),
        (a_line("k", "unheard-of"), refused(Refusal.NOT_A_PRODUCT)),
        (a_line("k", "gone"), refused(Refusal.PRODUCT_GONE)),
        (a_line("k", "sold-out"), refused(Refusal.OUT_OF_STOCK)),
        (a_line("k", "refused"), refused(Refusal.LIMITED_QUANTITY)),
        (a_line("k", "digital"), refused(Refusal.UNSUPPORTED_KIND_DIGITAL)),
        (a_line("k", "collection"), refused(Refusal.COLLECTION_PARENT)),
        (a_line("k", "variation"), refused(Refusal.RETAILER_REJECTED)),
        (a_line("k", account="holder"), refused(Refusal.ALREADY_IN_CART)),
        (
            a_line("k", "limited", "holder"),
            ADDED,
        ),
        (a_line("k", account="full"), refused(Refusal.CART_FULL)),
        (a_line("k", account="refuser"), refused(Refusal.RETAILER_REJECTED)),
    ],
)
async def test_each_answer_can_be_had(
    world_resources: Resources, sandbox: Adapter, line: Line, outcome: Outcome
) -> None:
    assert await sandbox.add([line], deadline=DEADLINE) == [outcome]

    kept = await fetch(world_resources, "SELECT idempotency_key FROM sandbox_cart_line")
    assert kept == ([("k",)] if isinstance(outcome, Added) else [])


async def test_one_line_is_no_others_affair(world_resources: Resources, sandbox: Adapter) -> None:
    lines = [
        a_line("1"),
        a_line("2", account=None),
        a_line("3", "gone"),
        a_line("4", account="late"),
        a_line("5", "socks"),
        a_line("6", account="jonas"),
    ]

    outcomes = await sandbox.add(lines, deadline=DEADLINE)

    taken = [isinstance(outcome, Added) for outcome in outcomes]
    assert taken == [True, False, False, False, True, True]
    kept = await fetch(world_resources, "SELECT idempotency_key FROM sandbox_cart_line ORDER BY 1")
    assert kept == [("1",), ("5",), ("6",)]


async def test_a_cart_times_out_as_often_as_it_was_told_then_works(sandbox: Adapter) -> None:
    first, second = [
        await sandbox.add([a_line("k", account="late")], deadline=DEADLINE) for _ in range(2)
    ]

    [late] = first
    assert isinstance(late, Refused)
    assert (late.reason, late.retryable) == (Refusal.RETAILER_TIMEOUT, True)
    assert isinstance(second[0], Added)


async def test_a_key_adds_once_and_is_answered_alike(
    world_resources: Resources, sandbox: Adapter
) -> None:
    first = await sandbox.add([a_line("k")], deadline=DEADLINE)
    async with world_resources.sessions() as session, session.begin():
        await session.merge(a_product("boot", gone=True, price_amount_minor=900))

    again = await asyncio.gather(*(sandbox.add([a_line("k")], deadline=DEADLINE) for _ in range(4)))

    assert again == [first] * 4
    assert await fetch(world_resources, "SELECT count(*) FROM sandbox_cart_line") == [(1,)]


async def test_calls_at_the_same_moment_with_one_key_add_once(
    world_resources: Resources, sandbox: Adapter
) -> None:
    answers = await asyncio.gather(
        *(sandbox.add([a_line("k")], deadline=DEADLINE) for _ in range(6))
    )

    assert {type(outcome) for [outcome] in answers} == {Added}
    assert await fetch(world_resources, "SELECT count(*) FROM sandbox_cart_line") == [(1,)]


async def test_what_is_in_the_cart_is_not_taken_under_another_key(sandbox: Adapter) -> None:
    await sandbox.add([a_line("k")], deadline=DEADLINE)

    assert await sandbox.add([a_line("l")], deadline=DEADLINE) == [refused(Refusal.ALREADY_IN_CART)]


async def test_a_line_is_taken_out_by_its_key_once_or_often(
    world_resources: Resources, sandbox: Adapter
) -> None:
    await sandbox.add([a_line("k"), a_line("l", account="jonas")], deadline=DEADLINE)

    for _ in range(2):
        removed = await sandbox.remove([a_line("k"), a_line("unheard-of")], deadline=DEADLINE)
        assert removed == [Removed(), Removed()]

    kept = await fetch(
        world_resources,
        "SELECT idempotency_key, removed_at IS NULL FROM sandbox_cart_line ORDER BY 1",
    )
    assert kept == [("k", False), ("l", True), ("unheard-of", False)]


async def test_a_call_that_comes_after_its_line_was_taken_out_adds_nothing(
    world_resources: Resources, sandbox: Adapter
) -> None:
    await sandbox.remove([a_line("late")], deadline=DEADLINE)

    await sandbox.add([a_line("late")], deadline=DEADLINE)

    held = "SELECT count(*) FROM sandbox_cart_line WHERE removed_at IS NULL"
    assert await fetch(world_resources, held) == [(0,)]


async def test_what_was_taken_out_can_be_added_under_another_key_but_not_by_a_late_call(
    world_resources: Resources, sandbox: Adapter
) -> None:
    await sandbox.add([a_line("k")], deadline=DEADLINE)
    await sandbox.remove([a_line("k")], deadline=DEADLINE)

    assert await sandbox.add([a_line("k")], deadline=DEADLINE) == [ADDED]
    late = await fetch(
        world_resources, "SELECT count(*) FROM sandbox_cart_line WHERE removed_at IS NULL"
    )
    [again] = await sandbox.add([a_line("l")], deadline=DEADLINE)

    assert late == [(0,)]
    assert isinstance(again, Added)


async def test_the_shelf_tells_of_each_product_in_the_order_that_was_asked(
    sandbox: Adapter,
) -> None:
    asked = ["gone", "socks", "unheard-of", "boot", "boot", "digital"]

    told = await sandbox.look_up([Reference("US", each) for each in asked], deadline=DEADLINE)

    boot = Found(
        title="boot",
        kind=ProductKind.PHYSICAL,
        availability=Availability.IN_STOCK,
        amount_minor=500,
        currency="USD",
    )
    assert told[0] == Gone()
    assert told[1] == Found(
        title="socks", kind=ProductKind.PHYSICAL, availability=Availability.IN_STOCK
    )
    assert told[2:5] == [Unknown(), boot, boot]
    assert isinstance(told[5], Found)
    assert told[5].kind is ProductKind.DIGITAL
    assert await sandbox.look_up([Reference("DE", "boot")], deadline=DEADLINE) == [Unknown()]
    assert await sandbox.look_up([], deadline=DEADLINE) == []


async def test_an_account_is_opened_once_for_each_key_and_takes_products(
    world_resources: Resources, sandbox: Adapter
) -> None:
    opened = [
        await sandbox.open_account(idempotency_key=key, marketplace=marketplace, deadline=DEADLINE)
        for key, marketplace in (("a", "US"), ("a", "US"), ("a", "DE"), ("b", "US"))
    ]

    accounts = [each.account for each in opened if isinstance(each, Opened)]
    assert len(accounts) == 4
    assert accounts[0] == accounts[1] == accounts[2] != accounts[3]
    carts = await fetch(
        world_resources,
        "SELECT marketplace FROM sandbox_cart WHERE account = ANY($1) ORDER BY account, 1",
        accounts,
    )
    assert sorted(carts) == [("DE",), ("US",), ("US",)]
    assert await sandbox.add([a_line("k", account=accounts[0])], deadline=DEADLINE) == [ADDED]


async def test_a_sandbox_whose_database_is_away_is_unavailable_whatever_it_is_asked(
    door_alone: Walk,
) -> None:
    resources = door_alone.resources
    async with open_retailers(resources.database_url) as retailers:
        sandbox = retailers["sandbox"]
        async with without_database(resources):
            for call in (
                sandbox.add([a_line("k")], deadline=DEADLINE),
                sandbox.remove([a_line("k")], deadline=DEADLINE),
                sandbox.look_up([Reference("US", "boot")], deadline=DEADLINE),
                sandbox.open_account(idempotency_key="a", marketplace="US", deadline=DEADLINE),
            ):
                with pytest.raises(RetailerUnavailable):
                    await call


async def test_nothing_of_ours_refers_to_the_sandbox_nor_the_other_way_round() -> None:
    tables = {model.__tablename__ for model in (SandboxCart, SandboxCartLine, SandboxProduct)}

    referring = {
        (table.name, key.column.table.name)
        for table in Model.metadata.tables.values()
        for key in table.foreign_keys
        if (table.name in tables) != (key.column.table.name in tables)
    }

    assert referring == set()


async def test_the_modes_that_decisions_rely_on_are_the_adapters_own(
    world_resources: Resources,
) -> None:
    async with open_retailers(world_resources.database_url) as retailers:
        assert {name: adapter.add_mode for name, adapter in retailers.items()} == ADD_MODES
