"""A program that sends mutations through the engine, each in a process that kills itself.

The first dies before its first statement, the next before its second, and so on: before and after
the commit, before the payload is read and after. It ends with the process that lived to the end.
Prints one line for each: the step it was to die at, and -9, or 0 for the survivor.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event

from app.core.database import WriteSession
from app.core.resources import Resources, open_resources
from app.core.settings import Settings
from app.events.log import write_transaction
from app.graphql.context import EngineContext, fetch_from
from app.graphql.engine import GraphQLRequest, create_engine
from app.oauth.viewer import ViewerCache
from app.schema import schema
from tests.mutations.asking import ADD

STEPS_MAX = 40


@dataclass
class Life:
    """How many steps are left."""

    left: int

    def step(self, *_: object, **__: object) -> None:
        """One step less; at the last, the process is gone."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def send(database_url: str, token: str, tag: str, key: str, life: Life) -> None:
    """Add a trigger under a key, unless the process dies over it."""
    async with open_resources(Settings(), database_url) as resources:
        viewer = await ViewerCache(resources.primary_reads).authenticate(token)
        assert viewer is not None
        given = {"tag": tag, "marketplace": "US", "idempotencyKey": key}
        engine = create_engine(schema, resources.keys.cursor)
        context = mortal(resources, life)
        await engine.respond(GraphQLRequest(ADD, None, {"input": given}), viewer, context)
        life.step()


def mortal(resources: Resources, life: Life) -> EngineContext:
    """A context whose every statement and commit is a step."""
    sync = resources.engine.sync_engine
    event.listen(sync, "before_cursor_execute", life.step)
    event.listen(sync, "commit", life.step)
    event.listen(sync, "rollback", life.step)
    fetch = fetch_from(resources.primary_reads)

    async def read(sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        life.step()
        return await fetch(sql, parameters)

    @asynccontextmanager
    async def transaction() -> AsyncIterator[WriteSession]:
        async with write_transaction(resources.sessions) as session:
            yield session

    async def nobody(token: str) -> None:
        return None

    return EngineContext(nobody, read, read, transaction)


def main(database_url: str, token: str, tag: str) -> None:
    """Let one process after the other die, until one lives."""
    for step in range(1, STEPS_MAX + 1):
        child = os.fork()
        if child == 0:
            name = tag.format(step)
            asyncio.run(send(database_url, token, name, f"key {step}", Life(step)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        ended = os.waitstatus_to_exitcode(status)
        print(step, ended, flush=True)
        if ended == 0:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
