"""What a server writes to its log: each failure once, and nothing that was to stay secret."""

from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
from pydantic import SecretStr

from app.cli.children import Child, start_child, stop_children, wait_until_ready
from app.cli.ports import free_port
from app.core.resources import open_resources
from app.core.settings import Settings
from tests.http.gate import Gate, gated
from tests.http.server import TestBrand, make_brand
from tests.live.sockets import EVENTS, acknowledged, connected

pytestmark = pytest.mark.once

SECRET_KEY = "secret-key-of-this-test-0123456789"
CONSUMER_SECRET = "consumer-secret-of-this-test"
VARIABLE = "variable-of-this-test"
BODY = "body-of-this-test"
STRANGER = "hc_at_" + "StrangerOfThisTest".ljust(43, "0")
DOCUMENT = "query DocumentOfThisTest($id: ID!) { brand { slug } node(id: $id) { id } }"


async def start(gate: Gate, log: Path) -> tuple[Child, int]:
    """A server in production, on a port of its own."""
    port = free_port()
    child = start_child(
        "serve",
        {
            "HASHCART_ENV": "production",
            "HASHCART_DATABASE_URL": gate.url,
            "HASHCART_SECRET_KEY": SECRET_KEY,
            "HASHCART_X_CONSUMER_SECRET": CONSUMER_SECRET,
            "HASHCART_PORT": str(port),
        },
        log,
    )
    await wait_until_ready(f"http://127.0.0.1:{port}/readyz", [child])
    return child, port


async def ask(client: httpx.AsyncClient, token: str) -> httpx.Response:
    """Post the document of this test."""
    return await client.post(
        "/graphql",
        json={"query": DOCUMENT, "variables": {"id": VARIABLE}},
        headers={
            "authorization": f"Bearer {token}",
            "accept": "application/graphql-response+json",
        },
    )


async def visit(port: int, brand: TestBrand, gate: Gate, database_url: str) -> str:
    """Do what a log could tell too much of; the id of the one defect."""
    address = f"ws://127.0.0.1:{port}/graphql"
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        assert (await ask(client, brand.token)).status_code == 200
        assert (await ask(client, STRANGER)).status_code == 401
        door = await client.post("/ingest/x/webhook", content=BODY)
        assert door.status_code == 401
        async with connected(address) as socket:
            payload = {"Authorization": f"Bearer {STRANGER}"}
            await socket.send({"type": "connection_init", "payload": payload})
            assert (await socket.closed()).code == 4403
        async with acknowledged(address, brand.token) as socket:
            await socket.subscribe("1", EVENTS)
            await socket.item()
            socket.connection.transport.abort()

        connection = await asyncpg.connect(database_url)
        await connection.execute("ALTER TABLE brand RENAME COLUMN slug TO hidden")
        broken = await ask(client, brand.token)
        await connection.execute("ALTER TABLE brand RENAME COLUMN hidden TO slug")
        await connection.close()
        assert broken.status_code == 500
        await gate.close()
        assert (await ask(client, brand.token)).status_code == 503
        await gate.open()
        error_id: str = broken.json()["errors"][0]["extensions"]["errorId"]
        return error_id


def read(line: str) -> dict[str, Any]:
    """A line of the log; in production each is an object."""
    entry = orjson.loads(line)
    assert isinstance(entry, dict)
    return entry


async def test_a_log_tells_each_failure_once_and_no_secret(
    own_database: str, tmp_path: Path
) -> None:
    log = tmp_path / "serve.log"
    settings = Settings(secret_key=SecretStr(SECRET_KEY))
    async with open_resources(settings, own_database) as resources:
        brand = await make_brand(resources)
    async with gated(own_database) as gate:
        child, port = await start(gate, log)
        try:
            error_id = await visit(port, brand, gate, own_database)
        finally:
            stop_children([child])

    text = log.read_text(encoding="utf-8")
    entries = [read(line) for line in text.splitlines()]
    (failure,) = [entry for entry in entries if error_id in str(entry)]
    assert failure["level"] == "error"
    assert failure["event"] == "graphql_request_failed"
    assert failure["error_id"] == error_id
    assert "UndefinedColumnError" in failure["exception"]
    assert [entry for entry in entries if entry["level"] == "error"] == [failure]
    assert [entry for entry in entries if entry["event"] == "database_unreachable"]
    secrets = (brand.token, STRANGER, SECRET_KEY, CONSUMER_SECRET, VARIABLE, BODY)
    for secret in (*secrets, "DocumentOfThisTest", brand.slug, str(brand.id)):
        assert secret not in text
