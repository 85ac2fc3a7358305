"""Processes that belong to this one: they end with it, however it ends."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.cli.failures import CommandFailed

READY_SECONDS_MAX = 60.0
POLL_SECONDS = 0.1
STOP_SECONDS_MAX = 10.0
LOG_LINES_SHOWN = 15
HTTP_OK = 200


@dataclass(frozen=True)
class Child:
    """A command of ours in a process of its own. Its output is in the file `log`."""

    command: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def refuse_ended(self) -> None:
        """Make sure that it runs.

        Raises:
            CommandFailed: it ended by itself; with the last lines of its log.
        """
        if self.process.poll() is None:
            return
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        raise CommandFailed(
            f"`hashcart {self.command}` ended with code {self.process.returncode}. Mend what the "
            f"last lines of {self.log} say:\n" + "\n".join(lines[-LOG_LINES_SHOWN:])
        )


def start_child(command: str, environment: Mapping[str, str], log: Path) -> Child:
    """Run a command of ours in a process that stops when this one is gone.

    It holds the end of a pipe that nobody writes to: when this process dies, even by -9, the pipe
    ends and the child stops. Ctrl-C in a terminal reaches this process alone.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "app.cli", command, "--until-input-ends"],
            env={**os.environ, **environment, "PYTHONPATH": _module_path()},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Child(command, process, log)


def _module_path() -> str:
    """Where this very program was imported from, so that the child runs the same."""
    own = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(dict.fromkeys([own, *filter(None, sys.path)]))


async def wait_until_ready(url: str, children: Iterable[Child]) -> None:
    """Wait until *url* answers 200 while all *children* run.

    Raises:
        CommandFailed: one of them ended, or it took longer than `READY_SECONDS_MAX`.
    """
    running = list(children)
    async with httpx.AsyncClient(trust_env=False, timeout=POLL_SECONDS * 20) as client:
        for _ in range(int(READY_SECONDS_MAX / POLL_SECONDS)):
            for child in running:
                child.refuse_ended()
            if await _answers(client, url):
                return
            await asyncio.sleep(POLL_SECONDS)
    logs = ", ".join(str(child.log) for child in running)
    raise CommandFailed(f"{url} did not answer 200 within {READY_SECONDS_MAX:.0f} s; see {logs}.")


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == HTTP_OK
    except httpx.TransportError:
        return False


def stop_children(children: Iterable[Child]) -> None:
    """Ask all to stop, wait together for at most `STOP_SECONDS_MAX` each, then make them."""
    running = list(children)
    for child in running:
        child.process.terminate()
    for child in running:
        try:
            child.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
        if child.process.stdin is not None:
            child.process.stdin.close()
