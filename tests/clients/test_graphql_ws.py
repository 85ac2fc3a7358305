"""graphql-ws, the reference client of graphql-transport-ws, against a server that is killed."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from app.cli.access import issue_token
from app.cli.children import wait_until_ready
from app.core.resources import Resources, open_resources
from app.core.viewer import Scope
from app.x.signature import SIGNATURE_HEADER, sign
from tests.conftest import CORPUS_CLOCK
from tests.databases import cloned
from tests.faults.deployment import SERVER, WORKER, Deployment, deployed
from tests.walk import DOOR, SECRET, a_reply, fetch, settings, until

pytestmark = pytest.mark.once

HERE = Path(__file__).parent
LINES_SECONDS_MAX = 120.0
LINKED = ("1720000000000000002", "1830000000000000003", "1844000000000000014")
"""Shoppers of the corpus's world whose accounts are linked."""

ADDED = "SELECT seq FROM event WHERE type = 'cart_intent.added' ORDER BY seq"
ADDS_BY_QUERY = """
{ events(types: [CART_INTENT_ADDED]) { nodes { seq occurredAt ... on CartIntentEvent {
  cartIntent {
    id status engagementXid product { title } offer { amountMinor currency } tweet { rootXid }
  }
} } } }
"""


class Lines:
    """What a program prints, line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def next(self) -> dict[str, Any]:
        """The next line, as JSON."""
        assert self.process.stdout is not None
        async with asyncio.timeout(LINES_SECONDS_MAX):
            line = await self.process.stdout.readline()
        assert line, "the client ended"
        read: dict[str, Any] = orjson.loads(line)
        return read

    async def add(self) -> dict[str, Any]:
        """The next add; connections and heartbeats are passed over."""
        while (line := await self.next()).get("item", {}).get("__typename") != "CartAdd":
            pass
        item: dict[str, Any] = line["item"]
        return item


@asynccontextmanager
async def follower(address: str, token: str, adds: int) -> AsyncIterator[Lines]:
    """The client, until it has seen that many adds."""
    node = shutil.which("node")
    assert node is not None
    process = await asyncio.create_subprocess_exec(
        node,
        str(HERE / "cart_adds.mjs"),
        env={"ADDRESS": f"ws://{address}/graphql", "TOKEN": token, "ADDS": str(adds)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Lines(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def reply(deployment: Deployment, number: int) -> None:
    """A tagged reply of a linked shopper through the door, which keeps it."""
    xid = str(2_123_688_217_942_515_450 + number)
    raw = orjson.dumps(a_reply(id=xid, author_id=LINKED[number], edit_history_tweet_ids=[xid]))
    headers = {SIGNATURE_HEADER: sign(SECRET, raw), "content-type": "application/json"}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"http://{deployment.address}{DOOR}", content=raw, headers=headers
        )
    assert answer.status_code == 200


async def serve(deployment: Deployment) -> None:
    """Start the server and wait until it serves."""
    deployment.start(SERVER)
    await wait_until_ready(f"http://{deployment.address}/readyz", [deployment.children[SERVER]])


async def ask(deployment: Deployment, token: str, query: str) -> Any:
    """The data of a query's answer."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"http://{deployment.address}/graphql",
            json={"query": query},
            headers={"authorization": f"Bearer {token}"},
        )
    return answer.json()["data"]


async def adds_are(resources: Resources, count: int) -> None:
    """Wait until that many adds are in the log."""

    async def counted() -> bool:
        return len(await fetch(resources, ADDED)) == count

    await until(counted)


@pytest.mark.needs("node")
async def test_graphql_ws_sees_each_add_once_although_the_server_is_killed_in_between(
    server_url: str, world: str, tmp_path: Path
) -> None:
    async with (
        cloned(server_url, world) as url,
        open_resources(settings(), url) as resources,
        deployed(url, tmp_path, CORPUS_CLOCK) as deployment,
    ):
        scopes = frozenset({Scope.EVENTS_READ, Scope.INTENTS_READ})
        token = (await issue_token(resources.sessions, slug="acme", scopes=scopes)).token
        await serve(deployment)
        deployment.start(WORKER)
        async with follower(deployment.address, token, adds=3) as lines:
            assert await lines.next() == {"connected": True}
            assert (await lines.next())["item"]["__typename"] == "LogHeartbeat"
            await reply(deployment, 0)
            seen = [await lines.add()]

            deployment.kill(WORKER)
            await reply(deployment, 1)
            deployment.kill(SERVER)
            deployment.start(WORKER)
            await adds_are(resources, 2)  # while nobody can be told
            await serve(deployment)
            assert await lines.next() == {"connected": True}
            seen.append(await lines.add())

            await reply(deployment, 2)
            seen.append(await lines.add())
            assert await lines.process.wait() == 0
        numbers = [seq for (seq,) in await fetch(resources, ADDED)]
        answer = await ask(deployment, token, ADDS_BY_QUERY)

    assert [int(add["seq"]) for add in seen] == numbers
    assert [int(add["prevSeq"]) for add in seen] == [0, *numbers[:-1]]
    assert {add["outcome"] for add in seen} == {"ADDED"}
    assert {add["cartIntent"]["product"]["title"] for add in seen} == {"Acme Trail Boot"}
    told = [{key: add[key] for key in ("seq", "occurredAt", "cartIntent")} for add in seen]
    assert told == answer["events"]["nodes"]
    assert deployment.defects() == []
