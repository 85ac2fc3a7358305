"""PostgreSQL's data folder: made whole or not at all, checked before it is served."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from app.core.postgres.binaries import Binaries
from app.core.postgres.errors import PostgresUnavailable
from app.core.postgres.files import Held, try_hold
from app.core.postgres.placement import Home
from app.core.postgres.privileges import Privileges
from app.core.postgres.sockets import find_socket_folder
from app.core.postgres.wire import serving_pid

INITDB_SECONDS = 120
"""How long `initdb` may take; it takes less than one on an idle machine."""

LEFTOVER_SECONDS = 60.0
"""How long a server whose owner vanished may take to end, before it is told to at once."""

POLL_SECONDS = 0.02
OUTPUT_CHARACTERS_MAX = 4_000


def make_cluster(home: Home, binaries: Binaries, privileges: Privileges, alive: Held) -> None:
    """Make the data folder where there is none.

    Written beside its place and renamed, so that a start that was broken off leaves none. *alive*
    is handed to `initdb`, so that one that outlives its starter keeps others away.

    Raises:
        PostgresUnavailable: `initdb` fails, or the folder is of another major version.
    """
    if home.cluster.exists():
        _check_version(home, binaries)
        return
    draft = home.folder / "cluster.new"
    refusal = ""
    for locale in _locales(binaries.major):
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if privileges.account is not None:
            os.chown(draft, privileges.account.user, privileges.account.group)
        output = _initdb(draft, binaries, privileges, alive, locale)
        if output is None:
            draft.rename(home.cluster)
            return
        refusal = refusal or output
    shutil.rmtree(draft, ignore_errors=True)
    raise PostgresUnavailable(
        f"PostgreSQL could not make its data folder in {home.folder}; see the last lines below."
        f" Mend that, or set HASHCART_DATABASE_URL to a server that runs already.\n{refusal}"
    )


def claim(home: Home) -> Held:
    """Make sure that a server may start on the data, and hold the lock that it is to inherit.

    Raises:
        PostgresUnavailable: Another one runs there and does not end.
    """
    held = _end_leftover(home)
    try:
        _clear_stale_pid(home)
    except BaseException:
        held.release()
        raise
    return held


def _end_leftover(home: Home) -> Held:
    """End the server in *home* if one outlived its owner, and hold the proof that none runs.

    Only for the owner of *home*. The proof is a lock that a server's processes inherit, so it
    cannot be mistaken as the number in a pid file can.

    Raises:
        PostgresUnavailable: It does not end.
    """
    started = time.monotonic()
    told = None
    while (held := try_hold(home.alive)) is None:
        waited = time.monotonic() - started
        if waited > 2 * LEFTOVER_SECONDS:
            raise PostgresUnavailable(
                f"An earlier PostgreSQL in {home.folder} does not end (pid"
                f" {serving_pid(find_socket_folder(home))}). End it, then start again."
            )
        urgent = signal.SIGINT if waited < LEFTOVER_SECONDS else signal.SIGQUIT
        if told is not urgent and (pid := serving_pid(find_socket_folder(home))):
            os.kill(pid, urgent)
            told = urgent
        time.sleep(POLL_SECONDS)
    return held


def _clear_stale_pid(home: Home) -> None:
    """Remove a pid file whose number meanwhile belongs to another program.

    PostgreSQL would take that program for its server and refuse to start; it happens whenever a
    container starts again. Only for who knows that no server of ours runs.
    """
    file = home.cluster / "postmaster.pid"
    try:
        lines = file.read_text(errors="replace").splitlines()
        pid = int(lines[0])
        os.kill(pid, 0)
    except (OSError, ValueError, IndexError):
        return  # No such file, or no such process: PostgreSQL sees to it itself.
    folder = Path(lines[4]) if len(lines) > 4 and lines[4] else home.socket
    if _works_in(home.cluster, pid) or serving_pid(folder) == pid:
        raise PostgresUnavailable(
            f"A PostgreSQL started by other means runs on {home.cluster} (pid {pid})."
            " Stop it, or set HASHCART_DATABASE_URL to it."
        )
    file.unlink()


def _works_in(folder: Path, pid: int) -> bool:
    """Whether the process works in *folder*, as a server does in its data; False without /proc."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False


def _check_version(home: Home, binaries: Binaries) -> None:
    try:
        version = (home.cluster / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise PostgresUnavailable(
            f"{home.cluster} is no data folder of PostgreSQL ({error.strerror})."
            " Move it away, or set HASHCART_DATA_DIR to another folder."
        ) from error
    if version != str(binaries.major):
        raise PostgresUnavailable(
            f"The data in {home.folder} is of PostgreSQL {version}, but the programs in"
            f" {binaries.folder} are of PostgreSQL {binaries.major}. Set HASHCART_PG_BIN to the"
            f" bin folder of a PostgreSQL {version} and run `hashcart db dump`; then remove"
            " HASHCART_PG_BIN, set HASHCART_DATA_DIR to a new folder and run"
            " `hashcart db restore`."
        )


def _locales(major: int) -> tuple[tuple[str, ...], ...]:
    """The options for the order of code points, which is the same on every machine."""
    if major >= 17:
        return (("--locale-provider=builtin", "--locale=C.UTF-8"),)
    return ("--locale=C.UTF-8",), ("--locale=C",)  # The second where the system lacks the first.


def _initdb(
    folder: Path, binaries: Binaries, privileges: Privileges, alive: Held, locale: tuple[str, ...]
) -> str | None:
    """None when it succeeded, else the end of what it said."""
    options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", *locale)
    try:
        done = subprocess.run(
            privileges.command(str(binaries.program("initdb")), "-D", str(folder), *options),
            cwd="/",
            env=binaries.environ(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(alive.descriptor,),
            start_new_session=True,
            timeout=INITDB_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"initdb did not end within {INITDB_SECONDS} s."
    if done.returncode == 0:
        return None
    return done.stdout.decode(errors="replace")[-OUTPUT_CHARACTERS_MAX:]
