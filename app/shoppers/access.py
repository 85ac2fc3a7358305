"""Who may see shoppers, and what of the person behind one."""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists
from sqlalchemy.orm import aliased

from app.core.viewer import is_own_brand, viewer_brand_id
from app.shoppers.models import Shopper
from app.shoppers.states import LinkStatus


def visible_shoppers(shopper: Any) -> ColumnElement[bool]:
    """A brand sees its own pseudonyms."""
    return is_own_brand(shopper)


def visible_account_links(link: Any) -> ColumnElement[bool]:
    """A brand sees at which retailers its shoppers have an account linked now, and no more."""
    shopper = aliased(Shopper)
    return and_(
        link.status == LinkStatus.ACTIVE,
        exists().where(shopper.brand_id == viewer_brand_id(), shopper.person_id == link.person_id),
    )


def visible_consents(consent: Any) -> ColumnElement[bool]:
    """A brand sees what shoppers agreed to with it, never what they agreed to with others."""
    return is_own_brand(consent)
