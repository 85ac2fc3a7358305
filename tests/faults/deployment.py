"""A server and workers as real processes that can be killed, over a PostgreSQL that can be, too."""

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from app.carts.claims import LEASE
from app.cli.children import Child, start_child, stop_children
from app.cli.ports import free_port
from tests.faults.patience import PATIENCE_SECONDS, POLL_SECONDS
from tests.walk import SECRET

SERVER, WORKER, SECOND_WORKER = "serve", "worker", "worker 2"
"""Places of processes. The first word is the command."""

DATABASE_AWAY = "hashcart: Cannot connect to PostgreSQL"
"""How the sentence begins with which a process ends that was started while PostgreSQL was away."""

DEFECT = re.compile(r"\[(error|critical) *\]|Traceback \(most recent call last\)")
"""What a log holds when something happened that nobody expected."""


@dataclass
class Deployment:
    """The processes over one database. Each has a place, which can be filled again.

    Their clocks start at *moment* and go on from there, also over restarts.
    """

    database_url: str
    folder: Path
    moment: datetime
    environment: Mapping[str, str]
    port: int = field(default_factory=free_port)
    children: dict[str, Child] = field(default_factory=dict)
    logs: list[Path] = field(default_factory=list)
    refused_starts: int = 0
    """How often a process ended at its start because PostgreSQL was away."""
    _began: float = field(default_factory=time.monotonic)
    _skipped: timedelta = timedelta(0)

    @property
    def address(self) -> str:
        """The server's host and port."""
        return f"127.0.0.1:{self.port}"

    def start(self, place: str) -> None:
        """Start the process of a place."""
        assert place not in self.children, f"{place} runs already."
        log = self.folder / f"{len(self.logs)} {place}.log"
        told = {
            **self.environment,
            "HASHCART_DATABASE_URL": self.database_url,
            "HASHCART_PORT": str(self.port),
            "HASHCART_CLOCK": self.now().isoformat(),
            "HASHCART_X_CONSUMER_SECRET": SECRET,
        }
        self.children[place] = start_child(place.split()[0], told, log)
        self.logs.append(log)

    def kill(self, place: str) -> None:
        """Kill the process of a place with -9."""
        child = self.children.pop(place)
        child.process.kill()
        _bury(child)
        if child.command == WORKER:
            # What it had claimed is due when its lease is over: whoever starts next is there.
            self._skipped += LEASE

    def now(self) -> datetime:
        """What a process that starts now takes for the time."""
        return self.moment + timedelta(seconds=time.monotonic() - self._began) + self._skipped

    def skip_to(self, moment: datetime) -> None:
        """Let time pass: processes that start from now on take it for *moment*, or later."""
        self._skipped += max(moment - self.now(), timedelta(0))

    def let_run(self, *places: str) -> None:
        """See to it that these run, and no others."""
        for place in self.children.keys() - set(places):
            self.kill(place)
        for place in places:
            if place not in self.children:
                self.start(place)

    def look_after(self) -> None:
        """Start again what ended at its start because PostgreSQL was away.

        Raises:
            AssertionError: a process ended for another reason.
        """
        for place, child in list(self.children.items()):
            code = child.process.poll()
            if code is None:
                continue
            told = child.log.read_text()
            assert (code, DATABASE_AWAY in told) == (1, True), f"{place} ended ({code}):\n{told}"
            _bury(self.children.pop(place))
            self.refused_starts += 1
            self.start(place)

    @asynccontextmanager
    async def kept_running(self) -> AsyncIterator[None]:
        """Look after all processes meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._keep_running())
            yield
            task.cancel()

    async def _keep_running(self) -> None:
        while True:
            self.look_after()
            await asyncio.sleep(POLL_SECONDS)

    def defects(self) -> list[str]:
        """The lines of all logs that tell of something which nobody expected."""
        return [
            f"{log.name}: {line}"
            for log in self.logs
            for line in log.read_text(errors="replace").splitlines()
            if DEFECT.search(line)
        ]


def _bury(child: Child) -> None:
    child.process.wait(PATIENCE_SECONDS)
    assert child.process.stdin is not None
    child.process.stdin.close()


@asynccontextmanager
async def deployed(database_url: str, folder: Path, moment: datetime) -> AsyncIterator[Deployment]:
    """A deployment in which nothing runs yet; what runs at the end is stopped.

    Each process also ends by itself when this one does, however that ends.
    """
    deployment = Deployment(database_url, folder, moment, _quick_starts(folder.parent))
    try:
        yield deployment
    finally:
        stop_children(deployment.children.values())


def _quick_starts(folder: Path) -> Mapping[str, str]:
    """Where this machine keeps no compiled modules, the processes keep theirs in *folder*."""
    if not sys.dont_write_bytecode:
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
