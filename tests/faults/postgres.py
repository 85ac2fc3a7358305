"""A PostgreSQL that tests kill and stop.

It runs without fsync. What a process has written lies in the machine's page cache and outlives it;
only a machine that dies would lose it, and none dies here.
"""

import asyncio
import os
import signal
from pathlib import Path

from app.core.postgres.launcher import EmbeddedPostgres, remove_embedded, start_embedded
from app.core.postgres.wire import NotServing, select_one, serving_pid, socket_file
from tests.faults.patience import until


class MortalPostgres:
    """An embedded server of this process, which starts it again when it is killed.

    The address stays the same over all its lives.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._server: EmbeddedPostgres | None = None
        self.start()

    @property
    def url(self) -> str:
        """The address of the database `postgres`."""
        return self._running.url

    @property
    def socket(self) -> Path:
        """The file of its socket."""
        return socket_file(self._running.socket_folder)

    def start(self) -> None:
        """Start it after `stop`, on the same data."""
        assert self._server is None
        self._server = start_embedded(self._data_dir, fsync=False)

    def stop(self) -> None:
        """Stop it in good order. It stays away until `start`."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def kill(self, *, with_sessions: bool) -> None:
        """Kill it with -9.

        The sessions end by themselves as soon as they notice, after the statement at hand; or
        *with_sessions* in the midst of it.
        """
        pid = serving_pid(self._running.socket_folder)
        assert pid is not None, "PostgreSQL does not serve."
        children = Path(f"/proc/{pid}/task/{pid}/children")
        sessions = children.read_text().split() if with_sessions and children.exists() else []
        os.kill(pid, signal.SIGKILL)
        for session in sessions:
            try:
                os.kill(int(session), signal.SIGKILL)
            except ProcessLookupError:
                continue

    async def is_up(self) -> None:
        """Return when it answers queries."""
        folder = self._running.socket_folder

        async def answers() -> bool:
            try:
                await asyncio.to_thread(select_one, folder)
            except NotServing:
                return False
            return True

        await until(answers, "PostgreSQL answers")

    def remove(self) -> None:
        """Stop it, and remove it with all its data."""
        self.stop()
        remove_embedded(self._data_dir)

    @property
    def _running(self) -> EmbeddedPostgres:
        assert self._server is not None, "PostgreSQL is stopped."
        return self._server
