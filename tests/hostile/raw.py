"""Raw bytes for a server: requests whose every part may be wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from app.x.signature import SIGNATURE_HEADER, sign
from tests.walk import DOOR, SECRET

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Attempt:
    """What is sent: bytes, and pauses in seconds between them. Then the connection is closed.

    `permitted` are the statuses that may be answered, by any number of answers; a server may also
    close without a word where `silent` says so.
    """

    kind: str
    parts: tuple[bytes | float, ...]
    permitted: frozenset[int]
    silent: bool = False


def request(
    body: bytes = b"",
    *,
    method: bytes = b"POST",
    path: bytes = DOOR.encode(),
    headers: Headers = (),
    length: bytes | None = None,
    host: bool = True,
) -> bytes:
    """A request with these parts, as they are; the connection is to be closed after it."""
    lines = [b"%b %b HTTP/1.1" % (method, path)]
    lines += [b"Host: door.example"] * host + [b"Connection: close"]
    lines += [b"%b: %b" % header for header in headers]
    lines += [b"Content-Length: " + (length or b"%d" % len(body))] if length != b"" else []
    return b"\r\n".join([*lines, b"", b""]) + body


def signed(body: bytes) -> tuple[bytes, bytes]:
    """The header that lets *body* in."""
    return SIGNATURE_HEADER.encode(), sign(SECRET, body).encode()
