"""What a form by hand is, and what they share.

Each form returns the bytes that the product returns, global ids and signed cursors included.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from app.core.ids import parse_global_id
from app.graphql.paging import CursorSigner, Order
from app.graphql.reads.runs import ANSWER_OPTIONS

Row: TypeAlias = asyncpg.Record
Variables: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = Callable[[Sequence[Row], Variables, CursorSigner], bytes]


@dataclass(frozen=True)
class Listed:
    """A list whose cursors a form signs: its name for the product, and its order."""

    name: str
    order: Order


@dataclass(frozen=True)
class Form:
    """One way to answer an operation by hand: its statement, and rows to bytes."""

    name: str
    operation: str
    sql: str
    arguments: Callable[[Variables], Sequence[Any]]
    """From the request's variables to `$2`, `$3` ...; `$1` is the viewer's brand."""
    answer: Answer
    listed: Listed | None = None
    with_token: bool = False
    """Whether `$2` is the id of the token that asks, and the arguments follow it."""


_GLOBAL_ID = "rtrim(encode(convert_to('{name}:' || {key}, 'UTF8'), 'base64'), '=')"


def id_in_sql(name: str, key: str) -> str:
    """SQL for the global id of a row."""
    return _GLOBAL_ID.format(name=name, key=key)


def moment_in_sql(column: str) -> str:
    """SQL for RFC 3339, with a fraction only where there is one.

    No colon stands before a letter: pgbench would take it for a variable.
    """
    whole = f'to_char({column}, \'YYYY-MM-DD"T"HH24":"MI":"SS\')'
    fraction = f"to_char({column}, '.US')"
    return f"{whole} || CASE WHEN {fraction} = '.000000' THEN '' ELSE {fraction} END || 'Z'"


def key(variables: Variables) -> tuple[UUID]:
    """The row that `$id` means."""
    return (key_of(variables["id"]),)


def key_of(text: str) -> UUID:
    """The key in a global id."""
    parsed = parse_global_id(text)
    assert parsed is not None  # the requests are our own
    return parsed[1]


def first(variables: Variables) -> tuple[int]:
    """How many rows `$first` asks for."""
    return (int(variables["first"]),)


def to_bytes(data: Any) -> bytes:
    """The answer."""
    return orjson.dumps({"data": data}, option=ANSWER_OPTIONS)


def xid(value: int | None) -> str | None:
    """An id of X, as text."""
    return None if value is None else str(value)


def page_info(edges: Sequence[Mapping[str, Any]], more: bool) -> dict[str, Any]:
    """Where the first page of a list lies."""
    return {
        "hasNextPage": more,
        "hasPreviousPage": False,
        "startCursor": edges[0]["cursor"] if edges else None,
        "endCursor": edges[-1]["cursor"] if edges else None,
    }
