"""Mutations when the database goes away or the fault is ours: what is done, and what is told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from app.core.read_pool import create_read_pool
from app.core.resources import Resources, open_resources
from app.core.settings import Settings
from app.oauth import viewer
from tests.http.gate import gated
from tests.http.requests import told
from tests.http.server import TestBrand, make_brand, serving
from tests.mutations.asking import ADD, Api, events_of, triggers_of

THREE = """
mutation ($key: String) {
  first: setPolicies(input: {acceptQuotes: true}) { ... on Brand { acceptQuotes } }
  second: addTrigger(input: {tag: "AmazonBasket", marketplace: "US", idempotencyKey: $key}) {
    ... on Trigger { tag } }
  third: setPolicies(input: {autoRegister: false}) { ... on Brand { autoRegister } }
  __typename
}
"""
ONE = {"tag": "AmazonBasket", "marketplace": "US"}

BREAK = "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$"
AT_TRIGGERS = (
    "CREATE TRIGGER broken BEFORE INSERT ON trigger FOR EACH ROW EXECUTE FUNCTION broken()"
)
MEND = "DROP FUNCTION broken CASCADE"
CUT = "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW;"
DEFECT = "RAISE EXCEPTION 'a defect';"


async def execute(resources: Resources, *statements: str) -> None:
    """Run statements on a connection of its own."""
    connection = await asyncpg.connect(resources.database_url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def brand(resources: Resources) -> TestBrand:
    """A brand of this test's own database."""
    return await make_brand(resources)


@pytest.fixture
async def api(resources: Resources, brand: TestBrand) -> AsyncIterator[Api]:
    """The API over this test's own database."""
    async with serving(resources) as running, running.client() as client:
        yield Api(client, brand.token)


def errors_of(answer: httpx.Response) -> list[tuple[str, list[str]]]:
    """Code and path of each error."""
    return [(each["extensions"]["code"], each.get("path", [])) for each in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("fault", "code"), [(CUT, "SERVICE_UNAVAILABLE"), (DEFECT, "INTERNAL_SERVER_ERROR")]
)
async def test_fields_before_a_failure_keep_their_answers_and_those_after_it_do_not_run(
    resources: Resources, brand: TestBrand, api: Api, fault: str, code: str
) -> None:
    await execute(resources, BREAK.format(fault), AT_TRIGGERS)
    with capture_logs() as logs:
        answer = await api.post(THREE, key="key")
    await execute(resources, MEND)

    assert answer.status_code == 200
    assert answer.json()["data"] == {
        "first": {"acceptQuotes": True},
        "second": None,
        "third": None,
        "__typename": "Mutation",
    }
    assert errors_of(answer) == [(code, ["second"]), ("NOT_RUN", ["third"])]
    assert len(logs) == 1
    assert await events_of(resources, brand.id) == [(1, "brand.updated")]

    again = await api.ask(THREE, key="key")
    assert again["second"] == {"tag": "AmazonBasket"}
    assert len(await events_of(resources, brand.id)) == 3


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [(CUT, 503, "SERVICE_UNAVAILABLE"), (DEFECT, 500, "INTERNAL_SERVER_ERROR")],
)
async def test_a_first_field_that_fails_leaves_nothing_done_and_no_data(
    resources: Resources, brand: TestBrand, api: Api, fault: str, status: int, code: str
) -> None:
    await execute(resources, BREAK.format(fault), AT_TRIGGERS)
    given: dict[str, Any] = {**ONE, "idempotencyKey": "key"}
    with capture_logs() as logs:
        answer = await api.post(ADD, input=given)
    await execute(resources, MEND)

    assert (answer.status_code, list(told(answer))) == (status, ["errors"])
    assert [each[0] for each in errors_of(answer)] == [code]
    assert len(logs) == 1
    assert await triggers_of(resources, brand.id) == ["AmazonCart"]
    assert await events_of(resources, brand.id) == []
    assert (await api.add("AmazonBasket", "key"))["tag"] == "AmazonBasket"


@pytest.mark.parametrize(
    ("key", "advice"),
    [
        ("key", "Send it again with the same `idempotencyKey`: it is done once."),
        (None, "Without an `idempotencyKey`, look what was done before you send it again."),
    ],
)
async def test_a_database_that_is_away_is_told_with_what_to_do(
    own_database: str, monkeypatch: pytest.MonkeyPatch, key: str | None, advice: str
) -> None:
    monkeypatch.setattr(viewer, "SECONDS_TRUSTED", 3_600.0)
    async with (
        gated(own_database) as gate,
        open_resources(Settings(), gate.url) as resources,
        serving(resources) as running,
        running.client() as client,
    ):
        brand = await make_brand(resources)
        api = Api(client, brand.token)
        await api.ask("{ brand { slug } }")
        await gate.close()
        given = {**ONE, "idempotencyKey": key}
        answer = await api.post(ADD, input=given)
        await gate.open()

        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"
        (error,) = answer.json()["errors"]
        assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
        assert error["message"].endswith(advice)
        assert await triggers_of(resources, brand.id) == ["AmazonCart"]
        assert (await api.add("AmazonBasket", key))["tag"] == "AmazonBasket"


async def test_what_is_done_and_cannot_be_shown_says_so_and_the_same_key_shows_it(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer, "SECONDS_TRUSTED", 3_600.0)
    given = {**ONE, "idempotencyKey": "key"}
    show = """mutation ($input: AddTriggerInput!) {
      addTrigger(input: $input) { ... on Trigger { tag } } }"""
    async with (
        gated(resources.database_url) as gate,
        await create_read_pool(gate.url, connections=1) as reads,
        serving(replace(resources, primary_reads=reads)) as running,
        running.client() as client,
    ):
        brand = await make_brand(resources)
        api = Api(client, brand.token)
        await api.ask("{ brand { slug } }")
        await gate.close()
        answer = await api.post(show, input=given)
        await gate.open()

        assert answer.status_code == 503
        (error,) = answer.json()["errors"]
        assert error["message"].startswith("It is done, but the database does not answer")
        assert error["path"] == ["addTrigger"]
        assert await triggers_of(resources, brand.id) == ["AmazonBasket", "AmazonCart"]
        assert await api.ask(show, input=given) == {"addTrigger": {"tag": "AmazonBasket"}}
        assert await events_of(resources, brand.id) == [(1, "brand.updated")]
