"""The shopper's page in Chromium: whole without scripts, nothing for axe to find, all from us."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from app.cli.children import wait_until_ready
from app.core.resources import Resources, open_resources
from app.x.signature import SIGNATURE_HEADER, sign
from tests.conftest import CORPUS_CLOCK
from tests.databases import cloned
from tests.faults.deployment import SERVER, WORKER, Deployment, deployed
from tests.needs import chromium
from tests.walk import DOOR, SECRET, fetch, read_corpus, settings, until

pytestmark = pytest.mark.once

HERE = Path(__file__).parent
WALK_SECONDS_MAX = 300.0
PEOPLE = {"off": "1777000000000000777", "on": "1778000000000000778"}
POSTS = {"off": "2123704059549735856", "on": "2123704059549735857"}
WAITING = "SELECT count(*)::int FROM cart_intent WHERE status = 'AWAITING_CHOICE'"


@pytest.mark.needs("node")
@pytest.mark.needs("chromium")
async def test_a_person_on_a_phone_finds_her_way_and_axe_finds_nothing(
    server_url: str, world: str, tmp_path: Path
) -> None:
    async with (
        cloned(server_url, world) as url,
        open_resources(settings(), url) as resources,
        deployed(url, tmp_path, CORPUS_CLOCK) as deployment,
    ):
        deployment.start(SERVER)
        deployment.start(WORKER)
        await wait_until_ready(f"http://{deployment.address}/readyz", [deployment.children[SERVER]])
        for scripts in PEOPLE:
            await saved_something(deployment, resources, scripts)
            lines = await walked(deployment, scripts)
            assert [line for line in lines if "fault" in line] == []
            assert lines[-1] == {"done": True}
    assert deployment.defects() == []


async def saved_something(deployment: Deployment, resources: Resources, scripts: str) -> None:
    """A reply of hers to a post with two products, through the door, until it waits for her."""
    [delivery] = read_corpus("cases/two_products_no_primary.json")["deliveries"]
    body = delivery["body"]
    body["data"]["payload"] |= {
        "id": POSTS[scripts],
        "author_id": PEOPLE[scripts],
        "edit_history_tweet_ids": [POSTS[scripts]],
    }
    raw = orjson.dumps(body)
    headers = {SIGNATURE_HEADER: sign(SECRET, raw), "content-type": "application/json"}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"http://{deployment.address}{DOOR}", content=raw, headers=headers
        )
    assert answer.status_code == 200

    async def waits() -> bool:
        return await fetch(resources, WAITING) == [(1,)]

    await until(waits)


async def walked(deployment: Deployment, scripts: str) -> list[dict[str, Any]]:
    """What the walk through the page printed."""
    node, browser = shutil.which("node"), chromium()
    assert node is not None
    assert browser is not None
    process = await asyncio.create_subprocess_exec(
        node,
        str(HERE / "shopper_page.mjs"),
        env={
            **os.environ,
            "ADDRESS": f"http://{deployment.address}",
            "CHROMIUM": browser,
            "PERSON": PEOPLE[scripts],
            "HANDLE": f"scripts_{scripts}",
            "SCRIPTS": scripts,
        },
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WALK_SECONDS_MAX):
            printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return [orjson.loads(line) for line in printed.splitlines()]
