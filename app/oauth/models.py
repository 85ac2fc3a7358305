"""Tables of apps, installations and tokens. Of a token only its hash is stored."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, Uuid, false
from sqlalchemy.orm import Mapped, mapped_column

from app.core.ids import uuid7
from app.core.models import Model, TenantRecord
from app.oauth.states import AppKind, AppStatus, InstallationStatus, TokenKind


class App(Model):
    """Software of a developer that works with brands. `client_id` is its public name."""

    __tablename__ = "app"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    client_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[AppKind]
    status: Mapped[AppStatus]
    created_at: Mapped[datetime]
    trusted_documents_only: Mapped[bool] = mapped_column(default=False, server_default=false())


class TrustedDocument(Model):
    """A document that an app's operator wrote down, under the id that the app calls it by."""

    __tablename__ = "trusted_document"

    app_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("app.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    document: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__ = (Index(None, "app_id", "sha256"),)


class Installation(TenantRecord):
    """One app at one brand: what the brand let it do. `installed_seq` is the log's head then."""

    __tablename__ = "installation"

    app_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("app.id"))
    status: Mapped[InstallationStatus]
    scopes: Mapped[list[Any]]
    granted_by: Mapped[str]
    installed_seq: Mapped[int] = mapped_column(BigInteger())
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_installation_one_current",
            "brand_id",
            "app_id",
            unique=True,
            postgresql_where="status <> 'REVOKED'",
        ),
        Index(None, "brand_id", "created_at", "id"),
    )


class Token(Model):
    """A token by its SHA-256. Global, since a token is what tells the brand."""

    __tablename__ = "token"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True, default=uuid7)
    kind: Mapped[TokenKind]
    brand_id: Mapped[UUID]
    installation_id: Mapped[UUID]
    family_id: Mapped[UUID]
    label: Mapped[str | None]
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(
            ["brand_id", "installation_id"], ["installation.brand_id", "installation.id"]
        ),
        Index(None, "brand_id", "installation_id", "created_at", "id"),
        Index(None, "family_id"),
    )
