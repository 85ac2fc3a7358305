"""The door: X's webhook. What comes in is checked by its raw bytes, kept, and answered.

Nothing is decided here: an answer of 200 says that the payload is committed, or has no use.
"""

import asyncio
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from app.core.keys import Keys
from app.core.metrics import DOOR_ANSWERS
from app.core.resources import Resources
from app.ingest.inbox import Inbox, InboxClosed, Payload
from app.ingest.lanes import lane_of
from app.x.payloads import Delivery, NotJson, parse_object, read_delivery
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
            return _says(400, "A CRC request needs its crc_token.")
        return _json(200, {"response_token": crc_answer(secret, crc_token)})

    @router.post("/webhook", summary="Take a payload of X", responses=_ANSWERS, openapi_extra=_BODY)
    async def take_payload(request: Request) -> Response:
        """Keep a signed payload until it is decided; the same one again changes nothing."""
        return await door.take(request)

    return router


class Door:
    """Takes payloads. As an ASGI application it does so without FastAPI's detour."""

    def __init__(self, resources: Resources, inbox: Inbox) -> None:
        self._secret = resources.settings.x_consumer_secret.get_secret_value()
        self._keys = resources.keys
        self._inbox = inbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one POST."""
        answer = await self.take(Request(scope, receive))
        await answer(scope, receive, send)

    async def take(self, request: Request) -> Response:
        """Keep a signed payload until it is decided; the same one again changes nothing."""
        try:
            async with asyncio.timeout(BODY_SECONDS_MAX):
                body = await read_body(request)
        except TimeoutError:
            return _says(408, "The body took too long.", {"Connection": "close"})
        except ClientDisconnect:
            return _says(400, "The body ended before its length.")  # nobody hears it any more
        if body is None:
            return _says(413, "The body is longer than 1 MiB.", {"Connection": "close"})
        if not is_signed(self._secret, body, request.headers.get(SIGNATURE_HEADER)):
            return _says(401, "The signature is missing or is not that of this body.")
        return await _take(self._inbox, self._keys, body)


async def read_body(request: Request) -> bytes | None:
    """The raw body; None where it is longer than `BODY_BYTES_MAX`, whatever its headers say."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= BODY_BYTES_MAX:
            chunks.append(chunk)
        elif size > DISCARDED_BYTES_MAX:
            break
        else:
            chunks.clear()
    return b"".join(chunks) if size <= BODY_BYTES_MAX else None


def dedupe_key(keys: Keys, delivery: Delivery) -> bytes:
    """What makes a delivery the same: kind of event, subject, and whose subscription told it."""
    subscriber = delivery.filter_user_id or ""
    name = f"{delivery.source}:{delivery.subject}:{subscriber}"
    return keys.lookup_hash("x_delivery", name)


async def _take(inbox: Inbox, keys: Keys, body: bytes) -> Response:
    try:
        delivery = read_delivery(parse_object(body))
    except NotJson as error:
        return _says(400, str(error))
    if delivery is not None:
        payload = Payload(
            dedupe_key=dedupe_key(keys, delivery), lane=lane_of(delivery.user_id), body=body
        )
        try:
            await inbox.keep(payload)
        except InboxClosed:
            again = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return _says(503, "Not kept for the moment; send it again.", again)
    return _json(200, {"accepted": True})


def _says(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return _json(status, {"error": message}, headers)


def _json(status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    DOOR_ANSWERS.labels(str(status)).inc()
    return Response(orjson.dumps(content), status, headers, "application/json")
