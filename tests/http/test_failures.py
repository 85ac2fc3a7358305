"""What is answered when the database is away, and when the fault is ours."""

from typing import Any

import asyncpg
import httpx
import orjson
import pytest
from structlog.testing import capture_logs

from app.core.resources import Resources, open_resources
from app.core.settings import Settings
from app.oauth import viewer
from tests.http.gate import gated
from tests.http.requests import told
from tests.http.server import make_brand, serving

MODERN = {"accept": "application/graphql-response+json"}
PLAIN = {"accept": "application/json"}
COMPILED = "{ brand { slug } }"
BY_REFERENCE = "{ __schema { queryType { name } } brand { slug } }"


async def ask(
    client: httpx.AsyncClient, token: str, query: str, headers: dict[str, str]
) -> httpx.Response:
    """Post a query."""
    return await client.post(
        "/graphql", json={"query": query}, headers={"authorization": f"Bearer {token}", **headers}
    )


async def execute(database_url: str, sql: str) -> None:
    """Run one statement on a connection of its own."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@pytest.mark.parametrize("query", [COMPILED, BY_REFERENCE])
async def test_a_defect_of_ours_is_masked_and_logged_once_under_the_id_that_is_told(
    resources: Resources, query: str
) -> None:
    brand = await make_brand(resources)
    async with serving(resources) as running, running.client() as client:
        await execute(resources.database_url, "ALTER TABLE brand RENAME COLUMN slug TO hidden")
        for headers in (MODERN, PLAIN):
            with capture_logs() as logs:
                answer = await ask(client, brand.token, query, headers)

            (error,) = answer.json()["errors"]
            error_id = error["extensions"]["errorId"]
            assert answer.status_code == 500
            assert told(answer).keys() == {"errors"}
            assert error == {
                "message": f"Something went wrong on our side. Quote {error_id} to support.",
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "errorId": error_id},
            }
            (logged,) = logs
            assert logged["event"] == "graphql_request_failed"
            assert logged["error_id"] == error_id
            assert brand.token not in repr(logs)

        await execute(resources.database_url, "ALTER TABLE brand RENAME COLUMN hidden TO slug")
        assert (await ask(client, brand.token, query, MODERN)).status_code == 200


@pytest.mark.parametrize("trusted", [0.0, 3_600.0])
async def test_a_database_that_is_away_is_told_as_such_and_comes_back_by_itself(
    own_database: str, monkeypatch: pytest.MonkeyPatch, trusted: float
) -> None:
    monkeypatch.setattr(viewer, "SECONDS_TRUSTED", trusted)  # away for the token, or for the rows
    async with (
        gated(own_database) as gate,
        open_resources(Settings(), gate.url) as resources,
        serving(resources) as running,
        running.client() as client,
    ):
        brand = await make_brand(resources)
        for query in (COMPILED, BY_REFERENCE):
            assert (await ask(client, brand.token, query, MODERN)).status_code == 200
            await gate.close()
            modern = await ask(client, brand.token, query, MODERN)
            plain = await ask(client, brand.token, query, PLAIN)
            await gate.open()
            back = await ask(client, brand.token, query, MODERN)

            assert (modern.status_code, plain.status_code) == (503, 200)
            assert modern.headers["retry-after"] == "2"
            assert told(modern) == told(plain)
            (error,) = modern.json()["errors"]
            assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
            assert "Try again" in error["message"]
            assert (back.status_code, back.json()["data"]["brand"]) == (200, {"slug": brand.slug})


async def test_nobody_is_let_in_while_the_database_that_knows_tokens_is_away(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        gated(own_database) as gate,
        open_resources(Settings(), gate.url) as resources,
        serving(resources) as running,
        running.client() as client,
    ):
        await make_brand(resources)
        await gate.close()
        answer = await ask(client, "hc_at_" + "x" * 43, "{ __typename }", MODERN)
        await gate.open()
        later = await ask(client, "hc_at_" + "x" * 43, "{ __typename }", MODERN)

    assert answer.status_code == 503
    assert later.status_code == 401


async def health(client: httpx.AsyncClient, path: str) -> tuple[int, Any]:
    """Status and body."""
    answer = await client.get(path)
    return answer.status_code, orjson.loads(answer.content)


LIVE = (200, {"status": "live"})
READY = (200, {"status": "ready"})


async def test_a_server_without_its_database_lives_but_is_not_ready(own_database: str) -> None:
    away = (503, {"status": "not ready", "reason": "The database does not answer."})
    async with (
        gated(own_database) as gate,
        open_resources(Settings(), gate.url) as resources,
        serving(resources) as running,
        running.client() as client,
    ):
        assert await health(client, "/livez") == LIVE
        assert await health(client, "/readyz") == READY
        await gate.close()
        assert await health(client, "/livez") == LIVE
        assert await health(client, "/readyz") == away
        await gate.open()
        assert await health(client, "/readyz") == READY
        gate.hold()  # connected, and silent
        assert await health(client, "/livez") == LIVE
        assert await health(client, "/readyz") == away
        gate.release()
        assert await health(client, "/readyz") == READY


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DROP TABLE alembic_version", "The database is not migrated: run `hashcart migrate`."),
        (
            "UPDATE alembic_version SET version_num = 'older'",
            "The database is at revision older, not {head}: run `hashcart migrate`.",
        ),
    ],
)
async def test_a_database_of_another_revision_is_not_ready_and_the_answer_says_what_to_do(
    resources: Resources, statement: str, reason: str
) -> None:
    async with serving(resources) as running, running.client() as client:
        head = await resources.reads.fetchval("SELECT version_num FROM alembic_version")
        await execute(resources.database_url, statement)

        status, body = await health(client, "/readyz")

    assert status == 503
    assert body == {"status": "not ready", "reason": reason.format(head=head)}
