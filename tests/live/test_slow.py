"""Who reads too slowly is told where it stopped, holds up nobody, and loses nothing."""

import asyncio
import socket
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from app.core.viewer import Viewer
from app.events import feed
from app.graphql import live
from app.graphql.engine import GraphQLRequest
from app.graphql.live import Frames
from app.oauth.viewer import ViewerCache
from tests.http.server import Running, TestBrand
from tests.live.logs import write_many
from tests.live.sockets import EVENTS, PROTOCOL, Socket, acknowledged, places

pytestmark = pytest.mark.once

QUEUE = 5
WIDE = " ".join(f"id{number:0200}: id" for number in range(400))
WIDE_EVENTS = f"""
subscription Wide($after: String) {{
  events(after: $after) {{
    __typename
    ... on LogEntry {{ seq prevSeq event {{ {WIDE} }} }}
    ... on LogHeartbeat {{ cursor scannedTo }}
    ... on LogLag {{ cursor scannedTo }}
  }}
}}
"""
"""Of each event about 100 kB: what the network itself holds back is soon full."""


@pytest.fixture(autouse=True)
def short_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five frames may wait."""
    monkeypatch.setattr(live, "FRAMES_QUEUED_MAX", QUEUE)


async def viewer_of(running: Running, brand: TestBrand) -> Viewer:
    """Who the brand's token speaks for."""
    viewer = await ViewerCache(running.resources.primary_reads).authenticate(brand.token)
    assert viewer is not None
    return viewer


def subscribe(running: Running, viewer: Viewer, after: str | None = None) -> Frames:
    """The frames of a subscription, to be taken when the test takes them."""
    return running.server.live.subscribe(GraphQLRequest(EVENTS, None, {"after": after}), viewer)


async def take(frames: Frames) -> dict[str, Any]:
    """The next item."""
    item: dict[str, Any] = orjson.loads(await anext(frames))["data"]["events"]
    return item


async def test_a_full_queue_ends_with_the_place_and_the_rest_is_had_from_there(
    running: Running, brand: TestBrand
) -> None:
    viewer = await viewer_of(running, brand)
    slow, quick = subscribe(running, viewer), subscribe(running, viewer)
    await take(slow)
    await take(quick)
    for _ in range(4):
        await write_many(running.resources, brand.id, 3)
        for _ in range(3):
            await take(quick)  # so all of them have reached both queues

    got = [await take(slow) for _ in range(QUEUE)]
    lag = await take(slow)
    with pytest.raises(StopAsyncIteration):
        await take(slow)

    assert places(got) == [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4)]
    assert lag == {"__typename": "LogLag", "cursor": got[-1]["cursor"], "scannedTo": "5"}
    await quick.aclose()
    assert running.server.live.groups == 0

    resumed = subscribe(running, viewer, lag["cursor"])
    assert places([await take(resumed) for _ in range(7)]) == [
        (seq, seq - 1) for seq in range(6, 13)
    ]
    await resumed.aclose()
    assert running.server.live.groups == 0


async def test_a_full_queue_takes_no_heartbeat_and_forgets_no_event(
    running: Running, brand: TestBrand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOK_SECONDS_MAX", 0.02)
    viewer = await viewer_of(running, brand)
    slow, quick = subscribe(running, viewer), subscribe(running, viewer)
    await take(slow)
    await take(quick)
    await write_many(running.resources, brand.id, QUEUE)
    assert places([await take(quick) for _ in range(QUEUE)])[-1] == (QUEUE, QUEUE - 1)
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.0)
    for _ in range(3):
        assert (await take(quick))["__typename"] == "LogHeartbeat"

    got = [await take(slow) for _ in range(QUEUE)]

    assert places(got) == [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4)]
    await slow.aclose()
    await quick.aclose()


async def test_a_client_that_stops_reading_is_told_and_resumes(
    running: Running, brand: TestBrand
) -> None:
    written = 100
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", running.port))
    async with (
        connect(
            running.socket_address, sock=narrow, subprotocols=[Subprotocol(PROTOCOL)], proxy=None
        ) as connection,
        acknowledged(running.socket_address, brand.token) as quick,
    ):
        slow = Socket(connection)
        await slow.init(brand.token)
        await slow.subscribe("1", WIDE_EVENTS)
        await slow.item()
        await quick.subscribe("1", EVENTS)
        await quick.item()
        connection.transport.pause_reading()
        for _ in range(written // QUEUE):
            await write_many(running.resources, brand.id, QUEUE)
            await quick.items(QUEUE)
        connection.transport.resume_reading()

        items = [await slow.item()]
        while items[-1]["__typename"] == "LogEntry":
            items.append(await slow.item())
        lag = items.pop()
        assert await slow.receive() == {"type": "complete", "id": "1"}
        await slow.subscribe("1", WIDE_EVENTS, after=lag["cursor"])
        items += await slow.items(written - len(items))

    assert lag["__typename"] == "LogLag"
    assert 0 < int(lag["scannedTo"]) < written
    assert places(items) == [(seq, seq - 1) for seq in range(1, written + 1)]


async def test_a_slow_replay_waits_for_its_reader_and_lags_never(
    running: Running, brand: TestBrand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "ROWS_PER_READ", 4)
    viewer = await viewer_of(running, brand)
    first = subscribe(running, viewer)
    start = (await take(first))["cursor"]
    await first.aclose()
    await write_many(running.resources, brand.id, 20)
    replay = subscribe(running, viewer, start)
    got = [await take(replay)]
    for _ in range(3):
        await write_many(running.resources, brand.id, 10)
        await asyncio.sleep(0.02)
        got += [await take(replay) for _ in range(3)]
    got += [await take(replay) for _ in range(50 - len(got))]

    assert places(got) == [(seq, seq - 1) for seq in range(1, 51)]
    await replay.aclose()
