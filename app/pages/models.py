"""Tables of the shopper's page: who is signed in, and who is about to be.

Of what a browser holds only the hash is stored: what is in these tables lets nobody in.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.core.ids import uuid7
from app.core.models import Model, xid_column


class ShopperSession(Model):
    """A browser in which a person is signed in. Its row is deleted when it ends.

    `device` names browser and system in a few words, so that she can tell her sessions apart.
    """

    __tablename__ = "shopper_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    person_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("person.id"))
    device: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    __table_args__ = (Index(None, "person_id", "created_at"), Index(None, "expires_at"))


class SignInAttempt(Model):
    """A sign-in that a browser has begun. Whoever ends it takes its row: it ends once."""

    __tablename__ = "sign_in_attempt"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]

    __table_args__ = (Index(None, "expires_at"),)


class SandboxGrant(Model):
    """What the sandbox provider gave a client for one of its made-up people: a code, then a token.

    The code is spent when `access_token_hash` is set.
    """

    __tablename__ = "sandbox_grant"

    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    redirect_uri: Mapped[str]
    code_challenge: Mapped[str]
    x_user_id: Mapped[int] = xid_column()
    x_handle: Mapped[str]
    access_token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    expires_at: Mapped[datetime]

    __table_args__ = (Index(None, "expires_at"),)
