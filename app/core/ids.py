"""Identifiers: UUIDv7 inside, opaque global ids outside.

A global id is base64url of `Type:uuid` without padding (Relay's global object identification).
"""

import os
import time
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, repeat
from struct import Struct
from uuid import UUID

from asyncpg.pgproto import pgproto

GLOBAL_ID_CHARACTERS_MAX = 120
UUID_CHARACTERS = 36

NOBODY = UUID(int=0)
"""A key that no row has: what an id of another type, or of none, is looked up as."""

_HALVES = Struct(">QQ")
_DRAWN = Struct(">512Q")
"""So many random numbers of 64 bits are drawn together: to ask the system for each takes longer
than all the rest of making an id."""


def _draw() -> Iterator[int]:
    return chain.from_iterable(map(_DRAWN.unpack, map(os.urandom, repeat(_DRAWN.size))))


def _draw_anew() -> None:
    global _numbers
    _numbers = _draw()


_last = 0
_numbers = _draw()
os.register_at_fork(after_in_child=_draw_anew)


def uuid7() -> UUID:
    """A new UUIDv7 (RFC 9562 section 5.7), increasing within this process.

    The 12 bits after the milliseconds hold the microseconds' fraction (method 3 of section 6.2),
    so ids of one process sort in the order of their making. It is the driver's own kind of UUID,
    which is made, printed and sent several times as fast.
    """
    global _last
    moment = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
    _last = moment
    milliseconds, fraction = divmod(moment, 4096)
    head = (milliseconds & 0xFFFF_FFFF_FFFF) << 16 | 0x7 << 12 | fraction
    tail = 0b10 << 62 | next(_numbers) >> 2
    return pgproto.UUID(_HALVES.pack(head, tail))


def global_id(type_name: str, key: UUID | str) -> str:
    """The public id of a row.

    The text is ASCII without `>`, `?` and `~`, so its base64 never holds `+` or `/`.
    """
    return b2a_base64(f"{type_name}:{key}".encode(), newline=False).rstrip(b"=").decode()


def parse_global_id(text: str) -> tuple[str, UUID] | None:
    """Type name and key of a public id, or None where it is none of ours."""
    return _parse(text) if len(text) <= GLOBAL_ID_CHARACTERS_MAX else None


@lru_cache(maxsize=1024)
def _parse(text: str) -> tuple[str, UUID] | None:
    """Kept, since a request that names a row asks more than once what its id says."""
    try:
        padded = text + "=" * (-len(text) % 4)
        plain = a2b_base64(padded, strict_mode=True).decode("ascii")
        type_name, separator, key = plain.partition(":")
        if not separator or not type_name.isalnum() or len(key) != UUID_CHARACTERS:
            return None
        return type_name, pgproto.UUID(key)
    except ValueError:
        return None
