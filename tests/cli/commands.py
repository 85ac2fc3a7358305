"""Running commands: in this process where that is enough, else as a process of its own."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from app.cli.main import main
from app.core import clock

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Finished:
    """What a command left: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


class Commands:
    """Runs commands as the entry point does, with an environment of their own."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        database_url: str,
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.environment = environment(HASHCART_DATABASE_URL=database_url)

    def run(self, *words: str, **changes: str) -> Finished:
        """Run `hashcart WORDS`; *changes* are variables set beside the usual ones."""
        self._capsys.readouterr()
        with logging_as_before(), self._monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["hashcart", *words])
            for name in [name for name in os.environ if name.startswith("HASHCART_")]:
                patched.delenv(name)
            for name, value in {**self.environment, **changes}.items():
                patched.setenv(name, value)
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 0
            finally:
                clock.start_at(None)
        told = self._capsys.readouterr()
        return Finished(code, told.out, told.err)


@contextmanager
def logging_as_before() -> Iterator[None]:
    """Undo what a command sets up for the logs of its process: this one goes on."""
    root, pool = logging.getLogger(), logging.getLogger("asyncpg.pool")
    handlers, levels = root.handlers[:], (root.level, pool.level)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        pool.setLevel(levels[1])
        structlog.reset_defaults()


def environment(**variables: str) -> Mapping[str, str]:
    """The variables of a command under test, and no other that begins with HASHCART_."""
    return {"PYTHONPATH": str(ROOT), **variables}


def process_environment(**variables: str) -> dict[str, str]:
    """The same for a process: this one's environment without its own HASHCART_ variables."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("HASHCART_")}
    return {**own, **environment(**variables)}
