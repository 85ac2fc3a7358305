"""Sending payloads: in order, signed, again until they are accepted, and not to strangers."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from app.cli import sender
from app.cli.cast import authors_of, posts_of
from app.cli.deliveries import at_rate, bodies_in, from_files
from app.cli.failures import CommandFailed
from app.cli.replies import Replies
from app.cli.sender import Door, Tally, send_all
from app.cli.simulate import own_door, refuse_strangers, send_with_progress
from app.cli.world_file import parse_world
from app.core.settings import Settings
from tests.cli.commands import Commands
from tests.cli.doors import SECRET, a_door
from tests.cli.worlds import CORPUS, corpus_world


async def sent(
    bodies: Iterable[bytes], statuses: Iterable[int] = (), *, concurrency: int = 1
) -> tuple[Tally, list[bytes]]:
    async def one_by_one() -> AsyncIterator[bytes]:
        for body in bodies:
            yield body

    tally = Tally()
    async with a_door(statuses) as door:
        await send_all(one_by_one(), Door(door.url, SECRET), tally, concurrency=concurrency)
        assert door.unsigned == 0
        assert door.at_once_most <= concurrency
    return tally, door.bodies


async def test_bodies_are_sent_signed_and_in_order() -> None:
    bodies = [b'{"data": {"n": %d}}' % number for number in range(20)]

    tally, received = await sent(bodies)

    assert received == bodies
    assert (tally.sent, tally.accepted, tally.lost, tally.retried) == (20, 20, 0, 0)


async def test_what_is_not_answered_200_is_sent_again() -> None:
    tally, received = await sent([b"{}"], [500, 0, 503, 429, 200])

    assert received == [b"{}"] * 5
    assert (tally.accepted, tally.lost, tally.retried) == (1, 0, 4)


async def test_a_refusal_is_final() -> None:
    tally, received = await sent([b"1", b"{}"], [400])

    assert received == [b"1", b"{}"]
    assert (tally.accepted, tally.refused, tally.retried, tally.lost) == (1, 1, 0, 1)
    assert tally.last_trouble is not None
    assert "400" in tally.last_trouble


async def test_who_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "PAUSE_SECONDS_MAX", 0.0)
    monkeypatch.setattr(sender, "FIRST_PAUSE_SECONDS", 0.0)

    tally, received = await sent([b"{}"], [500] * 50)

    assert len(received) == sender.ATTEMPTS_MAX
    assert (tally.accepted, tally.given_up, tally.lost) == (0, 1, 1)


async def test_where_nobody_answers_the_rest_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "PAUSE_SECONDS_MAX", 0.0)
    monkeypatch.setattr(sender, "FIRST_PAUSE_SECONDS", 0.0)

    tally, _ = await sent([b"{}"] * 20, [500] * 1000)

    assert (tally.sent, tally.lost) == (5, 5)


async def test_many_are_sent_at_once_and_each_arrives_once() -> None:
    bodies = [b"%d" % number for number in range(200)]

    tally, received = await sent(bodies, concurrency=20)

    assert sorted(received) == sorted(bodies)
    assert tally.accepted == 200


async def test_nobody_listens_is_told_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "PAUSE_SECONDS_MAX", 0.0)
    monkeypatch.setattr(sender, "FIRST_PAUSE_SECONDS", 0.0)
    async with a_door() as door:
        url = door.url

    async def one() -> AsyncIterator[bytes]:
        yield b"{}"

    tally = Tally()
    await send_all(one(), Door(url, SECRET), tally, concurrency=1)

    assert tally.lost == 1
    assert tally.last_trouble is not None
    assert tally.last_trouble.startswith("no answer: ")


def test_the_tally_tells_the_times_of_answers() -> None:
    tally = Tally(sent=3, accepted=2, refused=1)
    for milliseconds in range(1, 101):
        tally.measure(milliseconds / 1000)

    assert tally.line() == (
        "sent 3, accepted 2, refused 1, retried 0, given up 0, p50 51.0 ms, p99 100.0 ms"
    )


async def test_progress_is_told_and_ends_with_the_sum(capsys: pytest.CaptureFixture[str]) -> None:
    async def one() -> AsyncIterator[bytes]:
        yield b"{}"

    async with a_door() as door:
        await send_with_progress(one(), Door(door.url, SECRET), concurrency=1)

    told = capsys.readouterr()
    assert told.out == ""
    assert "sent 1, accepted 1" in told.err.splitlines()[-1]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    """Commands that need no database."""
    return Commands(monkeypatch, capsys, "postgresql://127.0.0.1:1/none")


async def test_the_command_sends_a_case_signed_with_the_secret_it_is_given(
    commands: Commands,
) -> None:
    case = str(CORPUS / "cases" / "same_post_by_xaa_and_stream.json")

    async with a_door() as door:
        words = ("simulate", case, "--url", door.url, "--consumer-secret", SECRET)
        done = await asyncio.to_thread(commands.run, *words)

    assert (done.code, done.out, len(door.bodies), door.unsigned) == (0, "", 2, 0)
    assert "sent 2, accepted 2, refused 0" in done.err


async def test_the_command_generates_traffic_and_ends_with_1_when_some_was_refused(
    commands: Commands,
) -> None:
    words = ("--rate", "50", "--seconds", "0.2", "--world", str(CORPUS / "world.json"))
    async with a_door([403]) as door:
        done = await asyncio.to_thread(
            commands.run,
            *("simulate", *words, "--url", door.url),
            HASHCART_X_CONSUMER_SECRET=SECRET,
        )

    assert (done.code, len(door.bodies), door.unsigned) == (1, 10, 0)
    assert "1 of 10 were not accepted; the last trouble: answer 403" in done.err


async def generated(*, seed: int, duplicates: float = 0.0) -> list[Any]:
    world = parse_world(corpus_world())
    replies = Replies(posts_of(world), authors_of(world), seed=seed)
    bodies = at_rate(replies, per_second=500, seconds=0.2, duplicates=duplicates, seed=seed)
    return [orjson.loads(body) async for body in bodies]


async def test_traffic_has_the_number_that_rate_and_time_make() -> None:
    assert len(await generated(seed=1)) == 100


async def test_a_share_of_the_traffic_is_delivered_twice() -> None:
    bodies = await generated(seed=1, duplicates=1.0)

    posts = [body["data"]["payload"]["id"] for body in bodies]
    assert len(bodies) == 200
    assert posts[::2] == posts[1::2]
    assert len(set(posts)) == 100


def test_files_may_hold_a_payload_a_list_or_a_case(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text('{"data": {}}')
    (tmp_path / "2.json").write_text('[{"data": {"a": 1}}, {"source": "xaa", "body": {"b": 2}}]')
    (tmp_path / "3.json").write_text(json.dumps({"deliveries": [{"body": {"c": 3}}]}))
    (tmp_path / "4.json").write_text(json.dumps({"deliveries": [{"body": "\r\n"}]}))

    assert list(bodies_in(tmp_path)) == [
        b'{"data":{}}',
        b'{"data":{"a":1}}',
        b'{"b":2}',
        b'{"c":3}',
        b"\r\n",
    ]


def test_every_case_of_the_corpus_can_be_sent() -> None:
    assert len(list(bodies_in(CORPUS / "cases"))) == 93


@pytest.mark.parametrize("content", ["3", '"text"', "[1]", "null"])
def test_a_file_without_payloads_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "one.json"
    file.write_text(content)
    if content == '"text"':
        assert list(bodies_in(file)) == [b"text"]
        return

    with pytest.raises(CommandFailed, match=r"one\.json must hold a payload"):
        list(bodies_in(file))


async def test_nothing_is_sent_where_a_later_file_cannot_be_read(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text("{}")
    bad.write_text("{")

    with pytest.raises(CommandFailed, match=r"bad\.json is no JSON"):
        await anext(from_files([good, bad]))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"holds 0 \.json files"):
        list(bodies_in(tmp_path))


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000/x", "http://localhost/x", "http://[::1]:8000/x", "https://127.8.8.8/"],
)
def test_this_machine_may_be_loaded(url: str) -> None:
    refuse_strangers(url, yes=False)


@pytest.mark.parametrize("url", ["http://192.0.2.7/x", "https://api.example.com/x"])
def test_another_machine_needs_to_be_confirmed(url: str) -> None:
    refuse_strangers(url, yes=True)
    with pytest.raises(CommandFailed, match="is not this machine: add --yes"):
        refuse_strangers(url, yes=False)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://127.0.0.1/", "http://[::1", "/path", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(CommandFailed, match="is no http or https URL"):
        refuse_strangers(url, yes=True)


@pytest.mark.parametrize(
    ("host", "door"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123/ingest/x/webhook"),
        ("0.0.0.0", "http://127.0.0.1:8123/ingest/x/webhook"),
        ("::1", "http://[::1]:8123/ingest/x/webhook"),
    ],
)
def test_the_door_is_by_default_that_of_the_settings(host: str, door: str) -> None:
    settings = Settings(host=host, port=8123, x_consumer_secret=SecretStr("s"))

    assert own_door(settings) == door
