"""Operations generated over the whole schema: compiler and reference answer the same bytes.

A run prints its seed. Found operations are made small, and printed so that they can be pasted.
"""

import os
from random import Random

import pytest

from tests.needs import chosen_scale, scale
from tests.reads.generated.conftest import RoundsOf
from tests.reads.generated.items import Items
from tests.reads.generated.payloads import Payloads
from tests.reads.generated.rounds import RUNS, SEED, Rounds

OPERATIONS = scale(small=300, check=2_000, soak=2_000)
PARTS = scale(small=1, check=1, soak=25) if SEED not in os.environ else 1
"""So often that many operations, each time of another seed and over its world."""
OPERATIONS_OF_A_CHECK = 2_000
UNSHOWN_MAX = 20
"""Fields that no answer of a check showed but as null: a random world may hold none of some."""
PAYLOADS = scale(small=3, check=20, soak=200)
"""Of each type that each mutation shows."""
ITEMS = scale(small=40, check=200, soak=5_000)


@pytest.mark.scaled
@pytest.mark.parametrize("part", range(PARTS))
async def test_generated_operations_are_answered_alike(
    rounds_of: RoundsOf, seed: int, part: int
) -> None:
    print(f"{SEED}={seed + part} HASHCART_TEST_SCALE={chosen_scale()} repeats this part.")
    async with rounds_of(seed + part) as rounds:
        for number in range(1, OPERATIONS + 1):
            finding = await rounds.round()
            if finding is not None:
                pytest.fail(
                    f"{finding}\nIt was operation {number}. {SEED}={seed + part} "
                    f"HASHCART_TEST_SCALE={chosen_scale()} repeats this run.",
                    pytrace=False,
                )

    assert rounds.answered + rounds.refused == OPERATIONS * RUNS
    assert rounds.answered > rounds.refused * 3
    assert OPERATIONS < OPERATIONS_OF_A_CHECK or len(rounds.unshown) <= UNSHOWN_MAX


@pytest.mark.once
async def test_a_check_generates_every_field_argument_and_enum_value(rounds: Rounds) -> None:
    coverage = rounds.generator.coverage
    while coverage.unused and rounds.generated < OPERATIONS_OF_A_CHECK:
        operation, made_for = rounds.generate()
        for number in range(RUNS):
            rounds.draw(operation, made_for, number)

    assert sorted(coverage.unused) == []


@pytest.mark.scaled
async def test_generated_payloads_of_mutations_are_what_the_reference_answers(
    rounds: Rounds, seed: int
) -> None:
    payloads = Payloads(Random(seed), rounds.world, rounds.generator, rounds.comparer)
    for field, type_name in list(payloads.members()) * PAYLOADS:
        found = await payloads.difference(field, type_name)

        assert found is None, f"{found}\n{SEED}={seed} repeats this run."


@pytest.mark.scaled
async def test_generated_items_of_subscriptions_are_what_the_reference_answers(
    rounds: Rounds, seed: int
) -> None:
    items = Items(Random(seed), rounds.generator, rounds.comparer)
    for _ in range(ITEMS):
        found = await items.difference()

        assert found is None, f"{found}\n{SEED}={seed} repeats this run."
