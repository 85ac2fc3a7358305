"""Commands as processes of their own."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.cli.commands import ROOT, process_environment

PATIENCE_SECONDS = 180.0
POLL_SECONDS = 0.05


class Running:
    """A command that runs; its lines of output are kept as they come."""

    def __init__(self, words: tuple[str, ...], variables: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", *words],
            cwd=ROOT,
            env=process_environment(**variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        """All that it said so far."""
        return "\n".join(self.lines)

    def said(self, part: str) -> bool:
        """Whether a line holds *part*."""
        return any(part in line for line in self.lines)

    def await_said(self, part: str) -> None:
        """Return when a line holds *part*; fail when it ends without having said so."""
        await_that(lambda: self.said(part) or self.process.poll() is not None, self.output)
        self._reader.join(1.0 if self.process.poll() is not None else 0.0)
        assert self.said(part), self.output

    def end(self, number: signal.Signals | None = None) -> int:
        """Send a signal, if any, and wait for its exit code."""
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))


@contextmanager
def running(*words: str, **variables: str) -> Iterator[Running]:
    """`hashcart WORDS` with these variables; killed at the end if it still runs."""
    command = Running(words, variables)
    try:
        yield command
    finally:
        command.process.kill()
        command.process.wait(PATIENCE_SECONDS)
        for pipe in (command.process.stdin, command.process.stdout):
            assert pipe is not None
            pipe.close()


def await_that(happened: Callable[[], Any], otherwise: object = "") -> None:
    """Return as soon as *happened* says yes, and fail after `PATIENCE_SECONDS`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, otherwise
        time.sleep(POLL_SECONDS)


def answers(url: str) -> bool:
    """Whether *url* is answered 200."""
    try:
        return httpx.get(url, trust_env=False, timeout=PATIENCE_SECONDS).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def taken_port() -> Iterator[int]:
    """A port that somebody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def log_of(folder: Path, command: str) -> str:
    """What a process of the demo wrote, for a failure's message."""
    return (folder / f"demo-{command}.log").read_text(encoding="utf-8")
