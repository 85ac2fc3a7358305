"""`/metrics`: a real server and worker tell what they did, on ports of their own, and no names."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from app.cli.children import start_child, stop_children, wait_until_ready
from app.cli.ports import free_port
from app.x.signature import SIGNATURE_HEADER, sign
from tests.cli.commands import Commands
from tests.cli.processes import taken_port
from tests.conftest import CORPUS_CLOCK
from tests.databases import cloned
from tests.walk import DOOR, SECRET, a_reply, until

pytestmark = pytest.mark.once

NO_LINK_PARENT = "2123038513871037429"
LABELS = frozenset({"status", "type", "reason", "retailer", "answer", "le"})


@dataclass(frozen=True)
class Ports:
    """Where a server and a worker listen."""

    server: int
    server_metrics: int
    worker_metrics: int


@asynccontextmanager
async def started(url: str, ports: Ports, folder: Path, *commands: str) -> AsyncIterator[None]:
    """These commands over a database, with `/metrics`, until the end of the block."""
    told = {
        "HASHCART_DATABASE_URL": url,
        "HASHCART_PORT": str(ports.server),
        "HASHCART_CLOCK": CORPUS_CLOCK.isoformat(),
        "HASHCART_X_CONSUMER_SECRET": SECRET,
    }
    metrics = {"serve": ports.server_metrics, "worker": ports.worker_metrics}
    children = [
        start_child(
            name, {**told, "HASHCART_METRICS_PORT": str(metrics[name])}, folder / f"{name}.log"
        )
        for name in commands
    ]
    try:
        await wait_until_ready(f"http://127.0.0.1:{ports.server}/readyz", children)
        yield
    finally:
        stop_children(children)


@pytest.fixture(scope="module")
async def ports(
    server_url: str, world: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ports]:
    """A server and a worker over a clone of the corpus's world, both with `/metrics`."""
    ports, folder = Ports(free_port(), free_port(), free_port()), tmp_path_factory.mktemp("metrics")
    async with cloned(server_url, world) as url, started(url, ports, folder, "serve", "worker"):
        yield ports


async def scraped(port: int) -> str:
    """What Prometheus reads there."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200
    return answer.text


def value(text: str, name: str, **labels: str) -> float | None:
    """The value of one sample; None where there is none."""
    found = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if (sample.name, sample.labels) == (f"hashcart_{name}", labels)
    ]
    return found[0] if found else None


async def post(port: int, body: bytes, signature: str) -> int:
    """The status that the door answers."""
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {SIGNATURE_HEADER: signature}
        url = f"http://127.0.0.1:{port}{DOOR}"
        return (await client.post(url, content=body, headers=headers)).status_code


async def test_metrics_tell_what_a_server_and_a_worker_did_and_name_nobody(ports: Ports) -> None:
    good, linkless = a_reply(), a_reply(id="2123688217942515999")
    for name in ("conversation_id", "in_reply_to_tweet_id"):
        linkless["data"]["payload"][name] = NO_LINK_PARENT
    linkless["data"]["payload"]["referenced_tweets"][0]["id"] = NO_LINK_PARENT
    bodies = [orjson.dumps(body) for body in (good, good, linkless)]
    assert [await post(ports.server, body, sign(SECRET, body)) for body in bodies] == [200] * 3
    assert await post(ports.server, bodies[0], "sha256=x") == 401

    async def answered() -> bool:
        told = await scraped(ports.worker_metrics)
        return value(told, "events_total", type="cart_intent.added", reason="") == 1

    await until(answered)
    server, worker = await scraped(ports.server_metrics), await scraped(ports.worker_metrics)

    assert value(server, "door_answers_total", status="200") == 3
    assert value(server, "door_answers_total", status="401") == 1
    assert value(server, "payloads_accepted_total") == 3
    assert value(worker, "payloads_decided_total") == 2
    assert value(worker, "payloads_failed_total") == 0
    assert value(worker, "payloads_quarantined_total") == 0
    failed, misused = "cart_intent.failed", "engagement.misuse_detected"
    assert value(worker, "events_total", type=failed, reason="NO_PRODUCT_LINK") == 1
    assert value(worker, "events_total", type=misused, reason="NO_LINK") == 1
    assert value(worker, "retailer_answers_total", retailer="sandbox", answer="TAKEN") == 1
    assert value(worker, "retailer_call_seconds_count", retailer="sandbox") == 1
    assert_names_nobody(server)
    assert_names_nobody(worker)


def assert_names_nobody(text: str) -> None:
    """Few labels, and neither brands nor people nor ids among their values."""
    families = text_string_to_metric_families(text)
    ours = [family for family in families if family.name.startswith("hashcart_")]
    assert ours != []
    assert {name for each in ours for sample in each.samples for name in sample.labels} <= LABELS
    for named in ("acme", "AcmeBoots", "1720000000000000002", "2123688217942515450"):
        assert named not in text


async def test_the_inbox_s_lag_is_told_while_no_worker_is_there(
    server_url: str, world: str, tmp_path: Path
) -> None:
    ports = Ports(free_port(), free_port(), 0)
    async with cloned(server_url, world) as url, started(url, ports, tmp_path, "serve"):
        assert value(await scraped(ports.server_metrics), "inbox_lag_seconds") == 0
        body = orjson.dumps(a_reply())
        assert await post(ports.server, body, sign(SECRET, body)) == 200

        async def lags() -> bool:
            return bool(value(await scraped(ports.server_metrics), "inbox_lag_seconds"))

        await until(lags)


async def test_metrics_count_open_sockets(ports: Ports) -> None:
    async def are_open(count: int) -> bool:
        return value(await scraped(ports.server_metrics), "sockets_open") == count

    assert await are_open(0)
    protocol = [Subprotocol("graphql-transport-ws")]
    async with connect(f"ws://127.0.0.1:{ports.server}/graphql", subprotocols=protocol, proxy=None):
        await until(lambda: are_open(1))
    await until(lambda: are_open(0))


async def test_the_public_port_does_not_serve_metrics(ports: Ports) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{ports.server}/metrics")

    assert answer.status_code == 404


@pytest.mark.parametrize("command", ["serve", "worker"])
async def test_a_taken_metrics_port_is_told_with_the_variable_that_names_another(
    commands: Commands, command: str
) -> None:
    with taken_port() as port:
        refused = await asyncio.to_thread(
            commands.run, command, HASHCART_METRICS_PORT=str(port), HASHCART_PORT=str(free_port())
        )

    assert refused.code == 1
    assert "set HASHCART_METRICS_PORT to another port" in refused.err
