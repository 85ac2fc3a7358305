"""A defect of ours ends a subscription with an id to quote, and nobody else's."""

import pytest
from structlog.testing import capture_logs

from app.core.ids import uuid7
from app.graphql.engine import GraphQLRequest
from app.graphql.live import LogUnreadable
from app.oauth.viewer import ViewerCache
from tests.http.server import Running, TestBrand
from tests.live.leftovers import nothing_left
from tests.live.logs import write_many
from tests.live.sockets import EVENTS, acknowledged, places

pytestmark = pytest.mark.once

SPOILT = """
INSERT INTO event (brand_id, recorded_at, id, seq, type, schema_version, occurred_at, actor_kind,
    subject_type, subject_id, data)
SELECT brand_id, now(), $2, head + 1, 'cart_intent.added', 1, now(), 'SYSTEM', 'Nonsense', $2, '{}'
FROM brand_log WHERE brand_id = $1
"""


async def spoil(running: Running, brand: TestBrand) -> None:
    """Append an event that the schema has no type for."""
    async with running.resources.engine.begin() as connection:
        await connection.exec_driver_sql(SPOILT, (brand.id, uuid7()))
        await connection.exec_driver_sql(
            "UPDATE brand_log SET head = head + 1 WHERE brand_id = $1", (brand.id,)
        )


async def test_a_defect_ends_those_whom_it_hits_and_is_logged_once(
    running: Running, brand: TestBrand
) -> None:
    numbers = "subscription { events { ... on LogEntry { seq prevSeq } __typename } }"
    async with (
        acknowledged(running.socket_address, brand.token) as one,
        acknowledged(running.socket_address, brand.token) as two,
        acknowledged(running.socket_address, brand.token) as blind,
    ):
        for socket, document in ((one, EVENTS), (two, EVENTS), (blind, numbers)):
            await socket.subscribe("1", document)
            assert (await socket.item())["__typename"] == "LogHeartbeat"
        await write_many(running.resources, brand.id, 1)
        with capture_logs() as logs:
            await spoil(running, brand)
            for socket in (one, two):
                assert places([await socket.item()]) == [(1, 0)]
            errors = [await one.error(), await two.error()]
        await write_many(running.resources, brand.id, 1)
        assert places(await blind.items(3)) == [(1, 0), (2, 1), (3, 2)]
        await one.send({"type": "ping"})
        assert await one.receive() == {"type": "pong"}

    assert errors[0] == errors[1]
    assert errors[0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    (logged,) = [entry for entry in logs if entry["log_level"] == "error"]
    assert logged["error_id"] == errors[0]["extensions"]["errorId"]
    assert logged["brand_id"] == str(brand.id)
    assert "Nonsense" not in errors[0]["message"]


async def test_who_comes_after_a_defect_follows_from_behind_it_although_others_still_drain(
    running: Running, brand: TestBrand
) -> None:
    viewer = await ViewerCache(running.resources.primary_reads).authenticate(brand.token)
    assert viewer is not None
    draining = running.server.live.subscribe(GraphQLRequest(EVENTS, None, {}), viewer)
    await anext(draining)
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("hit", EVENTS, after=None)
        await socket.item("hit")
        await spoil(running, brand)
        assert (await socket.error("hit"))["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        await socket.subscribe("1", EVENTS)
        assert (await socket.item())["scannedTo"] == "1"
        await write_many(running.resources, brand.id, 1)

        assert places(await socket.items(1)) == [(2, 1)]
        with pytest.raises(LogUnreadable):
            await anext(draining)
    await nothing_left(running)
