"""The data of the golden world's events."""

from typing import Any, Protocol
from uuid import UUID


class Keyed(Protocol):
    """A brand of the golden world."""

    number: int
    name: str

    def key(self, kind: int, position: int = 0) -> UUID:
        """The fixed key of a row."""


def intent_data(brand: Keyed, kind: str) -> dict[str, Any]:
    """The data of an event of this kind about the brand's first intent."""
    failed = kind == "cart_intent.failed"
    return {
        "cartIntent": {
            "id": str(brand.key(0x60, 0)),
            "status": kind.partition(".")[2].upper(),
            "previousStatus": None if kind == "cart_intent.received" else "QUEUED",
            "action": "CART",
            "marketplace": "US",
            "quantity": 1,
            "repeatCount": 0,
            "engagementXid": str(2_123_688_217_942_515_000 + brand.number * 100),
            "tweet": None
            if failed
            else {
                "id": str(brand.key(0x30, 1)),
                "rootXid": str(2_122_978_114_236_649_001 + brand.number * 100),
            },
            "product": {
                "id": str(brand.key(0x20, 1)),
                "retailer": "sandbox",
                "marketplace": "US",
                "retailerProductId": f"B0{brand.name.upper()[:6]}01",
                "title": f"{brand.name} product 1 ✓",
            },
            "shopper": {"id": str(brand.key(0x41, 0))},
            "offer": {"amountMinor": 1001, "currency": "USD"},
            "failure": {"reason": "CART_FULL", "retryable": False, "detail": None}
            if failed
            else None,
            "handOff": None,
            "timings": {
                "receivedAt": "2026-11-20T12:50:00Z",
                "matchedAt": None,
                "resolvedAt": None,
                "queuedAt": None,
                "answeredAt": "2026-11-20T12:50:00.25Z",
            },
        }
    }


def engagement_data(brand: Keyed) -> dict[str, Any]:
    """The data of an event about the brand's first engagement."""
    return {
        "engagement": {
            "id": str(brand.key(0x50, 0)),
            "xid": str(2_123_688_217_942_515_000 + brand.number * 100),
            "kind": "REPLY",
            "parentXid": None,
            "conversationXid": None,
            "triggerMatch": "EXACT",
            "triggerTag": f"{brand.name}Cart",
            "misuseReason": None,
            "contentState": "PRESENT",
            "shopper": {"id": str(brand.key(0x41, 0))},
            "tweet": None,
            "occurredAt": "2026-11-20T12:40:00Z",
        }
    }
