"""What browsers send: small forms, read strictly."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Request

from app.core.ids import parse_global_id

FORM_BYTES_MAX = 8 * 1024
FIELDS_MAX = 24
BODY_SECONDS_MAX = 10.0
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class NoForm:
    """The body is no form that our pages send."""


Form = Mapping[str, str]


async def read_form(request: Request) -> Form | NoForm:
    """The fields of a posted form, each once."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM_TYPE:
        return NoForm()
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            body = await _read(request)
        return NoForm() if body is None else parse_form(body)
    except TimeoutError:
        return NoForm()


def parse_form(body: bytes) -> Form | NoForm:
    """The fields of an encoded form. Doubled names and text that cannot be stored are refused."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError:
        return NoForm()
    fields = dict(pairs)
    if len(fields) != len(pairs) or any("\x00" in value for value in fields.values()):
        return NoForm()
    return fields


def key_of(text: str, type_name: str) -> UUID | None:
    """The key in a public id of that type; None where it is none."""
    parsed = parse_global_id(text)
    return parsed[1] if parsed is not None and parsed[0] == type_name else None


def is_from_elsewhere(request: Request) -> bool:
    """Whether the browser says that another site sent the form (Fetch Metadata).

    Browsers that do not say it are held off by the token in the form.
    """
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


async def _read(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            return None
    return bytes(body)
