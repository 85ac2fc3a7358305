"""An open load on the door: replies at a fixed rate, whatever the answers take, and a subscriber.

It runs in a process of its own. Everything is generated and signed before the first is sent.
"""

import gc
import select
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

import orjson

from app.cli.replies import Author, Post, Replies, stranger
from app.x.signature import SIGNATURE_HEADER, sign
from benchmarks.load import GOOD
from benchmarks.report import quantile
from benchmarks.subscription import Subscription

CONNECTIONS = 32
LINKED_SHARE = 0.75
"""Replies by people who linked an account; the rest come from people whom nobody met before."""

FRAMES_SECONDS_MAX = 30.0
"""How long the last frames may take after the last reply was sent."""

LEAD_NANOSECONDS = 50_000_000
MILLISECOND = 1e6


@dataclass(frozen=True)
class DoorLoad:
    """What to offer. *first* leaves out pairs of people and posts that were used before."""

    port: int
    token: str = field(repr=False)
    secret: str = field(repr=False)
    posts: Sequence[Post] = field(repr=False)
    authors: Sequence[Author] = field(repr=False)
    per_second: float
    replies: int
    first: int


@dataclass(frozen=True)
class DoorAnswers:
    """What came of it. Times are milliseconds."""

    accepted: int
    refused: int
    frames_expected: int
    frames: int
    late_p99: float | None
    """How much later than due a reply was sent: the generator's own fault, or a full door."""
    answer_p50: float | None
    answer_p99: float | None
    frame_p50: float | None
    frame_p99: float | None
    """From the answer 200 to the frame of the add."""


def pairs_used(replies: int) -> int:
    """How many pairs of people and posts that many replies use up."""
    return sum(_is_linked(number) for number in range(replies))


def _is_linked(number: int) -> bool:
    return int((number + 1) * LINKED_SHARE) > int(number * LINKED_SHARE)


def offer(load: DoorLoad) -> DoorAnswers:
    """Offer all replies and wait for their frames."""
    sender = _Sender(load)
    gc.freeze()
    gc.disable()
    try:
        sender.run()
    finally:
        gc.enable()
        gc.unfreeze()
        sender.close()
    return sender.answers()


@dataclass(slots=True)
class _Reply:
    """A reply on its way. Moments are nanoseconds of one clock, 0: not yet."""

    raw: bytes
    xid: str
    due: int
    sent: int = 0
    answered: int = 0
    good: bool = False


def _bodies(load: DoorLoad) -> Iterator[tuple[bytes, str, bool]]:
    """The body and id of each reply, and whether it ends in a cart.

    Nobody asks twice for the same, and no two in a row are by the same person: the pairs are walked
    in a fixed order.
    """
    replies = Replies(load.posts, load.authors, seed=load.first)
    random, used = Random(load.first), load.first
    for number in range(load.replies):
        linked = _is_linked(number)
        turn, place = divmod(used, len(load.authors))
        author = load.authors[place] if linked else stranger(random)
        post = load.posts[(place + turn) % len(load.posts)]
        used += linked
        body = replies.write_by(author, post, datetime.now(UTC))
        yield orjson.dumps(body), body["data"]["payload"]["id"], linked


class _Sender:
    """Connections, the replies that wait to be sent, and the subscriber."""

    def __init__(self, load: DoorLoad) -> None:
        self._load = load
        self._replies: list[_Reply] = []
        self._awaited: set[str] = set()
        for body, xid, linked in _bodies(load):
            self._replies.append(_Reply(_signed(body, load.secret), xid, 0))
            if linked:
                self._awaited.add(xid)
        self._expected = len(self._awaited)
        self._frames: dict[str, int] = {}
        self._next = 0
        self._unanswered = len(self._replies)
        self._subscription = Subscription(load.port, load.token)
        self._sockets = {each.fileno(): each for each in map(_open, [load.port] * CONNECTIONS)}
        self._free = deque(self._sockets)
        self._sending: dict[int, _Reply] = {}
        self._poll = select.epoll()
        for number in (*self._sockets, self._subscription.fileno()):
            self._poll.register(number, select.EPOLLIN)

    def run(self) -> None:
        """Send each reply when it is due and a connection is free; take answers and frames."""
        start = time.monotonic_ns() + LEAD_NANOSECONDS
        for number, reply in enumerate(self._replies):
            reply.due = start + int(number * 1e9 / self._load.per_second)
        end = self._replies[-1].due + int(FRAMES_SECONDS_MAX * 1e9)
        while (self._unanswered or self._awaited) and time.monotonic_ns() < end:
            self._send_due()
            self._take(self._pause())

    def close(self) -> None:
        """Close all connections."""
        self._subscription.close()
        for each in self._sockets.values():
            each.close()
        self._poll.close()

    def answers(self) -> DoorAnswers:
        """The figures."""
        sent = [reply for reply in self._replies if reply.answered]
        late = [(reply.sent - reply.due) / MILLISECOND for reply in sent]
        took = [(reply.answered - reply.sent) / MILLISECOND for reply in sent]
        told = [
            (self._frames[reply.xid] - reply.answered) / MILLISECOND
            for reply in sent
            if reply.xid in self._frames
        ]
        accepted = sum(reply.good for reply in sent)
        return DoorAnswers(
            accepted=accepted,
            refused=len(self._replies) - accepted,
            frames_expected=self._expected,
            frames=len(told),
            late_p99=quantile(late, 0.99),
            answer_p50=quantile(took, 0.5),
            answer_p99=quantile(took, 0.99),
            frame_p50=quantile(told, 0.5),
            frame_p99=quantile(told, 0.99),
        )

    def _send_due(self) -> None:
        now = time.monotonic_ns()
        while self._free and self._next < len(self._replies):
            reply = self._replies[self._next]
            if reply.due > now:
                return
            number = self._free.popleft()
            self._sending[number] = reply
            self._next += 1
            reply.sent = time.monotonic_ns()
            self._sockets[number].sendall(reply.raw)

    def _pause(self) -> float:
        """Seconds until the next reply is due."""
        if self._next == len(self._replies) or not self._free:
            return 0.5
        return max(0.0, (self._replies[self._next].due - time.monotonic_ns()) / 1e9)

    def _take(self, pause: float) -> None:
        for number, _ in self._poll.poll(pause):
            if number == self._subscription.fileno():
                self._take_frames()
            else:
                self._take_answer(number)

    def _take_frames(self) -> None:
        for item in self._subscription.adds():
            intent = item["cartIntent"]
            assert isinstance(intent, dict)
            xid = intent["engagementXid"]
            self._frames[xid] = time.monotonic_ns()
            self._awaited.discard(xid)

    def _take_answer(self, number: int) -> None:
        answer = self._sockets[number].recv(65_536)
        if not answer:
            self._drop(number)
            return
        reply = self._sending[number]
        reply.good = reply.good or answer.startswith(GOOD)
        if answer.endswith(b"}"):  # the end of its JSON
            reply.answered = time.monotonic_ns()
            self._unanswered -= 1
            del self._sending[number]
            self._free.append(number)

    def _drop(self, number: int) -> None:
        """A connection that the server closed: it may, after a while without a request."""
        if number in self._sending:
            raise ConnectionError("The server closed a connection that waited for its answer.")
        self._poll.unregister(number)
        self._free.remove(number)


def _signed(body: bytes, secret: str) -> bytes:
    head = (
        f"POST /ingest/x/webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{SIGNATURE_HEADER}: {sign(secret, body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _open(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
