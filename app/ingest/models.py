"""Tables of the door: payloads until they are decided, and what X told of posts and accounts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.core.ids import uuid7
from app.core.models import Model
from app.engagements.states import StandingKind


class InboxItem(Model):
    """One accepted payload, as raw bytes; the bytes go when it is decided.

    `dedupe_key` is a keyed hash of the kind of event, the id of its subject and the subscribed
    user, or of the whole body where there is no such id; it stays 30 days. Rows of one `lane`
    (a hash of the author's id) are decided in order.
    """

    __tablename__ = "inbox"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    dedupe_key: Mapped[bytes] = mapped_column(unique=True)
    lane: Mapped[int] = mapped_column(SmallInteger())
    body: Mapped[bytes | None]
    received_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger(), default=0)
    next_attempt_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    quarantined_at: Mapped[datetime | None]
    error_id: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("(decided_at IS NULL) = (body IS NOT NULL)", name="body_goes_when_decided"),
        Index(
            "ix_inbox_waiting",
            "lane",
            "id",
            postgresql_where="decided_at IS NULL AND quarantined_at IS NULL",
        ),
        Index(
            "ix_inbox_failed",
            "lane",
            "next_attempt_at",
            postgresql_where="attempts > 0 AND decided_at IS NULL AND quarantined_at IS NULL",
        ),
        Index("ix_inbox_decided", "decided_at", postgresql_where="decided_at IS NOT NULL"),
        Index(
            "ix_inbox_quarantined", "quarantined_at", postgresql_where="quarantined_at IS NOT NULL"
        ),
    )


class Lane(Model):
    """The lease of one lane: who decides it, until when; `fence` grows with each taking."""

    __tablename__ = "ingest_lane"

    lane: Mapped[int] = mapped_column(SmallInteger(), primary_key=True, autoincrement=False)
    owner: Mapped[UUID | None]
    fence: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]


class Standing(Model):
    """What X told last of a post or an account, kept for 30 days under a keyed hash of its id.

    So a deletion that arrives first meets its post, and of two that contradict each other the one
    of the later moment (`told_at`, X's own) stands, whichever comes first. What is told of an
    account `spreads` to all its engagements, page by page; `spread_to` is the last one reached.
    """

    __tablename__ = "standing"

    subject: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[StandingKind] = mapped_column(primary_key=True)
    holds: Mapped[bool]
    told_at: Mapped[datetime]
    kept_at: Mapped[datetime]
    spreads: Mapped[bool]
    spread_to: Mapped[UUID | None]

    __table_args__ = (
        Index(None, "kept_at"),
        Index("ix_standing_spreads", "kept_at", postgresql_where="spreads"),
    )
