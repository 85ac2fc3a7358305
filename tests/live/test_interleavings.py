"""Whatever commits while whoever subscribes: each sees what comes after its cursor, once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.viewer import Viewer
from app.events.catalogue import EventType
from app.events.schema import EVENT_LOG
from app.graphql import live
from app.graphql.engine import GraphQLRequest
from app.graphql.streams import stream_signer
from app.oauth.viewer import ViewerCache
from tests.http.server import Running, TestBrand, make_brand
from tests.live.logs import (
    ADDED,
    FAILED,
    QUEUED,
    RECORDED,
    Happening,
    expected,
    of_types,
    read_log,
    write,
)
from tests.live.sockets import EVENTS
from tests.needs import scale

LAST = RECORDED
"""Passes every filter: the last event of a log is of this type, so that a reader knows its end."""

FILTERS: Sequence[tuple[EventType, ...]] = (
    tuple(EventType),
    (ADDED, LAST),
    (FAILED, QUEUED, LAST),
    (LAST,),
)


@dataclass(frozen=True)
class Commit:
    """A transaction with these events, which stays open for a while."""

    types: tuple[EventType, ...]
    pause: float


@dataclass(frozen=True)
class Subscribe:
    """A new subscriber: at the end, or at this share of the log that there is."""

    types: tuple[EventType, ...]
    share: float | None


@dataclass(frozen=True)
class Settle:
    """All transactions end before the next step."""


COMMITS = st.builds(
    Commit,
    st.lists(st.sampled_from([ADDED, FAILED, QUEUED, RECORDED]), min_size=1, max_size=4).map(tuple),
    st.sampled_from([0.0, 0.0, 0.002]),
)
SUBSCRIBES = st.builds(
    Subscribe, st.sampled_from(FILTERS), st.one_of(st.none(), st.floats(0.0, 1.0))
)
STEPS = st.lists(
    st.one_of(COMMITS, COMMITS, SUBSCRIBES, st.just(Settle())), min_size=1, max_size=12
)


@dataclass
class Reader:
    """A subscriber that takes all until the log's last event, and comes back when it is cut off."""

    running: Running
    viewer: Viewer
    types: tuple[EventType, ...]
    start: str | None
    cut_after: int | None
    after: int | None = None
    got: list[tuple[int, int]] = field(default_factory=list)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it is known what it starts after."""

    async def read(self, end: asyncio.Future[int]) -> None:
        """Read until the number that *end* tells, by two subscriptions if it is cut off."""
        cursor = await self._read(self.start, self.cut_after, end)
        if cursor is not None:
            await self._read(cursor, None, end)

    async def _read(
        self, cursor: str | None, count: int | None, end: asyncio.Future[int]
    ) -> str | None:
        """Read; the last cursor when *count* items came before the end, else None."""
        variables = {"after": cursor, "types": [each.name for each in self.types]}
        request = GraphQLRequest(EVENTS, None, variables)
        frames = self.running.server.live.subscribe(request, self.viewer)
        taken = 0
        try:
            async for frame in frames:
                item = orjson.loads(frame)["data"]["events"]
                if item["__typename"] == "LogHeartbeat":
                    self.after = int(item["scannedTo"]) if self.after is None else self.after
                    self.started.set()
                    continue
                self.got.append((int(item["seq"]), int(item["prevSeq"])))
                taken += 1
                if end.done() and end.result() == self.got[-1][0]:
                    return None
                if taken == count:
                    return str(item["cursor"])
            raise AssertionError("the subscription ended by itself")
        finally:
            await frames.aclose()


@dataclass
class Play:
    """One log, its writers and its readers."""

    running: Running
    brand: TestBrand
    viewer: Viewer
    head: int = 0
    writers: list[asyncio.Task[None]] = field(default_factory=list)
    readers: list[Reader] = field(default_factory=list)

    async def run(self, steps: Sequence[Commit | Subscribe | Settle], cut: int) -> None:
        """Play *steps*; every second reader is cut off after *cut* items and resumes."""
        end = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as tasks:
            for step in steps:
                match step:
                    case Commit(types, pause):
                        happenings = [Happening(each) for each in types]
                        self.writers.append(tasks.create_task(self._write(happenings, pause=pause)))
                    case Subscribe(types, share):
                        tasks.create_task(self._reader(types, share, cut).read(end))
                    case Settle():
                        await asyncio.gather(*self.writers)
                await asyncio.sleep(0)
            await asyncio.gather(*self.writers)
            # Who starts "now", but only after the last event, would wait for ever.
            await asyncio.gather(*(each.started.wait() for each in self.readers))
            end.set_result(await self._last())
            await self._write([Happening(LAST)])

    async def _write(self, happenings: Sequence[Happening], pause: float = 0.0) -> None:
        await write(self.running.resources, self.brand.id, *happenings, pause=pause)
        self.head += len(happenings)  # so it is a number that the log has reached

    async def _last(self) -> int:
        return len(await read_log(self.running.resources, self.brand.id)) + 1

    def _reader(self, types: tuple[EventType, ...], share: float | None, cut: int) -> Reader:
        key = self.running.resources.keys.cursor
        after = None if share is None else round(share * self.head)
        signer = stream_signer(key, self.brand.id, EVENT_LOG)
        start = None if after is None else signer.sign((after,))
        cut_after = cut if len(self.readers) % 2 else None
        reader = Reader(self.running, self.viewer, types, start, cut_after, after)
        if start is not None:
            reader.started.set()
        self.readers.append(reader)
        return reader


@pytest.mark.scaled
@settings(
    max_examples=scale(small=25, check=100, soak=2_000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(steps=STEPS, rows=st.integers(1, 6), cut=st.integers(1, 4))
async def test_each_subscriber_sees_exactly_what_comes_after_its_cursor_in_order(
    running: Running, steps: list[Commit | Subscribe | Settle], rows: int, cut: int
) -> None:
    brand = await make_brand(running.resources)
    viewer = await ViewerCache(running.resources.primary_reads).authenticate(brand.token)
    assert viewer is not None
    play = Play(running, brand, viewer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "ROWS_PER_READ", rows)  # so that even a short log takes several reads
        async with asyncio.timeout(60):
            await play.run(steps, cut)

    log = await read_log(running.resources, brand.id)
    assert [event.seq for event in log] == list(range(1, len(log) + 1))
    for reader in play.readers:
        assert reader.after is not None
        assert reader.got == expected(log, reader.after, of_types(*reader.types))
    assert running.server.live.groups == 0
