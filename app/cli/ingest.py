"""Commands about the door's inbox."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import answer, say

SHOWN_MAX = 20

if TYPE_CHECKING:
    from app.core.database import Sessions


@dataclass(frozen=True)
class PutBack:
    """A payload that was in quarantine: nothing of what it says, only what became of it."""

    error_id: str | None
    received_at: datetime
    quarantined_at: datetime

    @property
    def line(self) -> str:
        """What to tell of it."""
        return (
            f"  {self.error_id}  received {self.received_at:%Y-%m-%d %H:%M:%S}Z, "
            f"put aside {self.quarantined_at:%Y-%m-%d %H:%M:%S}Z"
        )


def retry(
    error_id: Annotated[
        str | None,
        typer.Option(help="Only what failed with this error id. [default: all that failed]"),
    ] = None,
) -> None:
    """Put payloads that failed five times back in line; the worker tries them again at once.

    They keep their place before later ones of the same author. Tells of each on standard error:
    its error id, when it came, when it was put aside; prints how many there were.
    """
    from app.cli.runtime import opened, run

    async def retried() -> list[PutBack]:
        async with opened() as resources:
            return await put_back(resources.sessions, error_id=error_id)

    items = run(retried())
    for item in items[:SHOWN_MAX]:
        say(item.line)
    if len(items) > SHOWN_MAX:
        say(f"  and {len(items) - SHOWN_MAX} more")
    say(_summary(len(items), error_id))
    answer(str(len(items)))


def _summary(count: int, error_id: str | None) -> str:
    if count:
        return f"Put back in line: {count}. A worker tries them now; `/metrics` and its log tell."
    if error_id is None:
        return "Nothing waits in quarantine."
    return f"Nothing waits in quarantine with error id {error_id}."


async def put_back(sessions: "Sessions", *, error_id: str | None) -> list[PutBack]:
    """Take rows out of quarantine, all or those of one error; what they were, oldest first."""
    from sqlalchemy import select, update

    from app.core import clock
    from app.ingest.models import InboxItem

    found = select(
        InboxItem.id, InboxItem.error_id, InboxItem.received_at, InboxItem.quarantined_at
    ).where(InboxItem.quarantined_at.is_not(None))
    if error_id is not None:
        found = found.where(InboxItem.error_id == error_id)
    async with sessions.begin() as session:
        rows = (await session.execute(found.order_by(InboxItem.id).with_for_update())).all()
        await session.execute(
            update(InboxItem)
            .where(InboxItem.id.in_([row.id for row in rows]))
            .values(attempts=0, next_attempt_at=clock.now(), quarantined_at=None, error_id=None)
        )
    return [PutBack(row.error_id, row.received_at, row.quarantined_at) for row in rows]
