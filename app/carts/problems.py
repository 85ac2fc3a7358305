"""What may not be done with an intent now. Each message names the remedy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CartIntentNotFound:
    """The brand has no such intent."""

    message: str = "There is no such cart intent: read the brand's `cartIntents` for its ids."


@dataclass(frozen=True, slots=True)
class CartIntentNotWaiting:
    """A product is chosen only for an intent that still waits for it."""

    message: str


@dataclass(frozen=True, slots=True)
class ProductNotOffered:
    """The product is none of those among which the intent waits for a choice."""

    message: str


@dataclass(frozen=True, slots=True)
class CartIntentNotWithdrawable:
    """What came to an end, or reached the shopper, is not withdrawn."""

    message: str


@dataclass(frozen=True, slots=True)
class CartIntentNotRemovable:
    """Only what a retailer added for the shopper can be taken out again."""

    message: str
