"""Who may see advocates' reviews."""

from typing import Any

from sqlalchemy import ColumnElement

from app.core.viewer import is_own_brand


def visible_reviews(row: Any) -> ColumnElement[bool]:
    """A brand sees the reviews of its own products."""
    return is_own_brand(row)
