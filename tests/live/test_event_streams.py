"""Subscriptions over POST: graphql-sse's distinct connections, event by event."""

import asyncio

import pytest
from starlette.types import Message

from app.core.resources import Resources
from app.graphql import sse, watch
from app.graphql.engine import GraphQLRequest
from app.oauth import viewer
from tests.http.requests import MODERN, PLAIN, post
from tests.http.server import Running, TestBrand, make_brand, serving
from tests.live.leftovers import nothing_left
from tests.live.logs import write_many
from tests.live.sockets import ADDS, EVENTS, places
from tests.live.streams import EVENTS_ONLY, streaming

QUERY = "{ brand { slug } }"
URQL = f"{MODERN}, application/graphql+json, {PLAIN}, {EVENTS_ONLY}, multipart/mixed"


async def test_a_subscription_sends_each_event_and_ends_with_its_client(
    running: Running, brand: TestBrand
) -> None:
    async with streaming(running, brand.token, EVENTS) as stream:
        assert stream.answer.status_code == 200
        assert stream.answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.answer.headers["cache-control"] == "no-store"
        assert (await stream.item())["scannedTo"] == "0"
        await write_many(running.resources, brand.id, 3)

        items = await stream.items(3)

    assert places(items) == [(1, 0), (2, 1), (3, 2)]
    await nothing_left(running)


async def test_a_stream_goes_on_after_the_cursor_it_is_given(
    running: Running, brand: TestBrand
) -> None:
    await write_many(running.resources, brand.id, 2)
    async with streaming(running, brand.token, EVENTS) as stream:
        cursor = (await stream.item())["cursor"]
    await write_many(running.resources, brand.id, 2)

    async with streaming(running, brand.token, EVENTS, after=cursor) as stream:
        assert places(await stream.items(2)) == [(3, 2), (4, 3)]


async def test_streams_and_sockets_that_ask_the_same_are_one_group(
    running: Running, brand: TestBrand
) -> None:
    async with (
        streaming(running, brand.token, ADDS) as one,
        streaming(running, brand.token, ADDS, accept=URQL) as other,
    ):
        await one.item()
        await other.item()
        assert running.server.live.groups == 1
    await nothing_left(running)


@pytest.mark.parametrize("query", [QUERY, "mutation { __typename }"])
async def test_who_takes_nothing_else_gets_any_answer_as_a_stream(
    running: Running, brand: TestBrand, query: str
) -> None:
    async with streaming(running, brand.token, query) as stream:
        assert stream.answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        (name, answer), last = await stream.rest()

    assert (name, last) == ("next", ("complete", None))
    assert answer["data"] in ({"brand": {"slug": brand.slug}}, {"__typename": "Mutation"})


async def test_who_lists_the_stream_among_others_gets_json_where_json_can_answer(
    running: Running, brand: TestBrand
) -> None:
    async with streaming(running, brand.token, QUERY, accept=URQL) as stream:
        assert stream.answer.headers["content-type"] == f"{MODERN}; charset=utf-8"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { events { nothing } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ('subscription { events(after: "x") { __typename } }', "BAD_CURSOR"),
    ],
)
async def test_what_keeps_a_subscription_from_running_is_told_in_the_stream(
    running: Running, brand: TestBrand, query: str, code: str
) -> None:
    async with streaming(running, brand.token, query) as stream:
        assert stream.answer.status_code == 200
        (name, answer), last = await stream.rest()

    assert (name, last) == ("next", ("complete", None))
    assert "data" not in answer
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
    await nothing_left(running)


async def test_nobody_follows_anything_without_a_token(running: Running) -> None:
    async with running.client() as client:
        answer = await post(
            client,
            {"query": EVENTS},
            **{"accept": EVENTS_ONLY, "content-type": PLAIN, "authorization": "Bearer no"},
        )

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_a_stream_lives_no_longer_than_its_token(
    running: Running, brand: TestBrand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(viewer, "SECONDS_TRUSTED", 0.0)
    async with streaming(running, brand.token, EVENTS) as stream:
        await stream.item()
        async with running.resources.engine.begin() as connection:
            await connection.exec_driver_sql(
                "UPDATE token SET revoked_at = now() WHERE brand_id = $1", (brand.id,)
            )
        (name, answer), last = await stream.rest()

    assert (name, last) == ("next", ("complete", None))
    assert answer == {
        "errors": [{"message": watch.ENDED, "extensions": {"code": "UNAUTHENTICATED"}}]
    }
    await nothing_left(running)


async def test_silence_is_broken_by_comments(
    running: Running, brand: TestBrand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "SILENCE_SECONDS_MAX", 0.01)
    async with streaming(running, brand.token, EVENTS) as stream:
        assert await stream.block() == [":"]
        await stream.item()
        assert [await stream.block() for _ in range(3)] == [[":"]] * 3


async def test_more_streams_than_an_installation_may_have_are_refused(
    running: Running, brand: TestBrand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "STREAMS_PER_INSTALLATION_MAX", 1)
    other = await make_brand(running.resources)
    accept = f"{MODERN}, {EVENTS_ONLY}"
    async with streaming(running, brand.token, EVENTS) as stream:
        await stream.item()
        async with streaming(running, brand.token, EVENTS, accept=accept) as refused:
            await refused.answer.aread()
        async with streaming(running, other.token, EVENTS, accept=accept) as taken:
            await taken.item()
    await nothing_left(running)
    async with streaming(running, brand.token, EVENTS, accept=accept) as again:
        await again.item()

    assert refused.answer.status_code == 429
    assert refused.answer.json()["errors"][0]["extensions"] == {"code": "TOO_MANY_STREAMS"}


async def test_streams_are_cut_when_the_process_ends(resources: Resources) -> None:
    brand = await make_brand(resources)
    async with serving(resources) as running, streaming(running, brand.token, EVENTS) as stream:
        await stream.item()
        running.server.streams.end()

        assert await stream.rest() == []


async def test_a_client_that_takes_nothing_is_let_go(
    running: Running, brand: TestBrand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "SEND_SECONDS_MAX", 0.05)
    authenticated = await running.server.streams._context.authenticate(brand.token)
    assert authenticated is not None
    sent: list[Message] = []

    async def stuck(message: Message) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def silent() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    request = GraphQLRequest(EVENTS, None, {})
    await running.server.streams.follow(request, authenticated, brand.token, silent, stuck)

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    await nothing_left(running)
