"""Who may see brands."""

from typing import Any

from sqlalchemy import ColumnElement

from app.core.viewer import is_own_brand, viewer_brand_id


def visible_brands(brand: Any) -> ColumnElement[bool]:
    """A brand sees itself."""
    mine: ColumnElement[bool] = brand.id == viewer_brand_id()
    return mine


def visible_brand_settings(row: Any) -> ColumnElement[bool]:
    """A brand sees its own marketplaces and triggers."""
    return is_own_brand(row)
