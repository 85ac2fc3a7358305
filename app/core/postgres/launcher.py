"""Start an embedded PostgreSQL in a folder, or join the one that runs there already.

Whoever holds the folder's lock starts the server and is its owner; everybody else joins it. The
server ends with its owner, also when that is killed; connections of those who joined then break,
and the next to start becomes the owner. A server that dies is started again by its owner.
"""

import atexit
import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from urllib.parse import quote

from app.core.postgres import wire
from app.core.postgres.binaries import Binaries, find_binaries
from app.core.postgres.cluster import claim, make_cluster
from app.core.postgres.errors import PostgresUnavailable
from app.core.postgres.files import Held, tail, try_hold
from app.core.postgres.placement import (
    Home,
    asked_home,
    home_elsewhere,
    make_folder,
    privileges_in,
    remove_files,
)
from app.core.postgres.privileges import in_user_namespace
from app.core.postgres.process import ServerProcess
from app.core.postgres.sockets import (
    find_socket_folder,
    make_socket_folder,
    remove_socket_folder,
)

READY_SECONDS = 60.0
"""How long a server may take to answer, recovery after a crash included."""

POLL_SECONDS = 0.01

DEFAULTS = MappingProxyType(
    {
        "shared_buffers": "128MB",
        "max_connections": "100",
        "jit": "off",  # Compiling costs more than the short statements it would speed up.
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
    }
)
"""The server's settings unless told otherwise."""

WITHOUT_FSYNC = MappingProxyType({"fsync": "off", "full_page_writes": "off"})
"""Survives the death of the server, not that of the machine."""

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


class EmbeddedPostgres:
    """A running server, ours or another process's. As a context manager it stops at the end."""

    def __init__(
        self, home: Home, *, process: ServerProcess | None = None, lock: Held | None = None
    ) -> None:
        self._home = home
        self.socket_folder = find_socket_folder(home)
        """The folder of the server's socket."""
        self._owned = (process, lock) if process and lock else None
        self._starter = os.getpid()
        self.owner = self._owned is not None
        """Whether this process started the server, and ends it."""
        if self.owner:
            atexit.register(self.stop)

    @property
    def url(self) -> str:
        """The address of the database `postgres`, for asyncpg, SQLAlchemy and libpq alike."""
        return self.url_for("postgres")

    @property
    def folder(self) -> Path:
        """Where the server's files lie: the folder asked for, or the one that stands in for it."""
        return self._home.folder

    @property
    def log(self) -> Path:
        """The file that the server writes its messages to."""
        return self._home.log

    def url_for(self, database: str) -> str:
        """The address of *database*. The port is named lest `PGPORT` should name another."""
        host = quote(str(self.socket_folder), safe="/")
        return f"postgresql://postgres@/{quote(database, safe='')}?host={host}&port={wire.PORT}"

    def stop(self) -> None:
        """End the server if this process owns it, else do nothing, as in a forked child.

        Raises:
            PostgresUnavailable: It does not end.
        """
        owned, self._owned = self._owned, None
        if owned is None or os.getpid() != self._starter:
            return
        atexit.unregister(self.stop)
        process, lock = owned
        try:
            process.stop()
            remove_socket_folder(self._home)
        finally:
            lock.release()

    def __enter__(self) -> "EmbeddedPostgres":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def start_embedded(
    data_dir: Path,
    *,
    binaries: Binaries | None = None,
    fsync: bool = True,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> EmbeddedPostgres:
    """The server of *data_dir*: joined if it runs, else started, and made if there is none.

    Blocks, up to `READY_SECONDS` and the time to make the data. May be called from any thread.

    Args:
        data_dir: A folder for this server alone; made, and closed to others, if missing.
        binaries: The programs; by default those that `find_binaries` finds.
        fsync: False trades the safety of committed rows against the machine's death for speed.
        settings: PostgreSQL's settings, by name. What keeps the server private cannot be set.

    Raises:
        PostgresUnavailable: It cannot be started or does not answer; the message says what to do.
    """
    binaries = binaries or find_binaries()
    home = _choose_home(data_dir, binaries)
    make_folder(home)
    deadline = time.monotonic() + READY_SECONDS
    while True:
        lock = _try_lock(home)
        if lock is not None:
            return _start_owned(home, lock, binaries, _options(fsync, settings))
        refusal = _refusal(home)
        if refusal is None:
            return EmbeddedPostgres(home)
        if time.monotonic() > deadline:
            raise PostgresUnavailable(
                f"Another process owns the PostgreSQL in {home.folder}, but that server did not"
                f" answer within {READY_SECONDS:.0f} s: {refusal}. Stop that process, then start"
                f" again. The log is {home.log}."
            )
        time.sleep(POLL_SECONDS)


def remove_embedded(data_dir: Path) -> None:
    """Remove the embedded server of *data_dir* with all its data, wherever it lies.

    What else lies in *data_dir* stays.

    Raises:
        PostgresUnavailable: It is in use.
    """
    homes = (asked_home(data_dir), home_elsewhere(data_dir))
    for home in homes if os.geteuid() == 0 else homes[:1]:
        if not home.folder.is_dir():
            continue
        lock = _try_lock(home)
        if lock is None:
            raise PostgresUnavailable(
                f"The PostgreSQL in {home.folder} is in use, so its data was not removed."
                " Stop the process that owns it, then try again."
            )
        try:
            claim(home).release()
            remove_socket_folder(home)
            remove_files(home)
        finally:
            lock.release()


def _choose_home(data_dir: Path, binaries: Binaries) -> Home:
    """Where data lies already; else, for root, where it can be run from."""
    home, elsewhere = asked_home(data_dir), home_elsewhere(data_dir)
    if os.geteuid() != 0:
        return home
    if elsewhere.cluster.exists():
        return elsewhere
    if home.cluster.exists():
        return home
    make_folder(home)
    usable = in_user_namespace(home.folder, binaries)
    return elsewhere if usable is None else home


def _try_lock(home: Home) -> Held | None:
    try:
        return try_hold(home.lock)
    except OSError as error:
        raise PostgresUnavailable(
            f"The data folder {home.folder} cannot be used: {error.strerror}. Run this as the"
            " user it belongs to, or set HASHCART_DATA_DIR to a folder that this user may write."
        ) from error


def _refusal(home: Home) -> str | None:
    """Why the server in *home* does not serve; None when it does."""
    try:
        wire.select_one(find_socket_folder(home))
    except wire.NotServing as reason:
        return str(reason)
    return None


def _start_owned(
    home: Home, lock: Held, binaries: Binaries, options: Mapping[str, str]
) -> EmbeddedPostgres:
    try:
        process = _start(home, binaries, options)
        try:
            _await_ready(home, process)
            process.keep()
        except BaseException:
            process.stop()
            raise
    except BaseException:
        lock.release()
        raise
    return EmbeddedPostgres(home, process=process, lock=lock)


def _start(home: Home, binaries: Binaries, options: Mapping[str, str]) -> ServerProcess:
    privileges, binaries = privileges_in(home, binaries)
    alive = claim(home)
    try:
        make_cluster(home, binaries, privileges, alive)
    finally:
        alive.release()
    folder = make_socket_folder(home, privileges)
    program = (str(binaries.program("postgres")), "-D", str(home.cluster))
    return ServerProcess(
        privileges.command(*program, *_words({**options, **_private_in(folder)})),
        environ=binaries.environ(os.environ),
        log=home.log,
        claim=lambda: claim(home),
    )


def _await_ready(home: Home, process: ServerProcess) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while (refusal := _refusal(home)) is not None:
        late = time.monotonic() > deadline
        if late or not process.running:
            what = f"did not answer within {READY_SECONDS:.0f} s" if late else "ended at its start"
            raise PostgresUnavailable(
                f"PostgreSQL in {home.folder} {what} ({refusal}). Mend what the last lines of"
                f" {home.log} say, or set HASHCART_DATABASE_URL to a server that runs already."
                f"\n{tail(home.log)}"
            )
        time.sleep(POLL_SECONDS)


def _options(fsync: bool, settings: Mapping[str, str]) -> Mapping[str, str]:
    return {**DEFAULTS, **({} if fsync else WITHOUT_FSYNC), **settings}


def _private_in(folder: Path) -> Mapping[str, str]:
    """No network, and a socket that the server's own account and root alone may use."""
    quoted = str(folder).replace('"', '""')
    return {
        "listen_addresses": "",
        "port": str(wire.PORT),
        "unix_socket_directories": f'"{quoted}"',
        "unix_socket_permissions": "0700",
    }


def _words(options: Mapping[str, str]) -> list[str]:
    return [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
