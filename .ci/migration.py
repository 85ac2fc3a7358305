"""Drafts a migration: what the models say and the migrations do not make yet.

`make migration NAME="create coupons"` compares over an embedded PostgreSQL of its own: no database
has to run. The draft is to be read and mended; it says which step it is and what it locks.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.core.migrate import alembic_config, migrate
from app.core.postgres.launcher import start_embedded


def main() -> None:
    """Takes the migration's name as its only argument."""
    with tempfile.TemporaryDirectory(prefix="hashcart-migration-") as folder:
        server = start_embedded(Path(folder) / "data", fsync=False)
        try:
            asyncio.run(draft(server.url, sys.argv[1]))
        finally:
            server.stop()


async def draft(database_url: str, name: str) -> None:
    """Migrates the empty database, then writes a revision with the difference."""
    await migrate(database_url)
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool)

    def compare(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.revision(config, message=name, autogenerate=True)

    async with engine.connect() as connection:
        await connection.run_sync(compare)
    await engine.dispose()


if __name__ == "__main__":
    main()
