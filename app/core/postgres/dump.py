"""Write a database into a file and read it back, with PostgreSQL's own programs.

Their version has to fit the server's: `pg_dump` refuses a newer server, `pg_restore` sends an
older one settings that it does not know.
"""

import asyncio
import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import asyncpg

from app.core.postgres.address import Address, parse_address
from app.core.postgres.binaries import Binaries, all_binaries
from app.core.postgres.errors import PostgresUnavailable

CONNECT_SECONDS = 10
PROGRAM_SECONDS_MAX = 6 * 60 * 60
OUTPUT_CHARACTERS_MAX = 4_000

ANYTHING_OF_ITS_OWN = """
SELECT EXISTS (
    SELECT FROM pg_class AS thing JOIN pg_namespace AS place ON place.oid = thing.relnamespace
    WHERE place.nspname <> 'information_schema' AND place.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = thing.oid AND deptype = 'e')
)
"""
"""Whether the database holds a table, view, sequence or the like that no extension brought."""


def dump(url: str, target: Path, binaries: Binaries | None = None) -> None:
    """Write the database at *url* into the file *target*, which appears when it is whole.

    The file is in `pg_dump`'s custom format, without owners and rights, and readable by this user
    alone. Blocks; not to be called where an event loop runs.

    Args:
        url: The database's address, as `HASHCART_DATABASE_URL` has it.
        target: The file; one that exists is replaced.
        binaries: The programs; by default the ones that fit the server best.

    Raises:
        PostgresUnavailable: The server does not answer, no program fits it, or the dump failed.
    """
    address = parse_address(url)
    major = _server_major(address)
    fitting = _fitting("pg_dump", major, binaries)
    if not target.parent.is_dir():
        raise PostgresUnavailable(f"There is no folder {target.parent}. Make it, then dump again.")
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    draft = Path(name)
    try:
        options = ("--format=custom", "--no-owner", "--no-privileges", "--no-password")
        _run(address, fitting, "pg_dump", *options, f"--file={draft}", f"--dbname={address.url}")
        os.fsync(descriptor)
        draft.replace(target)
    finally:
        os.close(descriptor)
        with suppress(FileNotFoundError):
            draft.unlink()


def restore(url: str, source: Path, binaries: Binaries | None = None) -> None:
    """Read the file *source*, which `dump` wrote, into the empty database at *url*.

    Everything or nothing is restored. Blocks; not to be called where an event loop runs.

    Args:
        url: The database's address, as `HASHCART_DATABASE_URL` has it.
        source: The file.
        binaries: The programs; by default the ones that fit the server best.

    Raises:
        PostgresUnavailable: The database is not empty, the server does not answer, no program fits
            it, or the file cannot be restored there.
    """
    address = parse_address(url)
    if not source.is_file():
        raise PostgresUnavailable(f"There is no file {source}. Name one that was dumped.")
    major = _server_major(address)
    fitting = _fitting("pg_restore", major, binaries)
    if _ask(address, ANYTHING_OF_ITS_OWN):
        raise PostgresUnavailable(
            "The database to restore into is not empty, and nothing in it was changed."
            " Set HASHCART_DATABASE_URL to an empty database, or HASHCART_DATA_DIR to a new folder."
        )
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run(
        address,
        fitting,
        "pg_restore",
        *options,
        "--no-password",
        f"--dbname={address.url}",
        str(source),
    )


def _fitting(program: str, major: int, binaries: Binaries | None) -> Binaries:
    """The folder with *program* of the server's version, else of the next newer one."""
    found = [binaries] if binaries else list(all_binaries(os.environ, program=program))
    fitting = [each for each in found if each.major >= major]
    if fitting:
        return min(fitting, key=lambda each: each.major)
    seen = ", ".join(f"{each.major} in {each.folder}" for each in found) or "none at all"
    raise PostgresUnavailable(
        f"The server is PostgreSQL {major}, but no {program} of that version or a newer one was"
        f" found ({seen}). Install the client programs of PostgreSQL {major}, and set"
        " HASHCART_PG_BIN to the folder that holds them."
    )


def _server_major(address: Address) -> int:
    return int(_ask(address, "SELECT current_setting('server_version_num')::int / 10000"))


def _ask(address: Address, query: str) -> int:
    """The one value that *query* gives."""
    return asyncio.run(_fetch_value(address, query))


async def _fetch_value(address: Address, query: str) -> int:
    try:
        connection = await asyncpg.connect(
            address.url,
            password=address.password,
            timeout=CONNECT_SECONDS,
            command_timeout=CONNECT_SECONDS,
        )
        try:
            return int(await connection.fetchval(query))
        finally:
            await connection.close(timeout=CONNECT_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise PostgresUnavailable(
            f"The database at {address.url} does not answer: {error}."
            " See that its server runs and that HASHCART_DATABASE_URL is right."
        ) from error


def _run(address: Address, binaries: Binaries, program: str, *options: str) -> None:
    done = subprocess.run(
        [str(binaries.program(program)), *options],
        # The operator's own PGSSLROOTCERT, PGPASSFILE and the like count.
        env={**os.environ, **binaries.environ(os.environ), **address.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=PROGRAM_SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[-OUTPUT_CHARACTERS_MAX:]
        raise PostgresUnavailable(
            f"{program} failed, and nothing was changed. Mend what it says, then try again:\n{said}"
        )
