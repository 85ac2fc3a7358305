"""The inbox as the door sees it: what arrives together is written by one statement, then answered.

A request is answered only after its row is committed, so X repeats whatever was lost. While one
insert is on its way, and for a moment after it began, what arrives waits for the next.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from types import TracebackType
from typing import NamedTuple, Self

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core import clock
from app.core.bulk import arrays, run_alone
from app.core.ids import uuid7
from app.core.metrics import PAYLOADS_ACCEPTED
from app.core.outage import describe, is_outage

ROWS_PER_INSERT_MAX = 500
BYTES_PER_INSERT_MAX = 8 * 2**20
WAITING_ROWS_MAX = 5_000
WAITING_BYTES_MAX = 64 * 2**20
STOP_SECONDS_MAX = 5.0

COALESCED_SECONDS = 0.005
"""How long after one insert the next begins, at the earliest: what arrives meanwhile shares it."""

_INSERT = """
INSERT INTO inbox (id, dedupe_key, lane, body, received_at, attempts, next_attempt_at)
SELECT fresh.id, fresh.dedupe_key, fresh.lane, fresh.body, fresh.received_at, 0, fresh.received_at
FROM unnest($1::uuid[], $2::bytea[], $3::smallint[], $4::bytea[], $5::timestamptz[])
    AS fresh (id, dedupe_key, lane, body, received_at)
ON CONFLICT (dedupe_key) DO NOTHING
"""

_KEY = itemgetter(1)

log = structlog.get_logger()


class InboxClosed(Exception):
    """The payload was not kept: too many wait, the database is away, or the server is stopping.

    X sends again what is not answered with 200.
    """


class Payload(NamedTuple):
    """A payload that is worth deciding, as the door read it."""

    dedupe_key: bytes
    lane: int
    body: bytes

    def __repr__(self) -> str:
        return f"Payload(lane={self.lane})"  # what people wrote must not reach a log


class _Waiting(NamedTuple):
    payload: Payload
    received_at: datetime
    kept: "asyncio.Future[None]"


class Inbox:
    """Accepts payloads of one server process. An asynchronous context manager: it ends empty."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._stopping = False
        self._rests_until = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping = True
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=STOP_SECONDS_MAX)
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    async def keep(self, payload: Payload) -> None:
        """Return once the payload is committed, or was before: the same dedupe key is kept once.

        Raises:
            InboxClosed: it was not kept, or nobody can tell.
        """
        full = (
            len(self._waiting) >= WAITING_ROWS_MAX
            or self._waiting_bytes + len(payload.body) > WAITING_BYTES_MAX
        )
        if full or self._stopping:
            raise InboxClosed
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(payload, clock.now(), kept))
        self._waiting_bytes += len(payload.body)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        await kept

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._rest()
                await self._write(self._take())
        finally:
            while self._waiting:
                _refuse(self._take())

    async def _rest(self) -> None:
        """Wait until an insert may begin: at once where nothing came for a while."""
        passed = asyncio.get_running_loop().time
        pause = self._rests_until - passed()
        if pause > 0:
            await asyncio.sleep(pause)
        self._rests_until = passed() + COALESCED_SECONDS

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        size = 0
        while self._waiting and len(taken) < ROWS_PER_INSERT_MAX and size < BYTES_PER_INSERT_MAX:
            taken.append(self._waiting.popleft())
            size += len(taken[-1].payload.body)
        self._waiting_bytes -= size
        return taken

    async def _write(self, taken: list[_Waiting]) -> None:
        """Insert together; where that fails through an item of theirs, each for itself."""
        try:
            await self._insert(taken)
        except Exception as error:
            log.warning("inbox_not_written", items=len(taken), **describe(error))
            if len(taken) == 1 or is_outage(error):
                _refuse(taken)
                return
            for waiting in taken:
                await self._write([waiting])
        except BaseException:
            _refuse(taken)
            raise
        else:
            PAYLOADS_ACCEPTED.inc(len(taken))
            for waiting in taken:
                if not waiting.kept.done():
                    waiting.kept.set_result(None)

    async def _insert(self, taken: Sequence[_Waiting]) -> None:
        """Ids follow the order of arrival; rows that of their keys, lest two servers lock apart."""
        rows = [(uuid7(), *payload, received_at) for payload, received_at, _ in taken]
        rows.sort(key=_KEY)
        await run_alone(self._engine, _INSERT, *arrays(range(5), rows))


def _refuse(taken: Sequence[_Waiting]) -> None:
    for waiting in taken:
        if not waiting.kept.done():
            waiting.kept.set_exception(InboxClosed())
