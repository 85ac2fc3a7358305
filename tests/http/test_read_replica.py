"""HASHCART_DATABASE_READ_URL: queries read there; what must be seen at once reads the primary.

The replica is a second real database that lags: it holds the brand under an older name, and none
of what came after.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from app.core.resources import open_resources
from app.core.settings import Settings
from tests.databases import cloned
from tests.http.gate import Gate, gated
from tests.http.requests import told
from tests.http.server import Running, TestBrand, make_brand, serving
from tests.live.logs import write_many
from tests.live.sockets import EVENTS, acknowledged, places

NAME = "{ brand { name triggers { totalCount } } events { totalCount } }"
ADD = """mutation ($tag: String!) {
  addTrigger(input: { tag: $tag, marketplace: "US" }) { ... on Trigger { tag } } }"""


@dataclass(frozen=True)
class _Lagging:
    """A server whose replica lags, behind a gate."""

    running: Running
    brand: TestBrand
    gate: Gate

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The answer to the brand's own token."""
        async with self.running.client() as client:
            answer = await client.post(
                "/graphql",
                json={"query": query, "variables": variables},
                headers={"authorization": f"Bearer {self.brand.token}"},
            )
        return told(answer)


@pytest.fixture
async def lagging(server_url: str, template: str) -> AsyncIterator[_Lagging]:
    """A primary with a brand, and a replica that knows it by an older name."""
    async with (
        cloned(server_url, template) as primary,
        cloned(server_url, template) as replica,
        gated(replica) as gate,
        open_resources(Settings(database_read_url=gate.url), primary) as resources,
        serving(resources) as running,
    ):
        brand = await make_brand(resources)
        await _copy_brand(primary, replica)
        yield _Lagging(running, brand, gate)


async def _copy_brand(primary: str, replica: str) -> None:
    source, target = await asyncpg.connect(primary), await asyncpg.connect(replica)
    row = dict(await source.fetchrow("SELECT * FROM brand") or {})
    row["name"] = "Its older name"
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await target.execute(f"INSERT INTO brand ({', '.join(row)}) VALUES ({places})", *row.values())
    await source.close()
    await target.close()


QUERY_EVENTS = "{ events { nodes { seq } } }"
OLD = {
    "brand": {"name": "Its older name", "triggers": {"totalCount": 0}},
    "events": {"totalCount": 0},
}


async def test_queries_read_the_replica(lagging: _Lagging) -> None:
    assert await lagging.ask(NAME) == {"data": OLD}
    reference = await lagging.ask(NAME.replace("{ brand", "{ __schema { __typename } brand", 1))
    assert reference["data"]["brand"] == OLD["brand"]


async def test_the_payload_of_a_mutation_reads_the_primary(lagging: _Lagging) -> None:
    added = await lagging.ask(ADD, tag="RightNow")

    assert added == {"data": {"addTrigger": {"tag": "RightNow"}}}
    assert await lagging.ask(NAME) == {"data": OLD}


async def test_live_events_read_the_primary(lagging: _Lagging) -> None:
    running, brand = lagging.running, lagging.brand
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS)
        assert (await socket.item())["__typename"] == "LogHeartbeat"
        await write_many(running.resources, brand.id, 1)
        (event,) = await socket.items(1)

    assert places([event]) == [(1, 0)]
    assert await lagging.ask(QUERY_EVENTS) == {"data": {"events": {"nodes": []}}}


async def test_a_token_is_good_although_the_replica_does_not_know_it(lagging: _Lagging) -> None:
    resources = lagging.running.resources

    unknown = await resources.reads.fetch("SELECT 1 FROM token")
    known = await resources.primary_reads.fetch("SELECT 1 FROM token")

    assert (len(unknown), len(known)) == (0, 1)
    assert "errors" not in await lagging.ask("{ __typename }")


async def test_without_its_replica_queries_are_refused_and_mutations_go_on(
    lagging: _Lagging,
) -> None:
    await lagging.ask(NAME)
    await lagging.gate.close()

    refused = await lagging.ask(NAME)
    added = await lagging.ask(ADD, tag="StillHere")
    await lagging.gate.open()

    assert [each["extensions"]["code"] for each in refused["errors"]] == ["SERVICE_UNAVAILABLE"]
    assert added == {"data": {"addTrigger": {"tag": "StillHere"}}}
    assert await lagging.ask(NAME) == {"data": OLD}


async def test_neither_database_can_be_changed_by_what_reads(lagging: _Lagging) -> None:
    resources = lagging.running.resources

    for pool in (resources.reads, resources.primary_reads):
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await pool.fetch("DELETE FROM brand")
