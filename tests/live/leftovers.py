"""What a subscription must not leave behind."""

import asyncio

from tests.http.server import Running
from tests.walk import until


async def nothing_left(running: Running) -> None:
    """Return when no subscription is followed any more; never, if one stays."""

    async def ended() -> bool:
        return not running.server.live.groups and not following()

    await until(ended)


def following() -> list[str]:
    """The tasks of live subscriptions and of sockets' operations."""
    names = [str(task.get_coro()) for task in asyncio.all_tasks()]
    return [name for name in names if "_Group._follow" in name or "_Socket." in name]
