"""A request as a client sends it: strict JSON, and the parameters of GraphQL over HTTP in it.

Source: GraphQL over HTTP, "Request" and "Persisted Documents"; Apollo's automatic persisted
queries. What one reader of JSON takes and another does not is refused, not guessed at: a key that
is there twice, a text that is no UTF-8, a lone surrogate, a number that is none.
"""

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import orjson

from app.graphql.engine import GraphQLRequest, PersistedId
from app.graphql.errors import ErrorCode, RequestRefused

JSON_DEPTH_MAX = 50
"""Objects and lists within each other. The deepest input of the schema has fewer than ten."""
ADDRESS_FIELDS_MAX = 20
"""Parameters of an address."""
DOCUMENT_ID_CHARACTERS_MAX = 200

_SHA256 = re.compile("[0-9a-f]{64}")
_CUSTOM_ID = re.compile(r"[A-Za-z0-9._~-]+")
_SHA256_PREFIX = "sha256:"


class HttpRefused(Exception):
    """The request is answered with an HTTP status of its own, whatever the client accepts.

    `challenge` is the header `WWW-Authenticate` of the answer, `allow` the header `Allow`.
    """

    def __init__(
        self,
        status: int,
        code: ErrorCode,
        message: str,
        challenge: bytes | None = None,
        allow: bytes | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = RequestRefused(code, message)
        self.challenge = challenge
        self.allow = allow


def bearer_token(header: str) -> str | None:
    """The token of an `Authorization` header (RFC 6750 section 2.1), or None."""
    scheme, _, token = header.partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token.isascii() and token else None


def parse_request(body: bytes) -> GraphQLRequest:
    """The request in a JSON body.

    Raises:
        HttpRefused: it is no JSON object of the right form.
    """
    return request_of(decode_json(body, "The body"))


def parse_address(query_string: bytes) -> GraphQLRequest:
    """The request in the parameters of an address.

    Raises:
        HttpRefused: a parameter is there twice, is no UTF-8, or is of another form.
    """
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(query_string),
            errors="strict",
            max_num_fields=ADDRESS_FIELDS_MAX,
        )
    except ValueError:
        raise _bad("The address holds parameters that are not URL-encoded UTF-8.") from None
    fields: dict[str, Any] = dict(pairs)
    if len(fields) < len(pairs):
        raise _bad("A parameter of the address is there twice.")
    for name in ("variables", "extensions"):
        if name in fields:
            fields[name] = decode_json(fields[name].encode(), f"`{name}`")
    return request_of(fields)


def decode_json(text: bytes | str, what: str) -> Any:
    """The value of a JSON text.

    Raises:
        HttpRefused: it is no JSON in UTF-8, an object has a key twice, or it is too deep.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _bad(f"{what} is not valid JSON in UTF-8.") from None
    raw = text.encode() if isinstance(text, str) else text
    if raw.count(b"{") + raw.count(b"[") > JSON_DEPTH_MAX:
        _refuse_deep(value, what)
    # What is written as it would be written here has no key twice: far the most requests.
    if orjson.dumps(value) != raw:
        _refuse_repeated_keys(raw, what)
    return value


def _refuse_repeated_keys(raw: bytes, what: str) -> None:
    def unique(pairs: Sequence[tuple[str, Any]]) -> None:
        keys = {key for key, _ in pairs}
        if len(keys) < len(pairs):
            raise _bad(f"{what} holds an object with a key that is there twice.")

    # Numbers stay texts: to read a long one takes long.
    json.loads(raw, object_pairs_hook=unique, parse_int=str, parse_float=str)


def _refuse_deep(value: Any, what: str) -> None:
    """Refuse containers too deep within each other, each visited once."""
    level = [value]
    for _ in range(JSON_DEPTH_MAX + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise _too_deep(what)


def request_of(fields: Any) -> GraphQLRequest:
    """The request in decoded JSON.

    Raises:
        HttpRefused: it is no object, or a field has another type.
    """
    if not isinstance(fields, dict):
        raise _bad("The body must be a JSON object with the field `query`.")
    query, name = fields.get("query"), fields.get("operationName")
    variables, extensions = fields.get("variables"), fields.get("extensions")
    if name is not None and not isinstance(name, str):
        raise _bad("`operationName` must be text or null.")
    if variables is not None and not isinstance(variables, dict):
        raise _bad("`variables` must be an object or null.")
    if extensions is not None and not isinstance(extensions, dict):
        raise _bad("`extensions` must be an object or null.")
    persisted = None
    if extensions or "documentId" in fields:
        persisted = _persisted_id(fields.get("documentId"), extensions or {})
    if persisted is not None and query in (None, ""):  # graphql-ws sends no request without a text
        query = ""
    elif not isinstance(query, str) or not query:
        raise _bad("`query` must be a document, as text.")
    return GraphQLRequest(query, name or None, variables or {}, persisted)


def _persisted_id(document_id: Any, extensions: dict[str, Any]) -> PersistedId | None:
    hashed = extensions.get("persistedQuery")
    if document_id is not None:
        if hashed is not None:
            raise _bad("Name the document once: by `documentId` or by `persistedQuery`.")
        return _by_document_id(document_id)
    return None if hashed is None else _by_hash(hashed)


def _by_document_id(given: Any) -> PersistedId:
    """An id by the appendix "Persisted Documents": `sha256:...`, or one without a colon."""
    if isinstance(given, str) and len(given) <= DOCUMENT_ID_CHARACTERS_MAX:
        key = given.removeprefix(_SHA256_PREFIX)
        if key != given and _SHA256.fullmatch(key):
            return PersistedId(key, is_hash=True)
        if _CUSTOM_ID.fullmatch(given):
            return PersistedId(given, is_hash=False)
    raise _bad(
        "`documentId` must be `sha256:` and 64 hexadecimal digits, or at most "
        f"{DOCUMENT_ID_CHARACTERS_MAX} letters, digits and -._~."
    )


def _by_hash(given: Any) -> PersistedId:
    if not isinstance(given, dict):
        raise _bad("`extensions.persistedQuery` must be an object.")
    version, key = given.get("version"), given.get("sha256Hash")
    if type(version) is not int:
        raise _bad("`extensions.persistedQuery.version` must be 1.")
    if not isinstance(key, str) or (version == 1 and not _SHA256.fullmatch(key)):
        raise _bad("`extensions.persistedQuery.sha256Hash` must be 64 hexadecimal digits.")
    return PersistedId(key, is_hash=True, version=version)


def _bad(message: str) -> HttpRefused:
    return HttpRefused(400, ErrorCode.BAD_REQUEST, message)


def _too_deep(what: str) -> HttpRefused:
    return _bad(f"{what} nests objects and lists more than {JSON_DEPTH_MAX} deep.")
