"""What every app uses that is deprecated: counted in memory, written down now and then.

A use costs a look into a dictionary, never a round trip. Every `WRITE_SECONDS` the counts of a
process are added to the day's rows. A process that is killed loses what it did not write yet; one
that is told to end writes it down first.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import NamedTuple, Self
from uuid import UUID

import structlog
from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    delete,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.bulk import insert_rows
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.core.models import TenantRecord
from app.core.outage import describe
from app.core.viewer import Viewer
from app.graphql.context import Transaction

log = structlog.get_logger(__name__)

KEPT = timedelta(days=30)
WRITE_SECONDS = 10.0
CLOSE_SECONDS_MAX = 2.0
COUNTS_MAX = 10_000
"""Different installations, days and coordinates in memory; further ones are not counted."""


class DeprecatedUse(TenantRecord):
    """How often an installation used something deprecated on one day, in UTC.

    `coordinate` names it by the GraphQL specification's schema coordinates; `reason` is what the
    schema said of it then.
    """

    __tablename__ = "deprecated_use"

    installation_id: Mapped[UUID]
    used_on: Mapped[date]
    coordinate: Mapped[str]
    reason: Mapped[str]
    uses: Mapped[int] = mapped_column(BigInteger())

    __table_args__ = (
        UniqueConstraint("brand_id", "installation_id", "used_on", "coordinate"),
        ForeignKeyConstraint(
            ["brand_id", "installation_id"], ["installation.brand_id", "installation.id"]
        ),
        Index(None, "used_on"),
    )


class Use(NamedTuple):
    """What is counted as one."""

    brand_id: UUID
    installation_id: UUID
    used_on: date
    coordinate: str
    reason: str


_COLUMNS = ("id", *Use._fields, "uses")
_ADDED = (
    "ON CONFLICT (brand_id, installation_id, used_on, coordinate) DO UPDATE "
    "SET uses = deprecated_use.uses + excluded.uses, reason = excluded.reason"
)


async def add_uses(session: WriteSession, counts: Mapping[Use, int]) -> None:
    """Add *counts* to the table's, in one order: two processes cannot wait for each other."""
    by_row: dict[tuple[object, ...], tuple[str, int]] = {}
    for use, count in sorted(counts.items()):
        row = use[:-1]
        _, before = by_row.get(row, ("", 0))
        by_row[row] = (use.reason, before + count)
    rows = [(uuid7(), *row, *told) for row, told in by_row.items()]
    await insert_rows(session, DeprecatedUse, _COLUMNS, rows, _ADDED)


async def forget_old_uses(session: WriteSession, *, now: datetime, limit: int) -> int:
    """Delete at most *limit* rows of days that are over for longer than `KEPT`, oldest first."""
    old = (
        select(DeprecatedUse.brand_id, DeprecatedUse.id)
        .where(DeprecatedUse.used_on < (now - KEPT).date())
        .order_by(DeprecatedUse.used_on)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("old")
    )
    deleted = await session.execute(
        delete(DeprecatedUse)
        .where(DeprecatedUse.brand_id == old.c.brand_id, DeprecatedUse.id == old.c.id)
        .returning(DeprecatedUse.id)
    )
    return len(deleted.all())


class Uses:
    """The counts of one process. Write down what is left: `async with`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._counts: Counter[Use] = Counter()
        self._dropped = 0
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """The counts themselves."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Write down what is left, as far as the database takes it in time."""
        if self._timer is not None:
            self._timer.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS_MAX):
                if self._writing is not None:
                    await asyncio.wait({self._writing})
                await self.write()

    def note(self, viewer: Viewer, coordinates: Collection[str], told: Mapping[str, str]) -> None:
        """Count one use of each coordinate, which *told* gives the reason of."""
        today = clock.now().date()
        for each in coordinates:
            use = Use(viewer.brand_id, viewer.installation_id, today, each, told[each])
            if use in self._counts or len(self._counts) < COUNTS_MAX:
                self._counts[use] += 1
            else:
                self._dropped += 1
        if coordinates:
            self._write_later()

    def _write_later(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WRITE_SECONDS, self._start)

    def _start(self) -> None:
        self._timer = None
        self._writing = asyncio.create_task(self.write())

    async def write(self) -> None:
        """Add the counts to the table's; what cannot be written now is written the next time."""
        counts, self._counts = self._counts, Counter()
        dropped, self._dropped = self._dropped, 0
        if dropped:
            log.warning("deprecated_uses_not_counted", uses=dropped, counts_max=COUNTS_MAX)
        if not counts:
            return
        try:
            async with self._transaction() as session:
                await add_uses(session, counts)
        except Exception as error:
            log.warning("deprecated_uses_not_written", **describe(error))
            self._counts.update(counts)
            self._write_later()
