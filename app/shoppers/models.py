"""Tables of people: one sealed row for all brands, one pseudonym at each.

No id or moment of a global row may reach a brand: two brands could join their shoppers by it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.core.ids import uuid7
from app.core.models import Model, TenantRecord
from app.retailers.states import AddMode
from app.shoppers.states import ConsentKind, LinkStatus


class Person(Model):
    """A person on X, found by a keyed hash of her X id; all else is sealed under her own key."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    x_lookup: Mapped[bytes] = mapped_column(unique=True)
    sealed_key: Mapped[bytes]
    sealed_x_user_id: Mapped[bytes]
    sealed_x_handle: Mapped[bytes | None]
    created_at: Mapped[datetime]


class Suppression(Model):
    """The keyed hash of one who opted out or was erased; nothing else is kept of her."""

    __tablename__ = "suppression"

    x_lookup: Mapped[bytes] = mapped_column(primary_key=True)
    suppressed_at: Mapped[datetime]


class Shopper(TenantRecord):
    """A person as one brand knows her: a random reference. Erasure clears `person_id`.

    Brands are never deleted, so the brand is no foreign key: it would be looked up and locked for
    each new shopper. That of the person stands: she may be on her way out.
    """

    __tablename__ = "shopper"

    brand_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)
    person_id: Mapped[UUID | None] = mapped_column(Uuid(), ForeignKey("person.id"))
    created_at: Mapped[datetime]
    redacted_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("brand_id", "person_id"),
        Index(None, "brand_id", "created_at", "id"),
        Index(None, "person_id"),
    )


class AccountLink(Model):
    """A person's account at a retailer's marketplace, which she linked herself."""

    __tablename__ = "account_link"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("person.id"))
    retailer: Mapped[str]
    marketplace: Mapped[str]
    add_mode: Mapped[AddMode]
    status: Mapped[LinkStatus]
    sealed_external_reference: Mapped[bytes | None]
    started_at: Mapped[datetime]
    linked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_account_link_one_active",
            "person_id",
            "retailer",
            "marketplace",
            unique=True,
            postgresql_where="status = 'ACTIVE'",
        ),
        Index(None, "person_id"),
        CheckConstraint(
            "status <> 'ACTIVE' OR sealed_external_reference IS NOT NULL", name="active_has_account"
        ),
    )


class Consent(Model):
    """One consent in the ledger, which is only appended to and revoked. No brand: for all."""

    __tablename__ = "consent"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("person.id"))
    brand_id: Mapped[UUID | None] = mapped_column(Uuid(), ForeignKey("brand.id"))
    kind: Mapped[ConsentKind]
    text_version: Mapped[str]
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "person_id", "kind"),
        Index(None, "brand_id", "granted_at", "id"),
    )
