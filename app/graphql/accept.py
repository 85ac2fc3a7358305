"""Which media type an answer is of: what `Accept` asks for (RFC 9110, section 12.5.1).

GraphQL over HTTP names two types of JSON; subscriptions come as an event stream. A client that
lists the stream among others, as urql does in every request, gets JSON where JSON can answer.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

MODERN = "application/graphql-response+json"
PLAIN = "application/json"
EVENTS = "text/event-stream"

HEADER_BYTES_REMEMBERED = 500
HEADERS_REMEMBERED = 256


class Accepted(NamedTuple):
    """What a client takes of what is offered here."""

    modern: bool
    """Whether JSON is to be of the type that lets the status tell what happened."""
    json: bool
    """Whether it takes JSON at all."""
    events: bool
    """Whether it asks for an event stream."""


def accepted(header: bytes | None) -> Accepted:
    """What an `Accept` header asks for; without one, and where it is empty, it is plain JSON."""
    if not header:
        return Accepted(modern=False, json=True, events=False)
    if len(header) > HEADER_BYTES_REMEMBERED:
        return _accepted(header)
    return _remembered(header)


def _accepted(header: bytes) -> Accepted:
    ranges = dict(_ranges(header.decode("latin-1")))
    modern = _quality(MODERN, ranges)
    plain = _quality(PLAIN, ranges)
    events = ranges.get(EVENTS, ranges.get("text/*", 0.0))
    wants_modern = modern > 0 and (MODERN in ranges or plain == 0) and modern >= plain
    return Accepted(wants_modern, json=modern > 0 or plain > 0, events=events > 0)


_remembered = lru_cache(HEADERS_REMEMBERED)(_accepted)


def _quality(media_type: str, ranges: Mapping[str, float]) -> float:
    """How much it is wanted: what is said of it most closely counts."""
    kind = media_type.partition("/")[0]
    return ranges.get(media_type, ranges.get(f"{kind}/*", ranges.get("*/*", 0.0)))


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    """Each media range with its quality; one for another encoding than UTF-8 is none of ours."""
    for part in header.split(","):
        name, *parameters = (each.strip().lower() for each in part.split(";"))
        given = dict(each.split("=", 1) for each in parameters if "=" in each)
        if given.get("charset", "utf-8").strip('"') in ("utf-8", "utf8"):
            yield name, _number(given.get("q", "1"))


def _number(text: str) -> float:
    """A quality from 0 to 1; what is none counts as 0."""
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
