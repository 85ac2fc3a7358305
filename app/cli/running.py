"""Commands that run until they are told to stop: the server and the worker."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)

WITH_PARENT_SECONDS_MAX = 8.0
"""How long a process may take to stop cleanly after the one that started it is gone."""

WithParent = Annotated[
    bool,
    typer.Option(
        "--until-input-ends",
        help="Stop when standard input ends, as it does when the process that started this dies.",
    ),
]


def serve(until_input_ends: WithParent = False) -> None:
    """Run the server: GraphQL, the X webhook door and health, at HASHCART_HOST and HASHCART_PORT.

    SIGTERM or Ctrl-C stops it: requests that run are finished first, for at most 5 seconds.
    """
    from app.cli.ports import refuse_taken_metrics_port, refuse_taken_port
    from app.core.settings import load_settings

    settings = load_settings()
    refuse_taken_port(settings)
    refuse_taken_metrics_port(settings)
    from app.cli.runtime import opened, run
    from app.core.collector import calm_collector
    from app.core.metrics import exposed
    from app.main import serve as serve_until_stopped

    async def work() -> None:
        async with opened(settings) as resources:
            calm_collector()
            with exposed(settings):
                await serve_until_stopped(resources)

    if until_input_ends:
        stop_when_input_ends()
    run(until_told(work()))


def worker(until_input_ends: WithParent = False) -> None:
    """Run a worker: it decides what the door accepted and adds to carts.

    Any number may run at once. SIGTERM or Ctrl-C stops it after the work in hand, within seconds.
    """
    from app.cli.ports import refuse_taken_metrics_port
    from app.core.settings import load_settings

    settings = load_settings()
    refuse_taken_metrics_port(settings)
    from app.cli.runtime import opened, run
    from app.core.collector import calm_collector
    from app.core.metrics import exposed
    from app.worker import run_worker

    async def work() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, stop.set)
        async with opened(settings) as resources:
            calm_collector()
            with exposed(settings):
                await run_worker(resources, stop=stop)

    if until_input_ends:
        stop_when_input_ends()
    run(work())


async def until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run *work* to its end, or until a stop signal cancels it; both end without an error.

    The server takes the signals itself while it serves, and raises them again when it is done.
    """
    told = asyncio.Event()
    task = asyncio.ensure_future(work)

    def stop() -> None:
        told.set()
        task.cancel()

    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not told.is_set():
            raise


def stop_when_input_ends() -> None:
    """Watch standard input: at its end this process is asked to stop, and then made to.

    The other end of the pipe closes when its holder dies, however it dies; so no process outlives
    the one it belongs to.
    """
    threading.Thread(target=_watch_input, name="parent", daemon=True).start()


def _watch_input() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(WITH_PARENT_SECONDS_MAX)
    os._exit(1)
