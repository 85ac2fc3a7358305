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
from uuid import UUID

import orjson
import strawberry
from graphql import GraphQLEnumType, GraphQLError
from strawberry.types.scalar import ScalarDefinition

from app.core.ids import UUID_CHARACTERS, global_id

XID = NewType("XID", int)
"""An id of X."""

BigInt = NewType("BigInt", int)
"""A number of up to 64 bits."""

JSON = NewType("JSON", object)
"""Any value of JSON, in arguments alone."""

MOMENT_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
_MAXIMUM_64_BIT = 2**63 - 1


@dataclass(frozen=True)
class Codec:
    """How a leaf leaves: `to_json` is None where orjson prints PostgreSQL's value as it is."""

    name: str
    to_json: Callable[[Any], Any] | None = None
    source: str | None = None
    """The same as a Python expression of `{}`, which costs no call; it may use `b2a_base64`."""
    from_text: Callable[[str], str] | None = None
    """The same of PostgreSQL's text of a column, where the driver takes longer to make a value."""
    sql: str | None = None
    """SQL for the JSON of a value `{}` that is there, as orjson prints it; None: SQL cannot."""

    def apply(self, value: Any) -> Any:
        """The value as the answer holds it; null stays null."""
        return value if value is None or self.to_json is None else self.to_json(value)


_MOMENT_CHARACTERS = 22
"""Of a moment without a fraction."""
_NO_MOMENTS = {
    "infinity": "9999-12-31T23:59:59.999999Z",
    "-infinity": "0001-01-01T00:00:00Z",
}
"""What the driver stores the first and the last moment of Python as."""


def moment_of(text: str) -> str:
    """RFC 3339 of a moment as PostgreSQL prints it in UTC: `2026-11-20 12:00:00.25+00`.

    As orjson prints it: a fraction has six digits.
    """
    if len(text) == _MOMENT_CHARACTERS:
        return f"{text[:10]}T{text[11:19]}Z"
    if text in _NO_MOMENTS:
        return _NO_MOMENTS[text]
    return f"{text[:10]}T{text[11:-3].ljust(15, '0')}Z"


_MOMENT_IN_SQL = (
    "replace(to_char(least(greatest({}, '0001-01-01 00:00:00+00'), "
    "'9999-12-31 23:59:59.999999+00'), "
    r"""'\"YYYY-MM-DD"T"HH24":"MI":"SS.US"Z"\"'), '.000000', '')"""
)

PLAIN = Codec("plain")
STRING = Codec("string", sql="CAST(to_json({}) AS TEXT)")
NUMBER = Codec("number", sql="CAST({} AS TEXT)")
NAME = Codec("name", sql="""('"' || {} || '"')""")
"""An enum whose names are the values in the database, which a constraint holds to them."""
MOMENT = Codec("moment", from_text=moment_of, sql=_MOMENT_IN_SQL)
TEXT = Codec("text", str, "str({})", sql=NAME.sql)


_BASE64_LINE_BYTES = 57
"""PostgreSQL breaks longer base64 into lines (RFC 2045 section 6.8)."""


@lru_cache(maxsize=1024)
def global_id_of(type_name: str) -> Codec:
    """The codec of a key that leaves as the global id of a type."""
    head = f"{type_name}:".encode()
    unpadded = -(len(head) + UUID_CHARACTERS) % 3
    cut = f"[:-{unpadded}]" if unpadded else ""
    source = f"b2a_base64({head!r} + str({{}}).encode(), newline=False){cut}.decode()"
    bytes_encoded = len(head) + UUID_CHARACTERS
    sql = f"encode(textsend('{type_name}:' || {{}}), 'base64')"
    if unpadded:
        sql = f"left({sql}, {-(-bytes_encoded * 4 // 3)})"
    return Codec(
        f"id_{type_name}",
        lambda key: global_id(type_name, key),
        source,
        sql=f"('\"' || {sql} || '\"')" if bytes_encoded <= _BASE64_LINE_BYTES else None,
    )


def enum_codec(enum: GraphQLEnumType) -> Codec:
    """The codec of an enum: PostgreSQL holds its values, the schema shows its names."""
    names = {
        member.value if isinstance(member, Enum) else member: name
        for name, member in ((name, value.value) for name, value in enum.values.items())
    }
    if all(value == name for value, name in names.items()):
        return NAME
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


def _parse_uuid(value: object) -> UUID:
    try:
        return UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise GraphQLError("A UUID is text like 0198a6f0-1c2d-7e3f-8a4b-5c6d7e8f9a0b.") from None


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
    UUID: strawberry.scalar(
        name="UUID",
        description="A universally unique id, as 36 characters such as "
        "`0198a6f0-1c2d-7e3f-8a4b-5c6d7e8f9a0b`. It names what no other field leads to.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc9562",
        serialize=str,
        parse_value=_parse_uuid,
    ),
    XID: strawberry.scalar(
        name="XID",
        description="An id of X: a 64-bit number, as decimal text since JSON numbers round it.",
        specified_by_url="https://docs.x.com/fundamentals/x-ids",
        serialize=str,
        parse_value=_parse_64_bit,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any value of JSON.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of up to 64 bits, as decimal text.",
        serialize=str,
        parse_value=_parse_64_bit,
    ),
}

CODECS: Mapping[str, Codec] = {
    "String": STRING,
    "Int": NUMBER,
    "Float": PLAIN,
    "Boolean": NUMBER,
    "Date": PLAIN,
    "DateTime": MOMENT,
    "XID": TEXT,
    "BigInt": TEXT,
    "UUID": TEXT,
}
"""By the name of the scalar. `ID` is absent: a field says whose id it is."""
