"""However a subscriber leaves, nothing of it stays."""

import asyncio

import orjson
import pytest
from starlette.types import Message
from structlog.testing import capture_logs

from app.graphql.engine import GraphQLRequest
from app.oauth.viewer import ViewerCache
from tests.http.server import Running, TestBrand
from tests.live.leftovers import nothing_left
from tests.live.logs import write_many
from tests.live.sockets import ADDS, EVENTS, PROTOCOL, acknowledged

pytestmark = pytest.mark.once

STEPS = 12
"""More turns of the event loop than a hint needs to become a frame."""


async def test_a_client_that_vanishes_leaves_nothing_behind(
    running: Running, brand: TestBrand
) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS)
        await socket.subscribe("2", ADDS)
        await socket.items(0)
        await socket.receive()
        socket.connection.transport.abort()
    await write_many(running.resources, brand.id, 1)

    await nothing_left(running)


async def test_a_client_that_closes_while_its_subscription_starts_leaves_nothing_behind(
    running: Running, brand: TestBrand
) -> None:
    for _ in range(5):
        async with acknowledged(running.socket_address, brand.token) as socket:
            await socket.subscribe("1", EVENTS)

    await nothing_left(running)


async def test_a_subscriber_that_leaves_while_a_hint_arrives_leaves_nothing_behind(
    running: Running, brand: TestBrand
) -> None:
    viewer = await ViewerCache(running.resources.primary_reads).authenticate(brand.token)
    assert viewer is not None
    hint = orjson.dumps({str(brand.id): 0}).decode()
    for steps in range(STEPS):
        frames = running.server.live.subscribe(GraphQLRequest(EVENTS, None, {}), viewer)
        await anext(frames)
        for _ in range(steps):
            await asyncio.sleep(0)
        running.server.feed._on_hint(None, 0, "", hint)
        for _ in range(steps % 3):
            await asyncio.sleep(0)
        await frames.aclose()

    await nothing_left(running)


async def test_a_subscriber_that_is_cut_off_anywhere_in_its_start_leaves_nothing_behind(
    running: Running, brand: TestBrand
) -> None:
    await write_many(running.resources, brand.id, 3)
    viewer = await ViewerCache(running.resources.primary_reads).authenticate(brand.token)
    assert viewer is not None

    async def follow() -> None:
        async for _ in running.server.live.subscribe(GraphQLRequest(EVENTS, None, {}), viewer):
            pass

    for steps in range(STEPS):
        following = asyncio.ensure_future(follow())
        for _ in range(steps):
            await asyncio.sleep(0.0 if steps % 2 else 0.001)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    await nothing_left(running)


@pytest.mark.parametrize("error", [OSError, RuntimeError])
async def test_a_client_that_the_server_itself_gave_up_ends_quietly(
    running: Running, brand: TestBrand, error: type[Exception]
) -> None:
    """The second is what uvicorn raises after a ping that was never answered."""
    sent: list[Message] = []
    incoming: asyncio.Queue[Message] = asyncio.Queue()
    payload = {"Authorization": f"Bearer {brand.token}"}
    incoming.put_nowait({"type": "websocket.connect"})
    for message in (
        {"type": "connection_init", "payload": payload},
        {"id": "1", "type": "subscribe", "payload": {"query": EVENTS}},
    ):
        incoming.put_nowait({"type": "websocket.receive", "text": orjson.dumps(message).decode()})

    async def send(message: Message) -> None:
        if "LogHeartbeat" in message.get("text", ""):
            raise error
        sent.append(message)

    scope = {"type": "websocket", "path": "/graphql", "headers": [], "subprotocols": [PROTOCOL]}
    with capture_logs() as logs:
        await running.server.app(scope, incoming.get, send)

    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send"]
    assert logs == []
    await nothing_left(running)
