"""Who causes events."""

from app.core.described import DescribedEnum


class ActorKind(DescribedEnum):
    """What kind of actor caused an event."""

    SHOPPER = "SHOPPER", "A person who shops, on X or on her page here."
    BRAND = "BRAND", "The brand's own people."
    APP = "APP", "An app that the brand installed; `id` is its installation."
    SYSTEM = "SYSTEM", "This service, by its rules or by the clock."
    UPSTREAM = "UPSTREAM", "X or a retailer."
