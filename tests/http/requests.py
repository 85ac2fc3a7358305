"""Requests to `/graphql` as a client sends them, and what an answer in which nothing ran says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson

from tests.http.server import Running

MODERN = "application/graphql-response+json"
PLAIN = "application/json"
QUERY = {"query": "{ brand { slug } }"}


@asynccontextmanager
async def asking(running: Running, token: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client with that token that sends and takes JSON."""
    async with running.client() as client:
        client.headers.update(
            {"authorization": f"Bearer {token}", "content-type": PLAIN, "accept": MODERN}
        )
        yield client


async def post(client: httpx.AsyncClient, body: Any, **headers: str) -> httpx.Response:
    """Post a body, as it is if it is bytes."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return await client.post("/graphql", content=raw, headers=headers)


def code_of(answer: httpx.Response) -> str:
    """The code of the one error of an answer in which nothing ran."""
    body = told(answer)
    assert body.keys() == {"errors"}
    (error,) = body["errors"]
    assert error["message"]
    found: str = error["extensions"]["code"]
    return found


def told(answer: httpx.Response) -> dict[str, Any]:
    """What an answer says, but for what the operation cost."""
    body: dict[str, Any] = answer.json()
    body.pop("extensions", None)
    return body
