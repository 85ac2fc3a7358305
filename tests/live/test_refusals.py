"""What a subscription is refused for, before it begins."""

from typing import Any

import pytest

from app.core.viewer import Scope
from app.events.schema import EVENT_LOG
from app.graphql.streams import stream_signer
from tests.http.server import ALL, Running, TestBrand, make_brand, token_of
from tests.live.cursors import cursors
from tests.live.logs import write_many
from tests.live.sockets import ADDS, EVENTS, acknowledged, places

pytestmark = pytest.mark.once


async def error_of(running: Running, token: str, query: str, **variables: Any) -> dict[str, Any]:
    """The error that ends a subscription before it began."""
    async with acknowledged(running.socket_address, token) as socket:
        await socket.subscribe("1", query, **variables)
        return await socket.error()


async def test_a_cursor_of_another_brand_is_refused(running: Running, brand: TestBrand) -> None:
    other = await make_brand(running.resources)
    await write_many(running.resources, brand.id, 3)
    await write_many(running.resources, other.id, 3)
    theirs = (await cursors(running, other))[0]

    error = await error_of(running, brand.token, EVENTS, after=theirs)

    assert error["extensions"] == {"code": "BAD_CURSOR"}
    assert error["path"] == ["events"]


@pytest.mark.parametrize("cursor", ["", "nonsense", "A" * 5_000, "AAAA", "é", "\x00"])
async def test_a_cursor_that_is_none_is_refused(
    running: Running, brand: TestBrand, cursor: str
) -> None:
    for query, root in ((EVENTS, "events"), (ADDS, "cartAdds")):
        error = await error_of(running, brand.token, query, after=cursor)

        assert (error["extensions"]["code"], error["path"]) == ("BAD_CURSOR", [root])
    assert running.server.live.groups == 0


async def test_an_altered_cursor_is_refused(running: Running, brand: TestBrand) -> None:
    await write_many(running.resources, brand.id, 2)
    cursor = (await cursors(running, brand))[0]
    for position in range(len(cursor)):
        other = "B" if cursor[position] == "A" else "A"
        altered = cursor[:position] + other + cursor[position + 1 :]
        signer = stream_signer(running.resources.keys.cursor, brand.id, EVENT_LOG)
        read = signer.read(altered, (int,))
        assert read is None or read == signer.read(cursor, (int,))


async def test_a_cursor_beyond_the_end_of_the_log_is_refused(
    running: Running, brand: TestBrand
) -> None:
    await write_many(running.resources, brand.id, 2)
    signer = stream_signer(running.resources.keys.cursor, brand.id, EVENT_LOG)

    error = await error_of(running, brand.token, EVENTS, after=signer.sign((3,)))

    assert error["extensions"] == {"code": "BAD_CURSOR"}


async def test_a_cursor_below_what_is_kept_is_refused_and_says_what_to_do(
    running: Running, brand: TestBrand
) -> None:
    await write_many(running.resources, brand.id, 5)
    every = await cursors(running, brand)
    async with running.resources.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE brand_log SET floor = 3 WHERE brand_id = $1", (brand.id,)
        )

    error = await error_of(running, brand.token, EVENTS, after=every[1])

    assert error["extensions"] == {"code": "CURSOR_EXPIRED"}
    assert error["path"] == ["events"]
    assert "without `after`" in error["message"]
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS, after=every[2])
        assert places(await socket.items(2)) == [(4, 3), (5, 4)]


@pytest.mark.parametrize(
    ("missing", "query", "path"),
    [
        (Scope.EVENTS_READ, EVENTS, ["events"]),
        (Scope.EVENTS_READ, ADDS, ["cartAdds"]),
        (Scope.INTENTS_READ, ADDS, ["cartAdds", "cartIntent"]),
        (
            Scope.INTENTS_READ,
            "subscription { events { ... on LogEntry { event { ... on CartIntentEvent "
            "{ it: cartIntent { id } } } } } }",
            ["events", "event", "it"],
        ),
        (
            Scope.INTENTS_READ,
            "subscription { cartAdds { ... on CartAdd { currentCartIntent { id } } } }",
            ["cartAdds", "currentCartIntent"],
        ),
    ],
)
async def test_a_missing_scope_refuses_and_names_the_field_and_the_scope(
    running: Running, brand: TestBrand, missing: Scope, query: str, path: list[str]
) -> None:
    token = await token_of(running.resources, brand.slug, ALL - {missing})

    error = await error_of(running, token, query)

    assert error["extensions"] == {"code": "MISSING_SCOPE"}
    assert error["path"] == path
    assert f"`{'.'.join(path)}`" in error["message"]
    assert f"`{missing.value}`" in error["message"]
    assert running.server.live.groups == 0
