"""One codec per scalar, for compiled reads and for graphql-core alike.

A codec turns a value of PostgreSQL into what the answer holds. Compiled reads and the reference
both use it, so both print the same bytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, NewType

import orjson
import strawberry
from graphql import GraphQLEnumType, GraphQLError
from strawberry.types.scalar import ScalarDefinition

from app.core.ids import UUID_CHARACTERS, global_id

XID = NewType("XID", int)
"""An id of X."""

BigInt = NewType("BigInt", int)
"""A number of up to 64 bits."""

MOMENT_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
_MAXIMUM_64_BIT = 2**63 - 1


@dataclass(frozen=True)
class Codec:
    """How a leaf leaves: `to_json` is None where orjson prints PostgreSQL's value as it is."""

    name: str
    to_json: Callable[[Any], Any] | None = None
    source: str | None = None
    """The same as a Python expression of `{}`, which costs no call; it may use `b2a_base64`."""

    def apply(self, value: Any) -> Any:
        """The value as the answer holds it; null stays null."""
        return value if value is None or self.to_json is None else self.to_json(value)


PLAIN = Codec("plain")
TEXT = Codec("text", str, "str({})")


@lru_cache(maxsize=1024)
def global_id_of(type_name: str) -> Codec:
    """The codec of a key that leaves as the global id of a type."""
    head = f"{type_name}:".encode()
    unpadded = -(len(head) + UUID_CHARACTERS) % 3
    cut = f"[:-{unpadded}]" if unpadded else ""
    source = f"b2a_base64({head!r} + str({{}}).encode(), newline=False){cut}.decode()"
    return Codec(f"id_{type_name}", lambda key: global_id(type_name, key), source)


def enum_codec(enum: GraphQLEnumType) -> Codec:
    """The codec of an enum: PostgreSQL holds its values, the schema shows its names."""
    names = {
        member.value if isinstance(member, Enum) else member: name
        for name, member in ((name, value.value) for name, value in enum.values.items())
    }
    if all(value == name for value, name in names.items()):
        return PLAIN
    return Codec(f"enum_{enum.name}", names.__getitem__)


def _serialize_moment(value: datetime | str) -> str:
    if isinstance(value, str):
        return value
    return str(orjson.loads(orjson.dumps(value, option=MOMENT_OPTIONS)))


def _parse_moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise GraphQLError("A DateTime is text like 2026-11-20T12:00:00Z, with its time zone.")


def _parse_day(value: object) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise GraphQLError("A Date is text like 2026-11-20.") from None


def _parse_64_bit(value: object) -> int:
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdecimal()) or int(text[:20]) > _MAXIMUM_64_BIT:
        raise GraphQLError("Expected a decimal number from 0 to 9223372036854775807, as text.")
    return int(text)


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC, as RFC 3339 text such as `2026-11-20T12:00:00.25Z`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_serialize_moment,
        parse_value=_parse_moment,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day, as RFC 3339 text such as `2026-11-20`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=date.isoformat,
        parse_value=_parse_day,
    ),
    XID: strawberry.scalar(
        name="XID",
        description="An id of X: a 64-bit number, as decimal text since JSON numbers round it.",
        specified_by_url="https://docs.x.com/fundamentals/x-ids",
        serialize=str,
        parse_value=_parse_64_bit,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of up to 64 bits, as decimal text.",
        serialize=str,
        parse_value=_parse_64_bit,
    ),
}

CODECS: Mapping[str, Codec] = {
    "String": PLAIN,
    "Int": PLAIN,
    "Float": PLAIN,
    "Boolean": PLAIN,
    "Date": PLAIN,
    "DateTime": PLAIN,
    "XID": TEXT,
    "BigInt": TEXT,
    "UUID": TEXT,
}
"""By the name of the scalar. `ID` is absent: a field says whose id it is."""
