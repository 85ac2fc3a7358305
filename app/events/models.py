"""Tables of the log: the events, and each brand's counter.

Nothing refers to an event by foreign key. `(brand_id, seq)` is unique by the counter alone: a
partitioned table cannot say so itself.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, SmallInteger
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from app.core.ids import uuid7
from app.core.models import Model
from app.events.states import ActorKind


class BrandLog(Model):
    """A brand's counter: `head` is the number of its last event, `floor` of the last dropped."""

    __tablename__ = "brand_log"

    brand_id: Mapped[UUID] = mapped_column(primary_key=True)
    head: Mapped[int] = mapped_column(BigInteger(), default=0)
    floor: Mapped[int] = mapped_column(BigInteger(), default=0)


class Event(Model):
    """Something that happened to a brand. `data` says what was true then.

    It is kept as text (`json`): nothing looks into it but to show it, and to read it into `jsonb`
    would cost half of what writing an event does.
    """

    __tablename__ = "event"

    brand_id: Mapped[UUID] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    seq: Mapped[int] = mapped_column(BigInteger())
    type: Mapped[str]
    schema_version: Mapped[int] = mapped_column(SmallInteger())
    occurred_at: Mapped[datetime]
    correlation_id: Mapped[UUID | None]
    causation_id: Mapped[UUID | None]
    actor_kind: Mapped[ActorKind]
    actor_id: Mapped[UUID | None]
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    data: Mapped[dict[str, Any]] = mapped_column(JSON())
    redacted_at: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "brand_id", "seq"),
        {"postgresql_partition_by": "RANGE (recorded_at)"},
    )
