"""The server's process: bound to the life of this one, and started again when it dies."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path

from app.core.postgres.errors import PostgresUnavailable
from app.core.postgres.files import Held, open_log

STOP_STEPS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
"""How a server is told to end, and how many seconds it then has.

Source: PostgreSQL documentation, "Shutting Down the Server": fast, immediate. After the last one
the next start recovers what was committed.
"""

RESTARTS_MAX = 100
"""How often a server that died is started again in the life of its owner."""

RESTART_PAUSE_SECONDS = 0.1


class ServerProcess:
    """A running `postgres`, started and awaited by a thread of its own.

    When the owner is killed, the kernel tells the server to end, but what it watches is the
    *thread* that started the server. So that is one that lives exactly as long as the server,
    and `start_embedded` may be called from any thread, however short its life.
    """

    def __init__(
        self,
        command: list[str],
        *,
        environ: Mapping[str, str],
        log: Path,
        claim: Callable[[], Held],
    ) -> None:
        """Start it.

        Args:
            command: The words that run the server.
            environ: Its environment.
            log: The file for what it says.
            claim: Makes sure before each start that no other server runs on the data, and gives
                the lock for the server to hold.
        """
        self._command = command
        self._environ = environ
        self._log = log
        self._claim = claim
        self._started: Future[None] = Future()
        self._changing = threading.Lock()
        self._wanted = True
        self._proven = False
        self._thread = threading.Thread(target=self._run, name="postgres", daemon=True)
        self._thread.start()
        self._started.result()

    @property
    def running(self) -> bool:
        """Whether the server runs, or is about to be started again."""
        return self._thread.is_alive()

    def keep(self) -> None:
        """From now on start the server again when it dies: it has proven that it can serve."""
        self._proven = True

    def stop(self) -> None:
        """End the server and wait until it has ended.

        Raises:
            PostgresUnavailable: Not even the last of `STOP_STEPS` ended it.
        """
        with self._changing:
            self._wanted = False
        for number, seconds in STOP_STEPS:
            self._process.send_signal(number)
            self._thread.join(seconds)
            if not self.running:
                return
        raise PostgresUnavailable(
            f"PostgreSQL (pid {self._process.pid}) does not end; see {self._log}."
        )

    def _run(self) -> None:
        try:
            self._spawn()
        except BaseException as error:
            self._started.set_exception(error)
            return
        self._started.set_result(None)
        for _ in range(RESTARTS_MAX):
            self._process.wait()
            if not (self._wanted and self._proven):
                return
            time.sleep(RESTART_PAUSE_SECONDS)
            self._spawn()
        self._process.wait()

    def _spawn(self) -> None:
        """Start the server, unless it is not wanted any more."""
        claimed = self._claim()
        try:
            with self._changing:
                if self._wanted:
                    self._process = self._popen(claimed)
        finally:
            claimed.release()

    def _popen(self, claimed: Held) -> subprocess.Popen[bytes]:
        log = open_log(self._log)
        try:
            return subprocess.Popen(
                self._command,
                cwd="/",
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(claimed.descriptor,),
                start_new_session=True,  # Ctrl-C in a terminal is for the owner alone.
            )
        finally:
            os.close(log)
