"""graphql-transport-ws, message by message."""

from typing import Any

import pytest

from app.graphql import websocket
from tests.http.server import Running, TestBrand
from tests.live.leftovers import nothing_left
from tests.live.logs import write_many
from tests.live.sockets import ADDS, EVENTS, Closed, acknowledged, connected, places

pytestmark = pytest.mark.once

QUERY = "{ brand { slug } }"
INIT = {"type": "connection_init"}
SUBSCRIBE = {"id": "1", "type": "subscribe", "payload": {"query": QUERY}}


async def test_a_good_token_is_acknowledged(running: Running, brand: TestBrand) -> None:
    async with connected(running.socket_address) as socket:
        assert socket.connection.subprotocol == "graphql-transport-ws"
        assert await socket.init(brand.token) == {"type": "connection_ack"}


async def test_a_token_may_come_in_the_header_of_the_handshake(
    running: Running, brand: TestBrand
) -> None:
    headers = {"Authorization": f"Bearer {brand.token}"}
    async with connected(running.socket_address, headers=headers) as socket:
        assert await socket.init(None) == {"type": "connection_ack"}


async def test_pings_are_answered_before_and_after_the_acknowledgement(
    running: Running, brand: TestBrand
) -> None:
    async with connected(running.socket_address) as socket:
        await socket.send({"type": "pong"}, {"type": "ping", "payload": {"any": "thing"}})
        assert await socket.receive() == {"type": "pong"}
        await socket.init(brand.token)
        await socket.send({"type": "pong"}, {"type": "ping"})
        assert await socket.receive() == {"type": "pong"}


async def test_a_query_answers_once_and_completes(running: Running, brand: TestBrand) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.send(SUBSCRIBE)

        answer, ending = await socket.receive(), await socket.receive()

    assert (answer["id"], answer["type"]) == ("1", "next")
    assert answer["payload"]["data"] == {"brand": {"slug": brand.slug}}
    assert answer["payload"].keys() == {"data", "extensions"}
    assert ending == {"type": "complete", "id": "1"}


async def test_an_id_may_be_used_again_after_its_operation_ended(
    running: Running, brand: TestBrand
) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        for _ in range(3):
            await socket.send(SUBSCRIBE)
            assert (await socket.receive())["type"] == "next"
            assert await socket.receive() == {"type": "complete", "id": "1"}


async def test_an_id_leaves_as_it_came(running: Running, brand: TestBrand) -> None:
    key = 'a "quoted" \\ line\n and é 🛒'
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.send({**SUBSCRIBE, "id": key})

        assert (await socket.receive())["id"] == key
        assert await socket.receive() == {"type": "complete", "id": key}


async def test_a_subscription_sends_each_event(running: Running, brand: TestBrand) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS)
        assert (await socket.item())["scannedTo"] == "0"
        await write_many(running.resources, brand.id, 3)

        items = await socket.items(3)

    assert places(items) == [(1, 0), (2, 1), (3, 2)]
    assert [item["event"]["type"] for item in items] == ["CART_INTENT_ADDED"] * 3
    await nothing_left(running)


async def test_several_operations_run_on_one_socket(running: Running, brand: TestBrand) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("events", EVENTS)
        await socket.item("events")
        await socket.subscribe("adds", ADDS)
        await socket.item("adds")
        await socket.send({**SUBSCRIBE, "id": "query"})
        assert (await socket.receive())["id"] == "query"
        assert await socket.receive() == {"type": "complete", "id": "query"}
        await write_many(running.resources, brand.id, 2)

        got = [await socket.receive() for _ in range(4)]

    assert sorted(
        (message["id"], item["seq"])
        for message in got
        for item in message["payload"]["data"].values()
    ) == [("adds", "1"), ("adds", "2"), ("events", "1"), ("events", "2")]


async def test_completing_ends_one_operation_and_no_other(
    running: Running, brand: TestBrand
) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("stays", EVENTS)
        await socket.item("stays")
        await socket.subscribe("ends", ADDS)
        await socket.item("ends")
        assert running.server.live.groups == 2
        await socket.send({"id": "ends", "type": "complete"}, {"type": "ping"})
        assert await socket.receive() == {"type": "pong"}
        await write_many(running.resources, brand.id, 1)

        assert (await socket.item("stays"))["seq"] == "1"
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}
        assert running.server.live.groups == 1
    await nothing_left(running)


async def test_completing_what_does_not_run_is_no_error(running: Running, brand: TestBrand) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.send({"id": "unknown", "type": "complete"}, {"type": "ping"})

        assert await socket.receive() == {"type": "pong"}


async def test_one_group_serves_all_who_asked_the_same_and_ends_with_the_last(
    running: Running, brand: TestBrand
) -> None:
    async with acknowledged(running.socket_address, brand.token) as first:
        await first.subscribe("1", EVENTS)
        await first.item()
        async with acknowledged(running.socket_address, brand.token) as second:
            await second.subscribe("1", EVENTS)
            await second.item()
            assert running.server.live.groups == 1
            await write_many(running.resources, brand.id, 1)
            assert await second.item() == await first.item()
        await write_many(running.resources, brand.id, 1)
        assert (await first.item())["seq"] == "2"
        assert running.server.live.groups == 1
    await nothing_left(running)


async def test_a_document_that_is_not_valid_ends_its_operation_alone(
    running: Running, brand: TestBrand
) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        for query, code in [
            ("{ brand { sluk } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ brand {", "GRAPHQL_PARSE_FAILED"),
            ("subscription { events { nothing } }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { events { __typename } cartAdds { __typename } }", None),
            ("subscription ($types: [EventType!]) { events(types: $types) { __typename } }", None),
        ]:
            await socket.subscribe("1", query, types=["NOTHING"])
            error = await socket.error()
            assert error["message"]
            assert code in (None, error["extensions"]["code"])
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}
    assert running.server.live.groups == 0


REFUSED_AT_ONCE: list[tuple[Any, int]] = [
    ("no json", 4400),
    ("[]", 4400),
    ("7", 4400),
    ("null", 4400),
    ("{}", 4400),
    ('{"type": 7}', 4400),
    (b"\xff", 4400),
    ("[" * 5_000, 4400),
    (SUBSCRIBE, 4401),
    ({"type": "complete", "id": "1"}, 4401),
    ({"type": "nonsense"}, 4401),
]


@pytest.mark.parametrize(("message", "code"), REFUSED_AT_ONCE)
async def test_what_comes_before_connection_init_closes_the_socket(
    running: Running, message: Any, code: int
) -> None:
    async with connected(running.socket_address) as socket:
        await socket.send(message)

        assert (await socket.closed()).code == code


REFUSED_LATER: list[tuple[Any, Closed]] = [
    ("no json", Closed(4400, "A message is not valid JSON in UTF-8.")),
    ({"type": "nonsense"}, Closed(4400, "Unknown type of message.")),
    ({"type": "next", "id": "1", "payload": {}}, Closed(4400, "Unknown type of message.")),
    (INIT, Closed(4429, "connection_init was sent already.")),
    (
        {"type": "subscribe", "payload": {"query": QUERY}},
        Closed(4400, "`id` must be text of 1 to 200 characters."),
    ),
    ({**SUBSCRIBE, "id": ""}, Closed(4400, "`id` must be text of 1 to 200 characters.")),
    ({**SUBSCRIBE, "id": 1}, Closed(4400, "`id` must be text of 1 to 200 characters.")),
    ({**SUBSCRIBE, "id": "x" * 201}, Closed(4400, "`id` must be text of 1 to 200 characters.")),
    ({"type": "complete"}, Closed(4400, "`id` must be text of 1 to 200 characters.")),
    (
        {"id": "1", "type": "subscribe"},
        Closed(4400, "The body must be a JSON object with the field `query`."),
    ),
    (
        {"id": "1", "type": "subscribe", "payload": {"query": 7}},
        Closed(4400, "`query` must be a document, as text."),
    ),
    (
        {"id": "1", "type": "subscribe", "payload": {"query": QUERY, "variables": []}},
        Closed(4400, "`variables` must be an object or null."),
    ),
]


@pytest.mark.parametrize(("message", "closed"), REFUSED_LATER)
async def test_what_breaks_the_protocol_closes_the_socket_and_says_why(
    running: Running, brand: TestBrand, message: Any, closed: Closed
) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.send(message)

        assert await socket.closed() == closed


async def test_an_id_in_use_closes_the_socket_with_4409(running: Running, brand: TestBrand) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("one", EVENTS)
        await socket.item("one")
        await socket.subscribe("one", ADDS)

        assert await socket.closed() == Closed(4409, "Subscriber for one already exists")
    await nothing_left(running)


@pytest.mark.parametrize("protocols", [(), ("graphql-ws",)])
async def test_another_sub_protocol_is_closed_with_4406(
    running: Running, protocols: tuple[str, ...]
) -> None:
    async with connected(running.socket_address, protocols=protocols) as socket:
        assert socket.connection.subprotocol is None
        assert await socket.closed() == Closed(4406, "Speak the sub-protocol graphql-transport-ws.")


async def test_of_several_sub_protocols_the_one_that_is_spoken_is_taken(running: Running) -> None:
    protocols = ("graphql-ws", "graphql-transport-ws")
    async with connected(running.socket_address, protocols=protocols) as socket:
        assert socket.connection.subprotocol == "graphql-transport-ws"


async def test_who_says_nothing_is_closed_with_4408(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "INIT_SECONDS_MAX", 0.05)
    async with connected(running.socket_address) as socket:
        assert await socket.closed() == Closed(4408, "Send connection_init first.")


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer ", "Bearer hc_at_unknown", "Basic abc", "Bearer \N{SNOWMAN}", 7, ["x"]],
)
async def test_who_has_no_good_token_is_closed_with_4403(
    running: Running, authorization: Any
) -> None:
    async with connected(running.socket_address) as socket:
        await socket.send({"type": "connection_init", "payload": {"Authorization": authorization}})

        closed = await socket.closed()

    assert closed == Closed(4403, 'Send {"Authorization": "Bearer <token>"} in connection_init.')


async def test_more_operations_than_one_socket_may_run_close_it(
    running: Running, brand: TestBrand
) -> None:
    async with acknowledged(running.socket_address, brand.token) as socket:
        for number in range(websocket.OPERATIONS_PER_SOCKET_MAX):
            await socket.subscribe(str(number), EVENTS)
        for _ in range(websocket.OPERATIONS_PER_SOCKET_MAX):
            await socket.receive()
        assert running.server.live.groups == 1
        await socket.subscribe("one too many", EVENTS)

        assert await socket.closed() == Closed(4400, "At most 100 operations run on one socket.")
    await nothing_left(running)
