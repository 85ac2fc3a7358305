"""Live subscriptions: an event is read once and serialised once for all who asked the same.

Subscribers with the same document, variables and scopes of one brand form a group with one tail
on the log. Who starts at an older cursor reads up to the tail alone, then joins. Each has a
bounded queue; a slow one is told where it stopped, and may come back from there.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from graphql import OperationType
from graphql.execution.values import VariableValues

from app.core import clock
from app.core.metrics import FEED_SECONDS
from app.core.viewer import Viewer
from app.graphql.charges import UNCHARGED, Charge
from app.graphql.context import NoteUses, note_nothing, unreachable_refuses
from app.graphql.engine import Engine, GraphQLRequest
from app.graphql.errors import ErrorCode, RequestRefused, masked
from app.graphql.paging import CursorSigner, Order
from app.graphql.reads.documents import PreparedOperation
from app.graphql.reads.execute import Fetch, need_scopes
from app.graphql.reads.runs import ManyRun, Place, to_bytes
from app.graphql.streams import (
    AFTER,
    UNTIL,
    CompiledStream,
    compile_stream,
    shared_by,
    stream_signer,
)

Frames: TypeAlias = AsyncGenerator[bytes, None]

ROWS_PER_READ = 500
FRAMES_QUEUED_MAX = 1_000
HEARTBEAT_SECONDS = 15.0
RETRY_SECONDS = 0.5


@dataclass(frozen=True)
class LogBounds:
    """The number of a log's last event, and of the last one that is no longer kept."""

    head: int
    floor: int


class LogUnreadable(Exception):
    """A defect of ours keeps the log from being followed; `entry` is what the client is told."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        super().__init__(entry["message"])
        self.entry = entry


class LogFeed(Protocol):
    """Where the engine hears that a log grew."""

    async def bounds(self, brand_id: UUID) -> LogBounds:
        """Head and floor, as the primary says now."""

    async def head_beyond(self, brand_id: UUID, seq: int) -> int:
        """The head once it is greater than *seq*, or after a while as it is."""


@dataclass(eq=False)
class _Subscriber:
    """One who waits at the tail; what it has not taken yet is in `frames`."""

    after: int
    frames: deque[bytes] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    lagged: bool = False

    def push(self, seq: int, frame: bytes) -> None:
        """Queue a frame that brings the subscriber to *seq*, or mark it as lagging."""
        if self.lagged or seq <= self.after:
            return
        self._queue(seq, frame)

    def beat(self, seq: int, frame: bytes) -> None:
        """Queue a heartbeat, unless the subscriber has enough to read or is further already."""
        if not self.frames and not self.lagged and seq >= self.after:
            self._queue(seq, frame)

    def _queue(self, seq: int, frame: bytes) -> None:
        if len(self.frames) >= FRAMES_QUEUED_MAX:
            self.lagged = True
        else:
            self.frames.append(frame)
            self.after = seq
        self.wake.set()


class _Group:
    """All who asked the same of one brand's log."""

    def __init__(
        self,
        stream: CompiledStream,
        viewer: Viewer,
        fetch: Fetch,
        feed: LogFeed,
        signer: CursorSigner,
        bound: tuple[Sequence[ManyRun], Mapping[str, Any]],
    ) -> None:
        self._stream = stream
        self._viewer = viewer
        self._fetch = fetch
        self._feed = feed
        self._signer = signer
        self._runs, self._values = bound
        self._previous = 0
        self._beat_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self.users = 0
        """All who read by this group, also those who still catch up alone."""
        self.tail: set[_Subscriber] = set()
        """Those who caught up."""
        self.scanned = 0
        self.broken: Mapping[str, Any] | None = None
        """What to tell the subscribers when the log can be followed no further."""

    async def start(self) -> None:
        """Take the place at the log's end, and follow it from there."""
        self.scanned = (await self._feed.bounds(self._viewer.brand_id)).head
        self._previous = await self._previous_to(self.scanned)
        self._beat_at = asyncio.get_running_loop().time()
        self._task = asyncio.create_task(self._follow())

    def stop(self) -> None:
        """Follow no more."""
        if self._task is not None:
            self._task.cancel()

    async def between(self, after: int, until: int) -> AsyncIterator[tuple[int, bytes]]:
        """The frames after one number up to another, each with its number."""
        previous = await self._previous_to(after)
        while after < until:
            rows = await self._read(after, until)
            for row in rows:
                after = row[self._stream.seq_position]
                yield after, self._frame(row, previous)
                previous = after
            if len(rows) < ROWS_PER_READ:
                return

    def heartbeat(self, seq: int) -> bytes:
        """The frame that says all up to *seq* was looked at."""
        return self._fixed("LogHeartbeat", self._stream.fixed.heartbeat, seq)

    def lag(self, seq: int) -> bytes:
        """The frame that says all up to *seq* was sent and no more will be."""
        return self._fixed("LogLag", self._stream.fixed.lag, seq)

    def _fixed(self, typename: str, selected: Sequence[tuple[str, str]], seq: int) -> bytes:
        values = {
            "cursor": self._signer.sign((seq,)),
            "scannedTo": str(seq),
            "sentAt": clock.now(),
            "__typename": typename,
        }
        item = {key: values[name] for key, name in selected}
        return to_bytes({"data": {self._stream.key: item}})

    async def _follow(self) -> None:
        brand_id = self._viewer.brand_id
        while self.broken is None:
            try:
                with unreachable_refuses():
                    head = await self._feed.head_beyond(brand_id, self.scanned)
                with FEED_SECONDS.time():
                    await self._advance(head)
            except RequestRefused:
                await asyncio.sleep(RETRY_SECONDS)  # the database is away; nothing is lost
            except Exception:
                self.broken = masked("log_unreadable", brand_id=str(brand_id))
                for subscriber in self.tail:
                    subscriber.wake.set()

    async def _advance(self, head: int) -> None:
        rows = await self._read(self.scanned, head) if head > self.scanned else ()
        for row in rows:
            seq = row[self._stream.seq_position]
            frame = self._frame(row, self._previous)
            for subscriber in self.tail:
                subscriber.push(seq, frame)
            self._previous = self.scanned = seq
        if len(rows) < ROWS_PER_READ:
            self.scanned = max(head, self.scanned)
        moment = asyncio.get_running_loop().time()
        if rows:
            self._beat_at = moment
        elif moment - self._beat_at >= HEARTBEAT_SECONDS:  # at rest, or nothing passes the filter
            self._beat_at = moment
            beat = self.heartbeat(self.scanned)
            for subscriber in self.tail:
                subscriber.beat(self.scanned, beat)

    def _frame(self, row: Any, previous: int) -> bytes:
        place = Place(self._signer, row[self._stream.seq_position], previous)
        return to_bytes({"data": {self._stream.key: self._stream.assemble(row, self._runs, place)}})

    async def _read(self, after: int, until: int) -> Sequence[Any]:
        values = {**self._values, AFTER: after, UNTIL: until, "limit": ROWS_PER_READ}
        statement = self._stream.rows
        return await self._fetch(statement.sql, statement.parameters(values))

    async def _previous_to(self, seq: int) -> int:
        statement = self._stream.previous
        values = {**self._values, AFTER: seq}
        rows = await self._fetch(statement.sql, statement.parameters(values))
        return rows[0][0] if rows else 0


class Live:
    """The live subscriptions of one process."""

    def __init__(
        self,
        engine: Engine,
        fetch: Fetch,
        feed: LogFeed,
        order: Order,
        note_uses: NoteUses = note_nothing,
    ) -> None:
        self._engine = engine
        self._fetch = fetch
        self._feed = feed
        self._order = order
        self._note_uses = note_uses
        self._groups: dict[tuple[Any, ...], _Group] = {}

    @property
    def groups(self) -> int:
        """How many different subscriptions are followed now."""
        return len(self._groups)

    @property
    def users(self) -> int:
        """How many subscribers they serve."""
        return sum(group.users for group in self._groups.values())

    async def subscribe(
        self, request: GraphQLRequest, viewer: Viewer, charge: Charge = UNCHARGED
    ) -> Frames:
        """The frames of a subscription: each is the `payload` of a `next` message, as JSON.

        Raises:
            LogUnreadable: a defect of ours ends it after what was sent.
            RequestRefused: it may not run: no subscription, a missing scope, a bad cursor.
            DocumentRefused: it does not parse, is not valid, or its variables are not.
        """
        prepared = self._engine.prepare(request, viewer)
        if prepared.kind is not OperationType.SUBSCRIPTION:
            raise RequestRefused(ErrorCode.BAD_REQUEST, "This is no subscription.")
        self._engine.note_uses(prepared, request, viewer, self._note_uses)
        variables = self._engine.variables(prepared, request, viewer)
        stream = self._compile(prepared, variables)
        need_scopes(stream.scopes, viewer)
        signer = stream_signer(self._engine.cursor_key, viewer.brand_id, self._order)
        cursor, values = stream.bind(variables)
        values.update(viewer.parameters())
        runs = self._engine.reads.bind_lists(stream.lists, variables, viewer, values)
        await charge.take(stream.cost.of(runs))
        after = await self._start_of(stream, cursor, signer, viewer)
        key = shared_by(viewer, prepared, variables.coerced)
        group = self._groups.get(key)
        if group is None or group.broken is not None:
            group = _Group(stream, viewer, self._fetch, self._feed, signer, (runs, values))
            with unreachable_refuses():
                await group.start()
            group = self._settle(key, group)
        async with aclosing(self._frames(key, group, after)) as frames:
            async for frame in frames:
                yield frame

    def _compile(self, prepared: PreparedOperation, variables: VariableValues) -> CompiledStream:
        shape = self._engine.documents.shape(variables)
        found: CompiledStream | None = prepared.plans.get(shape)
        if found is None:
            found = compile_stream(self._engine.catalogue, prepared, variables, self._order)
            prepared.keep(shape, found)
        return found

    def _settle(self, key: tuple[Any, ...], group: _Group) -> _Group:
        """The group of *key*: another may have come first while this one started."""
        settled = self._groups.get(key)
        if settled is None or settled.broken is not None:
            self._groups[key] = settled = group
        if settled is not group:
            group.stop()
        return settled

    async def _start_of(
        self, stream: CompiledStream, cursor: str | None, signer: CursorSigner, viewer: Viewer
    ) -> int | None:
        if cursor is None:
            return None
        found = signer.read(cursor, (int,))
        with unreachable_refuses():
            bounds = await self._feed.bounds(viewer.brand_id)
        if found is None or found[0] > bounds.head:
            raise RequestRefused(
                ErrorCode.BAD_CURSOR,
                "This cursor is not of this brand's log. Use one that an event, a heartbeat or "
                "`events` returned to you, or leave it out to start now.",
                (stream.key,),
            )
        if found[0] < bounds.floor:
            raise RequestRefused(
                ErrorCode.CURSOR_EXPIRED,
                "The events after this cursor are no longer kept. Read the present state by "
                "queries, then subscribe without `after`.",
                (stream.key,),
            )
        return int(found[0])

    async def _frames(self, key: tuple[Any, ...], group: _Group, after: int | None) -> Frames:
        group.users += 1
        subscriber = _Subscriber(group.scanned if after is None else after)
        if after is None:
            subscriber.frames.append(group.heartbeat(group.scanned))
        try:
            while subscriber.after < group.scanned:
                until = group.scanned
                async for seq, frame in group.between(subscriber.after, until):
                    subscriber.after = seq
                    yield frame
                subscriber.after = until
            group.tail.add(subscriber)  # nothing was awaited since the place was compared
            async for frame in self._taken(group, subscriber):
                yield frame
        finally:
            group.tail.discard(subscriber)
            group.users -= 1
            if not group.users:
                group.stop()
                if self._groups.get(key) is group:
                    del self._groups[key]

    async def _taken(self, group: _Group, subscriber: _Subscriber) -> Frames:
        while True:
            subscriber.wake.clear()
            while subscriber.frames:
                yield subscriber.frames.popleft()
            if subscriber.lagged:
                yield group.lag(subscriber.after)
                return
            if group.broken is not None:
                raise LogUnreadable(group.broken)
            if not subscriber.wake.is_set():
                await subscriber.wake.wait()
