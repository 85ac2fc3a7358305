"""The door: X's webhook. What comes in is checked by its raw bytes, kept, and answered.

Nothing is decided here: an answer of 200 says that the payload is committed, or has no use.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import APIRouter, Query, Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from app.core.keys import Keys
from app.core.metrics import DOOR_ANSWERS
from app.core.resources import Resources
from app.ingest.inbox import Inbox, InboxClosed, Payload
from app.ingest.lanes import lane_of
from app.x.payloads import Identity, NotJson, identify, parse_object
from app.x.signature import SIGNATURE_HEADER, crc_answer, is_signed

DOOR_PATH = "/ingest/x/webhook"

BODY_BYTES_MAX = 2**20
DISCARDED_BYTES_MAX = 16 * 2**20
"""How much of a body that is too long is still read, so that its sender can hear the answer."""

BODY_SECONDS_MAX = 10.0
"""X itself waits ten seconds for an answer."""

RETRY_AFTER_SECONDS = 1

_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The payload is kept, was kept before, or has no use here."},
    400: {"description": "The body is no well-formed JSON object in UTF-8."},
    401: {"description": "The signature is missing or is not that of this body."},
    408: {"description": "The body did not arrive within 10 seconds."},
    413: {"description": "The body is longer than 1 MiB."},
    503: {"description": "The payload is not kept; send it again after `Retry-After` seconds."},
}

_BODY = {
    "parameters": [
        {
            "name": SIGNATURE_HEADER,
            "in": "header",
            "required": True,
            "description": "`sha256=` and the Base64 of the body's HMAC-SHA256.",
            "schema": {"type": "string"},
        }
    ],
    "requestBody": {
        "required": True,
        "description": "An X Activity event, a post as the filtered stream sends it, or an event "
        "of a compliance stream.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
}


def ingest_router(resources: Resources, inbox: Inbox) -> APIRouter:
    """The routes of the door, over an inbox that is open."""
    router = APIRouter(prefix="/ingest/x", tags=["ingest"])
    secret = resources.settings.x_consumer_secret.get_secret_value()
    door = Door(resources, inbox)

    @router.get(
        "/webhook",
        summary="Answer X's challenge-response check",
        responses={400: {"description": "There is no `crc_token`."}},
    )
    async def answer_crc(crc_token: Annotated[str | None, Query()] = None) -> Response:
        """Prove to X that this address holds the app's consumer secret."""
        if not crc_token:
            return _response(_says(400, "A CRC request needs its crc_token."))
        _ACCEPTED_ANSWERS.inc()
        return _response(
            Answer(200, orjson.dumps({"response_token": crc_answer(secret, crc_token)}))
        )

    @router.post("/webhook", summary="Take a payload of X", responses=_ANSWERS, openapi_extra=_BODY)
    async def take_payload(request: Request) -> Response:
        """Keep a signed payload until it is decided; the same one again changes nothing."""
        return _response(await door.answer(request.scope, request.receive))

    return router


class Answer(NamedTuple):
    """What the door says: JSON, and headers beside those of every answer."""

    status: int
    body: bytes
    more: Mapping[str, str] = {}


class Door:
    """Takes payloads. As an ASGI application it does so without FastAPI's detour."""

    def __init__(self, resources: Resources, inbox: Inbox) -> None:
        self._secret = resources.settings.x_consumer_secret.get_secret_value()
        self._keys = resources.keys
        self._inbox = inbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one POST."""
        status, body, more = await self.answer(scope, receive)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        headers += [(name.lower().encode(), value.encode()) for name, value in more.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """Keep a signed payload until it is decided; the same one again changes nothing."""
        try:
            async with asyncio.timeout(BODY_SECONDS_MAX):
                body = await read_body(receive)
        except TimeoutError:
            return _says(408, "The body took too long.", {"Connection": "close"})
        except ClientDisconnect:
            return _says(400, "The body ended before its length.")  # nobody hears it any more
        if body is None:
            return _says(413, "The body is longer than 1 MiB.", {"Connection": "close"})
        if not is_signed(self._secret, body, _signature(scope)):
            return _says(401, "The signature is missing or is not that of this body.")
        return await _take(self._inbox, self._keys, body)


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, answer.more, "application/json")


def _signature(scope: Scope) -> str | None:
    """The first header of that name."""
    for name, value in scope["headers"]:
        if name == _SIGNATURE_NAME:
            return str(value, "latin-1")
    return None


async def read_body(receive: Receive) -> bytes | None:
    """The raw body; None where it is longer than `BODY_BYTES_MAX`, whatever its headers say.

    Raises:
        ClientDisconnect: the client went away before its end.
    """
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= DISCARDED_BYTES_MAX:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if size <= BODY_BYTES_MAX:
            chunks.append(chunk)
        else:
            chunks.clear()
    return b"".join(chunks) if size <= BODY_BYTES_MAX else None


def dedupe_key(keys: Keys, delivery: Identity) -> bytes:
    """What makes a delivery the same: kind of event, subject, and whose subscription told it."""
    name = f"{delivery.source}:{delivery.subject}:{delivery.filter_user_id or ''}"
    return keys.lookup_hash("x_delivery", name)


async def _take(inbox: Inbox, keys: Keys, body: bytes) -> Answer:
    try:
        told = identify(parse_object(body))
    except NotJson as error:
        return _says(400, str(error))
    if told is not None:
        try:
            await inbox.keep(Payload(dedupe_key(keys, told), lane_of(told.user_id), body))
        except InboxClosed:
            again = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return _says(503, "Not kept for the moment; send it again.", again)
    _ACCEPTED_ANSWERS.inc()
    return _ACCEPTED


def _says(status: int, message: str, more: Mapping[str, str] | None = None) -> Answer:
    DOOR_ANSWERS.labels(str(status)).inc()
    return Answer(status, orjson.dumps({"error": message}), more or {})


_SIGNATURE_NAME = SIGNATURE_HEADER.encode()
_ACCEPTED = Answer(200, orjson.dumps({"accepted": True}))
_ACCEPTED_ANSWERS = DOOR_ANSWERS.labels("200")
