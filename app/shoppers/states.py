"""The life of an account link, and the kinds of consent.

STARTED ──► ACTIVE ──► EXPIRED
   │           ├─────► REVOKED_BY_SHOPPER
   │           ├─────► REVOKED_BY_X
   │           └─────► REVOKED_BY_RETAILER
   └──► EXPIRED (10 minutes)
"""

from enum import StrEnum
from types import MappingProxyType


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


class ConsentKind(StrEnum):
    """What a shopper may agree to, each apart."""

    HANDOFF = "HANDOFF"
    PUBLIC_REPLY = "PUBLIC_REPLY"
    EMAIL = "EMAIL"
    DIRECT_MESSAGE = "DIRECT_MESSAGE"
    HANDLE_TO_BRAND = "HANDLE_TO_BRAND"
    CONTENT_REUSE = "CONTENT_REUSE"
    ADVOCATE = "ADVOCATE"
    REMINDER = "REMINDER"
