"""The verdicts of a run: ratios, bars, growth."""

from collections.abc import Sequence

import pytest

from benchmarks.bars import Figures, bars_of, bars_section, best, ratio
from benchmarks.memory import Sampled, growth
from benchmarks.peer_operations import MERCURIUS, POSTGRAPHILE
from benchmarks.targets import BY_HAND, OURS


def figures(
    kind: str, rates: Sequence[float], cpu: float = 1.0, p99: float = 1.0, name: str = ""
) -> Figures:
    return Figures(kind, name, rates, [cpu] * len(rates), [p99] * len(rates))


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    slow_round_for_both = ratio([100.0, 10.0, 110.0], [100.0, 20.0, 100.0])

    assert slow_round_for_both == 1.0


def test_a_target_that_answered_nothing_is_beaten_not_divided_by() -> None:
    assert ratio([5.0], [0.0]) == float("inf")


def test_of_several_forms_by_hand_the_fastest_counts() -> None:
    forms = [figures(BY_HAND, [50.0], name="slow"), figures(BY_HAND, [80.0], name="fast")]

    row = bars_of("anything", [figures(OURS, [64.0]), *forms])

    found = best(forms, BY_HAND)
    assert found is not None
    assert found.name == "fast"
    assert row == [
        {
            "operation": "anything",
            "what": "req/s / by hand (fast)",
            "bar": "≥ 0.8",
            "result": 0.8,
            "held": "yes",
        }
    ]


def test_cpu_and_p99_are_held_against_the_peer_that_does_better_in_each() -> None:
    targets = [
        figures(OURS, [100.0], cpu=40.0, p99=4.0),
        figures(BY_HAND, [100.0]),
        figures(MERCURIUS, [50.0], cpu=100.0, p99=20.0),
        figures(POSTGRAPHILE, [25.0], cpu=200.0, p99=10.0),
    ]

    rows = {row["what"]: (row["result"], row["held"]) for row in bars_of("Q1", targets)}

    assert rows == {
        "req/s / by hand": (1.0, "yes"),
        "req/s / Mercurius": (2.0, "yes"),
        "req/s / PostGraphile": (4.0, "yes"),
        "CPU / the better peer": (0.4, "yes"),
        "p99 / the better peer": (0.4, "yes"),
    }


def test_a_bar_without_its_peer_is_neither_held_nor_missed() -> None:
    targets = [figures(OURS, [84.0]), figures(BY_HAND, [100.0])]

    section = bars_section({"Q1": targets}, rounds=5)

    assert [row["held"] for row in section.rows] == ["NO", *["not measured"] * 4]
    assert section.notes == ["1 of 5 bars missed; medians of 5 interleaved rounds."]


def test_too_few_rounds_are_said_to_be_no_verdict() -> None:
    section = bars_section({"Q1": [figures(OURS, [1.0]), figures(BY_HAND, [1.0])]}, rounds=2)

    assert "Fewer than 5 rounds are no verdict." in section.notes[0]


def test_memory_that_only_rose_in_the_first_half_did_not_grow() -> None:
    samples = [Sampled(float(second), min(200.0, 100.0 + second)) for second in range(400)]

    grown = growth(samples)

    assert (grown.middle, grown.per_minute, grown.percent) == (200.0, 0.0, 0.0)


def test_memory_that_rises_steadily_is_told_by_its_slope() -> None:
    samples = [Sampled(float(second), 100.0 + second / 60) for second in range(601)]

    grown = growth(samples)

    assert grown.per_minute == pytest.approx(1.0)
    assert grown.middle == pytest.approx(107.5)
    assert grown.percent == pytest.approx(5.0 / 107.5 * 100)
