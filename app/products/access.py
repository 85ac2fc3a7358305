"""Who may see products."""

from typing import Any

from sqlalchemy import ColumnElement

from app.core.viewer import is_own_brand


def visible_products(row: Any) -> ColumnElement[bool]:
    """A brand sees its own products."""
    return is_own_brand(row)
