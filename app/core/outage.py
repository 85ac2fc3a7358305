"""Telling a database that is away from a defect: the one is waited for, the other is reported."""

import random
import traceback
from collections.abc import Iterator
from pathlib import Path

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

WAIT_SECONDS_MIN = 0.1
WAIT_SECONDS_MAX = 5.0

_AWAY = (
    OSError,
    TimeoutError,
    NoConnectionFree,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
)
"""Trouble of the moment: no connection, a server that starts or stops, deadlocks, full disks; and
the database not letting us in, which is not for a payload to answer for."""

_UNUSABLE = ("cannot switch to state", "not connected")
"""How the driver's internal errors begin where a connection is at its end: a server that goes away
tells so unasked, and until its end is noticed the driver takes the connection to be busy."""


def is_outage(error: BaseException) -> bool:
    """Whether the same statement may work later, with nothing changed by us.

    The driver's own error is looked for behind SQLAlchemy's, which wraps it twice. A value that
    the driver cannot send counts as an interface error there, but not here.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, DBAPIError) and seen.connection_invalidated:
            return True
        if isinstance(seen, _AWAY) and not isinstance(seen, asyncpg.DataError):
            return True
        if isinstance(seen, asyncpg.InternalClientError) and str(seen).startswith(_UNUSABLE):
            return True
        seen = seen.orig if isinstance(seen, DBAPIError) else seen.__cause__
    return False


def waits() -> Iterator[float]:
    """Seconds to wait before each next try: doubling, bounded, each between half and the whole."""
    longest = WAIT_SECONDS_MIN
    while True:
        yield longest * random.uniform(0.5, 1.0)
        longest = min(longest * 2, WAIT_SECONDS_MAX)


FRAMES_MAX = 5


def describe(error: BaseException) -> dict[str, str]:
    """An error for the log, without its message: that may quote what people wrote.

    Its type, PostgreSQL's code where it has one, and the innermost places it came through.
    """
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    code = getattr(getattr(error, "orig", error), "sqlstate", None)
    return {
        "error": type(error).__name__,
        "code": code or "",
        "at": " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames),
    }
