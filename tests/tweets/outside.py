"""A retailer that is away, products as they are kept, and time that passes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.core import clock
from app.core.resources import Resources
from app.products.facts import Listing, Reference
from app.retailers.adapter import Adapter, RetailerUnavailable
from tests.tweets.posts import NEW
from tests.walk import fetch


@dataclass
class AwayRetailer:
    """A sandbox that does not answer until it is told to, and says of some what it is told."""

    real: Adapter
    error: Exception | None = field(default_factory=RetailerUnavailable)
    says: Mapping[str, Listing] = field(default_factory=dict)
    asked: list[Sequence[Reference]] = field(default_factory=list)

    async def look_up(
        self, references: Sequence[Reference], *, deadline: timedelta
    ) -> list[Listing]:
        """The real answer, or none."""
        self.asked.append(references)
        if self.error is not None:
            raise self.error
        told = await self.real.look_up(references, deadline=deadline)
        return [
            self.says.get(reference.retailer_product_id, listing)
            for reference, listing in zip(references, told, strict=True)
        ]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


async def product_row(resources: Resources, asin: str = NEW) -> tuple[Any, ...] | None:
    rows = await fetch(
        resources,
        "SELECT title, kind, status, availability, price_amount_minor FROM product "
        "WHERE retailer_product_id = $1",
        asin,
    )
    return rows[0] if rows else None


def later(delay: timedelta) -> None:
    """Let time pass."""
    clock.start_at(clock.now() + delay)
