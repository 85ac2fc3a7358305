"""What a product must look like, and what a retailer's word makes of it."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from app.products.facts import KEEP, Found, Keep, NewProduct, Option, Price, ProductChanges
from app.products.links import MARKETPLACE_BY_DOMAIN, is_asin
from app.products.problems import BadProduct
from app.products.states import Availability, ProductKind

TITLE_CHARACTERS_MAX = 500
DESCRIPTION_CHARACTERS_MAX = 5_000
URL_CHARACTERS_MAX = 2_048
OPTIONS_MAX = 20
OPTION_VALUES_MAX = 200
OPTION_CHARACTERS_MAX = 100
AMOUNT_MINOR_MAX = 2**31 - 1
CURRENCY = re.compile(r"[A-Z]{3}")

TITLE, KIND, AVAILABILITY, PRICE = "title", "kind", "availability", "price"
"""Fields that a retailer may tell."""


def why_not_add(new: NewProduct) -> BadProduct | None:
    """The first reason why *new* cannot be a product, whatever others the brand has."""
    if new.marketplace not in MARKETPLACE_BY_DOMAIN.values():
        return BadProduct(reason=f"No shop's links lead to the marketplace {new.marketplace!r}.")
    if not is_asin(new.retailer_product_id):
        return BadProduct(
            reason=f"{new.retailer_product_id!r} is no ASIN: B and nine capitals or digits, "
            "or a book's ISBN-10."
        )
    changes = ProductChanges(
        title=KEEP if new.title is None else new.title,
        description=new.description,
        image_url=new.image_url,
        price=new.price,
        options=new.options,
    )
    return why_not_change(changes)


def why_not_change(changes: ProductChanges) -> BadProduct | None:
    """The first value among *changes* that no product can have."""
    reasons = (
        _why_not_title(changes.title),
        _why_not_description(changes.description),
        _why_not_image(changes.image_url),
        _why_not_price(changes.price),
        _why_not_options(changes.options),
    )
    reason = next((reason for reason in reasons if reason), None)
    return BadProduct(reason=reason) if reason else None


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold it: no NUL, no half of a surrogate pair."""
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


def _why_not_title(title: str | Keep) -> str | None:
    if isinstance(title, Keep):
        return None
    if not 1 <= len(title.strip()) <= TITLE_CHARACTERS_MAX or not is_storable(title):
        return f"The title must have 1 to {TITLE_CHARACTERS_MAX} characters."
    return None


def _why_not_description(description: str | Keep | None) -> str | None:
    if description is None or isinstance(description, Keep):
        return None
    if len(description) > DESCRIPTION_CHARACTERS_MAX or not is_storable(description):
        return f"The description may have {DESCRIPTION_CHARACTERS_MAX} characters at most."
    return None


def _why_not_image(url: str | Keep | None) -> str | None:
    if url is None or isinstance(url, Keep):
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good or len(url) > URL_CHARACTERS_MAX or not url.isprintable():
        return f"The image must be an https URL of at most {URL_CHARACTERS_MAX} characters."
    return None


def _why_not_price(price: Price | Keep | None) -> str | None:
    if price is None or isinstance(price, Keep):
        return None
    if not 0 <= price.amount_minor <= AMOUNT_MINOR_MAX:
        return f"The price must be 0 to {AMOUNT_MINOR_MAX} minor units."
    if not CURRENCY.fullmatch(price.currency):
        return f"The currency {price.currency!r} must be an ISO 4217 code, such as USD."
    return None


def _why_not_options(options: Sequence[Option] | Keep) -> str | None:
    if isinstance(options, Keep):
        return None
    if len(options) > OPTIONS_MAX:
        return f"A product asks for {OPTIONS_MAX} choices at most."
    for option in options:
        if not 1 <= len(option.values) <= OPTION_VALUES_MAX:
            return f"The choice {option.name!r} must have 1 to {OPTION_VALUES_MAX} values."
        words = (option.name, *option.values)
        if not all(1 <= len(word) <= OPTION_CHARACTERS_MAX and is_storable(word) for word in words):
            return f"Names and values of choices have 1 to {OPTION_CHARACTERS_MAX} characters."
    return None


def told_fields(found: Found) -> list[str]:
    """The fields that the retailer told."""
    told = (
        (TITLE, bool(found.title)),
        (KIND, found.kind is not ProductKind.UNKNOWN),
        (AVAILABILITY, found.availability is not Availability.UNKNOWN),
        (PRICE, found.amount_minor is not None and found.currency is not None),
    )
    return [name for name, tells in told if tells]


def changed_fields(changes: ProductChanges) -> list[str]:
    """Those of the fields that a retailer may tell which the brand would change."""
    asked = (
        (TITLE, changes.title),
        (KIND, changes.kind),
        (AVAILABILITY, changes.availability),
        (PRICE, changes.price),
    )
    return [name for name, value in asked if value is not KEEP]
