"""Connections on which the same head comes again and again, in uvicorn's terms a `http` class.

Who keeps a connection sends nearly every request with the same head, byte for byte: the same path,
token and types, and often a body of the same length. Such a head says what it said before, so it
is not parsed again. Everything else, and whatever goes wrong, is uvicorn's own protocol, which this
one only steps beside; to applications it is ASGI either way.

Only POSTs are remembered, for they are what comes often; so no answer to a HEAD passes here.

Source:
    ASGI 3.0, "HTTP & WebSocket ASGI Message Format"; RFC 9112 section 6 for where a body ends.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

HEAD_BYTES_MAX = 4096
HEADS_REMEMBERED = 16
"""Of each connection: as many as its requests have lengths."""
REQUEST_BYTES_MAX = 64 * 1024
"""Of a request that comes in one piece; a longer one is read with pauses, by uvicorn."""
JOINED_BYTES_MAX = 16 * 1024
"""A longer body is written behind its head rather than copied together with it."""
LINES_REMEMBERED = 200
_REMEMBERED = frozenset({b"content-type", b"cache-control", b"ratelimit-policy"})
"""What answers say alike; other headers may hold what nobody should keep."""
_FRAMES_REQUESTS = frozenset({b"content-length", b"transfer-encoding", b"upgrade"})
_FRAMES_ANSWERS = frozenset({b"content-length", b"transfer-encoding", b"connection"})


WHOLE_REQUEST = "hashcart.whole_request"
"""The extension in the scope of a request that came whole: its first `receive` waits for nothing.
Its value is a dict that all requests with this head on this connection share, for the application
to remember in what it made of the head."""

Header = tuple[bytes, bytes]


class Head(NamedTuple):
    """What a head said: the scope of its requests, and how long their bodies are."""

    scope: Mapping[str, Any]
    body_bytes: int


class KeepAliveProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._heads: dict[bytes, Head] = {}
        self._begun = self._ended = 0
        """Requests that the parser saw the beginning and the end of."""
        self._resting_since: float | None = None
        """When the connection was last left without a request."""
        usual = self.limit_concurrency is None and not self.access_log
        self._remembers = usual and not self.config.reset_contextvars

    def data_received(self, data: bytes) -> None:
        """Serve what came: a request whose head is known, or whatever it is."""
        if not self._at_rest() or self.transport.is_closing():
            super().data_received(data)
            return
        end = data.find(b"\r\n\r\n") + 4
        head = self._heads.get(data[:end])
        if head is not None and len(data) - end == head.body_bytes:
            self._serve(head, data[end:])
            return
        begun = self._begun
        super().data_received(data)
        if self._remembers and self._begun == self._ended == begun + 1:
            self._remember(data, end)

    def _at_rest(self) -> bool:
        """Whether nothing is under way: neither a request nor an answer."""
        cycle: RequestResponseCycle | None = self.cycle
        return self._begun == self._ended and (cycle is None or cycle.response_complete)

    def _remember(self, data: bytes, end: int) -> None:
        """Keep the head of the one whole request that *data* is, if all is plain about it."""
        if self.scope["method"] != "POST" or self.expect_100_continue or not self.cycle.keep_alive:
            return
        framing = [value for name, value in self.headers if name in _FRAMES_REQUESTS]
        body_bytes = len(data) - end
        if framing != [b"%d" % body_bytes] or end > HEAD_BYTES_MAX or len(data) > REQUEST_BYTES_MAX:
            return
        if len(self._heads) >= HEADS_REMEMBERED:
            self._heads.clear()
        scope = {**self.scope, "extensions": {WHOLE_REQUEST: {}}}
        self._heads[data[:end]] = Head(scope, body_bytes)

    def _serve(self, head: Head, body: bytes) -> None:
        self._resting_since = None
        self.headers = [*head.scope["headers"]]
        self.scope = {**head.scope, "headers": self.headers, "state": self.app_state.copy()}  # type: ignore[typeddict-item]  # a copy of one
        self.cycle = cycle = WholeCycle(self, body)
        cycle.task = self.loop.create_task(cycle.run_asgi(self.app))
        self.tasks.add(cycle.task)

    def on_message_begin(self) -> None:
        """Count it."""
        self._begun += 1
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Count it."""
        self._ended += 1
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Begin the next request that waits, or rest."""
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self._resting_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_again_in(self.timeout_keep_alive)

    def _unset_keepalive_if_required(self) -> None:
        self._resting_since = None  # the timer sees it when it is due: to cancel it costs more

    def _look_again_in(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if it has rested for as long as it may."""
        self.timeout_keep_alive_task = None
        if self._resting_since is None:
            return
        left = self._resting_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_again_in(left)
        else:
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let everybody know, and wait for nothing more."""
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None


class WholeCycle(RequestResponseCycle):
    """A request that came whole, and its answer, which goes out in one piece if it is made so."""

    access_log = False
    disconnected = False
    keep_alive = True
    waiting_for_100_continue = False
    body = b""  # type: ignore[assignment]  # nobody adds to it
    more_body = False
    response_started = False
    response_complete = False
    chunked_encoding = None
    expected_content_length = 0
    _event: asyncio.Event | None = None
    _start: Any = None
    task: "asyncio.Task[None]"

    def __init__(self, connection: KeepAliveProtocol, body: bytes) -> None:
        self.scope = connection.scope
        self.transport = connection.transport
        self.flow = connection.flow
        self.logger = connection.logger
        self.access_logger = connection.access_logger
        self.default_headers = connection.server_state.default_headers
        self.on_response: Callable[[], None] = connection.on_response_complete
        self._tasks = connection.tasks
        self._whole: bytes | None = body

    @property
    def message_event(self) -> asyncio.Event:  # type: ignore[override]  # read only
        """What wakes who waits for the client to go away: made for who does."""
        if self._event is None:
            self._event = asyncio.Event()
        return self._event

    async def run_asgi(self, app: Any) -> None:
        """Let the application answer."""
        try:
            await super().run_asgi(app)
        finally:
            self._tasks.discard(self.task)

    async def receive(self) -> Any:
        """The request's body; after that, that the client went away."""
        body, self._whole = self._whole, None
        if body is None or self.disconnected:
            return await super().receive()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        """Answer. The head waits for the first part of the body, as ASGI permits."""
        if message["type"] == "http.response.start" and not self.response_started:
            self._start, self.response_started = message, True
            return
        start, self._start = self._start, None
        if start is None:
            await super().send(message)
        elif not self._answer_whole(start, message):
            self.response_started = False
            await super().send(start)
            await super().send(message)

    def _answer_whole(self, start: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
        """Write head and body together; whether that could be done."""
        if (
            message["type"] != "http.response.body"
            or message.get("more_body", False)
            or self.flow.write_paused
            or self.disconnected
            or not self.keep_alive
        ):
            return False
        body: bytes = message.get("body", b"")
        lines = _head_lines(start.get("headers", ()), len(body))
        if lines is None:
            return False
        head = (STATUS_LINE[start["status"]], *map(_line, self.default_headers), *lines)
        if len(body) > JOINED_BYTES_MAX:
            self.transport.write(b"".join((*head, b"\r\n")))
            self.transport.write(body)
        else:
            self.transport.write(b"".join((*head, b"\r\n", body)))
        self.response_complete = True
        if self._event is not None:
            self._event.set()
        self.on_response()
        return True


_lines: dict[Header, bytes] = {}
_beginnings: dict[bytes, bytes] = {}
"""How lines begin, by the names of header fields; names come from our own code, so they are few."""


def _head_lines(headers: Iterable[Header], body_bytes: int) -> list[bytes] | None:
    """The lines of an answer's head; None where it is not plain, or does not tell this length."""
    lines, length = [], None
    for name, value in headers:
        line = _lines.get((name, value))
        if line is None:
            if name == b"content-length" and length is None:
                length = value
                continue
            beginning = _beginnings.get(name) or _beginning(name)
            if beginning is None or HEADER_VALUE_RE.search(value):
                return None
            line = b"%b%b\r\n" % (beginning, value)
            if name in _REMEMBERED and len(_lines) < LINES_REMEMBERED:
                _lines[name, value] = line
        lines.append(line)
    if length != b"%d" % body_bytes:
        return None
    lines.append(b"content-length: %b\r\n" % length)
    return lines


def _beginning(name: bytes) -> bytes | None:
    """How the line of this field begins; None where it frames the answer, or is no name."""
    lower = name.lower()
    if lower in _FRAMES_ANSWERS or HEADER_RE.search(name):
        return None
    beginning = lower + b": "
    if len(_beginnings) < LINES_REMEMBERED:
        _beginnings[name] = beginning
    return beginning


def _line(header: Header) -> bytes:
    name, value = header
    return b"%b: %b\r\n" % (name.lower(), value)
