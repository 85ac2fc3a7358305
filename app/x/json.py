"""Reading JSON that others wrote: whatever is missing or of another type is absent, not an error.

PostgreSQL takes neither NUL nor halves of surrogate pairs; people and X do send them.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeAlias

import orjson

Json: TypeAlias = Mapping[str, Any]


class NotJson(Exception):
    """The body is no well-formed JSON object in UTF-8, or is nested too deeply."""


def parse_object(body: bytes) -> Json:
    """The JSON object in *body*.

    Half of a surrogate pair, escaped, is valid JSON (RFC 8259 section 8.2) and people do post it;
    orjson refuses it, so the standard library reads what orjson cannot.

    Raises:
        NotJson: it is anything else.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = _parse_leniently(body)
    if not isinstance(document, dict):
        raise NotJson("The body must be a JSON object.")
    return document


def either(payload: Json, old_name: str, new_name: str) -> Any:
    """The field by whichever of its two spellings is there."""
    value = payload.get(old_name)
    return payload.get(new_name) if value is None else value


def an_object(value: object) -> Json:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: object, limit: int) -> Iterator[Json]:
    """The objects among the first *limit* items of a list."""
    items = value[:limit] if isinstance(value, list) else []
    return (item for item in items if isinstance(item, dict))


def text(value: object, limit: int | None = None) -> str:
    """Text that PostgreSQL can hold: NUL and halves of surrogate pairs become U+FFFD."""
    if not isinstance(value, str):
        return ""
    kept = value[:limit].replace("\x00", "\ufffd")
    return kept.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def moment(value: object) -> datetime | None:
    """A moment in RFC 3339, in UTC; one without a zone is none."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        told = datetime.fromisoformat(value)
        return told.astimezone(UTC) if told.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _parse_leniently(body: bytes) -> object:
    """JSON with lone surrogates and numbers of any size, but still nothing that is not JSON."""
    try:
        return json.loads(body.decode(), parse_constant=_refuse, parse_int=_integer)
    except (ValueError, RecursionError):
        raise NotJson("The body must be well-formed JSON in UTF-8.") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= 19 else float(digits)
