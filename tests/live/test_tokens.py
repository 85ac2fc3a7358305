"""A socket lives no longer than its token."""

import pytest

from app.core.resources import open_resources
from app.core.settings import Settings
from app.core.viewer import Scope
from app.graphql import watch
from app.oauth import viewer
from tests.http.gate import gated
from tests.http.server import Running, TestBrand, make_brand, serving, token_of
from tests.live.logs import write_many
from tests.live.sockets import EVENTS, Closed, acknowledged, connected

pytestmark = pytest.mark.once

ENDED = Closed(4403, "The token ended, was revoked or lost a scope.")
UNCHECKED = Closed(1013, "The token could not be checked for a while. Connect again.")
AWAY = "The database does not answer right now. Try again in a few seconds."


@pytest.fixture
def watched_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens are checked all the time, so that nobody has to wait for it."""
    monkeypatch.setattr(watch, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(viewer, "SECONDS_TRUSTED", 0.0)


async def execute(running: Running, sql: str, *values: object) -> None:
    """Run one statement and commit."""
    async with running.resources.engine.begin() as connection:
        await connection.exec_driver_sql(sql, values)


async def test_a_revoked_token_closes_its_socket_by_itself(
    running: Running, brand: TestBrand
) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await execute(running, "UPDATE token SET revoked_at = now() WHERE brand_id = $1", brand.id)

        assert await socket.closed() == ENDED


@pytest.mark.usefixtures("watched_closely")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE token SET expires_at = now() WHERE brand_id = $1",
        "UPDATE installation SET status = 'PAUSED' WHERE brand_id = $1",
        "UPDATE installation SET scopes = scopes - 'shoppers:identify' WHERE brand_id = $1",
        "UPDATE brand SET status = 'CLOSED' WHERE id = $1",
        "DELETE FROM token WHERE brand_id = $1",
    ],
)
async def test_a_socket_ends_with_what_its_token_stands_on_and_sends_nothing_more(
    running: Running, brand: TestBrand, statement: str
) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS)
        await socket.item()
        await execute(running, statement, brand.id)

        assert await socket.closed() == ENDED

    async with connected(running.socket_address) as socket:
        if "scopes" not in statement:
            await socket.send(
                {"type": "connection_init", "payload": {"Authorization": f"Bearer {brand.token}"}}
            )
            assert (await socket.closed()).code == 4403


@pytest.mark.usefixtures("watched_closely")
async def test_a_token_that_gains_a_scope_keeps_its_socket(running: Running) -> None:
    brand = await make_brand(running.resources)
    few = frozenset({Scope.BRAND_READ})
    token = await token_of(running.resources, brand.slug, few)
    async with acknowledged(running.socket_address, token) as socket:
        await execute(
            running,
            "UPDATE token SET scopes = scopes || '[\"events:read\"]' WHERE brand_id = $1",
            brand.id,
        )
        for _ in range(5):
            await socket.send({"type": "ping"})
            assert await socket.receive() == {"type": "pong"}


@pytest.mark.usefixtures("watched_closely")
async def test_another_brands_revocation_closes_no_socket_of_this_one(
    running: Running, brand: TestBrand
) -> None:
    other = await make_brand(running.resources)
    async with (
        acknowledged(running.socket_address, brand.token) as stays,
        acknowledged(running.socket_address, other.token) as ends,
    ):
        await stays.subscribe("1", EVENTS)
        await stays.item()
        await execute(running, "UPDATE token SET revoked_at = now() WHERE brand_id = $1", other.id)
        assert await ends.closed() == ENDED
        await write_many(running.resources, brand.id, 1)

        assert (await stays.item())["seq"] == "1"


@pytest.mark.usefixtures("watched_closely")
async def test_a_token_that_cannot_be_checked_closes_its_socket_after_a_while(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "UNCHECKED_SECONDS_MAX", 0.1)
    async with (
        gated(own_database) as gate,
        open_resources(Settings(), gate.url) as resources,
        serving(resources) as running,
    ):
        brand = await make_brand(resources)
        async with acknowledged(running.socket_address, brand.token) as socket:
            await gate.close()

            assert await socket.closed() == UNCHECKED
        async with connected(running.socket_address) as socket:
            await socket.send(
                {"type": "connection_init", "payload": {"Authorization": f"Bearer {brand.token}"}}
            )
            assert await socket.closed() == Closed(1013, AWAY)

        await gate.open()
        async with acknowledged(running.socket_address, brand.token) as socket:
            gate.hold()  # connected, and silent

            assert await socket.closed() == UNCHECKED
        gate.release()
        async with acknowledged(running.socket_address, brand.token) as socket:
            await socket.subscribe("1", EVENTS)
            assert (await socket.item())["__typename"] == "LogHeartbeat"
