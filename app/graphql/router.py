"""`/graphql`: a raw ASGI endpoint, since a framework's route costs more than the answer.

Follows the GraphQL over HTTP specification. Whatever goes wrong, the answer is GraphQL-shaped.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from graphql import OperationType
from starlette.types import Message, Receive, Scope, Send

from app.core.keep_alive import WHOLE_REQUEST
from app.core.secrets import access_token_hash
from app.core.viewer import Viewer
from app.graphql.accept import Accepted, accepted
from app.graphql.charges import UNCHARGED, Charge, HeaderFields, Throttled
from app.graphql.codes import status_of
from app.graphql.context import EngineContext
from app.graphql.engine import Engine, GraphQLRequest
from app.graphql.errors import DocumentRefused, ErrorCode, RequestRefused, masked
from app.graphql.limits import BODY_BYTES_MAX
from app.graphql.persisted import PersistedDocuments
from app.graphql.requests import HttpRefused, bearer_token, parse_address, parse_request
from app.graphql.sse import COMPLETE, EventStreams, next_event

PLAIN_JSON = b"application/json"
MODERN_TYPE = (b"content-type", b"application/graphql-response+json; charset=utf-8")
PLAIN_TYPE = (b"content-type", PLAIN_JSON + b"; charset=utf-8")
EVENTS_TYPE = (b"content-type", b"text/event-stream; charset=utf-8")
NEVER_STORED = (b"cache-control", b"no-store")
RETRY_SECONDS = b"2"
BODY_SECONDS_MAX = 10.0
NOT_ACCEPTABLE = (
    406,
    ErrorCode.NOT_ACCEPTABLE,
    "Accept application/graphql-response+json, application/json or text/event-stream.",
)
WRONG_TYPE = (
    415,
    ErrorCode.BAD_REQUEST,
    "Send the request as `Content-Type: application/json`, in UTF-8.",
)
ENCODED = (415, ErrorCode.BAD_REQUEST, "Send the body without Content-Encoding.")
TOO_LARGE = (413, ErrorCode.BAD_REQUEST, f"The body may hold at most {BODY_BYTES_MAX} bytes.")

CHALLENGE = b'Bearer realm="hashcart"'
"""What a request without a token is told; RFC 6750 section 3 wants no error named then."""
REFUSED_TOKEN = CHALLENGE + b', error="invalid_token"'

_AS_JSON = accepted(None)
"""How those are told of an error who take no JSON: by JSON, with its status."""


class Head(NamedTuple):
    """What the head of a request says, for all that have the same."""

    takes: Accepted
    token: str | None
    token_hash: bytes | None
    """None too where the token is none for access."""
    refused: tuple[int, ErrorCode, str] | None
    """Why nothing is answered, whatever the body: what it accepts, its type, or its length."""


class _Exchange(NamedTuple):
    """One request as the server hands it over, and who sent it."""

    scope: Scope
    receive: Receive
    send: Send
    head: Head
    whole: bool
    """Whether the body came with the head."""
    viewer: Viewer


class GraphQLEndpoint:
    """The ASGI application of `/graphql`, but for what a browser is shown there."""

    def __init__(
        self,
        engine: Engine,
        context: EngineContext,
        persisted: PersistedDocuments,
        streams: EventStreams,
    ) -> None:
        self._engine = engine
        self._context = context
        self._persisted = persisted
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        head, whole = _head(scope)
        takes = head.takes
        status, charge = 200, UNCHARGED
        challenge = allow = retry = None
        try:
            viewer = self._context.recall(head.token_hash) if head.token_hash else None
            if viewer is None:
                viewer = await self._viewer(head.token)
            charge = self._context.charge(viewer)
            exchange = _Exchange(scope, receive, send, head, whole, viewer)
            answer = await self._respond(exchange, charge)
            if answer is None:
                return
            body = answer
        except HttpRefused as refused:
            status, body = refused.status, errors_body([refused.error.as_json()])
            charge.refused(refused.error.code)
            challenge, allow = refused.challenge, refused.allow
            takes = _AS_JSON if not takes.json else takes
        except RequestRefused as refused:
            status = status_of(refused.code) if takes.modern else 200
            body, retry = errors_body([refused.as_json()]), _retry_seconds(refused)
            charge.refused(refused.code)
        except DocumentRefused as refused:
            status = status_of(refused.code) if takes.modern else 200
            body = errors_body(refused.as_json())
            charge.refused(refused.code)
        except Exception:
            status, body = 500, errors_body([masked("graphql_request_failed")])
        body, told = charge.tell(body)
        more = [*told, *_more_fields(status, challenge, allow, retry)]
        await _answer(send, status, body, takes, more)

    async def _respond(self, exchange: _Exchange, charge: Charge) -> bytes | None:
        """The answer; None where it was sent as a stream."""
        method = exchange.scope["method"]
        if method not in ("GET", "POST"):
            raise _wrong_method("Send requests by POST.", b"GET, POST")
        if exchange.head.refused is not None:
            raise HttpRefused(*exchange.head.refused)
        if method == "POST":
            body = await _body(exchange.receive, whole=exchange.whole)
            if not exchange.viewer.trusted_documents_only:
                known = self._engine.known.find(body)
                if known is not None:
                    charge.open()
                    fetch = self._context.fetch
                    return await self._engine.reads.run(*known, exchange.viewer, fetch, charge)
            return await self._answer_to(parse_request(body), exchange, charge, body)
        request = parse_address(exchange.scope["query_string"])
        return await self._answer_to(request, exchange, charge, b"")

    async def _answer_to(
        self, request: GraphQLRequest, exchange: _Exchange, charge: Charge, body: bytes
    ) -> bytes | None:
        """The answer to a request whose form was checked; *body* is what it is known by."""
        viewer, head = exchange.viewer, exchange.head
        charge.open()
        if request.persisted is not None or viewer.trusted_documents_only:
            request, body = await self._persisted.resolve(request, viewer), b""
        if exchange.scope["method"] == "GET":
            self._check_get(request, viewer)
        if head.takes.events and self._is_subscription(request, viewer):
            token = head.token or ""
            await self._streams.follow(request, viewer, token, exchange.receive, exchange.send)
            return None
        return await self._engine.respond(request, viewer, self._context, charge, body)

    def _check_get(self, request: GraphQLRequest, viewer: Viewer) -> None:
        """Let GET run nothing but queries that were persisted.

        Raises:
            HttpRefused: it is no such query.
            DocumentRefused: it is not valid.
        """
        if request.persisted is None and not self._persisted.has(request.query, viewer):
            raise _wrong_method(
                "GET runs persisted queries only: send this document by POST, or once with its "
                "hash in `extensions.persistedQuery`."
            )
        prepared = self._engine.prepare(request, viewer)
        if prepared.kind is not OperationType.QUERY:
            raise _wrong_method(f"GET runs no {prepared.kind.value}: send it by POST.")

    def _is_subscription(self, request: GraphQLRequest, viewer: Viewer) -> bool:
        prepared = self._engine.prepare(request, viewer)
        return prepared.kind is OperationType.SUBSCRIPTION

    async def _viewer(self, token: str | None) -> Viewer:
        viewer = None if token is None else await self._context.authenticate(token)
        if viewer is None:
            raise HttpRefused(
                401,
                ErrorCode.UNAUTHENTICATED,
                "Send a valid token: `Authorization: Bearer <token>`. "
                "`hashcart token create` makes one.",
                CHALLENGE if token is None else REFUSED_TOKEN,
            )
        return viewer


def _head(scope: Scope) -> tuple[Head, bool]:
    """What the head says, and whether the body came with it."""
    extensions = scope.get("extensions")
    remembered = None if extensions is None else extensions.get(WHOLE_REQUEST)
    if remembered is None:
        return _read_head(dict(scope["headers"]), scope["method"]), False
    head: Head | None = remembered.get(Head)
    if head is None:
        head = remembered[Head] = _read_head(dict(scope["headers"]), scope["method"])
    return head, True


def _read_head(headers: Mapping[bytes, bytes], method: str) -> Head:
    takes = accepted(headers.get(b"accept"))
    token = bearer_token(headers.get(b"authorization", b"").decode("latin-1"))
    token_hash = None if token is None else access_token_hash(token)
    refused = None if takes.json or takes.events else NOT_ACCEPTABLE
    if refused is None and method == "POST":
        refused = _refused_body(headers)
    return Head(takes, token, token_hash, refused)


def errors_body(errors: list[dict[str, Any]]) -> bytes:
    """An answer of errors alone: nothing ran."""
    return orjson.dumps({"errors": errors})


def _bad(message: str) -> HttpRefused:
    return HttpRefused(400, ErrorCode.BAD_REQUEST, message)


def _wrong_method(message: str, allow: bytes = b"POST") -> HttpRefused:
    return HttpRefused(405, ErrorCode.METHOD_NOT_ALLOWED, message, allow=allow)


def _refused_body(headers: Mapping[bytes, bytes]) -> tuple[int, ErrorCode, str] | None:
    sent = headers.get(b"content-type", b"")
    if sent != PLAIN_JSON and not _is_json(sent):
        return WRONG_TYPE
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        return ENCODED
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length[:12]) > BODY_BYTES_MAX:
        return TOO_LARGE
    return None


def _is_json(content_type: bytes) -> bool:
    kind, *parameters = (part.strip() for part in content_type.lower().split(b";"))
    charsets = [part.strip(b'charset=" ') for part in parameters if part.startswith(b"charset")]
    return kind == PLAIN_JSON and all(charset in (b"utf-8", b"utf8") for charset in charsets)


async def _body(receive: Receive, *, whole: bool) -> bytes:
    message = await (receive() if whole else _first_part(receive))
    if not message.get("more_body", False):
        return _checked(message)
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            return await _read_rest(_checked(message), receive)
    except TimeoutError:
        raise _too_late() from None


async def _first_part(receive: Receive) -> Message:
    """What came with the head, nearly always: a bare timer costs a quarter of `asyncio.timeout`."""
    task = asyncio.current_task()
    assert task is not None  # a server runs each request in one
    late = False

    def give_up() -> None:
        nonlocal late
        late = True
        task.cancel()

    timer = asyncio.get_running_loop().call_later(BODY_SECONDS_MAX, give_up)
    try:
        return await receive()
    except asyncio.CancelledError:
        if not late or task.uncancel():
            raise
        raise _too_late() from None
    finally:
        timer.cancel()


async def _read_rest(first: bytes, receive: Receive) -> bytes:
    parts = [first]
    size = len(first)
    while True:
        message: Message = await receive()
        part = _checked(message)
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise HttpRefused(*TOO_LARGE)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _checked(message: Message) -> bytes:
    """The part of a body in a message."""
    if message["type"] == "http.disconnect":
        raise _bad("The client went away.")
    part: bytes = message.get("body", b"")
    if len(part) > BODY_BYTES_MAX:
        raise HttpRefused(*TOO_LARGE)
    return part


def _too_late() -> HttpRefused:
    message = f"The body must arrive within {BODY_SECONDS_MAX:.0f} seconds."
    return HttpRefused(408, ErrorCode.BAD_REQUEST, message)


def _retry_seconds(refused: RequestRefused) -> bytes:
    return b"%d" % refused.seconds if isinstance(refused, Throttled) else RETRY_SECONDS


def _more_fields(
    status: int, challenge: bytes | None, allow: bytes | None, retry: bytes | None
) -> HeaderFields:
    """The header fields that only some answers have."""
    fields = []
    if challenge is not None:
        fields.append((b"www-authenticate", challenge))
    if allow is not None:
        fields.append((b"allow", allow))
    if retry is not None and status in (429, 503):
        fields.append((b"retry-after", retry))
    return fields


async def _answer(
    send: Send,
    status: int,
    body: bytes,
    takes: Accepted,
    fields: HeaderFields,
) -> None:
    content_type = MODERN_TYPE if takes.modern else PLAIN_TYPE
    if not takes.json:
        status, content_type, body = 200, EVENTS_TYPE, next_event(body) + COMPLETE
    headers = [content_type, (b"content-length", b"%d" % len(body)), NEVER_STORED, *fields]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
