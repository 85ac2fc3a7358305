"""Who may see shoppable tweets, their versions and links."""

from typing import Any

from sqlalchemy import ColumnElement

from app.core.viewer import is_own_brand


def visible_tweets(row: Any) -> ColumnElement[bool]:
    """A brand sees its own tweets, and what hangs on them."""
    return is_own_brand(row)
