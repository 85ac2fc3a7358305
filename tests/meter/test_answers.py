"""What every answer tells of costs, and what is told where a bucket is empty."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from app.core.resources import open_resources
from app.core.settings import Settings
from app.core.viewer import Scope
from tests.http.requests import PLAIN, QUERY, asking, post, told
from tests.http.server import Running, TestBrand, make_brand, serving, token_of
from tests.live.sockets import acknowledged

ADD = """mutation ($tag: String!) { addTrigger(input: {tag: $tag, marketplace: "US"}) {
    __typename ... on Trigger { tag } } }"""
EVENTS = "subscription { events { __typename } }"
COST = """query ($document: String!, $variables: JSON) {
    operationCost(document: $document, variables: $variables) {
        requested maximumAvailable currentlyAvailable restoreRate availableInSeconds
        parts { path points } refusals { code message } } }"""


@pytest.fixture(scope="module")
async def server(database: str) -> AsyncIterator[Running]:
    """A server whose buckets are small, and fill so slowly that hardly a test notices."""
    settings = Settings(cost_maximum=1_000, cost_restore_rate=1)
    async with open_resources(settings, database) as resources, serving(resources) as running:
        yield running


@pytest.fixture
async def poor(server: Running) -> TestBrand:
    """A brand with a small bucket."""
    return await make_brand(server.resources)


@pytest.fixture
async def client(server: Running, poor: TestBrand) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that brand's app."""
    async with asking(server, poor.token) as client:
        yield client


def cost_of(answer: httpx.Response) -> dict[str, int]:
    """`extensions.cost` of an answer, whose header fields must say the same."""
    extensions = answer.json()["extensions"]
    assert extensions.keys() == {"cost"}
    cost: dict[str, int] = extensions["cost"]
    left, maximum = cost["currentlyAvailable"], cost["maximumAvailable"]
    seconds = -(-(maximum - left) // cost["restoreRate"])
    assert answer.headers["ratelimit"] == f'"cost";r={left};t={seconds}'
    window = -(-maximum // cost["restoreRate"])
    assert answer.headers["ratelimit-policy"] == f'"cost";q={maximum};w={window};qu="points"'
    return cost


def cost(requested: int, left: int) -> dict[str, int]:
    """The extension of an answer of the small server."""
    return {
        "requested": requested,
        "maximumAvailable": 1_000,
        "restoreRate": 1,
        "currentlyAvailable": left,
    }


async def drain(client: httpx.AsyncClient, leave: int) -> None:
    """Spend a full bucket but for about so many points; each second adds one."""
    for rows in (460, 480 - leave):
        query = f"{{ shoppableTweets(first: {rows}) {{ nodes {{ id }} }} }}"
        answer = await post(client, {"query": query})
        assert cost_of(answer)["requested"] == 20 + rows
    assert cost_of(await post(client, QUERY))["currentlyAvailable"] in range(leave - 1, leave + 60)


async def test_an_answer_tells_what_it_cost_and_what_is_left(client: httpx.AsyncClient) -> None:
    first, second = await post(client, QUERY), await post(client, QUERY)

    assert (cost_of(first), cost_of(second)) == (cost(21, 979), cost(21, 958))
    assert list(first.json()) == ["data", "extensions"]
    assert "retry-after" not in first.headers


@pytest.mark.parametrize(
    ("body", "points"),
    [
        (b"{", 20),
        ({"query": "{"}, 20),
        ({"query": "{ nothing }"}, 20),
        ({"query": "query ($a: Int!) { __typename }"}, 20),
        ({"query": "{ shoppableTweets(first: 501) { nodes { id } } }"}, 20),
        ({"query": EVENTS}, 20),
        ({"query": "{ a: cartIntents(first: 500) { nodes { id } totalCount } }"}, 720),
    ],
)
async def test_what_is_refused_for_its_own_fault_costs_the_least(
    client: httpx.AsyncClient, body: Any, points: int
) -> None:
    answer = await post(client, body)

    assert ("errors" in answer.json()) is (points == 20)
    assert cost_of(answer) == cost(points, 1_000 - points)


async def test_what_takes_a_scope_that_the_token_lacks_costs_the_least(
    server: Running, poor: TestBrand
) -> None:
    token = await token_of(server.resources, poor.slug, frozenset({Scope.EVENTS_READ}))
    async with asking(server, token) as client:
        answer = await post(client, QUERY)

    assert answer.status_code == 403
    assert cost_of(answer) == cost(20, 980)


async def test_whoever_is_not_known_is_told_of_no_bucket(server: Running) -> None:
    async with asking(server, "hct_at_nobody") as client:
        answer = await post(client, QUERY)

    assert answer.status_code == 401
    assert answer.json().keys() == {"errors"}
    assert "ratelimit" not in answer.headers


async def test_an_empty_bucket_refuses_before_anything_runs(
    client: httpx.AsyncClient, server: Running, poor: TestBrand
) -> None:
    await drain(client, 100)

    modern = await post(client, {"query": ADD, "variables": {"tag": "Never"}})
    plain = await post(client, {"query": ADD, "variables": {"tag": "Never"}}, accept=PLAIN)

    assert (modern.status_code, plain.status_code) == (429, 200)
    (error,) = told(modern)["errors"]
    seconds = error["extensions"]["retryAfterSeconds"]
    assert error["extensions"] == {"code": "THROTTLED", "retryAfterSeconds": seconds}
    assert error["message"].startswith("This takes 221 points and ")
    assert modern.headers["retry-after"] == str(seconds)
    assert "retry-after" not in plain.headers
    assert cost_of(modern)["requested"] == 221
    assert cost_of(modern)["currentlyAvailable"] == 221 - seconds
    connection = await asyncpg.connect(server.resources.database_url)
    tags = await connection.fetch("SELECT tag FROM trigger WHERE brand_id = $1", poor.id)
    await connection.close()
    assert [row["tag"] for row in tags] == ["AmazonCart"]


async def test_what_fits_into_the_rest_still_runs(client: httpx.AsyncClient) -> None:
    await drain(client, 100)
    assert (await post(client, {"query": ADD, "variables": {"tag": "Never"}})).status_code == 429

    answer = await post(client, QUERY)

    assert (answer.status_code, cost_of(answer)["requested"]) == (200, 21)


async def test_what_no_bucket_holds_is_refused_for_good_with_the_way_out(
    client: httpx.AsyncClient,
) -> None:
    tweets = "shoppableTweets(first: 500) { nodes { id links(first: 5) { nodes { id } } } }"

    answer = await post(client, {"query": f"{{ {tweets} }}"})

    (error,) = told(answer)["errors"]
    assert answer.status_code == 400
    assert error["extensions"] == {"code": "OPERATION_TOO_LARGE"}
    assert error["message"].startswith(
        "This takes 5,520 points, and a full bucket holds 1,000. Ask for smaller pages"
    )
    assert cost_of(answer) == cost(5_520, 980)


async def test_a_mutation_is_charged_with_its_payload(client: httpx.AsyncClient) -> None:
    answer = await post(client, {"query": ADD, "variables": {"tag": "Basket"}})

    assert told(answer) == {"data": {"addTrigger": {"__typename": "Trigger", "tag": "Basket"}}}
    assert cost_of(answer) == cost(221, 779)


async def test_a_socket_charges_as_a_post_does(
    server: Running, poor: TestBrand, client: httpx.AsyncClient
) -> None:
    async with acknowledged(server.socket_address, poor.token) as socket:
        await socket.subscribe("1", QUERY["query"])
        answer = await socket.receive()
        assert (await socket.receive())["type"] == "complete"
        for key in ("2", "3", "4", "5"):
            await socket.subscribe(key, EVENTS)
            assert (await socket.item(key))["__typename"] == "LogHeartbeat"
        await socket.subscribe("6", EVENTS)
        refused = await socket.receive()
        await socket.subscribe("7", "{")
        assert (await socket.receive())["type"] == "error"

    assert answer["payload"]["extensions"] == {"cost": cost(21, 979)}
    assert (refused["type"], refused["id"]) == ("error", "6")
    (error,) = refused["payload"]
    assert error["extensions"]["code"] == "THROTTLED"
    assert cost_of(await post(client, QUERY))["currentlyAvailable"] in range(54, 70)


async def test_a_stream_over_post_is_charged_when_it_starts(client: httpx.AsyncClient) -> None:
    accept = {"accept": "text/event-stream"}
    async with client.stream("POST", "/graphql", json={"query": EVENTS}, headers=accept) as stream:
        lines = stream.aiter_lines()
        while "LogHeartbeat" not in await anext(lines):
            pass

    assert cost_of(await post(client, QUERY)) == cost(21, 1_000 - 221 - 21)


async def test_apps_of_one_brand_have_buckets_of_their_own(running: Running) -> None:
    one, other = await make_brand(running.resources), await make_brand(running.resources)
    async with asking(running, one.token) as client:
        await post(client, QUERY)
    async with asking(running, other.token) as client:
        assert cost_of(await post(client, QUERY))["currentlyAvailable"] == 49_979


async def test_the_cost_of_an_operation_is_told_without_running_it(
    client: httpx.AsyncClient,
) -> None:
    document = "query ($n: Int) { shoppableTweets(first: $n) { totalCount nodes { id } } }"

    answer = await post(
        client, {"query": COST, "variables": {"document": document, "variables": {"n": 10}}}
    )

    assert told(answer)["data"]["operationCost"] == {
        "requested": 230,
        "maximumAvailable": 1_000,
        "currentlyAvailable": 480,
        "restoreRate": 1,
        "availableInSeconds": 0,
        "parts": [
            {"path": [], "points": 20},
            {"path": ["shoppableTweets"], "points": 210},
        ],
        "refusals": [],
    }
    assert cost_of(answer) == cost(520, 480)


@pytest.mark.parametrize(
    ("document", "points", "code"),
    [
        ("{", None, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", None, "GRAPHQL_VALIDATION_FAILED"),
        (
            "query ($n: Int!) { shoppableTweets(first: $n) { nodes { id } } }",
            None,
            "BAD_USER_INPUT",
        ),
        ("{ " + "brand { " * 21 + "id" + " }" * 21 + " }", None, "OPERATION_TOO_LARGE"),
        ("{ shoppableTweets(first: 501) { nodes { id } } }", None, "BAD_USER_INPUT"),
        (
            "{ shoppableTweets(first: 500) { nodes { links(first: 5) { nodes { id } } } } }",
            5_520,
            "OPERATION_TOO_LARGE",
        ),
    ],
)
async def test_the_cost_of_what_would_be_refused_is_told_with_the_reason(
    client: httpx.AsyncClient, document: str, points: int | None, code: str
) -> None:
    answer = await post(client, {"query": COST, "variables": {"document": document}})

    found = told(answer)["data"]["operationCost"]
    assert (found["requested"], found["availableInSeconds"]) == (points, None)
    assert [refusal["code"] for refusal in found["refusals"]] == [code]


@pytest.mark.parametrize(
    ("document", "points"),
    [(ADD.replace("($tag: String!)", "").replace("$tag", '"A"'), 221), (EVENTS, 221)],
    ids=["mutation", "subscription"],
)
async def test_the_cost_of_every_kind_of_operation_is_told(
    client: httpx.AsyncClient, document: str, points: int
) -> None:
    answer = await post(client, {"query": COST, "variables": {"document": document}})

    assert told(answer)["data"]["operationCost"]["requested"] == points


async def test_the_ceilings_are_told(client: httpx.AsyncClient) -> None:
    query = "{ viewer { limits { depth pageSize cost { maximumAvailable restoreRate } } } }"

    answer = await post(client, {"query": query})

    assert told(answer)["data"]["viewer"]["limits"] == {
        "depth": 20,
        "pageSize": 500,
        "cost": {"maximumAvailable": 1_000, "restoreRate": 1},
    }
