"""Locks that end with the processes that hold them, and the server's log."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

LOG_BYTES_MAX = 4 * 1024 * 1024
"""At a start a longer log becomes the previous one, and the previous one is dropped."""

TAIL_BYTES = 4_000


@dataclass(frozen=True)
class Held:
    """A lock on a file, held until every process that has the descriptor closed it or ended."""

    descriptor: int

    def release(self) -> None:
        """Close this process's descriptor."""
        os.close(self.descriptor)


def try_hold(path: Path) -> Held | None:
    """The lock on *path*, or None while another holds it. The file is made if missing.

    Source: flock(2); unlike a POSIX lock it is inherited, and two of one process exclude each
    other.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return Held(descriptor)


def open_log(path: Path) -> int:
    """A descriptor that appends to the log *path*, which no other account may read."""
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        path.replace(path.with_name(f"{path.name}.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def tail(path: Path) -> str:
    """The last lines of the log *path*."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        return file.read().decode(errors="replace").strip()
