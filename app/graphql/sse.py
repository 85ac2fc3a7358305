"""Answers as an event stream: subscriptions over POST, for clients without WebSocket.

Source: the protocol of graphql-sse, "distinct connections mode": one request, one stream, of the
events `next` (an answer) and `complete`. What keeps an operation from running is a `next` too. A
stream that ends without `complete` was cut: connect again, with the last cursor as `after`.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import aclosing, suppress
from typing import Any
from uuid import UUID

import orjson
from starlette.types import Message, Receive, Send

from app.core.metrics import EVENT_STREAMS
from app.core.viewer import Viewer
from app.graphql.context import EngineContext
from app.graphql.engine import GraphQLRequest
from app.graphql.errors import DocumentRefused, ErrorCode, RequestRefused, masked
from app.graphql.live import Live, LogUnreadable
from app.graphql.watch import TokenEnded, TokenUnchecked, watch_token

SILENCE_SECONDS_MAX = 15.0
"""After so long without an event a comment is sent, so that nobody in between gives it up."""
SEND_SECONDS_MAX = 60.0
"""How long a client may take nothing before its stream is cut."""
STREAMS_PER_INSTALLATION_MAX = 100
"""At one process; as many as operations run on one socket."""

COMMENT = b":\n\n"
COMPLETE = b"event: complete\ndata: \n\n"

_HEAD = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),  # asks nginx to hand on each event as it comes
    ],
}


class _Left(Exception):
    """The client is gone, or takes nothing."""


def next_event(answer: bytes) -> bytes:
    """The event of one answer, which holds no line break."""
    return b"event: next\ndata: " + answer + b"\n\n"


class EventStreams:
    """The event streams of one process."""

    def __init__(self, context: EngineContext, live: Live) -> None:
        self._context = context
        self._live = live
        self._open: Counter[UUID] = Counter()
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Cut all streams, since the process ends: their clients connect again, to another."""
        self._ending.set()

    async def follow(
        self, request: GraphQLRequest, viewer: Viewer, token: str, receive: Receive, send: Send
    ) -> None:
        """Serve one subscription until it ends, its client leaves, or its token does.

        Raises:
            RequestRefused: the installation has too many streams open; nothing was sent.
        """
        installation = viewer.installation_id
        if self._open[installation] >= STREAMS_PER_INSTALLATION_MAX:
            raise RequestRefused(
                ErrorCode.TOO_MANY_STREAMS,
                f"At most {STREAMS_PER_INSTALLATION_MAX} event streams of an installation may be "
                "open at once. Close some, or use one WebSocket for several subscriptions.",
            )
        self._open[installation] += 1
        try:
            with EVENT_STREAMS.track_inprogress(), suppress(_Left):
                await self._serve(_Stream(send), request, viewer, token, receive)
        finally:
            self._open[installation] -= 1
            if not self._open[installation]:
                del self._open[installation]

    async def _serve(
        self,
        stream: "_Stream",
        request: GraphQLRequest,
        viewer: Viewer,
        token: str,
        receive: Receive,
    ) -> None:
        await stream.begin()
        watching = asyncio.create_task(self._last_words(viewer, token))
        tasks: list[asyncio.Task[Any]] = [
            watching,
            asyncio.create_task(self._send_frames(stream, request, viewer)),
            asyncio.create_task(stream.break_silence()),
            asyncio.create_task(_until_left(receive)),
            asyncio.create_task(self._ending.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await stream.finish(b"" if watching.cancelled() else watching.result())

    async def _last_words(self, viewer: Viewer, token: str) -> bytes:
        """What ends the stream, once its token can carry it no further."""
        try:
            await watch_token(lambda: self._context.authenticate(token), viewer)
        except TokenEnded as ended:
            refused = RequestRefused(ErrorCode.UNAUTHENTICATED, str(ended))
        except TokenUnchecked as unchecked:
            refused = RequestRefused(ErrorCode.SERVICE_UNAVAILABLE, str(unchecked))
        except Exception:
            return _ended(masked("event_stream_failed"))
        return _ended(refused.as_json())

    async def _send_frames(
        self, stream: "_Stream", request: GraphQLRequest, viewer: Viewer
    ) -> None:
        last = COMPLETE
        charge = self._context.charge(viewer)
        try:
            with charge.opened():
                async with aclosing(self._live.subscribe(request, viewer, charge)) as frames:
                    async for frame in frames:
                        await stream.send(next_event(frame))
        except RequestRefused as refused:
            last = _ended(refused.as_json())
        except DocumentRefused as refused:
            last = _ended(*refused.as_json())
        except LogUnreadable as unreadable:
            last = _ended(unreadable.entry)
        except _Left:
            raise
        except Exception:
            last = _ended(masked("event_stream_failed"))
        await stream.send(last)


class _Stream:
    """One response, whose events go out one at a time."""

    def __init__(self, send: Send) -> None:
        self._asgi_send = send
        self._sent_at = 0.0

    async def begin(self) -> None:
        """Send the head, and a comment by which the client knows that it is connected."""
        await self._asgi_send(_HEAD)
        await self.send(COMMENT)

    async def send(self, part: bytes) -> None:
        """Send a part.

        Raises:
            _Left: the client takes nothing any more.
        """
        self._sent_at = asyncio.get_running_loop().time()
        await self._transmit({"type": "http.response.body", "body": part, "more_body": True})

    async def break_silence(self) -> None:
        """Send a comment whenever nothing else was sent for a while."""
        clock = asyncio.get_running_loop().time
        while True:
            left = self._sent_at + SILENCE_SECONDS_MAX - clock()
            await asyncio.sleep(max(left, 0.0))
            if clock() >= self._sent_at + SILENCE_SECONDS_MAX:
                await self.send(COMMENT)

    async def finish(self, last: bytes) -> None:
        """Send what is left to say, and end the response."""
        await self._transmit({"type": "http.response.body", "body": last})

    async def _transmit(self, event: Message) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS_MAX):
                await self._asgi_send(event)
        except (OSError, TimeoutError):
            raise _Left from None


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _ended(*errors: Mapping[str, Any]) -> bytes:
    """The last events of a stream that ends with errors."""
    return next_event(orjson.dumps({"errors": errors})) + COMPLETE
