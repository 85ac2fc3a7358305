"""Who may see advocates."""

from typing import Any

from sqlalchemy import ColumnElement

from app.core.viewer import is_own_brand


def visible_advocates(row: Any) -> ColumnElement[bool]:
    """A brand sees its own advocates."""
    return is_own_brand(row)
