"""What the tests of the embedded PostgreSQL share: its majors, its owners as processes, queries."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.core.postgres.binaries import Binaries, find_binaries
from app.core.postgres.files import try_hold
from app.core.postgres.launcher import remove_embedded, start_embedded
from app.core.postgres.placement import Home, asked_home, home_elsewhere, make_folder
from app.core.postgres.privileges import Account
from tests.tree import ROOT

MAJORS = [18, pytest.param(15, marks=pytest.mark.needs("postgresql-15"))]
"""The versions that the product is made for: the wheel's and the floor."""

OWNER = "tests/core/postgres_owner.py"
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Owner:
    """A process that owns or joined a server."""

    process: subprocess.Popen[str]
    owner: bool
    url: str
    folder: Path

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    def leave(self) -> None:
        """Let it end in good order."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(PATIENCE_SECONDS) == 0

    def kill(self) -> None:
        """Kill it with -9."""
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)


@contextmanager
def data_folder(folder: Path) -> Iterator[Path]:
    """*folder* as a data directory whose server is removed at the end, wherever it lies."""
    try:
        yield folder
    finally:
        remove_embedded(folder)


class Seeds:
    """Data folders made once, since most tests are not about how one is made: writing one is slow.

    A test that leaves a folder as good as it found it takes the `shared` one, any other a copy.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.gettempdir()) / f"hashcart-seeds-{uuid4().hex}"
        self._made: dict[int, Home] = {}

    def shared(self, major: int = 18) -> Home:
        """Where the data lies that is handed from test to test, with no server running."""
        if major not in self._made:
            asked = asked_home(self._folder / str(major))
            server = start_embedded(asked.asked, binaries=find_binaries(major=major), fsync=False)
            server.stop()
            self._made[major] = replace(asked, folder=server.folder)
        return self._made[major]

    def plant(self, data_dir: Path, major: int = 18, account: Account | None = None) -> Home:
        """Give *data_dir* a copy of the data; where it then lies.

        With *account*, it is as if root had borrowed that account to make it.
        """
        seed = self.shared(major)
        usual = account is None and not seed.elsewhere
        home = asked_home(data_dir) if usual else home_elsewhere(data_dir)
        make_folder(home)
        # A copy that keeps the owner.
        run("cp", "-a", str(seed.cluster), str(home.cluster))
        if account is not None:
            run("chown", "-R", f"{account.user}:{account.group}", str(home.cluster))
        return home

    def remove(self) -> None:
        """Remove them all."""
        for home in self._made.values():
            remove_embedded(home.asked)
        if self._made:
            self._folder.rmdir()
        self._made.clear()


@cache
def shared_seeds() -> Seeds:
    """The seeds of this run."""
    return Seeds()


def run(*words: str) -> None:
    """Run a command that must succeed."""
    subprocess.run(words, check=True, timeout=PATIENCE_SECONDS)


@contextmanager
def an_owner(
    data_dir: Path,
    binaries: Binaries | None = None,
    *,
    prefix: Sequence[str] = (),
    root: Path = ROOT,
    python: str = sys.executable,
    account: Account | None = None,
) -> Iterator[Owner]:
    """A process of its own that started or joined the server of *data_dir*.

    It runs after the words of *prefix*, with the code in *root*, as *account*.
    """
    words = [*prefix, python, str(root / OWNER), str(data_dir)]
    if binaries is not None:
        words += [str(binaries.folder), str(binaries.major)]
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        words,
        cwd="/",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        user=None if account is None else account.user,
        group=None if account is None else account.group,
        extra_groups=None if account is None else [],
    )
    with process:
        try:
            yield _told_by(process)
        finally:
            process.kill()


def _told_by(process: subprocess.Popen[str]) -> Owner:
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(process.stderr.read())
    told = json.loads(line)
    return Owner(process, told["owner"], told["url"], Path(told["folder"]))


async def ask(url: str, query: str) -> Any:
    """The one value that *query* gives on a connection of its own."""
    connection = await asyncpg.connect(url, timeout=PATIENCE_SECONDS)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def keep_rows(url: str, count: int) -> None:
    """Make the table `kept` anew and commit *count* rows to it, each by itself."""
    connection = await asyncpg.connect(url, timeout=PATIENCE_SECONDS)
    try:
        await connection.execute("DROP TABLE IF EXISTS kept")
        await connection.execute("CREATE TABLE kept (number int)")
        for number in range(count):
            await connection.execute("INSERT INTO kept VALUES ($1)", number)
    finally:
        await connection.close()


def await_end_of_server(folder: Path) -> None:
    """Return when no process of the server in *folder* is left."""

    def ended() -> bool:
        held = try_hold(folder / "server.alive")
        if held is not None:
            held.release()
        return held is not None

    await_that(ended)


def await_that(happened: Callable[[], bool]) -> None:
    """Return as soon as *happened* says yes, and fail after `PATIENCE_SECONDS`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def modes_above(folder: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode, owner and group of *folder* and of every folder above it."""
    found = {path: path.stat() for path in (folder, *folder.parents)}
    return {path: (stat.st_mode, stat.st_uid, stat.st_gid) for path, stat in found.items()}
