"""What passes for a server that serves, asked over its socket."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.postgres.wire import NotServing, select_one, serving_pid, socket_file

READY = b"Z" + struct.pack("!i", 5) + b"I"
ACCEPTED = b"R" + struct.pack("!ii", 8, 0)
PASSWORD_WANTED = b"R" + struct.pack("!ii", 8, 3)
STARTING = b"E" + struct.pack("!i", 22) + b"SFATAL\0Mnot yet\0\0\0"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "it closed the connection"),
        (b"HTTP/1.1 400 Bad Request\r\n", "it does not speak PostgreSQL's protocol"),
        (STARTING, "not yet"),
        (PASSWORD_WANTED, "it asks for a password"),
        (ACCEPTED + READY + READY, "it answered SELECT 1 without a row"),
        (ACCEPTED + READY, "it closed the connection"),
    ],
    ids=["nothing", "http", "starting", "password", "no row", "half an answer"],
)
def test_what_does_not_answer_a_query_is_not_serving(
    tmp_path: Path, answer: bytes, reason: str
) -> None:
    with a_server_that_says(answer, tmp_path), pytest.raises(NotServing, match=reason):
        select_one(tmp_path)


def test_where_nothing_listens_there_is_neither_service_nor_process(tmp_path: Path) -> None:
    with pytest.raises(NotServing):
        select_one(tmp_path)
    assert serving_pid(tmp_path) is None


@contextmanager
def a_server_that_says(answer: bytes, folder: Path) -> Iterator[None]:
    """A server in *folder* that sends *answer* to whoever has spoken, and closes."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_file(folder)))
        listener.listen()
        thread = threading.Thread(target=_serve_once, args=(listener, answer))
        thread.start()
        yield
        thread.join()


def _serve_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(1024)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1024):
            continue
