"""Runs the programs of this folder, each around one client library, against one server."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.cli.access import issue_token
from app.core.resources import Resources
from app.core.viewer import Scope

HERE = Path(__file__).parent
SECONDS_MAX = 900.0


@dataclass(frozen=True)
class Served:
    """A running server and tokens for it."""

    address: str
    """Its host and port."""
    token: str
    """May do everything at one brand."""
    few: str
    """May read that brand's own row, and no more."""
    resources: Resources
    other: str
    """May do everything at another brand, whose rows change meanwhile."""

    @property
    def endpoint(self) -> str:
        """Where it takes requests."""
        return f"http://{self.address}/graphql"

    def environment(self) -> dict[str, str]:
        """What `tour.mjs` reads."""
        return {"ADDRESS": self.address, "TOKEN": self.token, "FEW": self.few}


async def token_of(resources: Resources, slug: str, scopes: frozenset[Scope]) -> str:
    """A token of a brand."""
    return (await issue_token(resources.sessions, slug=slug, scopes=scopes)).token


async def printed(
    *command: str, folder: Path = HERE, environment: Mapping[str, str] | None = None
) -> str:
    """What a program prints that runs in *folder*, once it ended well and complained of nothing."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS_MAX):
            output, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    told, complained = output.decode(), complaints.decode()
    if process.returncode != 0 or complained:
        pytest.fail(f"{command} ended with {process.returncode}:\n{complained}\n{told}")
    return told


async def lines_of(program: str, **environment: str) -> list[Any]:
    """The lines of JSON that a program of this folder prints, run by Node.js."""
    node = shutil.which("node")
    assert node is not None
    output = await printed(node, str(HERE / f"{program}.mjs"), environment=environment)
    return [orjson.loads(line) for line in output.splitlines()]


async def steps_of(program: str, **environment: str) -> dict[str, Any]:
    """What a program was told, by the names of its steps, in their order."""
    return {line["step"]: line["told"] for line in await lines_of(program, **environment)}
