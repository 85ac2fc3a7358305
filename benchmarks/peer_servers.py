"""The peers: other GraphQL servers over the same tables, started, pinned and ended like our own.

They come from npm into `benchmarks/peers`, with the version of Node that they run on.
"""

import asyncio
import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.cli.ports import free_port
from benchmarks.databases import Filled, run
from benchmarks.peer_operations import MERCURIUS, POSTGRAPHILE
from benchmarks.processes import POLL_SECONDS, READY_SECONDS_MAX, Running, running
from benchmarks.report import say

FOLDER = Path(__file__).with_name("peers")
PACKAGES = FOLDER / "node_modules"
SOURCES = {MERCURIUS: "mercurius.mjs", POSTGRAPHILE: "postgraphile.mjs"}
INSTALL_SECONDS_MAX = 900
ADVICE = "`python -m benchmarks --peers` installs them with npm (500 MB in benchmarks/peers)."

_PROCESSORS = {"x86_64": "x64", "aarch64": "arm64"}


class PeersMissing(Exception):
    """The peers cannot be measured here; the message says what to do."""


@dataclass(frozen=True)
class Peer:
    """A peer that is up."""

    name: str
    server: Running


def node_program() -> Path | None:
    """The Node that came with the peers; None where they are not installed."""
    processor = _PROCESSORS.get(platform.machine(), "")
    program = PACKAGES / f"node-linux-{processor}" / "bin" / "node"
    return program if program.exists() else None


def with_peers(wanted: bool | None) -> bool:
    """Whether to measure them: where they are installed, unless told otherwise; says so.

    Raises:
        PeersMissing: they are wanted, and cannot be installed.
    """
    if wanted is False:
        return False
    if node_program() is None and wanted:
        install()
    if node_program() is None:
        say(f"reads: without Mercurius and PostGraphile, which are not installed. {ADVICE}")
        return False
    return True


def install() -> None:
    """Get the peers, exactly as the lock file says.

    Raises:
        PeersMissing: there is no npm, it failed, or there is no Node for this processor.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise PeersMissing("The peers come from npm, which is not on the PATH: install Node.")
    say("reads: installing the peers")
    # Their Node is newer than one that only runs npm may be; no script of theirs is needed.
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        command, cwd=FOLDER, capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX
    )
    if done.returncode:
        raise PeersMissing(f"npm could not install the peers:\n{done.stderr[-2000:]}")
    if node_program() is None:
        raise PeersMissing(f"The peers bring no Node for this processor: {platform.machine()}.")


@contextmanager
def running_peers(filled: Filled, cores: frozenset[int], folder: Path) -> Iterator[list[Peer]]:
    """All of them, ready, over the filled database, which has what they need until the end."""
    node = node_program()
    assert node is not None  # asked before
    counts = (FOLDER / "counts.sql").read_text(encoding="utf-8")
    asyncio.run(run(filled.url, counts))
    try:
        with ExitStack() as stack:
            peers = []
            for name, source in SOURCES.items():
                command = ["/usr/bin/env", "NODE_ENV=production", str(node), str(FOLDER / source)]
                server = stack.enter_context(
                    running(name.lower(), command, filled.url, free_port(), cores, folder)
                )
                _await_listening(server)
                peers.append(Peer(name, server))
            yield peers
    finally:
        asyncio.run(run(filled.url, "DROP SCHEMA IF EXISTS peers CASCADE"))


def _await_listening(server: Running) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise server.fail(f"A peer ended with code {server.process.returncode}:")
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
        except OSError:
            time.sleep(POLL_SECONDS)
        else:
            return
    raise server.fail(f"A peer did not listen within {READY_SECONDS_MAX:.0f} s:")
