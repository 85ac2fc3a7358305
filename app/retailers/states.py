"""What a retailer's adapter can do."""

from enum import StrEnum


class AddMode(StrEnum):
    """How a product reaches a cart: by our call, or by a page that the shopper opens."""

    SERVER_ADD = "SERVER_ADD"
    HANDOFF_URL = "HANDOFF_URL"
