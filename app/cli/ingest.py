"""Commands about the door's inbox."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import answer, say

if TYPE_CHECKING:
    from app.core.database import Sessions


def retry(
    error_id: Annotated[
        str | None,
        typer.Option(help="Only what failed with this error id. [default: all that failed]"),
    ] = None,
) -> None:
    """Put payloads that failed five times back in line; the worker tries them again at once.

    They keep their place before later ones of the same author. Prints how many there were.
    """
    from app.cli.runtime import opened, run

    async def retried() -> int:
        async with opened() as resources:
            return await put_back(resources.sessions, error_id=error_id)

    count = run(retried())
    say("Nothing waits in quarantine." if count == 0 else "They are tried again now.")
    answer(str(count))


async def put_back(sessions: "Sessions", *, error_id: str | None) -> int:
    """Take rows out of quarantine, all or those of one error; the number of rows."""
    from sqlalchemy import update

    from app.core import clock
    from app.ingest.models import InboxItem

    statement = (
        update(InboxItem)
        .where(InboxItem.quarantined_at.is_not(None))
        .values(attempts=0, next_attempt_at=clock.now(), quarantined_at=None, error_id=None)
        .returning(InboxItem.id)
    )
    if error_id is not None:
        statement = statement.where(InboxItem.error_id == error_id)
    async with sessions.begin() as session:
        return len((await session.execute(statement)).all())
