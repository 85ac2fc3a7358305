"""Who may see cart intents."""

from typing import Any

from sqlalchemy import ColumnElement

from app.core.viewer import is_own_brand


def visible_cart_intents(row: Any) -> ColumnElement[bool]:
    """A brand sees the intents that its own posts brought."""
    return is_own_brand(row)
