"""A connection lives no longer than its token: who stays connected is checked every second."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn, TypeVar

from app.core.viewer import Viewer
from app.graphql.errors import RequestRefused

CHECK_SECONDS = 1.0
UNCHECKED_SECONDS_MAX = 5.0
"""How long a connection lives on while its token cannot be checked."""

ENDED = "The token ended, was revoked or lost a scope."
UNCHECKED = "The token could not be checked for a while. Connect again."

T = TypeVar("T")


class TokenEnded(Exception):
    """The token is good no more, or for less."""


class TokenUnchecked(Exception):
    """Nobody could say for a while whether the token is still good."""


async def watch_token(
    authenticate: Callable[[], Awaitable[Viewer | None]], viewer: Viewer
) -> NoReturn:
    """Return never; end as soon as the token that *viewer* came with is not good.

    Raises:
        TokenEnded: it ended, was revoked or lost a scope.
        TokenUnchecked: the database did not say for `UNCHECKED_SECONDS_MAX`.
    """
    clock = asyncio.get_running_loop().time
    checked_at = clock()
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        try:
            left = checked_at + UNCHECKED_SECONDS_MAX - clock()
            present = await _within(left, _asking(authenticate))
        except (RequestRefused, TimeoutError):
            if clock() >= checked_at + UNCHECKED_SECONDS_MAX:
                raise TokenUnchecked(UNCHECKED) from None
            continue
        if present is None or not _serves(present, viewer):
            raise TokenEnded(ENDED)
        checked_at = clock()


def _serves(present: Viewer, viewer: Viewer) -> bool:
    """Whether all that *viewer* may do may be done still."""
    held = present.trusted_documents_only and not viewer.trusted_documents_only
    return viewer.scopes <= present.scopes and not held


async def _asking(authenticate: Callable[[], Awaitable[Viewer | None]]) -> Viewer | None:
    return await authenticate()


async def _within(seconds: float, asking: Coroutine[Any, Any, T]) -> T:
    """What *asking* answers; its end is not waited for when it is late.

    The driver of a database that is silent first asks it to cancel, for up to half a minute.

    Raises:
        TimeoutError: it is late.
    """
    task = asyncio.ensure_future(asking)
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    try:
        await asyncio.wait({task}, timeout=max(0.0, seconds))
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        task.cancel()
