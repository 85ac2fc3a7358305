"""Amazon, by a link that the shopper opens: no public interface adds to her cart from a server.

Nothing is asked of Amazon at all. Any well-formed ASIN on one of its marketplaces is taken at its
word; title, price and stock are what the brand says of its own product.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode, urlunsplit

from app.products.facts import Found, Listing, Reference, Unknown
from app.products.links import DOMAIN_BY_MARKETPLACE, is_asin
from app.retailers.adapter import (
    HandOff,
    Line,
    Opened,
    Outcome,
    Refusal,
    Refused,
    Removal,
)
from app.retailers.states import AddMode

NAME = "amazon"

CART_PATH = "/gp/aws/cart/add.html"
"""The form that puts products in the visitor's cart once she confirms there.

Source:
    Amazon's "Add to Cart form" (Product Advertising API, developer guide): `ASIN.n`, `Quantity.n`
    and `AssociateTag`, on the marketplace's own site.
"""


@dataclass(frozen=True)
class Amazon:
    """The adapter. It holds nothing and calls nobody, so that no deadline can pass."""

    add_mode: AddMode = AddMode.HANDOFF_URL

    async def add(self, lines: Sequence[Line], *, deadline: timedelta) -> list[Outcome]:
        """For each line the address at which the shopper adds it; it does not expire."""
        return [_hand_off(line) for line in lines]

    async def remove(self, lines: Sequence[Line], *, deadline: timedelta) -> list[Removal]:
        """Refused: what stands in her cart at Amazon only the shopper can take out."""
        detail = "Amazon carts are the shopper's own; she removes the product there."
        return [Refused(reason=Refusal.RETAILER_REJECTED, detail=detail) for _ in lines]

    async def look_up(
        self, references: Sequence[Reference], *, deadline: timedelta
    ) -> list[Listing]:
        """Found, with nothing told, for every well-formed ASIN on a marketplace of Amazon's."""
        return [Found() if _is_listed(reference) else Unknown() for reference in references]

    async def open_account(
        self, *, idempotency_key: str, marketplace: str, deadline: timedelta
    ) -> Opened | Refused:
        """Refused: Amazon's sign-in proves who somebody is, and opens no cart to others."""
        detail = "Amazon carts are filled by the shopper's own visit; there is no account to link."
        return Refused(reason=Refusal.RETAILER_REJECTED, detail=detail)


def _is_listed(reference: Reference) -> bool:
    return reference.marketplace in DOMAIN_BY_MARKETPLACE and is_asin(reference.retailer_product_id)


def _hand_off(line: Line) -> Outcome:
    domain = DOMAIN_BY_MARKETPLACE.get(line.marketplace)
    if domain is None:
        detail = f"Amazon has no marketplace {line.marketplace}."
        return Refused(reason=Refusal.MARKETPLACE_MISMATCH, detail=detail)
    if not is_asin(line.retailer_product_id):
        return Refused(reason=Refusal.NOT_A_PRODUCT, detail="The product's id is no ASIN.")
    query = {"ASIN.1": line.retailer_product_id, "Quantity.1": str(line.quantity)}
    if line.affiliate_tag:
        query["AssociateTag"] = line.affiliate_tag
    return HandOff(url=urlunsplit(("https", f"www.{domain}", CART_PATH, urlencode(query), "")))
