"""The sandbox: a retailer that adds at once, keeps what it was given and fails where it is told to.

It behaves as a company outside: connections and transactions of its own, tables that nothing of
ours refers to. How a cart or a product misbehaves is said by its rows.
"""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, TypeVar

import asyncpg
import orjson

from app.core import clock
from app.core.outage import is_outage
from app.products.facts import Found, Gone, Listing, Reference, Unknown
from app.products.states import Availability, ProductKind
from app.retailers.adapter import (
    Added,
    Line,
    Opened,
    Outcome,
    Refusal,
    Refused,
    Removal,
    Removed,
    RetailerUnavailable,
)
from app.retailers.states import AddMode

NAME = "sandbox"
ACCOUNT_DIGITS = 24

_LOOK = """
SELECT added.idempotency_key IS NOT NULL AS added_before,
    added.price_amount_minor AS added_amount_minor, added.price_currency AS added_currency,
    cart.timeouts_left, cart.refusal AS cart_refusal, cart.full AS cart_full, cart.holds,
    (
        SELECT true FROM sandbox_cart_line AS other
        WHERE other.account = asked.account AND other.marketplace = asked.marketplace
            AND other.retailer_product_id = asked.retailer_product_id
            AND other.removed_at IS NULL
        LIMIT 1
    ) IS TRUE AS in_cart,
    product.kind, product.availability, product.gone, product.refusal AS product_refusal,
    product.price_amount_minor, product.price_currency
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
    WITH ORDINALITY AS asked (key, account, marketplace, retailer_product_id, position)
LEFT JOIN sandbox_cart_line AS added ON added.idempotency_key = asked.key
LEFT JOIN sandbox_cart AS cart
    ON cart.account = asked.account AND cart.marketplace = asked.marketplace
LEFT JOIN sandbox_product AS product
    ON product.marketplace = asked.marketplace
    AND product.retailer_product_id = asked.retailer_product_id
ORDER BY asked.position
"""

_TIME_OUT = """
UPDATE sandbox_cart SET timeouts_left = timeouts_left - 1
FROM unnest($1::text[], $2::text[]) AS late (account, marketplace)
WHERE sandbox_cart.account = late.account AND sandbox_cart.marketplace = late.marketplace
    AND timeouts_left > 0
"""

_ADD = """
INSERT INTO sandbox_cart_line (idempotency_key, account, marketplace, retailer_product_id,
    quantity, price_amount_minor, price_currency, added_at)
SELECT fresh.*, $8 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[],
    $6::integer[], $7::text[]) AS fresh
ON CONFLICT (idempotency_key) DO NOTHING
"""

_REMOVE = """
INSERT INTO sandbox_cart_line AS line (idempotency_key, account, marketplace, retailer_product_id,
    quantity, added_at, removed_at)
SELECT gone.*, $6, $6 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[])
    AS gone (idempotency_key)
ORDER BY gone.idempotency_key
ON CONFLICT (idempotency_key) DO UPDATE SET removed_at = excluded.removed_at
WHERE line.removed_at IS NULL
"""
"""A key that is not known is kept as taken out: the call that adds it may still be on its way."""

_SHELF = """
SELECT product.title, product.kind, product.availability, product.gone,
    product.price_amount_minor, product.price_currency
FROM unnest($1::text[], $2::text[])
    WITH ORDINALITY AS asked (marketplace, retailer_product_id, position)
LEFT JOIN sandbox_product AS product
    ON product.marketplace = asked.marketplace
    AND product.retailer_product_id = asked.retailer_product_id
ORDER BY asked.position
"""

_OPEN = """
INSERT INTO sandbox_cart (account, marketplace, holds, "full", timeouts_left)
VALUES ($1, $2, '[]', false, 0)
ON CONFLICT (account, marketplace) DO NOTHING
"""

_BY_KIND = {
    "DIGITAL": Refusal.UNSUPPORTED_KIND_DIGITAL,
    "COLLECTION_PARENT": Refusal.COLLECTION_PARENT,
    "VARIATION_PARENT": Refusal.RETAILER_REJECTED,
}


@dataclass(frozen=True)
class Sandbox:
    """The adapter. *pool* belongs to it alone."""

    pool: "asyncpg.Pool[asyncpg.Record]"
    add_mode: AddMode = AddMode.SERVER_ADD

    async def add(self, lines: Sequence[Line], *, deadline: timedelta) -> list[Outcome]:
        """Put each line in its cart, all by one statement of the sandbox's own.

        Raises:
            TimeoutError: the deadline passed; any of the lines may have been added.
            RetailerUnavailable: its database is away, likewise.
        """
        return await _answered(self._add(lines, deadline.total_seconds()))

    async def remove(self, lines: Sequence[Line], *, deadline: timedelta) -> list[Removal]:
        """Take the lines out of their carts, by their keys alone.

        Raises:
            TimeoutError: the deadline passed; any of the lines may be out.
            RetailerUnavailable: its database is away, likewise.
        """
        if not lines:
            return []
        rows = [
            (line.idempotency_key, line.account or "", *_values(line)[2:], line.quantity)
            for line in lines
        ]
        seconds = deadline.total_seconds()
        asked = self.pool.execute(_REMOVE, *_turned(rows), clock.now(), timeout=seconds)
        await _answered(asked)
        return [Removed() for _ in lines]

    async def look_up(
        self, references: Sequence[Reference], *, deadline: timedelta
    ) -> list[Listing]:
        """What stands on its shelf.

        Raises:
            TimeoutError: the deadline passed; nothing is known.
            RetailerUnavailable: its database is away, likewise.
        """
        asked = (
            [reference.marketplace for reference in references],
            [reference.retailer_product_id for reference in references],
        )
        seconds = deadline.total_seconds()
        rows = await _answered(self.pool.fetch(_SHELF, *asked, timeout=seconds))
        return [_listing(row) for row in rows]

    async def open_account(
        self, *, idempotency_key: str, marketplace: str, deadline: timedelta
    ) -> Opened | Refused:
        """A new account with an empty cart; its name follows from the key and tells nothing of it.

        Raises:
            TimeoutError: the deadline passed; ask again with the same key.
            RetailerUnavailable: its database is away, likewise.
        """
        account = f"{NAME}-{sha256(idempotency_key.encode()).hexdigest()[:ACCOUNT_DIGITS]}"
        seconds = deadline.total_seconds()
        await _answered(self.pool.execute(_OPEN, account, marketplace, timeout=seconds))
        return Opened(account)

    async def _add(self, lines: Sequence[Line], seconds: float) -> list[Outcome]:
        async with self.pool.acquire(timeout=seconds) as connection:
            found = await connection.fetch(_LOOK, *_columns(lines), timeout=seconds)
            outcomes = [_outcome(line, row) for line, row in zip(lines, found, strict=True)]
            late = [
                (line.account, line.marketplace)
                for line, outcome in zip(lines, outcomes, strict=True)
                if outcome == _TIMED_OUT
            ]
            if late:
                await connection.execute(_TIME_OUT, *_turned(late))
            fresh = [
                (*_values(line), line.quantity, outcome.amount_minor, outcome.currency)
                for line, row, outcome in zip(lines, found, outcomes, strict=True)
                if isinstance(outcome, Added) and not row["added_before"]
            ]
            if fresh:
                await connection.execute(_ADD, *_turned(fresh), clock.now())
        return outcomes


Answer = TypeVar("Answer")


async def _answered(call: Awaitable[Answer]) -> Answer:
    """What the sandbox's database says; where it is away, the sandbox is."""
    try:
        return await call
    except TimeoutError:
        raise
    except Exception as error:
        if is_outage(error):
            raise RetailerUnavailable from error
        raise


def _listing(row: asyncpg.Record) -> Listing:
    if row["kind"] is None:
        return Unknown()
    if row["gone"]:
        return Gone()
    return Found(
        title=row["title"],
        kind=ProductKind(row["kind"]),
        availability=Availability(row["availability"]),
        amount_minor=row["price_amount_minor"],
        currency=row["price_currency"],
    )


_TIMED_OUT = Refused(
    reason=Refusal.RETAILER_TIMEOUT, retryable=True, detail="The sandbox was told to time out."
)


def _outcome(line: Line, row: asyncpg.Record) -> Outcome:
    if line.account is None:
        return Refused(reason=Refusal.LINK_REVOKED, detail="The sandbox adds to accounts only.")
    reference = f"{NAME}:{line.idempotency_key}"
    if row["added_before"]:
        return Added(
            cart_reference=reference,
            amount_minor=row["added_amount_minor"],
            currency=row["added_currency"],
        )
    if row["timeouts_left"]:
        return _TIMED_OUT
    if reason := _why_not_product(row) or _why_not_cart(row, line):
        return Refused(reason=reason)
    return Added(
        cart_reference=reference,
        amount_minor=row["price_amount_minor"],
        currency=row["price_currency"],
    )


def _why_not_product(row: asyncpg.Record) -> Refusal | None:
    """Why the shelf does not give the product, if it does not."""
    if row["kind"] is None:
        return Refusal.NOT_A_PRODUCT
    if row["gone"]:
        return Refusal.PRODUCT_GONE
    if row["availability"] == "OUT_OF_STOCK":
        return Refusal.OUT_OF_STOCK
    if row["product_refusal"] is not None:
        return Refusal(row["product_refusal"])
    return _BY_KIND.get(row["kind"])


def _why_not_cart(row: asyncpg.Record, line: Line) -> Refusal | None:
    """Why the cart does not take the product, if it does not."""
    if row["cart_refusal"] is not None:
        return Refusal(row["cart_refusal"])
    held = orjson.loads(row["holds"]) if row["holds"] is not None else []
    if row["in_cart"] or line.retailer_product_id in held:
        return Refusal.ALREADY_IN_CART
    return Refusal.CART_FULL if row["cart_full"] else None


def _values(line: Line) -> tuple[str, str | None, str, str]:
    return line.idempotency_key, line.account, line.marketplace, line.retailer_product_id


def _columns(lines: Sequence[Line]) -> list[list[Any]]:
    return _turned([_values(line) for line in lines])


def _turned(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
