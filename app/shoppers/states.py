"""The life of an account link, and the kinds of consent.

STARTED ──► ACTIVE ──► EXPIRED
   │           ├─────► REVOKED_BY_SHOPPER
   │           ├─────► REVOKED_BY_X
   │           └─────► REVOKED_BY_RETAILER
   └──► EXPIRED (10 minutes)
"""

from enum import StrEnum
from types import MappingProxyType

from app.core.described import DescribedEnum


class LinkStatus(StrEnum):
    """Whether a shopper's account at a retailer may be used."""

    STARTED = "STARTED"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    REVOKED_BY_SHOPPER = "REVOKED_BY_SHOPPER"
    REVOKED_BY_X = "REVOKED_BY_X"
    REVOKED_BY_RETAILER = "REVOKED_BY_RETAILER"


_ENDS = frozenset(
    {
        LinkStatus.EXPIRED,
        LinkStatus.REVOKED_BY_SHOPPER,
        LinkStatus.REVOKED_BY_X,
        LinkStatus.REVOKED_BY_RETAILER,
    }
)

MOVES = MappingProxyType(
    {
        LinkStatus.STARTED: frozenset({LinkStatus.ACTIVE, LinkStatus.EXPIRED}),
        LinkStatus.ACTIVE: _ENDS,
        **dict.fromkeys(_ENDS, frozenset[LinkStatus]()),
    }
)


class ConsentKind(DescribedEnum):
    """What a shopper may agree to, each apart."""

    HANDOFF = "HANDOFF", "To be handed an address where she completes a cart."
    PUBLIC_REPLY = "PUBLIC_REPLY", "To be answered in public on X."
    EMAIL = "EMAIL", "To be written to by e-mail."
    DIRECT_MESSAGE = "DIRECT_MESSAGE", "To be written to by direct message on X."
    HANDLE_TO_BRAND = "HANDLE_TO_BRAND", "That the brand learns her handle on X."
    CONTENT_REUSE = "CONTENT_REUSE", "That the brand shows her posts elsewhere."
    ADVOCATE = "ADVOCATE", "To speak for the brand."
    REMINDER = "REMINDER", "To be reminded of what waits for her."
