"""Table of advocates' reviews."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped

from app.core.models import TenantRecord
from app.reviews.states import ReviewHost, ReviewStatus


class AdvocateReview(TenantRecord):
    """What an advocate says of a product.

    Disclosures are null while undecided, and nothing is published undecided. Of a review that
    stands elsewhere only the link and what she declared are kept.
    """

    __tablename__ = "advocate_review"

    product_id: Mapped[UUID]
    advocate_id: Mapped[UUID | None]
    host: Mapped[ReviewHost]
    status: Mapped[ReviewStatus]
    url: Mapped[str | None]
    rating: Mapped[int | None]
    title: Mapped[str | None]
    body: Mapped[str | None]
    language: Mapped[str | None]
    verified_purchase: Mapped[bool | None]
    incentivized: Mapped[bool | None]
    insider: Mapped[bool | None]
    disclosure_text: Mapped[str | None]
    rejection_reason: Mapped[str | None]
    submitted_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(["brand_id", "product_id"], ["product.brand_id", "product.id"]),
        ForeignKeyConstraint(["brand_id", "advocate_id"], ["advocate.brand_id", "advocate.id"]),
        CheckConstraint(
            "host = 'BRAND_SITE' OR (rating IS NULL AND title IS NULL AND body IS NULL)",
            name="only_own_site_has_text",
        ),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating_in_range"),
        CheckConstraint(
            "status <> 'PUBLISHED' OR (verified_purchase IS NOT NULL AND incentivized IS NOT NULL"
            " AND insider IS NOT NULL)",
            name="published_is_disclosed",
        ),
        Index(None, "brand_id", "submitted_at", "id"),
        Index(None, "brand_id", "status", "submitted_at", "id"),
        Index(None, "brand_id", "product_id", "submitted_at", "id"),
        Index(None, "brand_id", "advocate_id", "submitted_at", "id"),
    )
