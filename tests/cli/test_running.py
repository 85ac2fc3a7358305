"""The server and the worker as processes: they work until they are told to stop."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.cli.children import Child, start_child, stop_children
from app.cli.failures import CommandFailed
from app.cli.ports import free_port
from tests.cli.commands import Commands
from tests.cli.processes import answers, await_that, running, taken_port

pytestmark = pytest.mark.once


def test_the_server_answers_until_it_is_told_to_stop(own_database: str) -> None:
    port = free_port()
    with running("serve", HASHCART_DATABASE_URL=own_database, HASHCART_PORT=str(port)) as server:
        await_that(lambda: answers(f"http://127.0.0.1:{port}/readyz"), server.lines)

        code = server.end(signal.SIGTERM)

        assert (code, answers(f"http://127.0.0.1:{port}/readyz")) == (0, False), server.output


def test_the_worker_works_until_it_is_told_to_stop(own_database: str) -> None:
    held = "SELECT count(*) > 0 FROM ingest_lane WHERE owner IS NOT NULL"
    with running("worker", HASHCART_DATABASE_URL=own_database) as worker:
        await_that(lambda: ask(own_database, held), worker.lines)

        code = worker.end(signal.SIGINT)

        assert (code, ask(own_database, held)) == (0, False), worker.output


def ask(url: str, query: str) -> Any:
    async def asked() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(asked())


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_taken_port_is_told_with_the_variable_that_names_another(
    commands: Commands, command: str
) -> None:
    with taken_port() as port:
        refused = commands.run(command, HASHCART_PORT=str(port))

    assert refused.code == 1
    assert f"Cannot listen at 127.0.0.1:{port}" in refused.err
    assert "set HASHCART_PORT to another port" in refused.err


@pytest.fixture
def a_child_that_fails(tmp_path: Path) -> Iterator[Child]:
    """A process that cannot start: no command has this name."""
    child = start_child("dance", {}, tmp_path / "dance.log")
    yield child
    stop_children([child])


def test_a_child_that_ended_is_told_with_the_end_of_its_log(a_child_that_fails: Child) -> None:
    await_that(lambda: a_child_that_fails.process.poll() is not None)

    with pytest.raises(CommandFailed) as told:
        a_child_that_fails.refuse_ended()

    assert "`hashcart dance` ended with code 2" in str(told.value)
    assert str(a_child_that_fails.log) in str(told.value)
    assert "No such command" in str(told.value)
