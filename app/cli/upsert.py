"""Writing many rows at once, by what identifies them; rows that say the same are left alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import orjson

from app.core.bulk import arrays, insert_rows, run
from app.core.database import WriteSession
from app.core.models import Model

Row: TypeAlias = Mapping[str, Any]
Key: TypeAlias = tuple[Any, ...]
Item = TypeVar("Item")

ROWS_PER_STATEMENT = 5_000
ARRAY_TYPES = MappingProxyType({UUID: "uuid[]", str: "text[]", int: "bigint[]"})
"""What PostgreSQL calls the columns of keys, as arrays."""


async def upsert(
    session: WriteSession,
    model: type[Model],
    rows: Sequence[Row],
    *,
    by: Sequence[str],
    only_when_new: Sequence[str] = (),
    stamps: Sequence[str] = (),
) -> int:
    """Insert *rows* or bring those that exist up to date; the number that were not so before.

    Args:
        rows: All with the same keys, no two with the same identity.
        by: The columns that identify a row; they have a unique index.
        only_when_new: Columns that keep their value when the row exists.
        stamps: Columns that are set when the row is new or another column changes.
    """
    changed = 0
    for chunk in _chunks(rows, ROWS_PER_STATEMENT):
        columns = list(chunk[0])
        told = [name for name in columns if name not in (*by, *only_when_new, *stamps)]
        tail = _on_conflict(model.__tablename__, by, told, stamps)
        values = ([_plain(row[name]) for name in columns] for row in chunk)
        changed += len(await insert_rows(session, model, columns, values, tail))
    return changed


def _on_conflict(table: str, by: Sequence[str], told: Sequence[str], stamps: Sequence[str]) -> str:
    """Names are quoted: some are PostgreSQL's own words."""
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in (*told, *stamps))
    kept = ", ".join(f'{table}."{name}"' for name in told)
    fresh = ", ".join(f'excluded."{name}"' for name in told)
    update = f"UPDATE SET {changes} WHERE ROW({kept}) IS DISTINCT FROM ROW({fresh})"
    action = update if told else "NOTHING"
    return f"ON CONFLICT ({', '.join(by)}) DO {action} RETURNING {by[0]}"


def _plain(value: Any) -> Any:
    """Lists and objects travel as JSON text."""
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else value


async def ids_by(
    session: WriteSession, model: type[Model], columns: Sequence[str], keys: Iterable[Key]
) -> dict[Key, UUID]:
    """The ids of the rows with these *keys*, in *columns*; keys without a row are absent."""
    table = model.__table__
    types = [ARRAY_TYPES[table.c[name].type.python_type] for name in columns]
    asked = ", ".join(f"${number}::{kind}" for number, kind in enumerate(types, 1))
    names = ", ".join(columns)
    sql = f"SELECT {names}, id FROM {model.__tablename__} JOIN unnest({asked}) AS asked ({names})"
    found: dict[Key, UUID] = {}
    for chunk in _chunks(keys, ROWS_PER_STATEMENT):
        for *key, row_id in await run(session, f"{sql} USING ({names})", *arrays(columns, chunk)):
            found[tuple(key)] = row_id
    return found


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
