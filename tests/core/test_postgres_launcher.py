"""The embedded PostgreSQL in its folder: made, started, joined, stopped, refused."""

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.postgres.binaries import Binaries, find_binaries
from app.core.postgres.errors import PostgresUnavailable
from app.core.postgres.files import LOG_BYTES_MAX
from app.core.postgres.launcher import EmbeddedPostgres, remove_embedded, start_embedded
from app.core.postgres.placement import reachable_copy
from app.core.postgres.wire import NotServing, select_one, socket_file
from tests.core.postgres_fixtures import (
    MAJORS,
    Seeds,
    an_owner,
    ask,
    await_that,
    data_folder,
    keep_rows,
    shared_seeds,
)


@pytest.fixture(params=MAJORS)
def binaries(request: pytest.FixtureRequest) -> Binaries:
    """The programs of each version that the product is made for."""
    return find_binaries(major=request.param)


@pytest.fixture(scope="session")
def seeds() -> Iterator[Seeds]:
    """Data folders to copy."""
    yield shared_seeds()
    shared_seeds().remove()


@pytest.fixture
def new_dir(tmp_path: Path) -> Iterator[Path]:
    """A data directory that does not exist yet, with a space in its path."""
    with data_folder(tmp_path / "brand new" / "data") as folder:
        yield folder


@pytest.fixture
def data_dir(seeds: Seeds) -> Path:
    """A data directory of the default version that has been served before, to be left as good."""
    return seeds.shared().asked


async def test_a_server_is_made_that_only_this_user_can_reach(
    binaries: Binaries, seeds: Seeds
) -> None:
    data_dir = seeds.shared(binaries.major).asked
    with start_embedded(data_dir, binaries=binaries, settings={"listen_addresses": "*"}) as server:
        assert server.owner
        assert await ask(server.url, "SHOW server_version_num") >= f"{binaries.major}0000"
        assert await ask(server.url, "SHOW listen_addresses") == ""
        assert mode_of(server.socket_folder) == 0o700
        assert mode_of(socket_file(server.socket_folder)) == 0o700
        assert mode_of(server.folder / "cluster") == 0o700
        assert mode_of(server.log) == 0o600

    assert mode_of(server.socket_folder) is None
    with pytest.raises(NotServing):
        select_one(server.socket_folder)


async def test_text_sorts_by_code_point_and_letters_have_their_cases(
    binaries: Binaries, seeds: Seeds
) -> None:
    data_dir = seeds.shared(binaries.major).asked
    with start_embedded(data_dir, binaries=binaries, fsync=False) as server:
        assert await ask(server.url, "SHOW server_encoding") == "UTF8"
        assert await ask(server.url, "SELECT 'Z' < 'a' AND 'z' < 'é'")
        assert await ask(server.url, "SELECT upper('é')") == "É"


async def test_settings_are_the_defaults_unless_told_otherwise(data_dir: Path) -> None:
    with start_embedded(data_dir, fsync=False, settings={"max_connections": "33"}) as server:
        assert await ask(server.url, "SHOW jit") == "off"
        assert await ask(server.url, "SHOW timezone") == "UTC"
        assert await ask(server.url, "SHOW fsync") == "off"
        assert await ask(server.url, "SHOW max_connections") == "33"
    with start_embedded(data_dir) as server:
        assert await ask(server.url, "SHOW fsync") == "on"
        assert await ask(server.url, "SHOW max_connections") == "100"


async def test_every_committed_row_is_there_after_a_stop_and_a_start(
    binaries: Binaries, seeds: Seeds
) -> None:
    data_dir = seeds.shared(binaries.major).asked
    with start_embedded(data_dir, binaries=binaries) as server:
        await keep_rows(server.url, 5)

    with start_embedded(data_dir, binaries=binaries) as server:
        assert await ask(server.url, "SELECT count(*) FROM kept") == 5


async def test_the_address_serves_asyncpg_and_sqlalchemy_whatever_pgport_says(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nowhere")
    with start_embedded(data_dir, fsync=False) as server:
        await ask(server.url, 'CREATE DATABASE "a/b ü?"')
        url = server.url_for("a/b ü?")
        engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
        async with engine.connect() as connection:
            through_sqlalchemy = await connection.scalar(text("SELECT current_database()"))
        await engine.dispose()

        assert through_sqlalchemy == "a/b ü?"
        assert await ask(url, "SELECT current_database()") == "a/b ü?"


async def test_a_second_process_joins_and_leaves_the_server_alone(
    binaries: Binaries, seeds: Seeds
) -> None:
    data_dir = seeds.shared(binaries.major).asked
    with start_embedded(data_dir, binaries=binaries, fsync=False) as server:
        with an_owner(data_dir, binaries) as other:
            assert (other.owner, other.url) == (False, server.url)
            other.leave()

        assert await ask(server.url, "SELECT 1") == 1


async def test_who_joins_outlives_the_owner_and_becomes_it(data_dir: Path) -> None:
    with an_owner(data_dir) as first:
        joined = start_embedded(data_dir)
        assert not joined.owner
        joined.stop()
        assert await ask(first.url, "SELECT 1") == 1
        first.leave()

    with start_embedded(data_dir) as server:
        assert server.owner
        assert await ask(server.url, "SELECT 1") == 1


async def test_of_several_that_start_at_once_one_owns_and_all_are_served(new_dir: Path) -> None:
    servers: list[EmbeddedPostgres] = []
    threads = [
        threading.Thread(target=lambda: servers.append(start_embedded(new_dir, fsync=False)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    try:
        assert sorted(server.owner for server in servers) == [False, False, False, True]
        assert [await ask(server.url, "SELECT 1") for server in servers] == [1, 1, 1, 1]
    finally:
        for server in servers:
            server.stop()


async def test_the_server_outlives_the_thread_that_asked_for_it(data_dir: Path) -> None:
    servers: list[EmbeddedPostgres] = []
    thread = threading.Thread(target=lambda: servers.append(start_embedded(data_dir, fsync=False)))
    thread.start()
    thread.join()
    await_that(lambda: not thread.is_alive())

    with servers[0] as server:
        await keep_rows(server.url, 3)
        assert await ask(server.url, "SELECT count(*) FROM kept") == 3


@pytest.mark.parametrize("name", ["long" * 40, "a,b:c"])
async def test_a_path_that_no_socket_takes_is_gone_around(
    tmp_path: Path, seeds: Seeds, name: str
) -> None:
    with data_folder(tmp_path / name) as data_dir:
        seeds.plant(data_dir)
        with start_embedded(data_dir, fsync=False) as server, an_owner(data_dir) as other:
            assert server.url == other.url
            assert await ask(other.url, "SELECT 1") == 1
            assert mode_of(server.socket_folder) == 0o700
            other.leave()

        assert mode_of(server.socket_folder) is None


def test_another_major_version_is_refused_with_the_way_out(data_dir: Path) -> None:
    wheel = find_binaries(major=18)
    start_embedded(data_dir, binaries=wheel, fsync=False).stop()

    with pytest.raises(PostgresUnavailable) as refused:
        start_embedded(data_dir, binaries=Binaries(wheel.folder, 17))

    message = str(refused.value)
    assert "is of PostgreSQL 18, but the programs in" in message
    for remedy in ("HASHCART_PG_BIN", "hashcart db dump", "HASHCART_DATA_DIR", "db restore"):
        assert remedy in message
    start_embedded(data_dir, binaries=wheel, fsync=False).stop()


def test_a_server_that_cannot_start_shows_its_last_words_and_frees_the_folder(
    data_dir: Path,
) -> None:
    with pytest.raises(PostgresUnavailable, match=r"(?s)ended at its start.*shared_buffers"):
        start_embedded(data_dir, fsync=False, settings={"shared_buffers": "plenty"})

    with start_embedded(data_dir, fsync=False) as server:
        assert server.owner


def test_a_start_that_was_broken_off_is_made_anew(new_dir: Path, seeds: Seeds) -> None:
    home = seeds.plant(new_dir)
    draft = home.cluster.rename(home.folder / "cluster.new")
    (draft / "PG_VERSION").unlink()

    with start_embedded(new_dir, fsync=False) as server:
        assert (server.owner, server.folder) == (True, home.folder)
    assert not draft.exists()


def test_a_folder_that_is_no_data_folder_is_refused_and_kept(new_dir: Path, seeds: Seeds) -> None:
    home = seeds.plant(new_dir)
    (home.cluster / "PG_VERSION").unlink()

    with pytest.raises(PostgresUnavailable, match=r"no data folder of PostgreSQL.*Move it away"):
        start_embedded(new_dir)

    assert (home.cluster / "base").is_dir()


def test_a_failure_to_make_the_data_shows_what_initdb_said(new_dir: Path, tmp_path: Path) -> None:
    broken = _programs_with_initdb(tmp_path, 'case "$*" in *-D*) echo no room; exit 1;; esac', 18)

    with pytest.raises(PostgresUnavailable, match=r"(?s)could not make.*no room"):
        start_embedded(new_dir, binaries=broken)

    assert not list(new_dir.glob("cluster*"))


@pytest.mark.needs("postgresql-15")
async def test_a_system_without_the_locale_still_sorts_by_code_point(
    new_dir: Path, tmp_path: Path
) -> None:
    refuse = 'case "$*" in *C.UTF-8*) echo invalid locale name; exit 1;; esac'
    lacking = _programs_with_initdb(tmp_path, refuse, 15)

    with start_embedded(new_dir, binaries=lacking, fsync=False) as server:
        assert await ask(server.url, "SHOW server_encoding") == "UTF8"
        assert await ask(server.url, "SELECT 'Z' < 'a' AND 'z' < 'é'")


def test_a_log_that_grew_long_is_set_aside_at_the_next_start(data_dir: Path) -> None:
    server = start_embedded(data_dir, fsync=False)
    server.stop()
    with server.log.open("a") as log:
        log.write("x" * LOG_BYTES_MAX)

    start_embedded(data_dir, fsync=False).stop()

    assert server.log.stat().st_size < LOG_BYTES_MAX
    assert server.log.with_name("server.log.1").stat().st_size > LOG_BYTES_MAX


def test_removing_takes_the_server_s_files_and_nothing_else(new_dir: Path, seeds: Seeds) -> None:
    seeds.plant(new_dir)
    (new_dir / "notes").write_text("mine")
    with start_embedded(new_dir, fsync=False) as server:
        with pytest.raises(PostgresUnavailable, match=r"is in use.*Stop the process"):
            remove_embedded(new_dir)
        assert (server.folder / "cluster" / "PG_VERSION").exists()

    remove_embedded(new_dir)

    assert [path.name for path in new_dir.iterdir()] == ["notes"]
    assert server.folder == new_dir or not server.folder.exists()


def test_a_folder_that_is_there_keeps_its_mode(new_dir: Path, seeds: Seeds) -> None:
    new_dir.mkdir(parents=True)
    new_dir.chmod(0o755)
    seeds.plant(new_dir)

    start_embedded(new_dir, fsync=False).stop()

    assert mode_of(new_dir) == 0o755


def mode_of(path: Path) -> int | None:
    """The permissions of *path*; None where there is nothing."""
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else None


def _programs_with_initdb(tmp_path: Path, script: str, major: int) -> Binaries:
    """A copy of the programs whose `initdb` runs the shell script *script* first."""
    binaries = reachable_copy(find_binaries(major=major), tmp_path)
    initdb = binaries.program("initdb")
    initdb.rename(binaries.program("initdb.real"))
    initdb.write_text(f'#!/bin/sh\n{script}\nexec "$0.real" "$@"\n')
    initdb.chmod(0o755)
    return binaries
