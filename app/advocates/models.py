"""Table of advocates."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.advocates.states import AdvocateStatus
from app.core.models import TenantRecord


class Advocate(TenantRecord):
    """A shopper who opted in to speak for a brand.

    `score` is 0 to 100 and rests only on her dealings with this brand: never on sentiment, rating
    or followers. `score_components` holds `{name, points}` for each part of it.
    """

    __tablename__ = "advocate"

    shopper_id: Mapped[UUID]
    status: Mapped[AdvocateStatus]
    score: Mapped[int] = mapped_column(default=0)
    score_components: Mapped[list[Any]] = mapped_column(default=list)
    score_version: Mapped[int] = mapped_column(default=1)
    insider: Mapped[bool] = mapped_column(default=False)
    disclosure_text: Mapped[str | None]
    enrolled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("brand_id", "shopper_id"),
        ForeignKeyConstraint(["brand_id", "shopper_id"], ["shopper.brand_id", "shopper.id"]),
        CheckConstraint("score BETWEEN 0 AND 100", name="score_in_range"),
        Index(None, "brand_id", "created_at", "id"),
        Index(None, "brand_id", "score", "id"),
    )
