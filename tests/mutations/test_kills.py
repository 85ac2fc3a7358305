"""A process that dies between any two steps of a mutation: the same key makes it done, once."""

import asyncio
import sys

import pytest

from tests.http.server import Running, TestBrand
from tests.mutations.asking import Api, events_of, triggers_of
from tests.tree import ROOT


async def die(running: Running, brand: TestBrand, tag: str) -> int:
    """Let processes die at each step of adding *tag*; at how many steps they did."""
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.mutations.dying",
        running.resources.database_url,
        brand.token,
        tag,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await program.communicate()
    ends = [line.split() for line in output.decode().splitlines()]
    deaths = len(ends) - 1
    assert ends == [[str(step), "-9"] for step in range(1, deaths + 1)] + [[str(deaths + 1), "0"]]
    return deaths


@pytest.mark.database
async def test_whenever_a_process_dies_the_same_key_gets_the_payload_and_it_is_done_once(
    running: Running, brand: TestBrand, api: Api
) -> None:
    deaths = await die(running, brand, "Basket{}")
    before = await triggers_of(running.resources, brand.id)

    answers = [await api.add(f"Basket{step}", f"key {step}") for step in range(1, deaths + 2)]

    expected = sorted(["AmazonCart", *(f"Basket{step}" for step in range(1, deaths + 2))])
    assert [answer["__typename"] for answer in answers] == ["Trigger"] * (deaths + 1)
    assert await triggers_of(running.resources, brand.id) == expected
    assert len(await events_of(running.resources, brand.id)) == deaths + 1
    assert deaths >= 9
    # Some died before the commit, and three after it: before the payload, with it, at the end.
    assert set(before) == {
        "AmazonCart",
        *(f"Basket{step}" for step in range(deaths - 1, deaths + 2)),
    }


@pytest.mark.database
async def test_whenever_a_process_dies_over_a_problem_the_same_key_gets_the_problem(
    running: Running, brand: TestBrand, api: Api
) -> None:
    deaths = await die(running, brand, "AmazonCart")

    answers = [await api.add("AmazonCart", f"key {step}") for step in range(1, deaths + 2)]

    assert [answer["__typename"] for answer in answers] == ["TriggerTaken"] * (deaths + 1)
    assert await triggers_of(running.resources, brand.id) == ["AmazonCart"]
    assert await events_of(running.resources, brand.id) == []
