"""Identifiers: UUIDv7 inside, opaque global ids outside.

A global id is base64url of `Type:uuid` without padding (Relay's global object identification).
"""

import os
import time
from base64 import urlsafe_b64decode
from binascii import Error, b2a_base64
from uuid import UUID

from asyncpg.pgproto import pgproto

NOBODY = UUID(int=0)
"""A key that no row has: what an id of another type, or of none, is looked up as."""

_last = 0


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
    tail = 0b10 << 62 | int.from_bytes(os.urandom(8), "big") >> 2
    return pgproto.UUID((head << 64 | tail).to_bytes(16, "big"))


def global_id(type_name: str, key: UUID | str) -> str:
    """The public id of a row.

    The text is ASCII without `>`, `?` and `~`, so its base64 never holds `+` or `/`.
    """
    return b2a_base64(f"{type_name}:{key}".encode(), newline=False).rstrip(b"=").decode()


def parse_global_id(text: str) -> tuple[str, UUID] | None:
    """Type name and key of a public id, or None where it is none of ours."""
    if len(text) > 120:
        return None
    try:
        plain = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii")
        type_name, separator, key = plain.partition(":")
        if not separator or not type_name.isalnum() or len(key) != 36:
            return None
        return type_name, UUID(key)
    except (Error, ValueError):
        return None
