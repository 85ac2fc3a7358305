"""What a person is told of each thing that she saved: what became of it, why, what she can do.

Plain words for every state and every reason; nothing here knows where rows come from.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from app.carts.states import CartIntentStatus, FailureReason
from app.engagements.states import ContentState, EngagementKind, MisuseReason
from app.pages.queries import Item
from app.retailers.states import AddMode
from app.shoppers.states import ConsentKind


class Tone(StrEnum):
    """How a state is coloured; it is always said in words as well."""

    GOOD = "good"
    WAITING = "waiting"
    YOURS = "yours"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Said:
    """A state in a few words, and what it means in one or two sentences."""

    label: str
    tone: Tone
    meaning: str


_S, _R = CartIntentStatus, FailureReason

SHOPS = MappingProxyType({"sandbox": "Sandbox Shop", "amazon": "Amazon"})
COUNTRIES = MappingProxyType(
    {
        "US": "United States",
        "UK": "United Kingdom",
        "DE": "Germany",
        "FR": "France",
        "IT": "Italy",
        "ES": "Spain",
        "CA": "Canada",
        "JP": "Japan",
        "IN": "India",
        "MX": "Mexico",
        "BR": "Brazil",
        "AU": "Australia",
        "NL": "Netherlands",
        "SE": "Sweden",
        "PL": "Poland",
        "SG": "Singapore",
        "AE": "United Arab Emirates",
        "SA": "Saudi Arabia",
        "EG": "Egypt",
        "TR": "Türkiye",
        "BE": "Belgium",
        "IE": "Ireland",
        "ZA": "South Africa",
    }
)
_MINOR_DIGITS = MappingProxyType(
    {"BHD": 3, "CLP": 0, "IDR": 2, "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3, "VND": 0}
)
"""Currencies whose minor unit is not a hundredth (ISO 4217)."""

REASONS = MappingProxyType(
    {
        _R.TWEET_UNAVAILABLE: "The post you replied to was deleted or is no longer shown. Reply to "
        "another post of the brand.",
        _R.NO_PRODUCT_LINK: "The post you replied to has no link to a product. Reply to the post "
        "that shows the product.",
        _R.NOT_A_PRODUCT: "The link in the post does not lead to a product. The brand has to mend "
        "it; you can tell them by a reply.",
        _R.PRODUCT_GONE: "The shop does not sell this product any more.",
        _R.OUT_OF_STOCK: "It was out of stock. Reply to the post again when it is back.",
        _R.LIMITED_QUANTITY: "The shop gives no more of it to one customer.",
        _R.OPTIONS_REQUIRED_EXPIRED: "You did not choose one within 7 days. Reply to the post "
        "again to choose anew.",
        _R.UNSUPPORTED_KIND_DIGITAL: "Digital products cannot be put into a cart for you. Open the "
        "post and buy it at the shop.",
        _R.COLLECTION_PARENT: "The link leads to a collection, not to one product. Open the post "
        "and choose at the shop.",
        _R.ALREADY_IN_CART: "It is in your cart already.",
        _R.CART_FULL: "Your cart at the shop is full. Make room there, then reply to the post "
        "again.",
        _R.MARKETPLACE_MISMATCH: "The product is sold in another country than the hashtag stands "
        "for. Look for the hashtag for your country.",
        _R.LINK_REVOKED: "Your account at the shop is no longer connected. Connect it again, then "
        "reply to the post once more.",
        _R.RETAILER_REJECTED: "The shop did not take it. Open the post to look at the product "
        "there.",
        _R.RETAILER_TIMEOUT: "The shop did not answer in time, though we asked several times. "
        "Reply to the post again to try once more.",
        _R.RETAILER_UNAVAILABLE: "The shop could not be reached, though we asked several times. "
        "Reply to the post again to try once more.",
        _R.RATE_LIMITED: "The shop takes no more requests at the moment. Reply to the post again "
        "later.",
        _R.BUDGET_EXHAUSTED: "The brand has used up its budget for this. Reply to the post again "
        "later.",
        _R.BRAND_PAUSED: "The brand has paused this post. Nothing is wrong with your account.",
        _R.AGE_RESTRICTED: "The shop sells it to grown-ups only and has to check that itself. Open "
        "the post and buy it there.",
        _R.SUSPECTED_AUTOMATION: "Too many replies came from your account in a short time. Try "
        "again tomorrow.",
        _R.POLICY_BLOCKED: "The rules of the shop do not allow to add this product for you.",
        _R.INTERNAL: "Something went wrong on our side. Reply to the post again to try once more.",
    }
)


_K = ConsentKind

AGREED = MappingProxyType(
    {
        _K.HANDOFF: "Links that open your cart",
        _K.PUBLIC_REPLY: "Public answers to your replies",
        _K.EMAIL: "E-mail",
        _K.DIRECT_MESSAGE: "Direct messages on X",
        _K.HANDLE_TO_BRAND: "Showing your X name to the brand",
        _K.CONTENT_REUSE: "Quoting your posts",
        _K.ADVOCATE: "Taking part as an advocate",
        _K.REMINDER: "Reminders",
    }
)


_E, _M, _C = EngagementKind, MisuseReason, ContentState

KINDS = MappingProxyType(
    {_E.REPLY: "Reply", _E.QUOTE: "Quote", _E.REPOST: "Repost", _E.MENTION: "Mention"}
)
MISUSES = MappingProxyType(
    {
        _M.NEAR_MISS: "It held something that looks like the hashtag, but is not it, so nothing "
        "was saved.",
        _M.NO_LINK: "The post that you answered has no link to a product, so nothing was saved.",
        _M.REPOST_WITH_TAG: "Reposts save nothing; a reply of your own does.",
        _M.SUSPECTED_AUTOMATION: "Too many came in a short time, so nothing was saved.",
    }
)
CONTENTS = MappingProxyType(
    {
        _C.PRESENT: None,
        _C.DELETED: "You deleted it on X.",
        _C.PROTECTED: "Your posts on X are protected.",
        _C.WITHHELD: "X does not show it at the moment.",
    }
)


def shop_name(retailer: str | None) -> str:
    """What a retailer is called."""
    if retailer is None:
        return "the shop"
    return SHOPS.get(retailer, retailer.replace("_", " ").title())


def place_name(retailer: str | None, marketplace: str) -> str:
    """A retailer in one country."""
    return f"{shop_name(retailer)}, {COUNTRIES.get(marketplace, marketplace)}"


def date_text(moment: datetime) -> str:
    """A date as it is read: where she is, it may be the day before or after."""
    return f"{moment.day} {moment:%B %Y}"


def short_date(moment: datetime) -> str:
    """A date for a line with other things on it."""
    return f"{moment.day} {moment:%b %Y}"


def price_text(amount_minor: int, currency: str) -> str:
    """An amount in its currency's major unit, with the currency's code."""
    digits = _MINOR_DIGITS.get(currency, 2)
    whole, part = divmod(amount_minor, 10**digits)
    return f"{whole:,}.{part:0{digits}d} {currency}" if digits else f"{whole:,} {currency}"


def say(item: Item, mode: AddMode | None) -> Said:
    """What to say of *item*; *mode* is how its retailer adds, where that is known."""
    if item.is_being_withdrawn and item.status is _S.QUEUED:
        return Said("Being taken back", Tone.WAITING, "The shop was being asked already.")
    if item.is_being_removed and item.status is _S.ADDED:
        return Said(
            "Being taken out of your cart", Tone.WAITING, "We have asked the shop to take it out."
        )
    match item.status:
        case _S.RECEIVED | _S.AWAITING_CHOICE | _S.AWAITING_LINK | _S.QUEUED:
            return _say_open(item, mode)
        case _S.ADDED | _S.HANDED_OFF | _S.ABANDONED | _S.PURCHASED:
            return _say_reached(item)
        case _S.REMOVED | _S.FAILED | _S.EXPIRED | _S.WITHDRAWN:
            return _say_ended(item)
        case _:
            assert_never(item.status)


def _say_open(item: Item, mode: AddMode | None) -> Said:
    shop, until = shop_name(item.retailer), _until(item)
    if item.status is _S.RECEIVED:
        return Said(
            "Looking for the product",
            Tone.WAITING,
            "We have your reply and wait for the post it answers. This can take up to a day.",
        )
    if item.status is _S.AWAITING_CHOICE:
        return Said(
            "Waiting for you to choose",
            Tone.YOURS,
            f"The post shows more than one product, or one of several kinds. Choose yours{until}.",
        )
    if item.status is _S.QUEUED:
        return Said(
            "On its way to your cart",
            Tone.WAITING,
            f"{shop} is being asked. This mostly takes a few seconds.",
        )
    if mode is AddMode.HANDOFF_URL:
        return Said(
            "Waiting for your permission",
            Tone.YOURS,
            f"Allow us once to make links to your cart at {shop}. We keep this for you{until}.",
        )
    return Said(
        "Waiting for you to connect your account",
        Tone.YOURS,
        f"Connect your account at {shop}, and it goes into your cart. We keep this for you{until}.",
    )


def _say_reached(item: Item) -> Said:
    shop = shop_name(item.retailer)
    if item.status is _S.ADDED:
        return Said(
            "In your cart",
            Tone.GOOD,
            f"It waits in your cart at {shop}. You have not bought it: that is up to you, there.",
        )
    if item.status is _S.HANDED_OFF:
        return Said(
            "Ready for you to add",
            Tone.YOURS,
            f"Open {shop} and confirm there: then it is in your cart.",
        )
    if item.status is _S.PURCHASED:
        return Said("Bought", Tone.GOOD, f"You bought it at {shop}.")
    return Said(
        "Not bought so far",
        Tone.ENDED,
        f"It reached your cart at {shop} some time ago and was not bought.",
    )


def _say_ended(item: Item) -> Said:
    if item.status is _S.REMOVED:
        return Said("Taken out of your cart", Tone.ENDED, "Reply to the post again to put it back.")
    if item.status is _S.WITHDRAWN:
        return Said(
            "Taken back",
            Tone.ENDED,
            "You took it back, or your reply was deleted. Nothing was added.",
        )
    if item.status is _S.EXPIRED:
        return Said(
            "Waited too long",
            Tone.ENDED,
            "No account was connected within 7 days. Reply to the post again to start anew.",
        )
    reason = item.failure_reason or _R.INTERNAL
    return Said("Could not be added", Tone.FAILED, REASONS[reason])


def _until(item: Item) -> str:
    return f" until {date_text(item.waits_until)}" if item.waits_until else ""
