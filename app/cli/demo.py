"""The command `hashcart demo`: everything at once, on this machine, until Ctrl-C."""

import asyncio
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.failures import CommandFailed
from app.cli.output import answer

if TYPE_CHECKING:
    from app.cli.children import Child
    from app.cli.show import Show
    from app.core.resources import Resources
    from app.core.settings import Settings

ADDS_MAX = 1_000_000


def demo(
    replies: Annotated[
        int,
        typer.Option(min=1, max=ADDS_MAX, help="End after so many live adds.", show_default=False),
    ] = ADDS_MAX,
    seed: Annotated[
        int | None,
        typer.Option(help="The same seed makes the same people and replies. [default: the time]"),
    ] = None,
) -> None:
    """Run a seeded brand with live cart adds: PostgreSQL, server, worker and simulated replies.

    Everything lives in HASHCART_DATA_DIR (default .hashcart) and on HASHCART_PORT (default 8000);
    the next start goes on where this one ended. Ctrl-C stops it.
    """
    answer("Hashcart demo: setting up ...")
    settings = _demo_settings()
    from app.cli.runtime import run

    with suppress(KeyboardInterrupt):
        run(_demo(settings, adds=replies, seed=time.time_ns() if seed is None else seed))
    answer("The demo has stopped; its data stays.")


def _demo_settings() -> "Settings":
    """The environment's settings, once it is sure that they will do; with a port that is free."""
    from app.cli.ports import free_port, refuse_taken_port
    from app.core.settings import Environment, load_settings

    settings = load_settings()
    if settings.env is Environment.PRODUCTION:
        raise CommandFailed("The demo seeds made-up data: unset HASHCART_ENV=production first.")
    if settings.port == 0:
        settings = settings.model_copy(update={"port": free_port(settings.host)})
    refuse_taken_port(settings)
    return settings


async def _demo(settings: "Settings", *, adds: int, seed: int) -> None:
    from app.core.resources import open_database, open_resources

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    _tell("starting PostgreSQL" if settings.database_url is None else "using HASHCART_DATABASE_URL")
    async with open_database(settings) as url:
        await _prepare(settings, url)
        if not stop.is_set():
            async with open_resources(settings, url) as resources:
                await _run(resources, stop, adds=adds, seed=seed)


async def _prepare(settings: "Settings", url: str) -> None:
    from app.cli.runtime import prepare

    _tell("bringing the tables up to date")
    await prepare(settings, url)


async def _run(resources: "Resources", stop: asyncio.Event, *, adds: int, seed: int) -> None:
    """Start the server and the worker, load the world, and follow until told to stop."""
    from app.cli.children import stop_children, wait_until_ready
    from app.cli.show import Show

    _tell("starting the server and the worker")
    children = _start(resources)
    try:
        _tell("loading the brand, its products, tweets and shoppers")
        show = await Show.load(resources, seed=seed)
        await wait_until_ready(f"{show.address}/readyz", children)
        show.introduce([child.log for child in children])
        await _until(stop, show, children, adds)
    finally:
        _tell("stopping")
        stop_children(children)


def _start(resources: "Resources") -> "list[Child]":
    from app.cli.children import start_child
    from app.core import clock

    settings = resources.settings
    folder = settings.data_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    environment = {
        "HASHCART_DATABASE_URL": resources.database_url,
        "HASHCART_PORT": str(settings.port),
    }
    if settings.clock is not None:
        environment["HASHCART_CLOCK"] = clock.now().isoformat()
    own = {"serve": environment, "worker": {**environment, "HASHCART_METRICS_PORT": "0"}}
    return [
        start_child(command, told, Path(folder) / f"demo-{command}.log")
        for command, told in own.items()
    ]


async def _until(stop: asyncio.Event, show: "Show", children: "list[Child]", adds: int) -> None:
    """Follow until *stop*, the number of *adds*, or the end of a child."""
    tasks = [
        asyncio.ensure_future(stop.wait()),
        asyncio.ensure_future(show.follow(adds)),
        asyncio.ensure_future(show.trickle()),
        asyncio.ensure_future(_watch(children)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(children: "list[Child]") -> None:
    while True:
        for child in children:
            child.refuse_ended()
        await asyncio.sleep(1.0)


def _tell(step: str) -> None:
    answer(f"  {step} ...")
