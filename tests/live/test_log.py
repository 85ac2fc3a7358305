"""`events` and `cartAdds`: what a subscriber is sent, and that it is all of it."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import orjson
import pytest

from app.core.ids import global_id, uuid7
from app.core.viewer import Scope
from app.events.catalogue import EventType
from app.graphql import live
from tests.http.server import Running, TestBrand, make_brand, token_of
from tests.live.cursors import cursors, start_cursor
from tests.live.logs import (
    ADDED,
    FAILED,
    HANDED_OFF,
    QUEUED,
    RECORDED,
    Happening,
    expected,
    of_types,
    read_log,
    tweet_gid,
    write,
    write_many,
)
from tests.live.sockets import ADDS, EVENTS, acknowledged, places

MIXED: Sequence[EventType] = (RECORDED, QUEUED, ADDED, RECORDED, FAILED, ADDED, HANDED_OFF, QUEUED)


async def test_a_subscription_that_starts_now_says_first_where_it_starts(
    running: Running, brand: TestBrand
) -> None:
    await write_many(running.resources, brand.id, 3)
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS, types=["CART_INTENT_FAILED"])
        first = await socket.item()
        await write(running.resources, brand.id, Happening(FAILED))
        second = await socket.item()

    assert (first["__typename"], first["scannedTo"]) == ("LogHeartbeat", "3")
    assert places([second]) == [(4, 0)]

    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS, after=first["cursor"])
        assert places(await socket.items(1)) == [(4, 3)]


async def test_a_cursor_replays_what_came_after_it_then_follows(
    running: Running, brand: TestBrand
) -> None:
    start = await start_cursor(running, brand)
    await write_many(running.resources, brand.id, 5)
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS, after=start)
        replayed = await socket.items(5)
        await write_many(running.resources, brand.id, 2)
        followed = await socket.items(2)

    assert places(replayed + followed) == [(seq, seq - 1) for seq in range(1, 8)]


async def test_more_events_than_one_read_takes_are_replayed_without_a_hole(
    running: Running, brand: TestBrand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "ROWS_PER_READ", 7)
    start = await start_cursor(running, brand)
    await write_many(running.resources, brand.id, 21)  # the last read is exactly full
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS, after=start)
        replayed = await socket.items(21)
        await write_many(running.resources, brand.id, 30)
        followed = await socket.items(30)

    assert places(replayed + followed) == [(seq, seq - 1) for seq in range(1, 52)]


async def test_the_cursor_of_an_event_by_query_is_good_for_a_subscription(
    running: Running, brand: TestBrand
) -> None:
    await write_many(running.resources, brand.id, 4)
    second = (await cursors(running, brand))[1]
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS, after=second)

        assert places(await socket.items(2)) == [(3, 2), (4, 3)]


async def test_the_cursor_of_a_live_event_is_good_for_a_query(
    running: Running, brand: TestBrand
) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS)
        await socket.item()
        await write_many(running.resources, brand.id, 3)
        cursor = (await socket.items(2))[-1]["cursor"]
        await socket.receive()
        query = "query ($after: String) { events(after: $after) { nodes { seq } } }"
        await socket.subscribe("2", query, after=cursor)

        assert (await socket.item("2")) == {"nodes": [{"seq": "3"}]}


@pytest.mark.parametrize(
    "types", [(RECORDED,), (ADDED, HANDED_OFF), (EventType.CART_INTENT_EXPIRED,)]
)
async def test_types_filter_events_and_prev_seq_is_the_filters_own(
    running: Running, brand: TestBrand, types: tuple[EventType, ...]
) -> None:
    await write(running.resources, brand.id, *map(Happening, MIXED))
    every = await cursors(running, brand)
    log = await read_log(running.resources, brand.id)
    for after in range(1, len(MIXED) + 1):
        wanted = expected(log, after, of_types(*types))
        async with acknowledged(running.socket_address, brand.token) as socket:
            names = [each.name for each in types]
            await socket.subscribe("1", EVENTS, after=every[after - 1], types=names)
            assert places(await socket.items(len(wanted))) == wanted
            await socket.send({"type": "ping"})
            assert await socket.receive() == {"type": "pong"}


async def test_prev_seq_goes_on_from_the_replay_into_what_is_live(
    running: Running, brand: TestBrand
) -> None:
    await write(running.resources, brand.id, *map(Happening, MIXED))
    (first, *_) = await cursors(running, brand)
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS, after=first, types=["ENGAGEMENT_RECORDED"])
        items = await socket.items(1)
        for kind in (ADDED, RECORDED, ADDED, ADDED, RECORDED):
            await write(running.resources, brand.id, Happening(kind))
        items += await socket.items(2)

    log = await read_log(running.resources, brand.id)
    assert places(items) == expected(log, 1, of_types(RECORDED)) == [(4, 1), (10, 4), (13, 10)]


async def test_cart_adds_yields_adds_and_hand_offs_told_apart(
    running: Running, brand: TestBrand
) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", ADDS)
        await socket.item()
        await write(running.resources, brand.id, *map(Happening, MIXED))
        items = await socket.items(3)

    assert places(items) == [(3, 0), (6, 3), (7, 6)]
    assert [item["outcome"] for item in items] == ["ADDED", "ADDED", "HANDED_OFF"]


async def test_cart_adds_of_one_tweet_are_only_those_that_it_brought(
    running: Running, brand: TestBrand
) -> None:
    ours, theirs = uuid7(), uuid7()
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", ADDS, tweetId=tweet_gid(ours))
        await socket.item()
        happenings = [
            Happening(ADDED, theirs),
            Happening(ADDED, ours),
            Happening(QUEUED, ours),
            Happening(HANDED_OFF, theirs),
            Happening(HANDED_OFF, ours),
        ]
        await write(running.resources, brand.id, *happenings)
        items = await socket.items(2)

    assert places(items) == [(2, 0), (5, 2)]
    assert {item["cartIntent"]["tweet"]["id"] for item in items} == {tweet_gid(ours)}


@pytest.mark.parametrize(
    "tweet_id",
    [
        "not an id",
        "",
        "\x00",
        global_id("Product", UUID(int=7)),
        tweet_gid(UUID(int=7)),
    ],
)
async def test_an_id_that_names_no_tweet_brings_nothing(
    running: Running, brand: TestBrand, tweet_id: str
) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", ADDS, tweetId=tweet_id)
        await socket.item()
        await socket.subscribe("all", ADDS)
        await socket.item("all")
        await write(running.resources, brand.id, Happening(ADDED, UUID(int=8)))

        assert (await socket.item("all"))["seq"] == "1"
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}


async def test_another_brands_events_are_never_sent(running: Running, brand: TestBrand) -> None:
    other = await make_brand(running.resources)
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS)
        await socket.item()
        await write_many(running.resources, other.id, 3)
        await write_many(running.resources, brand.id, 1)

        assert places([await socket.item()]) == [(1, 0)]


async def test_brands_that_ask_the_same_are_each_sent_their_own(
    running: Running, brand: TestBrand
) -> None:
    other = await make_brand(running.resources)
    ours, theirs = uuid7(), uuid7()
    async with (
        acknowledged(running.socket_address, brand.token) as one,
        acknowledged(running.socket_address, other.token) as two,
    ):
        for socket in (one, two):
            await socket.subscribe("1", ADDS)
            await socket.item()
        assert running.server.live.groups == 2
        await write(running.resources, other.id, *[Happening(ADDED, theirs)] * 2)
        await write(running.resources, brand.id, Happening(ADDED, ours))
        mine, others = await one.items(1), await two.items(2)
        for socket in (one, two):
            await socket.send({"type": "ping"})
            assert await socket.receive() == {"type": "pong"}

    assert (places(mine), places(others)) == ([(1, 0)], [(1, 0), (2, 1)])
    assert mine[0]["cartIntent"]["tweet"]["id"] == tweet_gid(ours)
    assert others[0]["cartIntent"]["tweet"]["id"] == tweet_gid(theirs)


async def test_subscribers_with_other_scopes_are_no_group(
    running: Running, brand: TestBrand
) -> None:
    few = frozenset({Scope.EVENTS_READ, Scope.INTENTS_READ})
    token = await token_of(running.resources, brand.slug, few)
    async with (
        acknowledged(running.socket_address, brand.token) as one,
        acknowledged(running.socket_address, token) as two,
    ):
        for socket in (one, two):
            await socket.subscribe("1", ADDS)
            await socket.item()

        assert running.server.live.groups == 2


async def test_where_they_started_makes_subscribers_no_groups_of_their_own(
    running: Running, brand: TestBrand
) -> None:
    await write_many(running.resources, brand.id, 3)
    every = await cursors(running, brand)
    async with (
        acknowledged(running.socket_address, brand.token) as one,
        acknowledged(running.socket_address, brand.token) as two,
    ):
        await one.subscribe("1", EVENTS, after=every[0])
        assert places(await one.items(2)) == [(2, 1), (3, 2)]
        await two.subscribe("1", EVENTS)
        await two.item()
        assert running.server.live.groups == 1
        await write_many(running.resources, brand.id, 1)

        assert places(await one.items(1)) == places(await two.items(1)) == [(4, 3)]


async def test_what_an_event_says_is_what_a_query_says(running: Running, brand: TestBrand) -> None:
    fields = "id seq type occurredAt recordedAt ... on CartIntentEvent { cartIntent { id status } }"
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe(
            "1", f"subscription {{ events {{ ... on LogEntry {{ event {{ {fields} }} }} }} }}"
        )
        assert await socket.item() == {}
        await write(running.resources, brand.id, Happening(ADDED), Happening(RECORDED))
        lived = [(await socket.item())["event"] for _ in range(2)]
        await socket.subscribe("2", f"{{ events {{ nodes {{ {fields} }} }} }}")

        assert await socket.item("2") == {"nodes": lived}


async def test_a_heartbeat_moves_on_although_nothing_passes_the_filter(
    running: Running, brand: TestBrand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.0)
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS, types=["CART_INTENT_FAILED"])
        await socket.item()
        for _ in range(3):
            await write(running.resources, brand.id, Happening(ADDED))
        item = await socket.item()
        while item["scannedTo"] != "3":
            item = await socket.item()
        await write(running.resources, brand.id, Happening(FAILED))

        async with acknowledged(running.socket_address, brand.token) as again:
            await again.subscribe("1", EVENTS, after=item["cursor"], types=["CART_INTENT_FAILED"])
            assert places(await again.items(1)) == [(4, 0)]


async def test_writers_that_commit_at_once_leave_no_hole_and_no_double(
    running: Running, brand: TestBrand
) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS)
        await socket.item()
        async with asyncio.TaskGroup() as writers:
            for number in range(30):
                happenings = [Happening(ADDED) for _ in range(1 + number % 3)]
                writers.create_task(write(running.resources, brand.id, *happenings))
        items = await socket.items(60)

    assert places(items) == [(seq, seq - 1) for seq in range(1, 61)]
    assert len({item["event"]["id"] for item in items}) == 60


async def test_one_event_is_the_same_bytes_for_all_but_their_own_id(
    running: Running, brand: TestBrand
) -> None:
    async with (
        acknowledged(running.socket_address, brand.token) as one,
        acknowledged(running.socket_address, brand.token) as two,
    ):
        await one.subscribe("a", EVENTS)
        await one.item("a")
        await two.subscribe("b", EVENTS)
        await two.item("b")
        await write_many(running.resources, brand.id, 1)
        first, second = await one.connection.recv(), await two.connection.recv()

    assert str(first).replace('"id":"a"', '"id":"b"', 1) == second
    assert orjson.loads(first)["payload"].keys() == {"data"}
