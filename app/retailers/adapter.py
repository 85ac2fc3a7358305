"""The seam to retailers: what every adapter offers, in terms of carts and lines.

An adapter is a company outside. It is called while no transaction is open, with a deadline, and
whatever writes carries a key under which the retailer does it once however often it is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from app.products.facts import Listing, Reference
from app.retailers.states import AddMode


class Refusal(StrEnum):
    """Why a retailer did not take a line. Each is also a reason of a failed intent."""

    NOT_A_PRODUCT = "NOT_A_PRODUCT"
    PRODUCT_GONE = "PRODUCT_GONE"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    LIMITED_QUANTITY = "LIMITED_QUANTITY"
    UNSUPPORTED_KIND_DIGITAL = "UNSUPPORTED_KIND_DIGITAL"
    COLLECTION_PARENT = "COLLECTION_PARENT"
    ALREADY_IN_CART = "ALREADY_IN_CART"
    CART_FULL = "CART_FULL"
    MARKETPLACE_MISMATCH = "MARKETPLACE_MISMATCH"
    LINK_REVOKED = "LINK_REVOKED"
    RETAILER_REJECTED = "RETAILER_REJECTED"
    RETAILER_TIMEOUT = "RETAILER_TIMEOUT"
    RETAILER_UNAVAILABLE = "RETAILER_UNAVAILABLE"
    RATE_LIMITED = "RATE_LIMITED"
    AGE_RESTRICTED = "AGE_RESTRICTED"
    POLICY_BLOCKED = "POLICY_BLOCKED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One product for one cart.

    `idempotency_key` is the same on every try. `account` is what the retailer calls the shopper's
    account; None for retailers that she visits herself. `affiliate_tag` is the brand's own on this
    marketplace, for retailers that credit a sale by it.
    """

    idempotency_key: str
    account: str | None
    marketplace: str
    retailer_product_id: str
    quantity: int
    affiliate_tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """The retailer confirms that the line is in the cart, at this price if it tells one.

    `cart_reference` must not name the account: two brands could join their shoppers by it.
    """

    cart_reference: str
    amount_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """The shopper adds the line herself at this address. Never counted as added."""

    url: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The line is not in the cart. `detail` is for people, and names nobody."""

    reason: Refusal
    retryable: bool = False
    detail: str | None = None


Outcome: TypeAlias = Added | HandOff | Refused


@dataclass(frozen=True, slots=True)
class Removed:
    """The line is not in the cart now, whoever took it out."""


Removal: TypeAlias = Removed | Refused


@dataclass(frozen=True, slots=True)
class Opened:
    """A shopper's account at the retailer is linked. `account` is what `Line.account` takes."""

    account: str


class RetailerUnavailable(Exception):
    """The retailer did not answer in a way that can be understood; nothing is known of any line."""


class Adapter(Protocol):
    """One retailer."""

    @property
    def add_mode(self) -> AddMode:
        """Whether it adds by our call or by the shopper's own visit."""
        ...

    async def add(self, lines: Sequence[Line], *, deadline: timedelta) -> list[Outcome]:
        """Put each line in its cart; one outcome per line, in the order of *lines*.

        The lines may be of many accounts and marketplaces: how many calls that takes is the
        adapter's affair. One line's failure is no other's.

        Raises:
            TimeoutError: the deadline passed; any of the lines may have been added.
            RetailerUnavailable: likewise.
        """
        ...

    async def remove(self, lines: Sequence[Line], *, deadline: timedelta) -> list[Removal]:
        """Take added lines out of their carts again, found by their keys.

        One answer per line, in the order of *lines*; asked again, the answer is the same. What was
        handed off cannot be taken back by anybody but the shopper: `RETAILER_REJECTED`.

        Raises:
            TimeoutError: the deadline passed; any of the lines may be out.
            RetailerUnavailable: likewise.
        """
        ...

    async def look_up(
        self, references: Sequence[Reference], *, deadline: timedelta
    ) -> list[Listing]:
        """What the retailer tells of each product, in the order of *references*.

        Raises:
            TimeoutError: the deadline passed; nothing is known.
            RetailerUnavailable: likewise.
        """
        ...

    async def open_account(
        self, *, idempotency_key: str, marketplace: str, deadline: timedelta
    ) -> Opened | Refused:
        """Link a shopper's account on one marketplace; the same key gives the same account.

        Retailers that the shopper visits herself link none: `RETAILER_REJECTED`.

        Raises:
            TimeoutError: the deadline passed; ask again with the same key.
            RetailerUnavailable: likewise.
        """
        ...
