"""GraphQL over WebSocket: the protocol graphql-transport-ws, one socket per `Connection`.

Source: the GraphQL over WebSocket Protocol of graphql-ws. The older protocol of the sub-protocol
name `graphql-ws` is not spoken.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from graphql import OperationType
from starlette.types import Message, Receive, Scope, Send

from app.core.metrics import SOCKETS
from app.core.viewer import Viewer
from app.graphql.context import EngineContext
from app.graphql.engine import Engine, GraphQLRequest
from app.graphql.errors import DocumentRefused, RequestRefused, masked
from app.graphql.live import Live, LogUnreadable
from app.graphql.persisted import PersistedDocuments
from app.graphql.requests import HttpRefused, bearer_token, decode_json, request_of
from app.graphql.watch import TokenEnded, TokenUnchecked, watch_token

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS_MAX = 10.0
OPERATIONS_PER_SOCKET_MAX = 100

BAD_MESSAGE, UNAUTHORIZED, FORBIDDEN = 4400, 4401, 4403
WRONG_PROTOCOL, INIT_TIMEOUT = 4406, 4408
TWICE_SUBSCRIBED, TWICE_INITIALISED = 4409, 4429
INTERNAL, TRY_AGAIN_LATER = 1011, 1013
ID_CHARACTERS_MAX = 200


class _Close(Exception):
    """The socket ends, with a code and a reason that the client sees."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _ClientLeft(Exception):
    """The client closed the socket, or its connection broke."""


class GraphQLSocketEndpoint:
    """The ASGI application of the WebSocket at `/graphql`."""

    def __init__(
        self,
        engine: Engine,
        context: EngineContext,
        live: Live,
        persisted: PersistedDocuments,
    ) -> None:
        self._engine = engine
        self._context = context
        self._live = live
        self._persisted = persisted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket from its opening to its end."""
        await receive()  # websocket.connect
        if PROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.accept"})
            reason = f"Speak the sub-protocol {PROTOCOL}."
            await send({"type": "websocket.close", "code": WRONG_PROTOCOL, "reason": reason})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        headers = dict(scope["headers"])
        token = bearer_token(headers.get(b"authorization", b"").decode("latin-1"))
        socket = _Socket(
            self._engine, self._context, self._live, self._persisted, receive, send, token
        )
        with SOCKETS.track_inprogress():
            await socket.serve()


class _Socket:
    """One client's socket."""

    def __init__(
        self,
        engine: Engine,
        context: EngineContext,
        live: Live,
        persisted: PersistedDocuments,
        receive: Receive,
        send: Send,
        token: str | None,
    ) -> None:
        self._engine = engine
        self._context = context
        self._live = live
        self._persisted = persisted
        self._receive = receive
        self._asgi_send = send
        self._token = token
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Serve until the client leaves or the socket must close; then end all that runs."""
        close: _Close | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                viewer = await self._open()
                tasks.create_task(self._watch_token(viewer))
                await self._read(tasks, viewer)
        except* _ClientLeft:
            close = None
        except* _Close as group:
            close = _first(group)
        except* Exception:
            masked("socket_failed")
            close = _Close(INTERNAL, "Something went wrong on our side.")
        if close is not None:
            ending = {"type": "websocket.close", "code": close.code, "reason": close.reason}
            with contextlib.suppress(_ClientLeft):
                await self._transmit(ending)

    async def _open(self) -> Viewer:
        try:
            async with asyncio.timeout(INIT_SECONDS_MAX):
                message = await self._message()
                while message["type"] in ("ping", "pong"):
                    await self._answer_ping(message)
                    message = await self._message()
        except TimeoutError:
            raise _Close(INIT_TIMEOUT, "Send connection_init first.") from None
        if message["type"] != "connection_init":
            raise _Close(UNAUTHORIZED, "Send connection_init first.")
        self._token = _token_of(message.get("payload")) or self._token
        try:
            viewer = await self._authenticate()
        except RequestRefused as refused:
            raise _Close(TRY_AGAIN_LATER, refused.message) from None
        if viewer is None:
            raise _Close(FORBIDDEN, 'Send {"Authorization": "Bearer <token>"} in connection_init.')
        await self._send({"type": "connection_ack"})
        return viewer

    async def _authenticate(self) -> Viewer | None:
        return None if self._token is None else await self._context.authenticate(self._token)

    async def _watch_token(self, viewer: Viewer) -> None:
        try:
            await watch_token(self._authenticate, viewer)
        except TokenEnded as ended:
            raise _Close(FORBIDDEN, str(ended)) from None
        except TokenUnchecked as unchecked:
            raise _Close(TRY_AGAIN_LATER, str(unchecked)) from None

    async def _read(self, tasks: asyncio.TaskGroup, viewer: Viewer) -> None:
        while True:
            message = await self._message()
            match message["type"]:
                case "ping" | "pong":
                    await self._answer_ping(message)
                case "subscribe":
                    self._start(tasks, viewer, message)
                case "complete":
                    task = self._operations.pop(_id_of(message), None)
                    if task is not None:
                        task.cancel()
                case "connection_init":
                    raise _Close(TWICE_INITIALISED, "connection_init was sent already.")
                case _:
                    raise _Close(BAD_MESSAGE, "Unknown type of message.")

    def _start(self, tasks: asyncio.TaskGroup, viewer: Viewer, message: Mapping[str, Any]) -> None:
        key = _id_of(message)
        if key in self._operations:
            raise _Close(TWICE_SUBSCRIBED, f"Subscriber for {key} already exists")
        if len(self._operations) >= OPERATIONS_PER_SOCKET_MAX:
            raise _Close(
                BAD_MESSAGE, f"At most {OPERATIONS_PER_SOCKET_MAX} operations run on one socket."
            )
        try:
            request = request_of(message.get("payload"))
        except HttpRefused as refused:
            raise _Close(BAD_MESSAGE, str(refused)) from None
        self._operations[key] = tasks.create_task(self._operate(key, request, viewer))

    async def _operate(self, key: str, request: GraphQLRequest, viewer: Viewer) -> None:
        head = b'{"id":' + orjson.dumps(key) + b',"type":"next","payload":'
        try:
            async with aclosing(self._frames(request, viewer)) as frames:
                async for frame in frames:
                    await self._send_text(head + frame + b"}")
            ending: dict[str, Any] = {"type": "complete", "id": key}
        except RequestRefused as refused:
            ending = {"type": "error", "id": key, "payload": [refused.as_json()]}
        except DocumentRefused as refused:
            ending = {"type": "error", "id": key, "payload": refused.as_json()}
        except LogUnreadable as unreadable:
            ending = {"type": "error", "id": key, "payload": [unreadable.entry]}
        except _ClientLeft:
            raise
        except Exception:
            ending = {"type": "error", "id": key, "payload": [masked("socket_operation_failed")]}
        self._operations.pop(key, None)
        await self._send(ending)

    async def _frames(self, request: GraphQLRequest, viewer: Viewer) -> AsyncGenerator[bytes, None]:
        charge = self._context.charge(viewer)
        with charge.opened():
            if request.persisted is not None or viewer.trusted_documents_only:
                request = await self._persisted.resolve(request, viewer)
            prepared = self._engine.prepare(request, viewer)
            if prepared.kind is not OperationType.SUBSCRIPTION:
                body = await self._engine.respond(request, viewer, self._context, charge)
                yield charge.tell(body)[0]
                return
            async with aclosing(self._live.subscribe(request, viewer, charge)) as frames:
                async for frame in frames:
                    yield frame

    async def _message(self) -> Mapping[str, Any]:
        received = await self._receive()
        if received["type"] == "websocket.disconnect":
            raise _ClientLeft
        text = received.get("text")
        try:
            raw = text if text is not None else received.get("bytes") or b""
            message = decode_json(raw, "A message")
        except HttpRefused as refused:
            raise _Close(BAD_MESSAGE, str(refused)) from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise _Close(BAD_MESSAGE, "A message must be a JSON object with a type.")
        return message

    async def _answer_ping(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "ping":
            await self._send({"type": "pong"})

    async def _send(self, message: Mapping[str, Any]) -> None:
        await self._send_text(orjson.dumps(message))

    async def _send_text(self, text: bytes) -> None:
        await self._transmit({"type": "websocket.send", "text": text.decode()})

    async def _transmit(self, event: Message) -> None:
        try:
            await self._asgi_send(event)
        except (OSError, RuntimeError):  # the second where the server gave the client up itself
            raise _ClientLeft from None


def _first(group: BaseExceptionGroup[_Close]) -> _Close:
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found


def _id_of(message: Mapping[str, Any]) -> str:
    key = message.get("id")
    if not isinstance(key, str) or not 0 < len(key) <= ID_CHARACTERS_MAX:
        raise _Close(BAD_MESSAGE, f"`id` must be text of 1 to {ID_CHARACTERS_MAX} characters.")
    return key


def _token_of(payload: object) -> str | None:
    if not isinstance(payload, dict):
        return None
    for name in ("Authorization", "authorization"):
        header = payload.get(name)
        if isinstance(header, str):
            return bearer_token(header)
    return None
