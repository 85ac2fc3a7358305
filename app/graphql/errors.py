"""What may leave in `errors[]`: stable codes and a sentence that names the remedy, no more."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import uuid4

import structlog
from graphql import GraphQLError

log = structlog.get_logger(__name__)


class ErrorCode(StrEnum):
    """The values of `extensions.code`. A client may rely on them; messages may change."""

    BAD_REQUEST = "BAD_REQUEST"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    BAD_CURSOR = "BAD_CURSOR"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    MISSING_SCOPE = "MISSING_SCOPE"
    OPERATION_TOO_LARGE = "OPERATION_TOO_LARGE"
    TOO_MANY_STREAMS = "TOO_MANY_STREAMS"
    THROTTLED = "THROTTLED"
    NOT_RUN = "NOT_RUN"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


class RequestRefused(Exception):
    """The operation does not run: nothing was read. Carries what the client is told."""

    def __init__(
        self, code: ErrorCode, message: str, path: Sequence[str | int] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = list(path) if path is not None else None

    def as_json(self) -> dict[str, Any]:
        """The error as an entry of `errors[]`."""
        entry: dict[str, Any] = {"message": self.message}
        if self.path:
            entry["path"] = self.path
        entry["extensions"] = {"code": self.code.value}
        return entry


class DocumentRefused(Exception):
    """The document does not parse or is not valid against the schema."""

    def __init__(self, code: ErrorCode, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.code = code
        self.errors = tuple(errors)

    def as_json(self) -> list[dict[str, Any]]:
        """The errors as entries of `errors[]`, with their places in the document."""
        return [
            {**error.formatted, "extensions": {"code": self.code.value, **(error.extensions or {})}}
            for error in self.errors
        ]


def internal_error(error_id: str) -> dict[str, Any]:
    """The entry for a defect of ours: the id is in the log, the rest stays there."""
    return {
        "message": f"Something went wrong on our side. Quote {error_id} to support.",
        "extensions": {"code": ErrorCode.INTERNAL_SERVER_ERROR.value, "errorId": error_id},
    }


def masked(event: str, **facts: str) -> dict[str, Any]:
    """Log the exception that is being handled under an id, and return what the client is told."""
    error_id = uuid4().hex[:12]
    log.exception(event, error_id=error_id, **facts)
    return internal_error(error_id)
