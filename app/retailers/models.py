"""Tables of the sandbox retailer: its own shelves and carts, apart from everything of ours.

It stands for a company outside: no table of ours refers to its rows, nor the other way round.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Model


class SandboxProduct(Model):
    """A product on the sandbox's shelf. `refusal` is the reason it refuses with, if it does."""

    __tablename__ = "sandbox_product"

    marketplace: Mapped[str] = mapped_column(primary_key=True)
    retailer_product_id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    kind: Mapped[str]
    availability: Mapped[str]
    gone: Mapped[bool]
    price_amount_minor: Mapped[int | None]
    price_currency: Mapped[str | None]
    refusal: Mapped[str | None]


class SandboxCart(Model):
    """A shopper's cart at the sandbox on one marketplace, and how it behaves."""

    __tablename__ = "sandbox_cart"

    account: Mapped[str] = mapped_column(primary_key=True)
    marketplace: Mapped[str] = mapped_column(primary_key=True)
    holds: Mapped[list[Any]] = mapped_column(default=list)
    full: Mapped[bool] = mapped_column(default=False)
    refusal: Mapped[str | None]
    timeouts_left: Mapped[int] = mapped_column(default=0)


class SandboxCartLine(Model):
    """A product that came into a cart. One idempotency key adds once, whatever happens in between.

    A line that was taken out again keeps its row, so that a call that comes late adds nothing.
    """

    __tablename__ = "sandbox_cart_line"

    idempotency_key: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    marketplace: Mapped[str]
    retailer_product_id: Mapped[str]
    quantity: Mapped[int]
    price_amount_minor: Mapped[int | None]
    price_currency: Mapped[str | None]
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "account", "marketplace", "retailer_product_id"),)
