"""Malformed requests to `/graphql`: none meets a defect, and every answer has GraphQL's shape."""

import asyncio
import os
from collections import Counter
from random import Random
from typing import Any

import httpx
import orjson
import pytest
from structlog.testing import capture_logs
from websockets.exceptions import ConnectionClosed

from app.graphql.codes import CODES
from tests.hostile.operations import Malformed, Mangler, good_requests
from tests.http.requests import MODERN, PLAIN
from tests.http.server import Running, TestBrand
from tests.live.leftovers import nothing_left
from tests.live.sockets import acknowledged
from tests.needs import chosen_scale, scale

SEED = "HASHCART_MALFORMED_SEED"
REQUESTS = scale(small=160, check=800, soak=4_000)
OVER_SOCKETS = scale(small=40, check=200, soak=1_000)
AT_ONCE = 8
QUIET_SECONDS = 0.02
"""How long a subscription that began after all is listened to."""

KNOWN = {code.value for code in CODES}
CLOSED_BY_PROTOCOL = range(4400, 4500)


def mangler() -> Mangler:
    """Makes the requests of this run; prints how to repeat it."""
    seed = int(os.environ.get(SEED, 0)) or Random().randrange(1, 2**32)
    print(f"{SEED}={seed} HASHCART_TEST_SCALE={chosen_scale()} repeats this run.")
    return Mangler(seed, good_requests())


@pytest.mark.scaled
async def test_no_malformed_request_meets_a_defect(running: Running, brand: TestBrand) -> None:
    made = mangler()
    free = asyncio.Semaphore(AT_ONCE)
    statuses: Counter[int] = Counter()
    wrong: list[str] = []
    async with running.client() as client:

        async def one(malformed: Malformed) -> None:
            async with free:
                status, fault = await _sent(client, brand.token, malformed)
            statuses[status] += 1
            if fault:
                wrong.append(f"{status} {fault}: {_shown(malformed)}")

        with capture_logs() as logs:
            async with asyncio.TaskGroup() as group:
                for _ in range(REQUESTS):
                    group.create_task(one(made.make()))
    await nothing_left(running)

    assert wrong == []
    assert [entry for entry in logs if "error_id" in entry] == []
    assert sum(statuses.values()) == REQUESTS
    assert statuses[400] > REQUESTS / 3


async def _sent(client: httpx.AsyncClient, token: str, malformed: Malformed) -> tuple[int, str]:
    """The status of the answer, and what is wrong with it."""
    headers = {
        b"authorization": f"Bearer {token}".encode(),
        b"content-type": PLAIN.encode(),
        b"accept": MODERN.encode(),
        **{name.encode(): value for name, value in malformed.headers},
    }
    address = client.base_url.join("/graphql").copy_with(query=malformed.query)
    request = client.build_request(
        malformed.method, address, content=malformed.body, headers=list(headers.items())
    )
    answer = await client.send(request, stream=True)
    try:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer.status_code, "" if answer.status_code == 200 else "a stream of errors"
        return answer.status_code, _fault(answer.status_code, await answer.aread())
    finally:
        await answer.aclose()


def _fault(status: int, body: bytes) -> str:
    if status >= 500:
        return f"a defect: {body[:300]!r}"
    if status == 400 and body == b"Invalid HTTP request received.":
        return ""  # what is no HTTP is answered before it gets here
    answer: dict[str, Any] = orjson.loads(body)
    if not answer.keys() <= {"data", "errors", "extensions"}:
        return f"another shape: {body[:300]!r}"
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    if status >= 400 and ("data" in answer or not codes):
        return f"an error that says nothing: {body[:300]!r}"
    if not codes <= KNOWN - {"INTERNAL_SERVER_ERROR"}:
        return f"codes {codes}"
    return ""


def _shown(malformed: Malformed) -> str:
    sent = f"{malformed.method} {malformed.query[:300]!r} {malformed.headers}"
    return f"{malformed.kind} {sent} {malformed.body[:600]!r}"


@pytest.mark.scaled
async def test_no_malformed_message_on_a_socket_meets_a_defect(
    running: Running, brand: TestBrand
) -> None:
    made = mangler()
    wrong: list[str] = []
    with capture_logs() as logs:
        for _ in range(OVER_SOCKETS):
            malformed = made.make()
            fault = await _over_a_socket(running, brand, malformed.body)
            if fault:
                wrong.append(f"{fault}: {_shown(malformed)}")
    await nothing_left(running)

    assert wrong == []
    assert [entry for entry in logs if "error_id" in entry] == []


async def _over_a_socket(running: Running, brand: TestBrand, payload: bytes) -> str:
    """What is wrong with how a payload of `subscribe` is answered."""
    message = b'{"id":"1","type":"subscribe","payload":' + (payload or b"null") + b"}"
    async with acknowledged(running.socket_address, brand.token) as socket:
        try:
            text = message.decode()
        except UnicodeDecodeError:
            await socket.send(message)
        else:
            await socket.send(text)
        await asyncio.sleep(QUIET_SECONDS)
        try:
            await socket.send({"id": "1", "type": "complete"}, {"type": "ping"})
            while (answer := await socket.receive())["type"] != "pong":
                if answer["type"] == "error":
                    codes = {error["extensions"]["code"] for error in answer["payload"]}
                    if not codes <= KNOWN - {"INTERNAL_SERVER_ERROR"}:
                        return f"codes {codes}"
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            return "" if code in CLOSED_BY_PROTOCOL else f"closed with {code}"
    return ""


def test_the_same_seed_makes_the_same_requests() -> None:
    requests = good_requests()
    one, same, other = (Mangler(seed, requests) for seed in (7, 7, 8))

    made = [one.make() for _ in range(50)]

    assert made == [same.make() for _ in range(50)]
    assert made != [other.make() for _ in range(50)]
