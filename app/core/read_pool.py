"""The connections of compiled reads: each is lent to one statement, and is back when that ends.

The driver's own pool would do, but a loan costs it a task, a future, a timer and a turn of the
event loop: as much as everything else that a small answer costs here. This one is for statements
that leave nothing behind on a connection (no settings, locks, cursors), so there is nothing to
reset, and what came back is handed on in the same moment.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import asyncpg

from app.core.database import CONNECT_SECONDS_MAX, SERVER_SETTINGS, STATEMENT_SECONDS_MAX

STATEMENTS_CACHED_PER_CONNECTION = 1024
IDLE_SECONDS_MAX = 300.0
"""A connection that rested longer is not trusted: what lies between may have dropped it unheard."""
CLOSE_SECONDS_MAX = 5.0

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection  # the driver's class takes no parameter when it runs
Connect: TypeAlias = Callable[[], Awaitable[Connection]]


class PoolClosed(asyncpg.InterfaceError):
    """The process is ending: nothing is read any more."""


class ReadPool:
    """At most *most* connections, opened when they are wanted, the last used one lent first."""

    def __init__(self, connect: Connect, most: int) -> None:
        self._connect = connect
        self._most = most
        self._open = 0
        self._idle: list[tuple[Connection, float]] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._leaving: set[asyncio.Task[None]] = set()
        self._all_gone = asyncio.Event()
        self._closed = False

    async def __aenter__(self) -> Self:
        """The pool itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()

    async def fetch(self, sql: str, *parameters: Any) -> list[asyncpg.Record]:
        """The rows of one statement.

        Raises:
            TimeoutError: no connection was free, or the statement did not end, in time.
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: the database refused or is away.
        """
        connection = self._take_idle() or await self._take()
        try:
            rows: list[asyncpg.Record] = await connection.fetch(sql, *parameters)
        except asyncpg.PostgresError:
            self._give_back(connection)
            raise
        except BaseException:
            self._discard(connection)  # it may still be at work
            raise
        self._give_back(connection)
        return rows

    async def fetchrow(self, sql: str, *parameters: Any) -> asyncpg.Record | None:
        """The first row of a statement, or None."""
        rows = await self.fetch(sql, *parameters)
        return rows[0] if rows else None

    async def fetchval(self, sql: str, *parameters: Any) -> Any:
        """The first value of the first row of a statement, or None."""
        rows = await self.fetch(sql, *parameters)
        return rows[0][0] if rows else None

    async def close(self) -> None:
        """Close all connections; what is lent gets `CLOSE_SECONDS_MAX` to come back."""
        self._closed = True
        while self._idle:
            self._discard(self._idle.pop()[0])
        if self._open:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS_MAX):
                    await self._all_gone.wait()
        if self._leaving:
            await asyncio.wait(self._leaving)

    def _take_idle(self) -> Connection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection, since = self._idle.pop()
            if not connection.is_closed() and now - since < IDLE_SECONDS_MAX:
                return connection
            self._discard(connection)
        return None

    async def _take(self) -> Connection:
        """A connection, opened or waited for."""
        async with asyncio.timeout(CONNECT_SECONDS_MAX):
            while not self._closed:
                if found := self._take_idle():
                    return found
                if self._open < self._most:
                    return await self._open_another()
                if found := await self._wait():
                    return found
        raise PoolClosed("The process is ending: its connections are closed.")

    async def _open_another(self) -> Connection:
        self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._open -= 1
            self._hand_on(None)
            raise

    async def _wait(self) -> Connection | None:
        """The next connection that comes back, in the order of asking; None: one may be opened."""
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():  # it was its turn in the same moment
                self._pass_on(waiter.result())
            raise

    def _pass_on(self, turn: Connection | None) -> None:
        if turn is None:
            self._hand_on(None)
        else:
            self._give_back(turn)

    def _hand_on(self, connection: Connection | None) -> bool:
        """Give the turn to who waits longest; whether somebody does."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    def _give_back(self, connection: Connection) -> None:
        if self._closed or connection.is_closed():
            self._discard(connection)
            return
        if not self._hand_on(connection):
            self._idle.append((connection, asyncio.get_running_loop().time()))

    def _discard(self, connection: Connection) -> None:
        """Close a connection beside what goes on; another may be opened in its place at once."""
        self._open -= 1
        leaving = asyncio.ensure_future(_close(connection))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
        self._hand_on(None)
        if not self._open:
            self._all_gone.set()


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=CLOSE_SECONDS_MAX)
    except Exception:
        connection.terminate()  # it did not say good-bye in time, or is gone


async def learn_arrays(connection: Connection) -> None:
    """Let the driver know the arrays of all kinds of columns, for a connection of compiled reads.

    It looks a type up when a statement returns it, but not where it stands inside of a record, and
    then fails (`InternalClientError`: no decoder for composite type element).
    """
    await connection.fetch(_ARRAYS)


_ARRAYS = "SELECT " + ", ".join(
    f"NULL::{kind}[]"
    for kind in (
        "boolean",
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "double precision",
        "text",
        "varchar",
        "uuid",
        "timestamptz",
        "bytea",
        "record",
    )
)


async def create_read_pool(url: str, *, connections: int) -> ReadPool:
    """The pool for compiled reads, with one connection open: plans are generic and kept.

    Raises:
        Exception: the database does not let us in.
    """

    async def connect() -> Connection:
        connection = await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS_MAX,
            command_timeout=STATEMENT_SECONDS_MAX,
            statement_cache_size=STATEMENTS_CACHED_PER_CONNECTION,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
            server_settings={
                **SERVER_SETTINGS,
                "default_transaction_read_only": "on",
                "plan_cache_mode": "force_generic_plan",
            },
        )
        try:
            await learn_arrays(connection)
        except BaseException:
            connection.terminate()  # who asked for it may be gone
            raise
        return connection

    pool = ReadPool(connect, connections)
    await pool.fetchval("SELECT 1")
    return pool
