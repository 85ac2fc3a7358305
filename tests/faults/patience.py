"""Waiting for what must happen, for as long as a slow machine may take and no longer."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.02


async def until(happened: Callable[[], Awaitable[bool]], what: str) -> None:
    """Return as soon as *happened* says yes.

    Raises:
        AssertionError: it did not within `PATIENCE_SECONDS`; *what* says what was awaited.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await happened():
        assert time.monotonic() < deadline, f"Awaited for {PATIENCE_SECONDS:.0f} s: {what}."
        await asyncio.sleep(POLL_SECONDS)
