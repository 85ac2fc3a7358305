"""What an operation is charged, as those see it who run operations."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from app.core.viewer import Viewer
from app.graphql.errors import DocumentRefused, ErrorCode, RequestRefused

HeaderFields: TypeAlias = Sequence[tuple[bytes, bytes]]


class Charge:
    """The charge of one operation. This one charges nothing: that of `meter.py` does."""

    __slots__ = ()

    def open(self) -> None:
        """Refuse what cannot be paid, before it is looked at.

        Raises:
            Throttled: the bucket holds less than any operation costs.
        """

    def take_now(self, cost: int) -> bool:
        """Charge *cost*, if that needs nobody else's word; where not, `take` it."""
        return True

    async def take(self, cost: int) -> None:
        """Charge *cost*.

        Raises:
            Throttled: the bucket holds less.
            RequestRefused: no bucket holds so much; or the database is away.
        """

    def refused(self, code: ErrorCode) -> None:
        """The operation does not run. For a fault of its own it costs the least."""

    def available(self, maximum: int) -> int:
        """The points that are left, of a bucket of that size."""
        return maximum

    def tell(self, body: bytes) -> tuple[bytes, HeaderFields]:
        """An answer with `extensions.cost`, and the header fields that say the same.

        *body* is a JSON object that is not empty and has no `extensions` yet.
        """
        return body, ()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Refuse what cannot be paid; charge the least for what is refused for its own fault."""
        try:
            self.open()
            yield
        except (DocumentRefused, RequestRefused) as refused:
            self.refused(refused.code)
            raise


UNCHARGED = Charge()

Charging: TypeAlias = Callable[[Viewer], Charge]
"""Begins the charge of an operation that somebody sends."""


def uncharged(viewer: Viewer) -> Charge:
    """Charges nobody."""
    return UNCHARGED


class Throttled(RequestRefused):
    """The bucket holds too little right now; after `seconds` there is enough."""

    def __init__(self, cost: int, available: int, seconds: int) -> None:
        super().__init__(
            ErrorCode.THROTTLED,
            f"This takes {cost:,} points and {available:,} are available. There is enough in "
            f"{seconds} s, if nothing else is asked meanwhile. Nothing was run.",
        )
        self.seconds = seconds

    def as_json(self) -> dict[str, Any]:
        """The error with `retryAfterSeconds` beside its code."""
        entry = super().as_json()
        entry["extensions"]["retryAfterSeconds"] = self.seconds
        return entry
