"""Who may see engagements."""

from typing import Any

from sqlalchemy import ColumnElement

from app.core.viewer import is_own_brand


def visible_engagements(row: Any) -> ColumnElement[bool]:
    """A brand sees the engagements with its own posts."""
    return is_own_brand(row)
