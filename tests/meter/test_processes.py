"""Several server processes over one database admit no more than one bucket for each app."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from app.cli.children import Child, start_child, stop_children
from app.cli.ports import free_port
from app.core.resources import open_resources
from app.core.settings import Settings
from tests.cli.processes import answers, await_that
from tests.http.server import make_brand
from tests.meter.overload import POINTS, App, load
from tests.needs import scale

MAXIMUM, RATE = 2_000, 100
"""Forty operations at once, then two each second."""
PROCESSES = 4
GREEDY, MODEST = 16, 4
MOST = 1.1
"""What all processes together may admit, as a part of the limit."""


@pytest.fixture
async def apps(database: str) -> list[App]:
    """Apps that ask for twenty times what they may have, and apps that ask for half of it."""
    async with open_resources(Settings(), database) as resources:
        tokens = [(await make_brand(resources)).token for _ in range(GREEDY + MODEST)]
    return [
        *(App(token, pause=0.1) for token in tokens[:GREEDY]),
        *(App(token, pause=4.0) for token in tokens[GREEDY:]),
    ]


@pytest.fixture(scope="module")
async def servers(
    database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[int, Child]]:
    """Server processes by their ports."""
    variables = {
        "HASHCART_DATABASE_URL": database,
        "HASHCART_COST_MAXIMUM": str(MAXIMUM),
        "HASHCART_COST_RESTORE_RATE": str(RATE),
    }
    folder = tmp_path_factory.mktemp("servers")
    started: dict[int, Child] = {}
    with ExitStack() as stack:
        stack.callback(lambda: stop_children(list(started.values())))
        for number in range(PROCESSES):
            port = free_port()
            told = {**variables, "HASHCART_PORT": str(port)}
            started[port] = start_child("serve", told, folder / f"{number}.log")
        for port in started:
            url = f"http://127.0.0.1:{port}/readyz"
            await asyncio.to_thread(await_that, lambda url=url: answers(url))  # type: ignore[misc]  # bound now
        yield started


@pytest.mark.scaled
async def test_under_overload_every_app_gets_its_bucket_and_no_more(
    servers: dict[int, Child], apps: list[App]
) -> None:
    seconds = scale(small=4.0, check=8.0, soak=60.0)

    took = await load(apps, list(servers), seconds)

    _check(apps, took, at_least=0.7)


@pytest.mark.scaled
async def test_a_process_that_is_killed_takes_its_lease_with_it_and_no_more(
    servers: dict[int, Child], apps: list[App]
) -> None:
    seconds = scale(small=4.0, check=8.0, soak=60.0)

    async def kill_one() -> None:
        await asyncio.sleep(seconds / 2)
        next(iter(servers.values())).process.kill()

    took, _ = await asyncio.gather(load(apps, list(servers), seconds), kill_one())

    # Until its leases are forgotten, at most a tenth of the bucket is missing.
    _check(apps, took, at_least=0.6)


def _check(apps: list[App], took: float, *, at_least: float) -> None:
    limit = MAXIMUM + RATE * took
    told = [(app.admitted, app.throttled, app.others[:1]) for app in apps]
    print(f"limit {limit:.0f} points in {took:.1f} s; admitted, throttled, others: {told}")
    assert not any(app.others for app in apps), told
    for app in apps[:GREEDY]:
        assert app.throttled, told
        assert at_least * limit <= app.admitted <= MOST * limit, told
    for app in apps[GREEDY:]:
        assert app.throttled == 0, told
        assert app.admitted >= POINTS, told
