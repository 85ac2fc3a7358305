"""Tables of products."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import TenantRecord, version_column
from app.products.states import Availability, ProductKind, ProductStatus


class Product(TenantRecord):
    """A product as one retailer lists it on one marketplace.

    `retailer_product_id` (an ASIN at Amazon) is unique only within a marketplace. The price is in
    the minor unit of its ISO 4217 currency, as of `offer_as_of`.

    `retailer_tells` names the fields that the retailer told (of `title`, `kind`, `availability`,
    `price`); the others are the brand's word. `next_look_up_at` is when the retailer is asked
    again, None for never, and `look_ups` how often in a row it did not answer. `tweets_judged` is
    false after a change until the tweets that link it were judged again.
    """

    __tablename__ = "product"

    retailer: Mapped[str]
    marketplace: Mapped[str]
    retailer_product_id: Mapped[str]
    title: Mapped[str]
    description: Mapped[str | None]
    image_url: Mapped[str | None]
    canonical_url: Mapped[str]
    kind: Mapped[ProductKind]
    status: Mapped[ProductStatus]
    parent_id: Mapped[UUID | None]
    options: Mapped[list[Any]] = mapped_column(default=list)
    price_amount_minor: Mapped[int | None]
    price_currency: Mapped[str | None]
    availability: Mapped[Availability]
    offer_as_of: Mapped[datetime | None]
    retailer_tells: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    next_look_up_at: Mapped[datetime | None]
    look_ups: Mapped[int] = mapped_column(default=0, server_default="0")
    tweets_judged: Mapped[bool] = mapped_column(default=True, server_default=true())
    version: Mapped[int] = version_column()
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("brand_id", "retailer", "marketplace", "retailer_product_id"),
        ForeignKeyConstraint(["brand_id", "parent_id"], ["product.brand_id", "product.id"]),
        CheckConstraint(
            "(price_amount_minor IS NULL) = (price_currency IS NULL)", name="price_is_whole"
        ),
        CheckConstraint("price_amount_minor >= 0", name="price_is_not_negative"),
        Index(None, "brand_id", "created_at", "id"),
        Index(None, "brand_id", "parent_id"),
        Index(None, "next_look_up_at", postgresql_where=text("next_look_up_at IS NOT NULL")),
        Index("ix_product_unjudged", "id", postgresql_where=text("NOT tweets_judged")),
    )
