"""Migrations, run by a command or by the embedded start; never by every worker's start-up."""

import asyncio
from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

FEATURES_WITH_TABLES = (
    "core.keys",
    "graphql.idempotency",
    "events.models",
    "brands.models",
    "oauth.models",
    "products.models",
    "retailers.models",
    "shoppers.models",
    "tweets.models",
    "engagements.models",
    "carts.models",
    "advocates.models",
    "reviews.models",
    "ingest.models",
    "pages.models",
)

_LOCK = 0x4841_5348_4341_5254
"""The advisory lock of migrations: "HASHCART" in ASCII."""


LOCK_SECONDS_MAX = 1800.0
LOCK_POLL_SECONDS = 0.2
"""How long to wait until another process has migrated, and how often to look."""


def data_folder(name: str) -> Path:
    """A folder of data that comes with the program: in a clone at the top, in a wheel inside."""
    packaged = Path(__file__).parents[1] / "_data" / name
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / name


def alembic_config(output: StringIO | None = None) -> Config:
    """Alembic's configuration, in code so that a wheel carries it."""
    config = Config(output_buffer=output) if output else Config()
    config.set_main_option("script_location", str(data_folder("migrations")).replace("%", "%%"))
    config.set_main_option(
        "file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s"
    )
    config.set_main_option("timezone", "UTC")
    return config


def head_revision() -> str:
    """The revision that this program's tables are at."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if head is None:
        raise FileNotFoundError("There are no migrations beside the program; reinstall it.")
    return head


async def migrate(database_url: str, revision: str = "head") -> None:
    """Bring the database to *revision*, one process at a time.

    Raises:
        sqlalchemy.exc.DBAPIError: a lock was not had within its time-out; run it again.
        TimeoutError: somebody else migrates for longer than `LOCK_SECONDS_MAX`.
    """
    engine = create_async_engine(
        make_url(database_url).set(drivername="postgresql+asyncpg"), poolclass=NullPool
    )
    try:
        async with engine.connect() as connection:
            await _lock(connection)
            await connection.run_sync(_upgrade, revision)
            await connection.commit()
    finally:
        await engine.dispose()


async def _lock(connection: AsyncConnection) -> None:
    """Wait until nobody else migrates, without a statement that waits.

    Such a statement has a snapshot, and an index that is built concurrently waits for all of them.
    """
    lock = text("SELECT pg_try_advisory_lock(:lock)")
    async with asyncio.timeout(LOCK_SECONDS_MAX):
        while not await connection.scalar(lock, {"lock": _LOCK}):
            await connection.commit()
            await asyncio.sleep(LOCK_POLL_SECONDS)
        await connection.commit()


def _upgrade(connection: Connection, revision: str) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
