"""As much of PostgreSQL's protocol as it takes to ask a server on a Unix socket whether it serves.

Blocking, from the standard library alone, so that a start needs no event loop.

Source: PostgreSQL documentation, "Frontend/Backend Protocol", "Message Formats".
"""

import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PORT = 5432
"""Part of a socket's file name; nothing listens on a network port."""

ANSWER_SECONDS = 5.0
"""How long one question may take."""

MESSAGE_BYTES_MAX = 65_536

_PROTOCOL_3_0 = 196_608
_STARTUP = b"user\0postgres\0database\0postgres\0application_name\0hashcart\0\0"
_QUERY = b"SELECT 1\0"


class NotServing(Exception):
    """The server does not answer queries, at least not yet; the message says why."""


def socket_file(folder: Path) -> Path:
    """The socket that a server makes in *folder*."""
    return folder / f".s.PGSQL.{PORT}"


def select_one(folder: Path) -> None:
    """Have the server with its socket in *folder* answer a query.

    A socket accepts before recovery has ended, so a connection alone proves nothing.

    Raises:
        NotServing: It did not answer with one row within `ANSWER_SECONDS`.
    """
    try:
        with _connected(folder) as connection, connection.makefile("rb") as stream:
            _send(connection, b"", struct.pack("!i", _PROTOCOL_3_0) + _STARTUP)
            _read_until_ready(stream)
            _send(connection, b"Q", _QUERY)
            if b"D" not in _read_until_ready(stream):
                raise NotServing("it answered SELECT 1 without a row")
            _send(connection, b"X", b"")
    except OSError as error:
        raise NotServing(str(error)) from error


def serving_pid(folder: Path) -> int | None:
    """The id of the process that listens on the socket in *folder*; None when none does."""
    try:
        with _connected(folder) as connection:
            if sys.platform == "linux":
                credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
                pid = struct.unpack("3i", credentials)[0]
            else:
                # macOS: SOL_LOCAL is 0 and LOCAL_PEERPID is 2, which Python does not name.
                pid = connection.getsockopt(0, 2)
    except OSError:
        return None
    return pid or None


def _connected(folder: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ANSWER_SECONDS)
    try:
        connection.connect(str(socket_file(folder)))
    except BaseException:
        connection.close()
        raise
    return connection


def _send(connection: socket.socket, kind: bytes, body: bytes) -> None:
    connection.sendall(kind + struct.pack("!i", len(body) + 4) + body)


def _read_until_ready(stream: BinaryIO) -> set[bytes]:
    """The kinds of the messages up to ReadyForQuery."""
    kinds: set[bytes] = set()
    for kind, body in _messages(stream):
        if kind == b"Z":
            return kinds
        if kind == b"E":
            raise NotServing(_error_text(body))
        if kind == b"R" and body != bytes(4):
            raise NotServing("it asks for a password")
        kinds.add(kind)
    raise NotServing("it closed the connection")


def _messages(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    while len(head := stream.read(5)) == 5:
        kind, length = head[:1], struct.unpack("!i", head[1:])[0]
        if not 4 <= length <= MESSAGE_BYTES_MAX:
            raise NotServing("it does not speak PostgreSQL's protocol")
        yield kind, stream.read(length - 4)


def _error_text(body: bytes) -> str:
    fields = [field.decode(errors="replace") for field in body.split(b"\0") if field]
    return next((field[1:] for field in fields if field.startswith("M")), "an error")
