"""Connections by the GraphQL Cursor Connections Specification (Relay), with keyset cursors.

A cursor holds the values of the order's columns, so it stays true under inserts. It is signed
together with the brand and the order, so that it can be neither altered, nor used for another
list, nor by another brand.
"""

import hmac
from base64 import urlsafe_b64decode
from binascii import Error, b2a_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
import strawberry

from app.graphql.errors import ErrorCode, RequestRefused

PAGE_ROWS_DEFAULT = 50
PAGE_ROWS_MAX = 500
CURSOR_CHARACTERS_MAX = 500

_VERSION = b"\x01"
_MAC_BYTES = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

NodeType = TypeVar("NodeType")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool = strawberry.field(
        description="Whether more follows this page. Paging backward: whether `before` was given."
    )
    has_previous_page: bool = strawberry.field(
        description="Whether more lies before this page. Paging forward: whether `after` was given."
    )
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first edge; null on an empty page."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last edge; null on an empty page."
    )


@strawberry.type(description="One entry of a list, with its place.")
class Edge(Generic[NodeType]):
    """One entry of a list, with its place."""

    cursor: str = strawberry.field(description="The place of this entry, for `after` or `before`.")
    node: NodeType = strawberry.field(description="The entry itself.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeType]):
    """A page of a list."""

    edges: list[Edge[NodeType]] = strawberry.field(description="The entries with their places.")
    nodes: list[NodeType] = strawberry.field(description="The entries without their places.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in the list.")


@dataclass(frozen=True)
class Order:
    """The order of a list: columns that together are unique and never null, in one direction."""

    columns: tuple[str, ...]
    descending: bool = False
    name: str | None = None
    """What cursors are good for, where several lists share them; else only for the one list."""


@dataclass(frozen=True)
class Page:
    """One page asked for: how many rows, from where, which way."""

    rows: int
    after: tuple[Any, ...] | None
    backward: bool


@dataclass(frozen=True)
class CursorSigner:
    """Makes and reads the cursors of one brand's list in one order."""

    key: bytes
    context: bytes

    def sign(self, values: Sequence[Any]) -> str:
        """The cursor of the row whose order columns hold *values*."""
        payload = _VERSION + orjson.dumps([_pack(value) for value in values])
        text = b2a_base64(self._mac(payload) + payload, newline=False)
        return text.rstrip(b"=").translate(_TO_URL).decode()

    def read(self, cursor: str, kinds: Sequence[type]) -> tuple[Any, ...] | None:
        """The values in *cursor*, of the given *kinds*, or None where it is not one of ours."""
        if len(cursor) > CURSOR_CHARACTERS_MAX:
            return None
        try:
            raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except (Error, ValueError):
            return None
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if payload[:1] != _VERSION or not hmac.compare_digest(mac, self._mac(payload)):
            return None
        values = orjson.loads(payload[1:])
        return tuple(_unpack(value, kind) for value, kind in zip(values, kinds, strict=True))

    def _mac(self, payload: bytes) -> bytes:
        return blake2b(self.context + payload, key=self.key, digest_size=_MAC_BYTES).digest()


_TO_URL = bytes.maketrans(b"+/", b"-_")


def signer_for(key: bytes, brand_id: UUID, list_name: str, order: Order) -> CursorSigner:
    """The signer of a brand's list: `list_name` names what is listed."""
    direction = "desc" if order.descending else "asc"
    text = f"{order.name or list_name}:{','.join(order.columns)}:{direction}:"
    return CursorSigner(key, brand_id.bytes + text.encode())


def _pack(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICROSECOND
    return str(value) if isinstance(value, UUID) else value


def _unpack(value: Any, kind: type) -> Any:
    if kind is datetime:
        return _EPOCH + value * _MICROSECOND
    return UUID(value) if kind is UUID else value


def page_of(
    arguments: Mapping[str, Any], signer: CursorSigner, kinds: Sequence[type], path: Sequence[str]
) -> Page:
    """The page that *arguments* (`first`, `after`, `last`, `before`) ask for.

    Raises:
        RequestRefused: a page over the ceiling or empty, both directions at once, a bad cursor.
    """
    first, last = arguments.get("first"), arguments.get("last")
    after, before = arguments.get("after"), arguments.get("before")
    if (first is not None or after is not None) and (last is not None or before is not None):
        raise RequestRefused(
            ErrorCode.BAD_USER_INPUT,
            "Page forward with `first` and `after` or backward with `last` and `before`, not both.",
            path,
        )
    backward = last is not None or before is not None
    rows = last if backward else first
    if rows is None:
        rows = PAGE_ROWS_DEFAULT
    if not 1 <= rows <= PAGE_ROWS_MAX:
        name = "last" if backward else "first"
        raise RequestRefused(
            ErrorCode.BAD_USER_INPUT, f"`{name}` must lie between 1 and {PAGE_ROWS_MAX}.", path
        )
    cursor = before if backward else after
    values = None if cursor is None else signer.read(cursor, kinds)
    if cursor is not None and values is None:
        raise RequestRefused(
            ErrorCode.BAD_CURSOR,
            "This cursor does not belong to this list. Use one that the same field returned to "
            "you, in the same order, or leave it out to start anew.",
            path,
        )
    return Page(rows=rows, after=values, backward=backward)
