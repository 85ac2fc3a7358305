"""Asking the API for mutations, and counting what came of them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from app.core.resources import Resources
from app.events.log import write_transaction
from app.oauth import service as oauth
from app.oauth.models import App
from tests.http.requests import told
from tests.http.server import ALL, TestBrand

MODERN = "application/graphql-response+json"

ADD = """
mutation Add($input: AddTriggerInput!) {
  addTrigger(input: $input) {
    __typename
    ... on Trigger { id tag marketplace action }
    ... on Problem { message }
  }
}
"""


@dataclass(frozen=True)
class Api:
    """Asks with one token."""

    client: httpx.AsyncClient
    token: str

    async def post(self, query: str, **variables: Any) -> httpx.Response:
        """The whole answer."""
        return await self.client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {self.token}", "accept": MODERN},
        )

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = await self.post(query, **variables)
        body = told(answer)
        assert (answer.status_code, list(body)) == (200, ["data"]), body
        data: dict[str, Any] = body["data"]
        return data

    async def add(self, tag: str, key: str | None = None) -> dict[str, Any]:
        """Add a trigger; what came of it."""
        given = {"tag": tag, "marketplace": "US", "idempotencyKey": key}
        added: dict[str, Any] = (await self.ask(ADD, input=given))["addTrigger"]
        return added

    async def refused(self, query: str, **variables: Any) -> tuple[int, str, list[str]]:
        """Status, code and path of the one error of an answer in which nothing ran."""
        answer = await self.post(query, **variables)
        body = told(answer)
        assert list(body) == ["errors"], body
        (error,) = body["errors"]
        return answer.status_code, error["extensions"]["code"], error.get("path")


async def token_of_app(resources: Resources, brand: TestBrand, client_id: str) -> str:
    """A token for everything of another app that the brand installed."""
    async with write_transaction(resources.sessions) as session:
        app = await oauth.ensure_app(session, client_id=client_id, name=client_id)
        assert isinstance(app, App)
        installation = await oauth.ensure_installation(
            session, brand_id=brand.id, app=app, scopes=ALL, granted_by="owner"
        )
        issued = await oauth.issue_personal_token(
            session, installation=installation, scopes=ALL, label=None, expires_at=None
        )
    return issued.token


async def triggers_of(resources: Resources, brand_id: UUID) -> list[str]:
    """The brand's triggers, by name."""
    rows = await rows_of(
        resources.database_url, "SELECT tag FROM trigger WHERE brand_id = $1 ORDER BY tag", brand_id
    )
    return [row[0] for row in rows]


async def events_of(resources: Resources, brand_id: UUID) -> list[tuple[int, str]]:
    """Number and type of all events of the brand."""
    rows = await rows_of(
        resources.database_url,
        "SELECT seq, type FROM event WHERE brand_id = $1 ORDER BY seq",
        brand_id,
    )
    return [(row[0], row[1]) for row in rows]


async def rows_of(database_url: str, sql: str, *parameters: Any) -> list[asyncpg.Record]:
    """Rows, as a connection of its own sees them."""
    connection = await asyncpg.connect(database_url)
    try:
        return await connection.fetch(sql, *parameters)
    finally:
        await connection.close()
