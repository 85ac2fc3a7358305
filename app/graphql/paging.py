"""Connections by the GraphQL Cursor Connections Specification (Relay), with keyset cursors.

A cursor holds the values of the order's columns, so it stays true under inserts. It is signed
together with the brand and the order, so that it can be neither altered, nor used for another
list, nor by another brand.
"""

import hmac
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from typing import Any, Generic, NamedTuple, TypeVar
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
    total_count: int = strawberry.field(
        description="How many entries all pages hold together. Counted only when it is asked for."
    )


@dataclass(frozen=True)
class Order:
    """The order of a list: columns that together are unique and never null, in one direction."""

    columns: tuple[str, ...]
    descending: bool = False
    name: str | None = None
    """What cursors are good for, where several lists share them; else only for the one list."""


class Page(NamedTuple):
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
        if len(cursor) > CURSOR_CHARACTERS_MAX or cursor.endswith("="):
            return None
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            raw = a2b_base64(padded.translate(_FROM_URL), strict_mode=True)
        except ValueError:
            return None
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if payload[:1] != _VERSION or not hmac.compare_digest(mac, self._mac(payload)):
            return None
        values = orjson.loads(payload[1:])
        return tuple(_unpack(value, kind) for value, kind in zip(values, kinds, strict=True))

    def _mac(self, payload: bytes) -> bytes:
        made = self._keyed.copy()
        made.update(payload)
        return made.digest()

    @cached_property
    def _keyed(self) -> blake2b:
        """What every cursor's hash begins with: to copy it costs less than to begin anew."""
        return blake2b(self.context, key=self.key, digest_size=_MAC_BYTES)


_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


def signer_for(key: bytes, brand_id: UUID, list_name: str, order: Order) -> CursorSigner:
    """The signer of a brand's list: `list_name` names what is listed."""
    return CursorSigner(key, brand_id.bytes + context_of(list_name, order))


def context_of(list_name: str, order: Order) -> bytes:
    """What cursors of a list are good for, behind the brand."""
    direction = "desc" if order.descending else "asc"
    return f"{order.name or list_name}:{','.join(order.columns)}:{direction}:".encode()


def _pack(value: Any) -> Any:
    if isinstance(value, datetime):
        # The driver gives infinity, which the last moment of all is stored as, without a zone.
        passed = (value if value.tzinfo else value.replace(tzinfo=UTC)) - _EPOCH
        return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
    return str(value) if isinstance(value, UUID) else value


def _unpack(value: Any, kind: type) -> Any:
    if kind is datetime:
        return _EPOCH + value * _MICROSECOND
    if kind is date:
        return date.fromisoformat(value)
    return UUID(value) if kind is UUID else value


def page_of(
    arguments: Mapping[str, Any],
    signer: CursorSigner | None,
    kinds: Sequence[type],
    path: Sequence[str],
) -> Page:
    """The page that *arguments* (`first`, `after`, `last`, `before`) ask for.

    Without a cursor among them no *signer* is needed.

    Raises:
        RequestRefused: a page over the ceiling or below nothing, both directions at once, or a bad
            cursor.
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
    if not 0 <= rows <= PAGE_ROWS_MAX:
        name = "last" if backward else "first"
        raise RequestRefused(
            ErrorCode.BAD_USER_INPUT, f"`{name}` must lie between 0 and {PAGE_ROWS_MAX}.", path
        )
    cursor = before if backward else after
    values = None if cursor is None else _read(cursor, signer, kinds, path)
    return Page(rows, values, backward)


def _read(
    cursor: str, signer: CursorSigner | None, kinds: Sequence[type], path: Sequence[str]
) -> tuple[Any, ...]:
    assert signer is not None  # whoever passes a cursor on brings what reads it
    values = signer.read(cursor, kinds)
    if values is None:
        raise RequestRefused(
            ErrorCode.BAD_CURSOR,
            "This cursor does not belong to this list. Use one that the same field returned to "
            "you, in the same order, or leave it out to start anew.",
            path,
        )
    return values
