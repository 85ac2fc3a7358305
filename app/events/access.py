"""Who may see events."""

from typing import Any

from sqlalchemy import ColumnElement

from app.core.viewer import is_own_brand


def visible_events(row: Any) -> ColumnElement[bool]:
    """A brand sees its own log."""
    return is_own_brand(row)
