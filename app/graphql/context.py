"""What the engine is handed by the assembly: who asks, connections to read on, transactions."""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import structlog

from app.core.database import WriteSession
from app.core.outage import describe, is_outage
from app.core.read_pool import ReadPool
from app.core.viewer import Viewer
from app.graphql.charges import Charging, uncharged
from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.reads.execute import Fetch

log = structlog.get_logger(__name__)

Authenticator: TypeAlias = Callable[[str], Awaitable[Viewer | None]]
"""A bearer token to who asks, or None where it is not (or no longer) good."""

Recall: TypeAlias = Callable[[bytes], Viewer | None]
"""The hash of an access token to who asks, where that is still known: without it, authenticate."""

Transaction: TypeAlias = Callable[[], AbstractAsyncContextManager[WriteSession]]
"""Opens a transaction that commits at its end, with the events that were recorded in it."""


def nobody_known(token_hash: bytes) -> Viewer | None:
    """For who remembers nobody."""
    return None


NoteUses: TypeAlias = Callable[[Viewer, Collection[str], Mapping[str, str]], None]
"""Is told who used what: schema coordinates, and what the schema says of each."""


def note_nothing(viewer: Viewer, coordinates: Collection[str], told: Mapping[str, str]) -> None:
    """Count nothing."""


@dataclass(frozen=True)
class EngineContext:
    """How this process authenticates, reads and writes."""

    authenticate: Authenticator
    fetch: Fetch
    """For queries; may read a replica."""
    fetch_primary: Fetch
    """For what must be seen at once: events and the payloads of mutations."""
    transaction: Transaction
    """For writing; commits at its end what was done and recorded."""
    charge: Charging = uncharged
    """Begins what an operation is charged."""
    note_uses: NoteUses = note_nothing
    """Counts what an operation uses that is deprecated."""
    recall: Recall = nobody_known


def refuse_if_unreachable(error: Exception) -> None:
    """Where *error* is that of a database that is away, raise a refusal that says to try again."""
    if is_outage(error):
        log.warning("database_unreachable", **describe(error))
        raise RequestRefused(
            ErrorCode.SERVICE_UNAVAILABLE,
            "The database does not answer right now. Try again in a few seconds.",
        ) from error


@contextmanager
def unreachable_refuses() -> Iterator[None]:
    """Turn the errors of a database that is away into that refusal."""
    try:
        yield
    except Exception as error:
        refuse_if_unreachable(error)
        raise


def fetch_from(pool: ReadPool) -> Fetch:
    """Run statements on a connection of *pool*; an unreachable database refuses the request."""

    async def fetch(sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        try:
            return await pool.fetch(sql, *parameters)
        except Exception as error:
            refuse_if_unreachable(error)
            raise

    return fetch
