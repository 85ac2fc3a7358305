"""What may happen to intents in a world, and whether the log tells all of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson

from app.carts.states import CartIntentStatus, may_move
from app.carts.withdrawals import withdraw_for_deleted
from app.core import clock
from app.core.database import WriteSession
from app.core.resources import Resources
from app.engagements.service import mark_content
from app.engagements.states import ContentState
from app.events.log import write_transaction
from app.retailers.states import AddMode
from app.shoppers.queries import ShopperKey
from app.shoppers.service import NewLink, ensure_persons, link_accounts
from tests.walk import fetch

PRIYA = "1567000000000000047"
"""A shopper without a link."""

TWEET, BOOT_AGAIN = "2122978114236649841", "2122993214288901650"
"""Two tweets with the same product."""

TWO_PRODUCTS, VARIATION = "2123008314160798387", "2123325403035771996"
NO_LINK = "2123038513871037429"
UNKNOWN_POST = "2123700000000000001"

_LOG = """
SELECT subject_id, type, data FROM event WHERE subject_type = 'CartIntent' ORDER BY brand_id, seq
"""
_ROWS = "SELECT id, status, failure_reason, product_id, repeat_count FROM cart_intent"


@asynccontextmanager
async def acting(resources: Resources) -> AsyncIterator[WriteSession]:
    """One transaction, with the events that are recorded in it."""
    async with write_transaction(resources.sessions) as session:
        yield session


async def statuses(resources: Resources) -> list[tuple[str, str | None]]:
    """Where the intents are, and why they failed, in the order of their making."""
    rows = await fetch(resources, "SELECT status, failure_reason FROM cart_intent ORDER BY id")
    return [(status, reason) for status, reason in rows]


async def ids(resources: Resources) -> list[UUID]:
    """The intents in the order of their making."""
    return [key for (key,) in await fetch(resources, "SELECT id FROM cart_intent ORDER BY id")]


async def brand(resources: Resources) -> UUID:
    """The brand that all these tweets belong to."""
    [(key,)] = await fetch(resources, "SELECT id FROM brand WHERE slug = 'acme'")
    assert isinstance(key, UUID)
    return key


async def shopper_of(resources: Resources, intent_id: UUID) -> ShopperKey:
    """Whose intent it is."""
    sql = "SELECT brand_id, shopper_id FROM cart_intent WHERE id = $1"
    [(brand_id, shopper_id)] = await fetch(resources, sql, intent_id)
    return brand_id, shopper_id


async def product(resources: Resources, retailer_product_id: str) -> UUID:
    """The brand's product on the US marketplace."""
    sql = "SELECT id FROM product WHERE retailer_product_id = $1 AND marketplace = 'US'"
    [(key,)] = await fetch(resources, sql, retailer_product_id)
    assert isinstance(key, UUID)
    return key


async def delete(resources: Resources, *posts: str) -> None:
    """X tells that these posts were deleted."""
    keys = [(await brand(resources), int(post)) for post in posts]
    async with acting(resources) as session:
        await mark_content(session, keys, ContentState.DELETED, now=clock.now())
        await withdraw_for_deleted(session, keys, now=clock.now())


async def link(resources: Resources, x_user_id: str) -> None:
    """She links an account at the sandbox; nothing is told to her intents yet."""
    async with acting(resources) as session:
        persons = await ensure_persons(session, resources.keys, {int(x_user_id): None})
        new = NewLink(
            person_id=persons[int(x_user_id)],
            retailer="sandbox",
            marketplace="US",
            add_mode=AddMode.SERVER_ADD,
            external_reference=f"account of {x_user_id}",
        )
        await link_accounts(session, resources.keys, [new])


async def in_carts(resources: Resources) -> list[str]:
    """The keys of the lines that are in carts now."""
    sql = "SELECT idempotency_key FROM sandbox_cart_line WHERE removed_at IS NULL ORDER BY 1"
    return [key for (key,) in await fetch(resources, sql)]


async def kinds(resources: Resources) -> list[str]:
    """The events of all intents, without what they begin with."""
    return [kind.removeprefix("cart_intent.") for _, kind, _ in await fetch(resources, _LOG)]


async def assert_told(resources: Resources) -> None:
    """Each intent's events are a walk along legal edges, one event each, that ends at its row."""
    folded: dict[UUID, dict[str, Any]] = {}
    for intent_id, kind, data in await fetch(resources, _LOG):
        told, before = orjson.loads(data)["cartIntent"], folded.get(intent_id)
        _assert_edge(kind.removeprefix("cart_intent."), told, before)
        folded[intent_id] = told
    kept = {row[0]: row[1:] for row in await fetch(resources, _ROWS)}
    assert kept == {
        intent_id: (
            told["status"],
            (told["failure"] or {}).get("reason"),
            UUID(told["product"]["id"]) if told["product"] else None,
            told["repeatCount"],
        )
        for intent_id, told in folded.items()
    }


def _assert_edge(kind: str, told: dict[str, Any], before: dict[str, Any] | None) -> None:
    status, previous = told["status"], told["previousStatus"]
    assert previous == (before and before["status"])
    if before is None:
        assert (kind, status) == ("received", "RECEIVED")
    elif kind == "repeat_ignored":
        assert (status, told["repeatCount"]) == (previous, before["repeatCount"] + 1)
    else:
        assert may_move(CartIntentStatus(previous), CartIntentStatus(status))
        assert kind == ("recovered" if _is_recovery(previous, status) else status.lower())
        assert told["repeatCount"] == before["repeatCount"]


def _is_recovery(previous: str, status: str) -> bool:
    return (previous, status) == ("AWAITING_LINK", "QUEUED")
