"""A closed load over HTTP/1.1: each connection sends its next request when it has its answer.

`wrk` makes the load where it is installed, else this module, which costs about three times as
much CPU a request. Either counts an answer as bad whose status is not 200; the module also one
whose length is not the expected one.
"""

import gc
import json
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

CONNECTIONS = 8
RECEIVE_BYTES = 1 << 20
STALL_SECONDS_MAX = 20.0
GOOD = b"HTTP/1.1 200"
SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Request:
    """A request that was answered as it should before the measurement."""

    path: str
    token: str
    body: bytes = field(repr=False)
    answer_bytes: int
    """The length of the whole answer, head included: the same every time."""

    def raw(self) -> bytes:
        """As it goes over the wire."""
        return raw_post(self.path, self.token, self.body)


@dataclass(frozen=True)
class Load:
    """What a load came to. Times are milliseconds, None where they were not taken."""

    answers: int
    seconds: float
    p50: float | None
    p99: float | None
    bad: int


def raw_post(path: str, token: str, body: bytes) -> bytes:
    """A POST of JSON with a bearer token."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nAccept: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def ask(port: int, request: bytes) -> tuple[bytes, bytes]:
    """Head and body of one answer."""
    with socket.create_connection(("127.0.0.1", port), STALL_SECONDS_MAX) as connection:
        connection.sendall(request)
        received = bytearray()
        while b"\r\n\r\n" not in received:
            received += _more(connection)
        head, _, body = bytes(received).partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        while len(body) < length:
            body += _more(connection)
    return head, body


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(RECEIVE_BYTES)
    if not part:
        raise ConnectionError("The server closed the connection before its answer was whole.")
    return part


def load(port: int, requests: Sequence[Request], seconds: float) -> Load:
    """Load the server for that long with *requests* in turn."""
    if shutil.which("wrk") is not None:
        return _load_by_wrk(port, requests, seconds)
    return _Connections(port, requests).run(seconds)


def generator() -> str:
    """What makes the load on this machine."""
    return "wrk" if shutil.which("wrk") is not None else "the program's own generator"


def _load_by_wrk(port: int, requests: Sequence[Request], seconds: float) -> Load:
    with NamedTemporaryFile("w", suffix=".txt") as listed:
        for request in requests:
            listed.write(f"{request.path}\t{request.token}\t{request.body.decode()}\n")
        listed.flush()
        words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s"]
        words += ["--timeout", "20s", "-s", str(SCRIPT), f"http://127.0.0.1:{port}/"]
        done = subprocess.run(
            [*words, "--", listed.name], capture_output=True, text=True, check=True
        )
    found = json.loads(done.stdout.partition("RESULT ")[2])
    return Load(**found)


class _Connections:
    """Connections that are kept busy; written for little CPU, which PostgreSQL shares."""

    def __init__(self, port: int, requests: Sequence[Request]) -> None:
        self._requests = [(request.raw(), request.answer_bytes) for request in requests]
        self._port = port
        self._buffer = bytearray(RECEIVE_BYTES)
        self._nanoseconds: list[int] = []
        self._bad = 0

    def run(self, seconds: float) -> Load:
        """Send and receive for *seconds*."""
        sockets = [self._open() for _ in range(CONNECTIONS)]
        gc.disable()
        try:
            began = time.perf_counter_ns()
            self._exchange({each.fileno(): each for each in sockets}, began + int(seconds * 1e9))
            spent = (time.perf_counter_ns() - began) / 1e9
        finally:
            gc.enable()
            for each in sockets:
                each.close()
        times = sorted(self._nanoseconds)
        p50, p99 = (times[int(len(times) * share)] / 1e6 for share in (0.5, 0.99))
        return Load(len(times), spent, p50, p99, self._bad)

    def _open(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _exchange(self, sockets: dict[int, socket.socket], until: int) -> None:
        requests, buffer, times = self._requests, self._buffer, self._nanoseconds
        poll, turn = select.epoll(), 0
        left: dict[int, int] = {}
        sent: dict[int, int] = {}
        fresh: set[int] = set()
        for number, connection in sockets.items():
            poll.register(number, select.EPOLLIN)
            raw, left[number] = requests[turn % len(requests)]
            turn += 1
            fresh.add(number)
            sent[number] = time.perf_counter_ns()
            connection.sendall(raw)
        now = time.perf_counter_ns()
        while now < until:
            for number, _ in poll.poll(STALL_SECONDS_MAX):
                connection = sockets[number]
                count = connection.recv_into(buffer)
                if number in fresh:
                    fresh.discard(number)
                    self._bad += not buffer.startswith(GOOD)
                left[number] -= count
                if left[number] > 0 and count:
                    continue
                self._bad += left[number] != 0
                now = time.perf_counter_ns()
                times.append(now - sent[number])
                raw, left[number] = requests[turn % len(requests)]
                turn += 1
                fresh.add(number)
                sent[number] = now
                connection.sendall(raw)
            now = time.perf_counter_ns()
        poll.close()
