"""Hints are lost, relays die, databases restart: no subscriber misses an event."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from app.core import clock
from app.core.migrate import migrate
from app.core.postgres.launcher import remove_embedded, start_embedded
from app.core.resources import Resources, open_resources
from app.core.settings import Settings
from app.events import feed
from app.events.feed import CHANNEL, run_relay, tell_own_growth
from app.events.log import told_of_growth
from app.events.partitions import ensure_partitions
from app.graphql import live
from tests.http.gate import gated
from tests.http.server import TestBrand, make_brand, serving
from tests.live.cursors import cursors
from tests.live.logs import Happening, write, write_many
from tests.live.sockets import ADDS, EVENTS, acknowledged, connected, places
from tests.walk import until

NEVER = 3600.0
RELAYS = """
SELECT pid FROM pg_locks
WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
LISTENERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'hashcart feed'
"""


async def fetch(resources: Resources, sql: str, *values: Any) -> list[Any]:
    """The first column of what a connection of its own reads."""
    connection = await asyncpg.connect(resources.database_url)
    try:
        return [row[0] for row in await connection.fetch(sql, *values)]
    finally:
        await connection.close()


async def hint(resources: Resources, brand: TestBrand, *heads: int) -> None:
    """Tell all listeners, as the relay does, that the brand's log has grown to each of *heads*."""
    told = [orjson.dumps({str(brand.id): head}).decode() for head in heads]
    await fetch(resources, "SELECT pg_notify($1, told) FROM unnest($2::text[]) told", CHANNEL, told)


async def test_without_any_hint_the_log_is_looked_at(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOK_SECONDS_MAX", 0.02)
    async with serving(resources, relay=False, listens=False) as running:
        brand = await make_brand(resources)
        async with acknowledged(running.socket_address, brand.token) as socket:
            await socket.subscribe("1", EVENTS)
            await socket.item()
            for _ in range(3):
                await write_many(resources, brand.id, 2)

            assert places(await socket.items(6)) == [(seq, seq - 1) for seq in range(1, 7)]


async def test_hints_that_are_old_or_repeated_send_nothing_twice(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOK_SECONDS_MAX", NEVER)
    async with serving(resources, relay=False) as running:
        brand = await make_brand(resources)
        async with acknowledged(running.socket_address, brand.token) as socket:
            await socket.subscribe("1", EVENTS)
            await socket.item()
            for head in (1, 1, 0, 2, 1, 2, 2):
                if head > len(await fetch(resources, "SELECT seq FROM event")):
                    await write_many(resources, brand.id, 1)
                await hint(resources, brand, head)
            items = await socket.items(2)
            await write_many(resources, brand.id, 2)
            await hint(resources, brand, 4, 3, 1)
            items += await socket.items(2)

            assert places(items) == [(1, 0), (2, 1), (3, 2), (4, 3)]


async def test_who_starts_ahead_of_those_who_have_not_heard_yet_gets_nothing_twice(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOK_SECONDS_MAX", NEVER)
    async with serving(resources, relay=False) as running:
        brand = await make_brand(resources)
        async with (
            acknowledged(running.socket_address, brand.token) as behind,
            acknowledged(running.socket_address, brand.token) as ahead,
        ):
            await behind.subscribe("1", EVENTS)
            await behind.item()
            await write_many(resources, brand.id, 3)
            second = (await cursors(running, brand))[1]
            await ahead.subscribe("1", EVENTS, after=second)
            while running.server.live.users < 2:
                await fetch(resources, "SELECT 1")
            await hint(resources, brand, 3)

            assert places(await behind.items(3)) == [(1, 0), (2, 1), (3, 2)]
            assert places(await ahead.items(1)) == [(3, 2)]
            assert running.server.live.groups == 1


async def test_when_the_relay_dies_another_takes_over(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOK_SECONDS_MAX", NEVER)
    stop = asyncio.Event()
    async with serving(resources, relay=False) as running, asyncio.TaskGroup() as tasks:
        relays = [tasks.create_task(run_relay(resources.database_url, stop)) for _ in range(2)]
        brand = await make_brand(resources)
        async with acknowledged(running.socket_address, brand.token) as socket:
            await socket.subscribe("1", EVENTS)
            await socket.item()
            await write_many(resources, brand.id, 1)
            items = await socket.items(1)
            (first,) = await fetch(resources, RELAYS)
            await fetch(resources, "SELECT pg_terminate_backend($1)", first)
            await write_many(resources, brand.id, 1)
            items += await socket.items(1)
            (second,) = await fetch(resources, RELAYS)
            assert second != first
            relays[0].cancel()  # whichever it is, one is left
            await write_many(resources, brand.id, 1)
            items += await socket.items(1)
        stop.set()

    assert places(items) == [(1, 0), (2, 1), (3, 2)]


async def test_only_one_relay_speaks(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "RETRY_SECONDS", 0.01)
    stop = asyncio.Event()
    heard: asyncio.Queue[Any] = asyncio.Queue()
    listener = await asyncpg.connect(resources.database_url)
    await listener.add_listener(CHANNEL, lambda *hint: heard.put_nowait(orjson.loads(hint[3])))
    brand = await make_brand(resources)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(run_relay(resources.database_url, stop))
        told = [await heard.get()]
        assert len(await fetch(resources, RELAYS)) == 1
        for _ in range(3):
            await write_many(resources, brand.id, 1)
            told.append(await heard.get())
        stop.set()
    await listener.close()

    assert told == [{str(brand.id): head} for head in range(4)]
    assert heard.empty()


async def test_what_was_told_already_the_relay_does_not_repeat(resources: Resources) -> None:
    stop = asyncio.Event()
    heard: asyncio.Queue[Any] = asyncio.Queue()
    listener = await asyncpg.connect(resources.database_url)
    await listener.add_listener(CHANNEL, lambda *hint: heard.put_nowait(orjson.loads(hint[3])))
    brand = await make_brand(resources)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_relay(resources.database_url, stop))
        told = [await heard.get()]
        await hint(resources, brand, 2)
        told.append(await heard.get())
        await write_many(resources, brand.id, 2)
        await write_many(resources, brand.id, 1)
        told.append(await heard.get())
        stop.set()
    await listener.close()

    assert told == [{str(brand.id): head} for head in (0, 2, 3)]


async def test_who_writes_tells_by_itself_also_after_its_connection_broke(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOK_SECONDS_MAX", NEVER)
    monkeypatch.setattr(feed, "RETRY_SECONDS", 0.01)
    stop = asyncio.Event()
    async with serving(resources, relay=False) as running, asyncio.TaskGroup() as tasks:
        tasks.create_task(tell_own_growth(resources.database_url, stop))
        brand = await make_brand(resources)
        async with acknowledged(running.socket_address, brand.token) as socket:
            await socket.subscribe("1", EVENTS)
            await socket.item()
            items = []
            for _ in range(3):
                await write_many(resources, brand.id, 1)
                items += await socket.items(1)
                await fetch(resources, LISTENERS)
        stop.set()

    assert places(items) == [(1, 0), (2, 1), (3, 2)]


async def test_a_transaction_that_leaves_nothing_tells_nothing(resources: Resources) -> None:
    brand = await make_brand(resources)
    told: list[Collection[UUID]] = []
    with told_of_growth(told.append):
        await write_many(resources, brand.id, 1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await write(resources, brand.id, Happening(), pause=NEVER)
    await write_many(resources, brand.id, 1)

    assert told == [{brand.id}]


async def test_a_listener_whose_connection_breaks_listens_again(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOK_SECONDS_MAX", NEVER)
    monkeypatch.setattr(feed, "RETRY_SECONDS", 0.01)
    async with serving(resources) as running:
        brand = await make_brand(resources)
        async with acknowledged(running.socket_address, brand.token) as socket:
            await socket.subscribe("1", EVENTS)
            await socket.item()
            items = []
            for _ in range(3):
                await write_many(resources, brand.id, 1)
                await fetch(resources, LISTENERS)
                items += await socket.items(1)

    assert places(items) == [(1, 0), (2, 1), (3, 2)]


async def test_what_is_said_while_nobody_listens_is_found_by_who_listens_again(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOK_SECONDS_MAX", NEVER)
    monkeypatch.setattr(feed, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(live, "RETRY_SECONDS", 0.0)
    async with (
        open_resources(Settings(), own_database) as writing,
        gated(own_database) as gate,
        open_resources(Settings(), gate.url) as resources,
        serving(resources, relay=False) as running,
    ):
        brand = await make_brand(writing)
        async with acknowledged(running.socket_address, brand.token) as socket:
            await socket.subscribe("1", EVENTS)
            await socket.item()
            await gate.close()
            await write_many(writing, brand.id, 2)
            await hint(writing, brand, 2)
            await gate.open()

            assert places(await socket.items(2)) == [(1, 0), (2, 1)]


async def test_a_database_that_is_away_for_a_while_costs_no_event_and_no_socket(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOK_SECONDS_MAX", 0.02)
    async with (
        open_resources(Settings(), own_database) as writing,
        gated(own_database) as gate,
        open_resources(Settings(), gate.url) as resources,
        serving(resources) as running,
    ):
        brand = await make_brand(writing)
        async with acknowledged(running.socket_address, brand.token) as socket:
            await socket.subscribe("1", EVENTS)
            start = await socket.item()
            await write_many(writing, brand.id, 2)
            items = await socket.items(2)
            await gate.close()
            await write_many(writing, brand.id, 2)
            await socket.subscribe("2", ADDS)
            refused = await socket.error("2")
            await gate.open()
            items += await socket.items(2)
            await write_many(writing, brand.id, 1)
            items += await socket.items(1)
            await socket.subscribe("2", EVENTS, after=start["cursor"])
            again = await socket.items(5, "2")

    assert refused["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
    assert places(items) == [(seq, seq - 1) for seq in range(1, 6)]
    assert again == items


@asynccontextmanager
async def restartable() -> AsyncIterator[tuple[str, Path]]:
    """A migrated embedded server of this test alone: its URL, and where its process is named."""
    folder = Path(tempfile.mkdtemp(prefix="hashcart-live-"))
    server = await asyncio.to_thread(start_embedded, folder, fsync=False)
    try:
        await migrate(server.url)
        connection = await asyncpg.connect(server.url)
        await ensure_partitions(connection, clock.now())
        await connection.close()
        yield server.url, server.folder / "cluster" / "postmaster.pid"
    finally:
        await asyncio.to_thread(server.stop)
        remove_embedded(folder)
        shutil.rmtree(folder, ignore_errors=True)


def process_in(pid_file: Path) -> int:
    """The server's process; 0 while there is none."""
    try:
        return int(pid_file.read_text(encoding="ascii").split()[0])
    except (FileNotFoundError, IndexError):
        return 0


async def restart(url: str, pid_file: Path, number: signal.Signals) -> None:
    """End the server's process with that signal; return when another one answers."""
    old = process_in(pid_file)
    os.kill(old, number)

    async def answers() -> bool:
        try:
            connection = await asyncpg.connect(url)
        except (OSError, asyncpg.PostgresError):
            return False
        await connection.close()
        return process_in(pid_file) not in (0, old)

    await until(answers)


@pytest.mark.database
async def test_a_database_that_restarts_under_a_subscriber_costs_no_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "LOOK_SECONDS_MAX", 0.05)
    async with (
        restartable() as (url, pid_file),
        open_resources(Settings(), url) as resources,
        serving(resources) as running,
    ):
        brand = await make_brand(resources)
        async with acknowledged(running.socket_address, brand.token) as socket:
            await socket.subscribe("1", EVENTS)
            start = await socket.item()
            items = []
            for number in (signal.SIGINT, signal.SIGKILL):  # in good order, then with a crash
                await write_many(resources, brand.id, 2)
                items += await socket.items(2)
                await restart(url, pid_file, number)
            await write_many(resources, brand.id, 2)
            items += await socket.items(2)
        async with acknowledged(running.socket_address, brand.token) as socket:
            await socket.subscribe("1", EVENTS, after=start["cursor"])
            again = await socket.items(6)

    assert places(items) == [(seq, seq - 1) for seq in range(1, 7)]
    assert again == items


async def test_a_server_that_stops_closes_its_sockets_so_that_clients_come_back(
    resources: Resources,
) -> None:
    brand = await make_brand(resources)
    async with serving(resources) as running:
        connection = connected(running.socket_address)
        socket = await connection.__aenter__()
        await socket.init(brand.token)
        await socket.subscribe("1", EVENTS)
        start = await socket.item()
    assert (await socket.closed()).code == 1012
    await connection.__aexit__(None, None, None)
    assert running.server.live.groups == 0

    await write_many(resources, brand.id, 2)
    async with (
        serving(resources) as running,
        acknowledged(running.socket_address, brand.token) as socket,
    ):
        await socket.subscribe("1", EVENTS, after=start["cursor"])
        assert places(await socket.items(2)) == [(1, 0), (2, 1)]
