"""What each code of an error means, what to do, and the HTTP status it comes with: the one list.

`graphql/errors.md` is printed from here.
"""

from collections.abc import Mapping
from typing import NamedTuple

from app.graphql.errors import ErrorCode


class Meaning(NamedTuple):
    """What a code says."""

    status: int
    """With `application/graphql-response+json`. With `application/json` it is 200 where the request
    was well-formed and let in."""
    when: str
    remedy: str


CODES: Mapping[ErrorCode, Meaning] = {
    ErrorCode.BAD_REQUEST: Meaning(
        400,
        "The request is not of the form that GraphQL over HTTP describes. A body that is too "
        "large, too late or of another type has its own status: 413, 408, 415.",
        "Mend what the message names. To send the same again changes nothing.",
    ),
    ErrorCode.NOT_ACCEPTABLE: Meaning(
        406,
        "`Accept` names no media type that is answered here.",
        "Accept `application/graphql-response+json`, `application/json`, or, for a subscription, "
        "`text/event-stream`.",
    ),
    ErrorCode.METHOD_NOT_ALLOWED: Meaning(
        405,
        "GET runs queries that were persisted before, and nothing else; other methods than GET and "
        "POST run nothing.",
        "Send the same by POST.",
    ),
    ErrorCode.PERSISTED_QUERY_NOT_FOUND: Meaning(
        400,
        "No document of this app is known under the hash or id. Where it was sent before, the "
        "server may have forgotten it.",
        "Send `query` with the same hash once, as clients of automatic persisted queries do by "
        "themselves. For a trusted document: `hashcart app trust`.",
    ),
    ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED: Meaning(
        400,
        "`extensions.persistedQuery.version` is another than 1.",
        "Send documents whole, as clients of automatic persisted queries then do by themselves.",
    ),
    ErrorCode.DOCUMENT_NOT_TRUSTED: Meaning(
        403,
        "The app runs trusted documents only, and this one is none.",
        "Add it with `hashcart app trust`, or lift the restriction with `hashcart app trusted-only "
        "--off`.",
    ),
    ErrorCode.GRAPHQL_PARSE_FAILED: Meaning(
        400,
        "The document does not parse, or is longer than a document may be.",
        "Mend it at the place that `locations` names.",
    ),
    ErrorCode.GRAPHQL_VALIDATION_FAILED: Meaning(
        400,
        "The document is not valid against the schema, as far as the token may see it.",
        "Mend it at the places that `locations` name.",
    ),
    ErrorCode.BAD_USER_INPUT: Meaning(
        400,
        "A variable or an argument has a value that it cannot have.",
        "Mend the value that the message names.",
    ),
    ErrorCode.BAD_CURSOR: Meaning(
        400,
        "A cursor is not of this list, of this order, or of this brand.",
        "Use one that the same list returned, or begin without one.",
    ),
    ErrorCode.CURSOR_EXPIRED: Meaning(
        400,
        "The events after the cursor are no longer kept.",
        "Read the present state by queries, then follow the log without `after`.",
    ),
    ErrorCode.UNAUTHENTICATED: Meaning(
        401,
        "There is no token, or it is not (or no longer) good.",
        "Send `Authorization: Bearer <token>` with a token that is good.",
    ),
    ErrorCode.MISSING_SCOPE: Meaning(
        403,
        "A field takes a scope that the token lacks; `message` names both.",
        "Ask the brand to grant the scope, or leave the field out.",
    ),
    ErrorCode.OPERATION_TOO_LARGE: Meaning(
        400,
        "The operation is beyond a ceiling: of depth, fields, rows, or what the message names.",
        "Ask for less at once. To send the same again changes nothing.",
    ),
    ErrorCode.THROTTLED: Meaning(
        429,
        "The operation costs more points than the installation's bucket holds right now: "
        "`extensions.cost`. Nothing was run.",
        "Send it again after `Retry-After`, which is `extensions.retryAfterSeconds` of the error.",
    ),
    ErrorCode.TOO_MANY_STREAMS: Meaning(
        429,
        "The installation has as many event streams open as it may have at one process.",
        "Close some, or follow several subscriptions over one WebSocket.",
    ),
    ErrorCode.NOT_RUN: Meaning(
        200,
        "A field of a mutation did not run, since one before it failed. It stands beside `data`.",
        "Send the fields that did not run again.",
    ),
    ErrorCode.SERVICE_UNAVAILABLE: Meaning(
        503,
        "The database does not answer right now.",
        "Send the same again after `Retry-After` seconds; a mutation with its `idempotencyKey`.",
    ),
    ErrorCode.INTERNAL_SERVER_ERROR: Meaning(
        500,
        "A defect of the server. What happened is in its log, under `extensions.errorId`.",
        "Quote the id to support. A mutation may be sent again with its `idempotencyKey`.",
    ),
}


def status_of(code: ErrorCode) -> int:
    """The HTTP status of an answer whose request did not run for this."""
    return CODES[code].status


def printed_codes() -> str:
    """The list as a page in Markdown."""
    rows = [
        f"| `{code.value}` | {meaning.status} | {meaning.when} | {meaning.remedy} |"
        for code, meaning in CODES.items()
    ]
    return "\n".join((_HEAD, *rows, ""))


_HEAD = """\
# Codes of errors

Every error of `/graphql` has a stable `extensions.code`, over HTTP, WebSocket and event streams
alike. Rely on the codes; messages may change. Where nothing ran, the answer has `errors` and no
`data`. What a mutation decides against is no error: it is a member of the mutation's union.

The status is that of an answer of `application/graphql-response+json`. Clients that accept
`application/json` alone get 200 where the request was well-formed and let in. Over WebSocket and in
event streams there is no status but the code.

| code | status | means | what to do |
|---|---|---|---|"""
