"""Commands about the database: its tables, its copies, its keys."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from app.cli.failures import CommandFailed
from app.cli.output import say

OLD_SECRET_KEY = "HASHCART_OLD_SECRET_KEY"


def migrate() -> None:
    """Bring the database's tables up to date, and make the event log's next months.

    Run it before the servers and workers of a new version start; it waits for a migration that runs
    already. The embedded PostgreSQL is migrated at every start, without this command.
    """
    from app.cli.runtime import prepare, run
    from app.core.resources import open_database
    from app.core.settings import load_settings

    async def migrated() -> str:
        settings = load_settings()
        async with open_database(settings) as url:
            return await prepare(settings, url)

    say("Migrating the database ...")
    say(f"The database is at {run(migrated())}.")


def dump(
    file: Annotated[Path, typer.Argument(help="The file to write; one that exists is replaced.")],
) -> None:
    """Write a copy of the whole database to FILE, by the programs that match its version.

    The copy holds what the database holds, sealed values sealed: keep HASHCART_SECRET_KEY with it.
    """
    from app.cli.runtime import run
    from app.core.postgres.dump import dump as dump_database
    from app.core.resources import open_database
    from app.core.settings import load_settings

    async def dumped() -> None:
        async with open_database(load_settings()) as url:
            await asyncio.to_thread(dump_database, url, file)

    run(dumped())
    say(f"The database is in {file}.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `hashcart db dump` wrote.")],
) -> None:
    """Fill an empty database from FILE: everything or nothing."""
    from app.cli.runtime import run
    from app.core.postgres.dump import restore as restore_database
    from app.core.resources import open_database
    from app.core.settings import load_settings

    async def restored() -> None:
        async with open_database(load_settings()) as url:
            await asyncio.to_thread(restore_database, url, file)

    run(restored())
    say(f"The database is restored from {file}.")


def rotate() -> None:
    """Seal the database's keys anew under another HASHCART_SECRET_KEY.

    Set HASHCART_SECRET_KEY to the new key and HASHCART_OLD_SECRET_KEY to the one in use, stop the
    servers and workers, run this, and start them with the new key. The keys themselves do not
    change: people are found as before, and clients' cursors stay valid.
    """
    import asyncpg

    from app.cli.runtime import run
    from app.core.keys import rotate_keys
    from app.core.resources import open_database
    from app.core.settings import load_settings

    old = os.environ.get(OLD_SECRET_KEY)
    if not old:
        raise CommandFailed(f"Set {OLD_SECRET_KEY} to the key in use until now.")

    async def rotated() -> None:
        settings = load_settings()
        async with open_database(settings) as url:
            connection = await asyncpg.connect(url)
            try:
                await rotate_keys(connection, old, settings.secret_key.get_secret_value())
            finally:
                await connection.close()

    run(rotated())
    say(f"The keys are sealed anew. Start everything again, without {OLD_SECRET_KEY}.")
