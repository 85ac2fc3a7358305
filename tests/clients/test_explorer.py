"""The first page and the explorer in Chromium: asked, followed live, and nothing leaves us."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.cli.access import issue_token
from app.core.resources import Resources, open_resources
from app.oauth.rules import default_scopes
from tests.clients.test_graphql_ws import ADDED, adds_are, reply, serve
from tests.conftest import CORPUS_CLOCK
from tests.databases import cloned
from tests.faults.deployment import SERVER, WORKER, Deployment, deployed
from tests.needs import chromium
from tests.walk import fetch, settings

pytestmark = pytest.mark.once

HERE = Path(__file__).parent
WALK_SECONDS_MAX = 600.0
BRANDS = {"": "acme", "OTHER_": "nordlicht"}
NAMES = "SELECT slug, name FROM brand"


@asynccontextmanager
async def walking(environment: Mapping[str, str]) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """What the walk through the pages prints, line by line."""
    node, browser = shutil.which("node"), chromium()
    assert node is not None
    assert browser is not None
    process = await asyncio.create_subprocess_exec(
        node,
        str(HERE / "explorer_page.mjs"),
        env={**os.environ, "CHROMIUM": browser, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    printed = process.stdout

    async def lines() -> AsyncIterator[dict[str, Any]]:
        while line := await printed.readline():
            yield orjson.loads(line)

    try:
        async with asyncio.timeout(WALK_SECONDS_MAX):
            yield lines()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def tokens_and_names(resources: Resources) -> dict[str, str]:
    """A token for each of the two brands with all its scopes, and the brands' names."""
    names = dict(await fetch(resources, NAMES))
    told: dict[str, str] = {}
    for prefix, slug in BRANDS.items():
        issued = await issue_token(resources.sessions, slug=slug, scopes=default_scopes())
        told |= {"OTHER" if prefix else "TOKEN": issued.token, f"{prefix}BRAND": names[slug]}
    return told


async def fulfil(wish: str, deployment: Deployment, resources: Resources) -> None:
    """Do what the walk waits for: a reply that is added, also while the server is away."""
    if wish == "reply":
        await reply(deployment, 0)
        return
    deployment.kill(WORKER)
    await reply(deployment, 1)
    deployment.kill(SERVER)
    deployment.start(WORKER)
    await adds_are(resources, 2)
    await serve(deployment)


@pytest.mark.needs("node")
@pytest.mark.needs("chromium")
async def test_a_developer_asks_and_follows_live_and_nothing_leaves_the_origin(
    server_url: str, world: str, tmp_path: Path
) -> None:
    async with (
        cloned(server_url, world) as url,
        open_resources(settings(), url) as resources,
        deployed(url, tmp_path, CORPUS_CLOCK) as deployment,
    ):
        await serve(deployment)
        deployment.start(WORKER)
        told = await tokens_and_names(resources)
        printed = []
        async with walking({"ADDRESS": f"http://{deployment.address}", **told}) as lines:
            async for line in lines:
                printed.append(line)
                if "wants" in line:
                    await fulfil(line["wants"], deployment, resources)
        numbers = [seq for (seq,) in await fetch(resources, ADDED)]

    faults = [f"{line['at']}: {line['fault']}" for line in printed if "fault" in line]
    assert faults == [], "\n".join(faults)
    adds = [line["add"] for line in printed if "add" in line]
    assert [int(add["seq"]) for add in adds] == numbers
    assert [int(add["prevSeq"]) for add in adds] == [0, *numbers[:-1]]
    assert [add["cartIntent"]["product"] for add in adds] == [{"title": "Acme Trail Boot"}] * 2
    assert printed[-1] == {"done": True}
    assert deployment.defects() == []
