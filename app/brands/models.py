"""Tables of brands. A brand is the tenant: every other tenant table leads its key with it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.brands.states import AccountRole, BrandStatus, ResolveDepth, TriggerAction
from app.core.ids import uuid7
from app.core.models import Model, TenantRecord, version_column, xid_column


class Brand(Model):
    """A company that sells by its posts. Global: its `id` is the tenant key of all its rows."""

    __tablename__ = "brand"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    x_user_id: Mapped[int] = xid_column()
    x_handle: Mapped[str]
    status: Mapped[BrandStatus]
    accept_quotes: Mapped[bool] = mapped_column(default=False)
    auto_register: Mapped[bool] = mapped_column(default=True)
    resolve_depth: Mapped[ResolveDepth] = mapped_column(default=ResolveDepth.PARENT)
    grant_revoked_at: Mapped[datetime | None]
    """When the brand took its X grant back; while set, no reply makes an intent."""
    version: Mapped[int] = version_column()
    """Of its policies; triggers and marketplaces have versions of their own."""
    created_at: Mapped[datetime]


class BrandMarketplace(TenantRecord):
    """A marketplace a brand sells on, and the retailer adapter that serves it."""

    __tablename__ = "brand_marketplace"

    marketplace: Mapped[str]
    retailer: Mapped[str]
    affiliate_tag: Mapped[str | None]
    version: Mapped[int] = version_column()

    __table_args__ = (UniqueConstraint("brand_id", "marketplace"),)


class Trigger(TenantRecord):
    """A hashtag that asks for a cart. `tag` keeps the brand's spelling, `folded_tag` compares."""

    __tablename__ = "trigger"

    tag: Mapped[str]
    folded_tag: Mapped[str]
    marketplace: Mapped[str]
    action: Mapped[TriggerAction] = mapped_column(default=TriggerAction.CART)
    version: Mapped[int] = version_column()

    __table_args__ = (UniqueConstraint("brand_id", "folded_tag"),)


class XAccount(Model):
    """An X account that is no shopper here: a brand's or the bot's. Global route to the brand."""

    __tablename__ = "x_account"

    x_user_id: Mapped[int] = xid_column(primary_key=True, autoincrement=False)
    handle: Mapped[str]
    role: Mapped[AccountRole]
    brand_id: Mapped[UUID | None] = mapped_column(Uuid(), ForeignKey("brand.id"))

    __table_args__ = (
        CheckConstraint("(role = 'BRAND') = (brand_id IS NOT NULL)", name="brand_has_brand"),
        Index(None, "brand_id", unique=True),
    )
