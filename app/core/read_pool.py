"""The connections of compiled reads: each is lent to one statement, and is back when that ends.

The driver's own pool would do, but a loan costs it a task, a future, a timer and a turn of the
event loop: as much as everything else that a small answer costs here. This one is for statements
that leave nothing behind on a connection (no settings, locks, cursors), so there is nothing to
reset, and what came back is handed on in the same moment.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from app.core.database import CONNECT_SECONDS_MAX, SERVER_SETTINGS, STATEMENT_SECONDS_MAX

STATEMENTS_CACHED_PER_CONNECTION = 1024
IDLE_SECONDS_MAX = 300.0
"""A connection that rested longer is not trusted: what lies between may have dropped it unheard."""
CLOSE_SECONDS_MAX = 5.0
WATCH_SECONDS = 1.0
"""How often it is looked for statements that take longer than `STATEMENT_SECONDS_MAX`."""

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
    Prepared: TypeAlias = PreparedStatement[asyncpg.Record]
else:
    Connection = asyncpg.Connection  # the driver's class takes no parameter when it runs
    Prepared = PreparedStatement
Connect: TypeAlias = Callable[[], Awaitable[Connection]]


class PoolClosed(asyncpg.InterfaceError):
    """The process is ending: nothing is read any more."""


class Reader:
    """A connection with the statements that it has prepared, the least recently used left first.

    The driver keeps such a cache itself, at twice the price of asking a prepared statement.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.since = 0.0
        """When it was lent, or came back."""
        self.task: asyncio.Task[Any] | None = None
        """Who has it."""
        self.given_up = False
        self._cancelling = 0
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> list[asyncpg.Record]:
        """The rows of a statement."""
        prepared = self._prepared.get(sql)
        if prepared is None:
            prepared = await self._prepare(sql)
        else:
            self._prepared.move_to_end(sql)
        try:
            return await prepared.fetch(*parameters)
        except asyncpg.InvalidCachedStatementError:  # a migration changed what it returns
            self._prepared.clear()
            return await (await self._prepare(sql)).fetch(*parameters)
        except asyncpg.OutdatedSchemaCacheError:
            self._prepared.clear()
            raise

    async def _prepare(self, sql: str) -> Prepared:
        prepared = self._prepared[sql] = await self.connection.prepare(sql)
        if len(self._prepared) > STATEMENTS_CACHED_PER_CONNECTION:
            self._prepared.popitem(last=False)
        return prepared

    def is_late(self, now: float) -> bool:
        """Whether the statement at work has had its time."""
        return not self.given_up and now - self.since > STATEMENT_SECONDS_MAX

    def give_up(self) -> None:
        """Cancel who waits for the statement; `timed_out` tells them why."""
        assert self.task is not None
        self.given_up = True
        self._cancelling = self.task.cancelling()
        self.task.cancel()

    def timed_out(self) -> bool:
        """Whether a cancellation was ours alone, which it then is no more."""
        return self.given_up and self.task is not None and self.task.uncancel() <= self._cancelling


class ReadPool:
    """At most *most* connections, opened when they are wanted, the last used one lent first."""

    def __init__(self, connect: Connect, most: int) -> None:
        self._connect = connect
        self._most = most
        self._open = 0
        self._idle: list[Reader] = []
        self._lent: set[Reader] = set()
        self._watch: asyncio.TimerHandle | None = None
        self._waiting: deque[asyncio.Future[Reader | None]] = deque()
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
        reader = self._take_idle() or await self._take()
        self._lend(reader)
        try:
            rows = await reader.fetch(sql, parameters)
        except asyncpg.PostgresError:
            self._give_back(reader)
            raise
        except BaseException:
            self._discard(reader)  # it may still be at work
            if reader.timed_out():
                raise TimeoutError("The statement took too long.") from None
            raise
        self._give_back(reader)
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
            self._discard(self._idle.pop())
        if self._open:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS_MAX):
                    await self._all_gone.wait()
        if self._leaving:
            await asyncio.wait(self._leaving)
        if self._watch is not None:
            self._watch.cancel()

    def _take_idle(self) -> Reader | None:
        while self._idle:
            reader = self._idle.pop()
            rested = monotonic() - reader.since
            if rested < IDLE_SECONDS_MAX and not reader.connection.is_closed():
                return reader
            self._discard(reader)
        return None

    async def _take(self) -> Reader:
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

    async def _open_another(self) -> Reader:
        self._open += 1
        try:
            return Reader(await self._connect())
        except BaseException:
            self._open -= 1
            self._hand_on(None)
            raise

    async def _wait(self) -> Reader | None:
        """The next connection that comes back, in the order of asking; None: one may be opened."""
        waiter: asyncio.Future[Reader | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():  # it was its turn in the same moment
                self._pass_on(waiter.result())
            raise

    def _pass_on(self, turn: Reader | None) -> None:
        if turn is None:
            self._hand_on(None)
        else:
            self._give_back(turn)

    def _hand_on(self, reader: Reader | None) -> bool:
        """Give the turn to who waits longest; whether somebody does."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(reader)
                return True
        return False

    def _lend(self, reader: Reader) -> None:
        """Note who has it. One timer looks after all: one for each loan would cost more."""
        reader.task = asyncio.current_task()
        reader.since = monotonic()
        self._lent.add(reader)
        if self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(WATCH_SECONDS, self._look)

    def _look(self) -> None:
        """Give up what takes too long."""
        self._watch = None
        now = monotonic()
        for reader in self._lent:
            if reader.is_late(now):
                reader.give_up()
        if self._lent:
            self._watch = asyncio.get_running_loop().call_later(WATCH_SECONDS, self._look)

    def _give_back(self, reader: Reader) -> None:
        self._lent.discard(reader)
        if self._closed or reader.connection.is_closed():
            self._discard(reader)
        elif not (self._waiting and self._hand_on(reader)):
            reader.since = monotonic()
            self._idle.append(reader)

    def _discard(self, reader: Reader) -> None:
        """Close a connection beside what goes on; another may be opened in its place at once."""
        self._lent.discard(reader)
        self._open -= 1
        leaving = asyncio.ensure_future(_close(reader.connection))
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
