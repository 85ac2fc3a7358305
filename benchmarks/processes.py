"""Server processes under measurement: started on their cores, ended with this program."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from app.cli.ports import free_port
from app.core.settings import PREFIX
from benchmarks.machine import cpu_seconds

READY_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 10.0
POLL_SECONDS = 0.05
LOG_LINES_SHOWN = 15
POINTS = "900000000"
"""Of a bucket, and of a second: everything is charged, nothing refused, and what is left has nine
digits in every answer."""
TOP = Path(__file__).parents[1]

_CLI = (sys.executable, "-m", "app.cli")
_OPENER = build_opener(ProxyHandler({}))


class ProcessFailed(Exception):
    """A process ended by itself or did not become ready; with the last lines that it said."""


@dataclass(frozen=True)
class Running:
    """A process of ours. `port` is where it listens, if it does."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def cpu_seconds(self) -> float:
        """CPU time that it used so far."""
        return cpu_seconds(self.process.pid)

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """It runs not at all meanwhile: what it does by itself would be counted as another's.

        A shell wakes it when the pipe ends, so also when this program dies; else it would sleep on.
        """
        with subprocess.Popen(
            ["/bin/sh", "-c", 'cat > /dev/null; kill -CONT "$1"', "sh", str(self.process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        ):
            self.process.send_signal(signal.SIGSTOP)
            yield

    def fail(self, what: str) -> ProcessFailed:
        """The error to raise when it does not do what it should."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return ProcessFailed("\n".join([what, *lines[-LOG_LINES_SHOWN:]]))


@contextmanager
def running_loader(cores: frozenset[int]) -> Iterator[Executor]:
    """A process that makes the load: what is submitted runs there, one thing at a time."""
    with ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), initializer=_begin_loader, initargs=(cores,)
    ) as executor:
        yield executor


def _begin_loader(cores: frozenset[int]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it too: the parent ends it
    os.sched_setaffinity(0, cores)
    parent = parent_process()
    assert parent is not None  # it runs in a process that was spawned
    watch = threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True)
    watch.start()


def _end_with(sentinel: int) -> None:
    """A worker of a pool waits for work forever when its parent was killed."""
    wait([sentinel])
    os._exit(1)


@contextmanager
def running_server(database_url: str, cores: frozenset[int], folder: Path) -> Iterator[Running]:
    """The product's server over a database, ready."""
    port = free_port()
    command = [*_CLI, "serve", "--until-input-ends"]
    with running("server", command, database_url, port, cores, folder) as found:
        await_ready(found, "/readyz")
        yield found


@contextmanager
def running_unmetered(database_url: str, cores: frozenset[int], folder: Path) -> Iterator[Running]:
    """The same server, but that it charges nobody."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.unmetered_server"]
    with running("unmetered", command, database_url, port, cores, folder) as found:
        await_ready(found, "/readyz")
        yield found


@contextmanager
def running_worker(database_url: str, cores: frozenset[int], folder: Path) -> Iterator[Running]:
    """The product's worker over a database."""
    command = [*_CLI, "worker", "--until-input-ends"]
    with running("worker", command, database_url, 0, cores, folder) as found:
        yield found


@contextmanager
def running_by_hand(database_url: str, cores: frozenset[int], folder: Path) -> Iterator[Running]:
    """The server that answers by hand, ready."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.by_hand_server", str(port)]
    with running("by-hand", command, database_url, port, cores, folder) as found:
        await_ready(found, "/livez")
        yield found


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    database_url: str,
    port: int,
    cores: frozenset[int],
    folder: Path,
) -> Iterator[Running]:
    """A process that is told its database and port as the product is; it logs to *folder*."""
    log = folder / f"{name}.log"
    with log.open("ab") as output, _on(cores):
        process = subprocess.Popen(
            command,
            env=_environment(database_url, port),
            cwd=TOP,
            stdin=subprocess.PIPE,  # it stops when this end is gone, however this program dies
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    found = Running(process, port, log)
    try:
        yield found
        if process.poll() is not None:
            raise found.fail(f"The {name} ended with code {process.returncode}:")
    finally:
        _stop(process)


@contextmanager
def _on(cores: frozenset[int]) -> Iterator[None]:
    """What is started meanwhile runs on these cores, with every thread that it ever makes."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def _environment(database_url: str, port: int) -> Mapping[str, str]:
    return {
        **os.environ,
        f"{PREFIX}DATABASE_URL": database_url,
        f"{PREFIX}PORT": str(port),
        f"{PREFIX}COST_MAXIMUM": POINTS,
        f"{PREFIX}COST_RESTORE_RATE": POINTS,
    }


def await_ready(server: Running, path: str) -> None:
    """Wait until the server answers there.

    Raises:
        ProcessFailed: it ended, or did not answer in time.
    """
    url = f"http://127.0.0.1:{server.port}{path}"
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise server.fail(f"A server ended with code {server.process.returncode}:")
        try:
            with _OPENER.open(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(POLL_SECONDS)
    raise server.fail(f"{path} was not answered within {READY_SECONDS_MAX:.0f} s:")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
