"""The sandbox retailer as a company that hangs and dies: through its own table and connections."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from app.core.outage import is_outage

_HANG = "LOCK TABLE sandbox_cart_line IN ACCESS EXCLUSIVE MODE"
_DIE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'hashcart-sandbox'
"""
LOCK_SECONDS_MAX = 5


class MortalRetailer:
    """The sandbox of one database. Where PostgreSQL is away, so is the retailer."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url

    async def hang(self, seconds: float) -> None:
        """Answer nobody for so long, or until PostgreSQL goes away."""
        with _unless_away():
            connection = await asyncpg.connect(self._database_url)
            try:
                async with connection.transaction():
                    await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS_MAX}s'")
                    await connection.execute(_HANG)
                    await asyncio.sleep(seconds)
            finally:
                connection.terminate()

    async def die(self) -> None:
        """Cut everybody off amid what they ask, unless PostgreSQL is away."""
        with _unless_away():
            connection = await asyncpg.connect(self._database_url)
            try:
                await connection.execute(_DIE)
            finally:
                connection.terminate()


@contextmanager
def _unless_away() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not is_outage(error):
            raise
