"""An app is told what it uses that is going to go: counted in memory, kept by the day."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from app.core import clock
from app.core.resources import Resources, open_resources
from app.core.settings import Settings
from app.core.viewer import Viewer
from app.events.log import write_transaction
from app.events.schema import EVENT_LOG
from app.graphql import uses as uses_module
from app.graphql.context import EngineContext, fetch_from
from app.graphql.deprecations import Deprecations
from app.graphql.engine import Engine, GraphQLRequest, create_engine
from app.graphql.errors import DocumentRefused
from app.graphql.live import Live
from app.graphql.uses import KEPT, Uses, add_uses, forget_old_uses
from app.oauth.viewer import ViewerCache
from tests.http.gate import gated
from tests.http.server import Running, TestBrand, make_brand
from tests.mutations.asking import rows_of, token_of_app
from tests.reads.test_deprecations import OLDER, TOLD

OLD = "{ products { nodes { name title } } }"
NEW = "{ products { nodes { title } } }"
ASK = "{ viewer { deprecatedUses { nodes { coordinate uses usedOn reason } } } }"
ENGINE: Engine = create_engine(OLDER, bytes(32))


async def viewer_of(resources: Resources, token: str) -> Viewer:
    """Who a token speaks for."""
    viewer = await ViewerCache(resources.primary_reads).authenticate(token)
    assert viewer is not None
    return viewer


async def _nobody(token: str) -> None:
    return None


class Process:
    """One process whose schema has something that goes."""

    def __init__(self, resources: Resources) -> None:
        fetch = fetch_from(resources.primary_reads)
        transaction = partial(write_transaction, resources.sessions)
        self.uses = Uses(transaction)
        self._context = EngineContext(_nobody, fetch, fetch, transaction, note_uses=self.uses.note)

    async def ask(self, document: str, viewer: Viewer) -> None:
        """Run one operation."""
        await ENGINE.respond(GraphQLRequest(document, None, {}), viewer, self._context)


async def told(running: Running, token: str) -> list[dict[str, Any]]:
    """What an app is told of itself."""
    async with running.client() as client:
        answer = await client.post(
            "/graphql", json={"query": ASK}, headers={"authorization": f"Bearer {token}"}
        )
    nodes: list[dict[str, Any]] = answer.json()["data"]["viewer"]["deprecatedUses"]["nodes"]
    return nodes


def use(times: int, day: date) -> dict[str, Any]:
    """So many uses of the field that goes, on one day."""
    return {
        "coordinate": "Product.name",
        "uses": str(times),
        "usedOn": day.isoformat(),
        "reason": TOLD,
    }


@pytest.fixture
def _own_time() -> Any:
    """Time may be set ahead; afterwards it is the machine's again."""
    yield
    clock.start_at(None)


@pytest.fixture
async def viewer(running: Running, brand: TestBrand) -> Viewer:
    """Who the brand's token speaks for."""
    return await viewer_of(running.resources, brand.token)


async def test_the_uses_of_all_processes_are_added_up_by_day(
    running: Running, brand: TestBrand, viewer: Viewer
) -> None:
    today = clock.now().date()
    for asked in (3, 2):
        process = Process(running.resources)
        async with process.uses:
            for _ in range(asked):
                await process.ask(OLD, viewer)
            await process.ask(NEW, viewer)

    assert await told(running, brand.token) == [use(5, today)]


async def test_what_is_not_deprecated_writes_nothing(
    running: Running, brand: TestBrand, viewer: Viewer
) -> None:
    process = Process(running.resources)
    async with process.uses:
        await process.ask(NEW, viewer)
        with pytest.raises(DocumentRefused):
            await process.ask("{ products { nodes { name nothing } } }", viewer)

    assert await told(running, brand.token) == []


async def test_a_subscription_counts_as_one_use(running: Running, viewer: Viewer) -> None:
    engine = running.server.engine
    deprecations = Deprecations(engine.schema)
    deprecations.reasons = {"LogHeartbeat.cursor": TOLD, "LogHeartbeat.sentAt": TOLD}
    noted: list[tuple[UUID, set[str]]] = []

    def note(viewer: Viewer, used: Collection[str], told: Mapping[str, str]) -> None:
        noted.append((viewer.installation_id, set(used)))

    live = Live(
        replace(engine, deprecations=deprecations),
        fetch_from(running.resources.primary_reads),
        running.server.feed,
        EVENT_LOG,
        note,
    )
    follow = "subscription { events { ... on LogHeartbeat { cursor scannedTo } } }"
    async with aclosing(live.subscribe(GraphQLRequest(follow, None, {}), viewer)) as frames:
        await anext(frames)

    assert noted == [(viewer.installation_id, {"LogHeartbeat.cursor"})]


async def test_an_app_is_told_of_its_own_uses_alone(
    running: Running, brand: TestBrand, viewer: Viewer
) -> None:
    other_app = await token_of_app(running.resources, brand, "another-app")
    other_brand = await make_brand(running.resources)
    process = Process(running.resources)
    async with process.uses:
        await process.ask(OLD, viewer)

    assert len(await told(running, brand.token)) == 1
    assert await told(running, other_app) == []
    assert await told(running, other_brand.token) == []


@pytest.mark.usefixtures("_own_time")
async def test_days_are_told_apart_newest_first_and_forgotten_after_30(
    running: Running, brand: TestBrand, viewer: Viewer
) -> None:
    first = clock.now()
    process = Process(running.resources)
    async with process.uses:
        await process.ask(OLD, viewer)
        clock.start_at(first + timedelta(days=1))
        await process.ask(OLD, viewer)
        await process.ask(OLD, viewer)
    days = [use(2, (first + timedelta(days=1)).date()), use(1, first.date())]
    assert await told(running, brand.token) == days

    async def left(now: timedelta) -> list[dict[str, Any]]:
        async with write_transaction(running.resources.sessions) as session:
            await forget_old_uses(session, now=first + now, limit=100)
        return await told(running, brand.token)

    assert await left(KEPT) == days
    assert await left(KEPT + timedelta(days=1)) == days[:1]
    assert await left(KEPT + timedelta(days=2)) == []


async def test_they_are_written_now_and_then_while_the_process_runs(
    running: Running, brand: TestBrand, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uses_module, "WRITE_SECONDS", 0.01)
    process = Process(running.resources)
    async with process.uses:
        await process.ask(OLD, viewer)
        for _ in range(1_000):
            if await told(running, brand.token):
                break
            await asyncio.sleep(0.01)

        assert await told(running, brand.token) == [use(1, clock.now().date())]
    assert await told(running, brand.token) == [use(1, clock.now().date())]


async def test_further_kinds_than_memory_holds_are_not_counted_and_the_log_says_so(
    running: Running, brand: TestBrand, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uses_module, "COUNTS_MAX", 2)
    process = Process(running.resources)
    with capture_logs() as logs:
        async with process.uses:
            for name in "abca":
                process.uses.note(viewer, [name], {name: TOLD})

    assert [each["uses"] for each in logs if "not_counted" in each["event"]] == [1]
    counted = {each["coordinate"]: each["uses"] for each in await told(running, brand.token)}
    assert counted == {"a": "2", "b": "1"}


async def test_what_cannot_be_written_is_kept_and_written_when_the_database_is_back(
    own_database: str,
) -> None:
    async with gated(own_database) as gate, open_resources(Settings(), gate.url) as resources:
        brand = await make_brand(resources)
        viewer = await viewer_of(resources, brand.token)
        process = Process(resources)
        await process.ask(OLD, viewer)
        await gate.close()
        with capture_logs() as logs:
            await process.uses.write()
        await gate.open()
        await process.uses.write()
        await process.uses.write()

        assert [each["event"] for each in logs] == ["deprecated_uses_not_written"]
        rows = await rows_of(own_database, "SELECT coordinate, uses FROM deprecated_use")
        assert [tuple(row) for row in rows] == [("Product.name", 1)]
        async with process.uses:
            pass


async def test_two_processes_that_add_to_the_same_rows_at_once_lose_nothing(
    running: Running, brand: TestBrand, viewer: Viewer
) -> None:
    today = clock.now().date()
    names = [f"Product.{letter}" for letter in "abcdefgh"]
    ours = (viewer.brand_id, viewer.installation_id, today)

    async def add(order: list[str]) -> None:
        counts = {uses_module.Use(*ours, name, TOLD): 1 for name in order}
        async with write_transaction(running.resources.sessions) as session:
            await add_uses(session, counts)

    await asyncio.gather(*(add(names if number % 2 else names[::-1]) for number in range(20)))

    assert {each["uses"] for each in await told(running, brand.token)} == {"20"}
    assert len(await told(running, brand.token)) == 8
