"""What is left when the owner or the server of an embedded PostgreSQL ends badly, and what of it
the next start makes good."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.postgres import cluster, launcher, process
from app.core.postgres.binaries import Binaries, find_binaries
from app.core.postgres.errors import PostgresUnavailable
from app.core.postgres.files import try_hold
from app.core.postgres.launcher import EmbeddedPostgres, start_embedded
from app.core.postgres.placement import Home, asked_home, privileges_in
from app.core.postgres.privileges import AS_OURSELVES
from app.core.postgres.sockets import make_socket_folder
from app.core.postgres.wire import NotServing, select_one, serving_pid
from tests.core.postgres_fixtures import (
    MAJORS,
    Seeds,
    an_owner,
    ask,
    await_end_of_server,
    await_that,
    keep_rows,
    shared_seeds,
)

RECOVERED = "not properly shut down"
"""What PostgreSQL's log says when it had to recover."""


@pytest.fixture(scope="session")
def seeds() -> Iterator[Seeds]:
    """Data folders to copy."""
    yield shared_seeds()
    shared_seeds().remove()


@pytest.fixture(params=MAJORS)
def binaries(request: pytest.FixtureRequest) -> Binaries:
    """The programs of each version that the product is made for."""
    return find_binaries(major=request.param)


@pytest.fixture
def home(seeds: Seeds) -> Home:
    """Where the data of `data_dir` lies; its log is new."""
    return with_new_log(seeds.shared())


@pytest.fixture
def data_dir(home: Home) -> Path:
    """A data directory of the default version that has been served before, to be left as good."""
    return home.asked


async def test_when_the_owner_is_killed_the_server_stops_cleanly_and_nothing_is_lost(
    binaries: Binaries, seeds: Seeds
) -> None:
    home = with_new_log(seeds.shared(binaries.major))
    with an_owner(home.asked, binaries) as owner:
        await keep_rows(owner.url, 20)
        owner.kill()
    await_end_of_server(owner.folder)

    with start_embedded(home.asked, binaries=binaries) as server:
        assert await ask(server.url, "SELECT count(*) FROM kept") == 20
    log = read(home.log)
    assert "received fast shutdown request" in log
    assert RECOVERED not in log


async def test_the_next_start_need_not_wait_for_the_killed_owner_s_server(data_dir: Path) -> None:
    with an_owner(data_dir) as owner:
        await keep_rows(owner.url, 3)
        owner.kill()

    with start_embedded(data_dir) as server:
        assert server.owner
        assert await ask(server.url, "SELECT count(*) FROM kept") == 3
        assert RECOVERED not in read(server.log)


async def test_when_the_server_is_killed_its_owner_starts_it_again_with_every_committed_row(
    binaries: Binaries, seeds: Seeds
) -> None:
    home = with_new_log(seeds.shared(binaries.major))
    with start_embedded(home.asked, binaries=binaries) as server:
        await keep_rows(server.url, 20)
        for _ in range(2):
            kill_server(server)
            await_that(lambda: serves(server.socket_folder))
            assert await ask(server.url, "SELECT count(*) FROM kept") == 20

    assert read(home.log).count(RECOVERED) == 2
    assert not serves(server.socket_folder)


async def test_a_killed_server_that_is_stopped_meanwhile_recovers_at_the_next_start(
    data_dir: Path,
) -> None:
    with start_embedded(data_dir) as server:
        await keep_rows(server.url, 5)
        kill_server(server)

    with start_embedded(data_dir) as server:
        assert await ask(server.url, "SELECT count(*) FROM kept") == 5


async def test_a_server_that_heeds_no_signal_is_killed_and_nothing_is_lost(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = tuple((number, 0.1) for number, _ in process.STOP_STEPS[:-1])
    monkeypatch.setattr(process, "STOP_STEPS", (*steps, process.STOP_STEPS[-1]))
    server = start_embedded(data_dir)
    await keep_rows(server.url, 5)
    pid = serving_pid(server.socket_folder)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)

    server.stop()

    with start_embedded(data_dir) as server:
        assert await ask(server.url, "SELECT count(*) FROM kept") == 5


def test_a_leftover_that_does_not_end_is_named_and_left(
    data_dir: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "LEFTOVER_SECONDS", 0.1)
    leftover = a_leftover(home, marked=True)
    leftover.send_signal(signal.SIGSTOP)

    with pytest.raises(PostgresUnavailable, match=rf"does not end \(pid {leftover.pid}\)"):
        start_embedded(data_dir)

    leftover.send_signal(signal.SIGCONT)
    assert leftover.wait(60) is not None


def test_an_owner_without_a_server_is_waited_for_and_then_named(
    data_dir: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "READY_SECONDS", 0.1)
    lock = try_hold(home.lock)
    assert lock is not None

    with pytest.raises(PostgresUnavailable, match=r"Another process owns.*Stop that process"):
        start_embedded(data_dir)

    lock.release()


async def test_a_server_whose_owner_vanished_is_ended_cleanly_before_the_next(
    data_dir: Path,
    home: Home,
) -> None:
    leftover = a_leftover(home, marked=True)
    try:
        with start_embedded(data_dir) as server:
            assert leftover.wait(60) == 0
            assert server.owner
            assert serving_pid(server.socket_folder) != leftover.pid
            assert RECOVERED not in read(server.log)
    finally:
        leftover.kill()


def test_a_server_started_by_hand_is_left_alone(data_dir: Path, home: Home) -> None:
    by_hand = a_leftover(home, marked=False)
    try:
        with pytest.raises(PostgresUnavailable, match=rf"other means.*pid {by_hand.pid}.*Stop it"):
            start_embedded(data_dir)
        assert by_hand.poll() is None
    finally:
        by_hand.send_signal(signal.SIGINT)
        assert by_hand.wait(60) == 0


def test_a_pid_file_whose_number_is_another_program_s_now_does_not_bar_the_start(
    data_dir: Path,
) -> None:
    server = start_embedded(data_dir, fsync=False)
    server.stop()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (server.folder / "cluster" / "postmaster.pid").write_text(
            f"{other.pid}\n{server.folder}/cluster\n1\n5432\n{server.socket_folder}\n\n1 1\n"
        )

        start_embedded(data_dir, fsync=False).stop()

        assert other.poll() is None
        other.kill()


def test_an_owner_that_ends_without_stopping_has_stopped_its_server(data_dir: Path) -> None:
    script = "import sys; from pathlib import Path\n" + (
        "from app.core.postgres.launcher import start_embedded\n"
        "print(start_embedded(Path(sys.argv[1]), fsync=False).socket_folder)"
    )
    words = [sys.executable, "-c", script, str(data_dir)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)

    assert not serves(Path(done.stdout.strip()))


def test_a_forked_child_does_not_end_the_server(data_dir: Path) -> None:
    script = "import os, sys; from pathlib import Path\n" + (
        "from app.core.postgres.launcher import start_embedded\n"
        "from app.core.postgres.wire import select_one\n"
        "server = start_embedded(Path(sys.argv[1]), fsync=False)\n"
        "child = os.fork()\n"
        "server.stop() if child == 0 else os.waitpid(child, 0)\n"
        "os._exit(0) if child == 0 else select_one(server.socket_folder)\n"
    )
    words = [sys.executable, "-W", "ignore", "-c", script, str(data_dir)]

    assert subprocess.run(words, check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("bar", ["an open folder", "a file", "a link"])
def test_a_temporary_folder_that_somebody_else_laid_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bar: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", tempfile.mkdtemp())
    home = asked_home(tmp_path / ("long" * 40))
    home.folder.mkdir()
    laid = make_socket_folder(home, AS_OURSELVES)
    laid.rmdir()
    lay(laid, bar)

    with pytest.raises(PostgresUnavailable, match="is not a private folder of this user"):
        make_socket_folder(home, AS_OURSELVES)

    assert laid.lstat().st_mode & 0o777 != 0o700
    shutil.rmtree(laid.parent)


def lay(path: Path, bar: str) -> None:
    """Put at *path* what another user might put there."""
    if bar == "a file":
        path.write_text("")
    elif bar == "a link":
        path.symlink_to(path.parent)
    else:
        path.mkdir()
        path.chmod(0o777)


def kill_server(server: EmbeddedPostgres) -> None:
    """Kill the server's first process with -9."""
    pid = serving_pid(server.socket_folder)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await_that(lambda: serving_pid(server.socket_folder) != pid)


def with_new_log(home: Home) -> Home:
    """*home*, once what earlier servers wrote there is gone."""
    home.log.unlink(missing_ok=True)
    return home


def read(path: Path) -> str:
    """The text of *path*."""
    return path.read_text()


def a_leftover(home: Home, *, marked: bool) -> subprocess.Popen[bytes]:
    """A server in *home* that no process owns, with or without the mark of one of ours."""
    privileges, binaries = privileges_in(home, find_binaries())
    folder = make_socket_folder(home, privileges)
    mark = try_hold(home.alive)
    assert mark is not None
    options = ("-clisten_addresses=", f"-cunix_socket_directories={folder}")
    leftover = subprocess.Popen(
        privileges.command(str(binaries.program("postgres")), "-D", str(home.cluster), *options),
        cwd="/",
        env=binaries.environ(os.environ),
        pass_fds=(mark.descriptor,) if marked else (),
        stderr=subprocess.DEVNULL,
    )
    mark.release()
    await_that(lambda: serves(folder))
    return leftover


def serves(folder: Path) -> bool:
    """Whether a server answers on the socket in *folder*."""
    try:
        select_one(folder)
    except NotServing:
        return False
    return True
