"""A database written into a file and read back by PostgreSQL's own programs."""

import asyncio
import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from app.core.postgres.address import parse_address
from app.core.postgres.binaries import Binaries, find_binaries
from app.core.postgres.dump import dump, restore
from app.core.postgres.errors import PostgresUnavailable
from app.core.postgres.launcher import EmbeddedPostgres, start_embedded
from app.core.postgres.placement import reachable_copy
from tests.core.postgres_fixtures import MAJORS, Seeds, ask, shared_seeds

CONTENT = """
CREATE TABLE kept (number int PRIMARY KEY, word text NOT NULL);
INSERT INTO kept SELECT n, 'é' || n FROM generate_series(1, 100) AS n;
CREATE TABLE event (at date, seq bigint) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
"""


@pytest.fixture(scope="session")
def seeds() -> Iterator[Seeds]:
    """Data folders to copy."""
    yield shared_seeds()
    shared_seeds().remove()


@pytest.fixture(scope="module", params=MAJORS)
def server(request: pytest.FixtureRequest, seeds: Seeds) -> Iterator[EmbeddedPostgres]:
    """A server of each version that the product is made for."""
    folder, binaries = seeds.shared(request.param).asked, find_binaries(major=request.param)
    with start_embedded(folder, binaries=binaries, fsync=False) as server:
        yield server


@pytest.fixture
async def filled(server: EmbeddedPostgres) -> str:
    """The address of a database with something in it."""
    return await new_database(server, "filled", CONTENT)


@pytest.fixture
async def empty(server: EmbeddedPostgres) -> str:
    """The address of an empty database."""
    return await new_database(server, "empty", "SELECT 1")


async def new_database(server: EmbeddedPostgres, name: str, content: str) -> str:
    """The address of the database *name*, made anew with *content*."""
    connection = await asyncpg.connect(server.url)
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    connection = await asyncpg.connect(server.url_for(name))
    await connection.execute(content)
    await connection.close()
    return server.url_for(name)


TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


async def test_what_was_dumped_is_restored_row_by_row(
    filled: str, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "copy.dump"

    await asyncio.to_thread(dump, filled, file)
    await asyncio.to_thread(restore, empty, file)

    rows = "SELECT string_agg(number || word, ',' ORDER BY number) FROM kept"
    assert await ask(empty, rows) == await ask(filled, rows)
    assert await ask(empty, TABLES) == await ask(filled, TABLES) == 3
    assert permissions(file) == 0o600
    assert names_in(tmp_path) == ["copy.dump"]


async def test_the_programs_are_of_the_server_s_version(
    server: EmbeddedPostgres, filled: str, tmp_path: Path
) -> None:
    file = tmp_path / "copy.dump"

    await asyncio.to_thread(dump, filled, file)

    major = await major_of(server)
    assert f"Dumped by pg_dump version: {major}." in contents_of(file, major)


async def test_a_database_with_anything_in_it_is_not_restored_into(
    filled: str, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "copy.dump"
    await asyncio.to_thread(dump, filled, file)
    await ask(empty, "CREATE SEQUENCE mine")

    with pytest.raises(PostgresUnavailable, match=r"is not empty.*Set HASHCART_DATABASE_URL"):
        await asyncio.to_thread(restore, empty, file)

    assert await ask(empty, TABLES) == 0


async def test_a_file_that_breaks_off_restores_nothing(
    filled: str, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "copy.dump"
    await asyncio.to_thread(dump, filled, file)
    cut_short(file)

    with pytest.raises(PostgresUnavailable, match=r"pg_restore failed, and nothing was changed"):
        await asyncio.to_thread(restore, empty, file)

    assert await ask(empty, TABLES) == 0


async def test_a_dump_that_fails_leaves_the_earlier_file_and_no_other(
    filled: str, tmp_path: Path
) -> None:
    file = tmp_path / "copy.dump"
    await asyncio.to_thread(dump, filled, file)
    before = contents_of(file, 18)
    await ask(filled, "CREATE ROLE reader LOGIN")
    as_reader = filled.replace("postgres@", "reader@")

    try:
        with pytest.raises(PostgresUnavailable, match=r"(?s)pg_dump failed.*permission denied"):
            await asyncio.to_thread(dump, as_reader, file)
    finally:
        await ask(filled, "DROP ROLE reader")

    assert contents_of(file, 18) == before
    assert names_in(tmp_path) == ["copy.dump"]


async def test_a_password_is_used_and_shown_to_nobody(
    server: EmbeddedPostgres, filled: str, tmp_path: Path
) -> None:
    binaries, arguments = recording_programs(await major_of(server), tmp_path)
    await ask(filled, "CREATE ROLE keeper SUPERUSER LOGIN PASSWORD 'a-secret:cr/et@'")
    with_password = filled.replace("postgres@", "keeper:a-secret%3Acr%2Fet%40@")

    with asking_for_passwords(server):
        await ask(server.url, "SELECT pg_reload_conf()")
        await asyncio.to_thread(dump, with_password, tmp_path / "copy.dump", binaries)
        with pytest.raises(PostgresUnavailable, match="password authentication failed") as refused:
            await asyncio.to_thread(
                dump, with_password.replace("cr", "wrong"), tmp_path / "other.dump", binaries
            )
    await ask(server.url, "SELECT pg_reload_conf()")
    await ask(filled, "DROP ROLE keeper")

    assert "keeper" in text_of(arguments)
    for shown in (text_of(arguments), str(refused.value)):
        assert "a-secret" not in shown
    assert names_in(tmp_path, "*.dump") == ["copy.dump"]


async def test_older_programs_than_the_server_are_refused_with_the_remedy(
    server: EmbeddedPostgres, filled: str, tmp_path: Path
) -> None:
    major = await major_of(server)
    older = Binaries(tmp_path, major - 1)

    with pytest.raises(PostgresUnavailable) as refused:
        await asyncio.to_thread(dump, filled, tmp_path / "copy.dump", older)

    assert f"Install the client programs of PostgreSQL {major}" in str(refused.value)
    assert names_in(tmp_path) == []


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(PostgresUnavailable, match=r"127\.0\.0\.1:1/db does not answer") as refused:
        dump("postgresql://user:s3cret@127.0.0.1:1/db", tmp_path / "copy.dump")

    assert "s3cret" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PostgresUnavailable, match=r"There is no file .*Name one that was dumped"):
        restore("postgresql:///db", tmp_path / "none.dump")


@pytest.mark.parametrize(
    ("url", "shown", "password"),
    [
        ("postgresql://u:p%40s@h:1/d", "postgresql://u@h:1/d", "p@s"),
        ("postgresql+asyncpg://u:p@h/d?ssl=require", "postgresql://u@h/d?sslmode=require", "p"),
        ("postgres://u@h/d?password=a%26b", "postgresql://u@h/d", "a&b"),
        ("postgresql://u:p@h1:1,h2:2/d", "postgresql://u@h1:1,h2:2/d", "p"),
        ("postgresql://u@/d?host=/a%20b", "postgresql://u@/d?host=/a%20b", None),
        ("postgresql:///d", "postgresql:///d", None),
    ],
)
def test_an_address_is_told_apart_from_its_password(
    url: str, shown: str, password: str | None
) -> None:
    address = parse_address(url)

    assert (address.url, address.password) == (shown, password)


def test_an_address_of_something_else_is_refused_unseen() -> None:
    with pytest.raises(PostgresUnavailable, match=r"does not begin with postgresql://") as refused:
        parse_address("mysql://user:s3cret@host/db")

    assert "s3cret" not in str(refused.value)


async def major_of(server: EmbeddedPostgres) -> int:
    """The major version of *server*."""
    return int(await ask(server.url, "SHOW server_version_num")) // 10_000


@contextmanager
def asking_for_passwords(server: EmbeddedPostgres) -> Iterator[None]:
    """From the next reload of its settings, *server* wants the password of `keeper`."""
    file = server.folder / "cluster" / "pg_hba.conf"
    before = file.read_text()
    file.write_text(f"local all keeper scram-sha-256\n{before}")
    try:
        yield
    finally:
        file.write_text(before)


def recording_programs(major: int, tmp_path: Path) -> tuple[Binaries, Path]:
    """Programs whose `pg_dump` notes its arguments, and the file with them."""
    arguments = tmp_path / "arguments"
    binaries = reachable_copy(find_binaries(major=major), tmp_path)
    program = binaries.program("pg_dump")
    program.rename(binaries.program("pg_dump.real"))
    program.write_text(f'#!/bin/sh\necho "$@" >> {arguments}\nexec "$0.real" "$@"\n')
    program.chmod(0o755)
    return binaries, arguments


def contents_of(file: Path, major: int) -> str:
    """What `pg_restore --list` says about *file*."""
    binaries = find_binaries(major=major)
    words = [str(binaries.program("pg_restore")), "--list", str(file)]
    environ = binaries.environ(os.environ)
    return subprocess.run(words, env=environ, capture_output=True, text=True, check=True).stdout


def cut_short(file: Path) -> None:
    """Take the last part of *file* away."""
    os.truncate(file, file.stat().st_size - 200)


def permissions(file: Path) -> int:
    """The permissions of *file*."""
    return stat.S_IMODE(file.stat().st_mode)


def names_in(folder: Path, pattern: str = "*") -> list[str]:
    """What lies in *folder*, hidden files included."""
    return sorted(path.name for path in folder.glob(pattern))


def text_of(file: Path) -> str:
    """The text of *file*."""
    return file.read_text()
