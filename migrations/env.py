"""Alembic's entry: runs over a connection that `app.core.migrate` hands in, or prints SQL.

One advisory lock keeps two migrations apart; a short lock time-out keeps them from queueing behind
a long query and blocking everybody else.
"""

from collections.abc import Callable
from importlib import import_module

from alembic import context
from sqlalchemy import Connection, text

from app.core.migrate import FEATURES_WITH_TABLES
from app.core.models import Model

for feature in FEATURES_WITH_TABLES:
    import_module(f"app.{feature}")


def _is_ours(partitions: set[str]) -> Callable[[str | None, str, object], bool]:
    """Partitions are made by month as time goes on: they are no tables of the model."""

    def include(name: str | None, kind: str, parents: object) -> bool:
        return not (kind == "table" and name in partitions)

    return include


def run_online(connection: Connection) -> None:
    """Migrate over *connection*, on which no transaction is open.

    Each migration has its own, so that one may end it to build an index without holding others up.
    """
    rows = connection.execute(text("SELECT relname FROM pg_class WHERE relispartition"))
    partitions = {row[0] for row in rows}
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Model.metadata,
        include_name=_is_ours(partitions),
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_offline() -> None:
    """Print the SQL, for review and for squawk."""
    context.configure(
        dialect_name="postgresql", target_metadata=Model.metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online(context.config.attributes["connection"])
