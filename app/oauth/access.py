"""Who may see apps, installations and tokens."""

from typing import Any

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased

from app.core.viewer import is_own_brand, viewer_brand_id, viewer_token_id
from app.oauth.models import Installation, Token


def visible_installations(row: Any) -> ColumnElement[bool]:
    """A brand sees what is installed at it, and the tokens of that."""
    return is_own_brand(row)


def visible_apps(app: Any) -> ColumnElement[bool]:
    """A brand sees the apps that are or were installed at it."""
    installation = aliased(Installation)
    return exists().where(installation.brand_id == viewer_brand_id(), installation.app_id == app.id)


def own_uses(use: Any) -> ColumnElement[bool]:
    """Every token sees what its own installation used."""
    token = aliased(Token, name="asking_token")
    mine = exists().where(
        token.id == viewer_token_id(),
        token.brand_id == use.brand_id,
        token.installation_id == use.installation_id,
    )
    return is_own_brand(use) & mine.correlate_except(token)


def is_app_of(token: Any, app: Any) -> ColumnElement[bool]:
    """The app whose installation a token belongs to."""
    installation = aliased(Installation, name="its_installation")
    its = exists().where(
        installation.brand_id == token.brand_id,
        installation.id == token.installation_id,
        installation.app_id == app.id,
    )
    return its.correlate_except(installation)  # else it would look at every token


def own_token(token: Any) -> ColumnElement[bool]:
    """Every token sees itself."""
    mine: ColumnElement[bool] = token.id == viewer_token_id()
    return mine
