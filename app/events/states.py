"""Who causes events."""

from enum import StrEnum


class ActorKind(StrEnum):
    """What kind of actor caused an event."""

    SHOPPER = "SHOPPER"
    BRAND = "BRAND"
    APP = "APP"
    SYSTEM = "SYSTEM"
    UPSTREAM = "UPSTREAM"
