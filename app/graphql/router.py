"""`POST /graphql`: a raw ASGI endpoint, since a framework's route costs more than the answer.

Follows the GraphQL over HTTP specification. Whatever goes wrong, the answer is GraphQL-shaped.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from starlette.types import Message, Receive, Scope, Send

from app.core.keep_alive import WHOLE_REQUEST
from app.core.secrets import access_token_hash
from app.core.viewer import Viewer
from app.graphql.context import EngineContext
from app.graphql.engine import Engine, GraphQLRequest
from app.graphql.errors import DocumentRefused, ErrorCode, RequestRefused, masked
from app.graphql.limits import BODY_BYTES_MAX

MEDIA_TYPE = b"application/graphql-response+json"
PLAIN_JSON = b"application/json"
MODERN_TYPE = (b"content-type", MEDIA_TYPE + b"; charset=utf-8")
PLAIN_TYPE = (b"content-type", PLAIN_JSON + b"; charset=utf-8")
NEVER_STORED = (b"cache-control", b"no-store")
RETRY_SECONDS = b"2"
BODY_SECONDS_MAX = 10.0
TOO_LARGE = (413, ErrorCode.BAD_REQUEST, f"The body may hold at most {BODY_BYTES_MAX} bytes.")

CHALLENGE = b'Bearer realm="hashcart"'
"""What a request without a token is told; RFC 6750 section 3 wants no error named then."""
REFUSED_TOKEN = CHALLENGE + b', error="invalid_token"'

_STATUSES = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.MISSING_SCOPE: 403,
    ErrorCode.SERVICE_UNAVAILABLE: 503,
    ErrorCode.INTERNAL_SERVER_ERROR: 500,
}
"""For `application/graphql-response+json`; 400 where absent."""


class HttpRefused(Exception):
    """The request is answered with an HTTP status of its own, whatever the client accepts."""

    def __init__(
        self, status: int, code: ErrorCode, message: str, challenge: bytes | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = RequestRefused(code, message)
        self.challenge = challenge
        """The header `WWW-Authenticate` of the answer."""


class Head(NamedTuple):
    """What the head of a request says, for all that have the same."""

    modern: bool
    """Whether the answer's status and type may be those of the GraphQL over HTTP specification."""
    token: str | None
    token_hash: bytes | None
    """None too where the token is none for access."""
    refused: tuple[int, ErrorCode, str] | None
    """Why the body is not read: its type, or its length."""


class GraphQLEndpoint:
    """The ASGI application of `POST /graphql`."""

    def __init__(self, engine: Engine, context: EngineContext) -> None:
        self._engine = engine
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        head, whole = _head(scope)
        status, challenge = 200, None
        try:
            body = await self._answer(head, receive, whole=whole)
        except HttpRefused as refused:
            status, body = refused.status, errors_body([refused.error.as_json()])
            challenge = refused.challenge
        except RequestRefused as refused:
            status = _STATUSES.get(refused.code, 400) if head.modern else 200
            body = errors_body([refused.as_json()])
        except DocumentRefused as refused:
            status, body = 400 if head.modern else 200, errors_body(refused.as_json())
        except Exception:
            status, body = 500, errors_body([masked("graphql_request_failed")])
        await send(_start(status, len(body), head.modern, challenge))
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, head: Head, receive: Receive, *, whole: bool) -> bytes:
        viewer = self._context.recall(head.token_hash) if head.token_hash else None
        if viewer is None:
            viewer = await self._viewer(head.token)
        if head.refused is not None:
            raise HttpRefused(*head.refused)
        body = await _body(receive, whole=whole)
        known = self._engine.requests.find(body)
        if known is not None:
            return await self._engine.reads.run(*known, viewer, self._context.fetch)
        return await self._engine.respond(parse_request(body), viewer, self._context, body)

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
        return _read_head(dict(scope["headers"])), False
    head: Head | None = remembered.get(Head)
    if head is None:
        head = remembered[Head] = _read_head(dict(scope["headers"]))
    return head, True


def _read_head(headers: Mapping[bytes, bytes]) -> Head:
    token = bearer_token(headers.get(b"authorization", b"").decode("latin-1"))
    return Head(
        MEDIA_TYPE in headers.get(b"accept", b""),
        token,
        None if token is None else access_token_hash(token),
        _refused(headers),
    )


def bearer_token(header: str) -> str | None:
    """The token of an `Authorization` header (RFC 6750 section 2.1), or None."""
    scheme, _, token = header.partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token.isascii() and token else None


def errors_body(errors: list[dict[str, Any]]) -> bytes:
    """An answer of errors alone: nothing ran."""
    return orjson.dumps({"errors": errors})


def parse_request(body: bytes) -> GraphQLRequest:
    """The request in a JSON body.

    Raises:
        HttpRefused: it is no JSON object of the right form.
    """
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _bad("The body is not valid JSON in UTF-8.") from None
    return request_of(fields)


def request_of(fields: Any) -> GraphQLRequest:
    """The request in decoded JSON.

    Raises:
        HttpRefused: it is no object, or a field has another type.
    """
    if not isinstance(fields, dict):
        raise _bad("The body must be a JSON object with the field `query`.")
    query, name = fields.get("query"), fields.get("operationName")
    variables = fields.get("variables")
    if not isinstance(query, str) or not query:
        raise _bad("`query` must be a document, as text.")
    if name is not None and not isinstance(name, str):
        raise _bad("`operationName` must be text or null.")
    if variables is not None and not isinstance(variables, dict):
        raise _bad("`variables` must be an object or null.")
    if fields.get("extensions") is not None and not isinstance(fields["extensions"], dict):
        raise _bad("`extensions` must be an object or null.")
    return GraphQLRequest(query, name or None, variables or {})


def _bad(message: str) -> HttpRefused:
    return HttpRefused(400, ErrorCode.BAD_REQUEST, message)


def _refused(headers: Mapping[bytes, bytes]) -> tuple[int, ErrorCode, str] | None:
    sent = headers.get(b"content-type", b"")
    if sent.partition(b";")[0].strip().lower() != PLAIN_JSON:
        return (
            415,
            ErrorCode.BAD_REQUEST,
            "Send the request as `Content-Type: application/json`.",
        )
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length[:12]) > BODY_BYTES_MAX:
        return TOO_LARGE
    return None


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


def _start(status: int, length: int, modern: bool, challenge: bytes | None) -> Message:
    """The head of an answer."""
    headers = [
        MODERN_TYPE if modern else PLAIN_TYPE,
        NEVER_STORED,
        (b"content-length", b"%d" % length),
    ]
    if challenge is not None:
        headers.append((b"www-authenticate", challenge))
    if status == 503:
        headers.append((b"retry-after", RETRY_SECONDS))
    return {"type": "http.response.start", "status": status, "headers": headers}
