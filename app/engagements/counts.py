"""How often people asked in ways that cannot work: counted when a brand asks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from app.engagements.access import visible_engagements
from app.engagements.models import Engagement


def misuse_counts(
    *, tweet_id: UUID | None, since: datetime | None, until: datetime | None
) -> Select[Any]:
    """The viewer's misuse: `reason` and `posts`, the most frequent first; one row for a reason."""
    posts = func.count().label("posts")
    columns: list[Any] = [Engagement.misuse_reason.label("reason"), posts]
    statement = select(*columns).where(
        visible_engagements(Engagement), Engagement.misuse_reason.is_not(None)
    )
    if tweet_id is not None:
        statement = statement.where(Engagement.tweet_id == tweet_id)
    if since is not None:
        statement = statement.where(Engagement.occurred_at >= since)
    if until is not None:
        statement = statement.where(Engagement.occurred_at < until)
    return statement.group_by(Engagement.misuse_reason).order_by(
        posts.desc(), Engagement.misuse_reason
    )
