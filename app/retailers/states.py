"""What a retailer's adapter can do."""

from app.core.described import DescribedEnum


class AddMode(DescribedEnum):
    """How a product reaches a cart: by our call, or by a page that the shopper opens."""

    SERVER_ADD = "SERVER_ADD", "This service adds it to the shopper's linked account."
    HANDOFF_URL = "HANDOFF_URL", "The shopper is given an address and adds it herself."
