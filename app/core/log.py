"""Logs: JSON lines in production, text elsewhere. Never the values of a traceback's variables.

A failure is logged once, under the id that the client was told. Tokens, payloads and the names of
people are no fields of any log line; units stand at the end of a field's name.
"""

import logging
import sys

import structlog
from structlog.typing import Processor

from app.core.settings import Environment


def configure_logging(environment: Environment) -> None:
    """Set up structlog, and let the standard library's loggers warn through the same stream."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if environment is Environment.PRODUCTION:
        shared += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        shared.append(
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        )
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s", force=True)
    # Of a database that is away it warns with a traceback; who needs a connection tells it too.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
