"""What reads must reach, and whether a run reached it: ratios of medians over interleaved rounds.

Every ratio is the median of the rounds' own ratios: what slows a whole round down falls out of it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.peer_operations import MERCURIUS, POSTGRAPHILE
from benchmarks.report import Section
from benchmarks.targets import BY_HAND, OURS

ROUNDS_MIN = 5
"""Fewer rounds say too little for a verdict."""

RATE_AT_LEAST: Mapping[str, Mapping[str, float]] = {
    "Q1": {BY_HAND: 0.85, MERCURIUS: 2.0, POSTGRAPHILE: 4.0},
    "Q2": {BY_HAND: 0.9, MERCURIUS: 1.8, POSTGRAPHILE: 2.2},
    "Q3": {BY_HAND: 0.9, MERCURIUS: 5.0, POSTGRAPHILE: 5.0},
}
"""Answers a second, as a multiple of the other's."""

OTHERS_AT_LEAST = 0.8
"""The same against the best form by hand, for every operation that is not named above."""

CPU_AT_MOST: Mapping[str, float] = {"Q1": 0.5, "Q2": 0.45, "Q3": 0.25}
"""Server and PostgreSQL together for each answer, as a part of what the better peer takes."""

P99_AT_MOST: Mapping[str, float] = {"Q1": 0.5, "Q2": 0.5, "Q3": 0.3}
"""The 99th percentile of the time to an answer, as a part of the better peer's."""


@dataclass(frozen=True)
class Figures:
    """A target's figures of one operation, one of each for every round."""

    kind: str
    name: str
    rates: Sequence[float]
    cpu: Sequence[float]
    p99: Sequence[float]


def ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    """The median of the rounds' own ratios."""
    return median(
        our / other if other else float("inf") for our, other in zip(ours, others, strict=True)
    )


def best(targets: Iterable[Figures], kind: str) -> Figures | None:
    """Of the targets of a kind the one with the highest median rate."""
    of_kind = [target for target in targets if target.kind == kind]
    return max(of_kind, key=lambda target: median(target.rates), default=None)


def bars_of(operation: str, targets: Sequence[Figures]) -> list[dict[str, Any]]:
    """A row for each bar of an operation; one without a result where a peer was not measured."""
    ours = next(target for target in targets if target.kind == OURS)
    limits = RATE_AT_LEAST.get(operation, {BY_HAND: OTHERS_AT_LEAST})
    rows = []
    for kind, limit in limits.items():
        other = best(targets, kind)
        result = None if other is None else ratio(ours.rates, other.rates)
        named = f" ({other.name})" if other is not None and other.name else ""
        rows.append(bar_row(operation, f"req/s / {kind}{named}", "≥", limit, result))
    if operation in CPU_AT_MOST:
        cpu = _against_better_peer(ours, targets, lambda each: each.cpu)
        rows.append(bar_row(operation, "CPU / the better peer", "≤", CPU_AT_MOST[operation], cpu))
        p99 = _against_better_peer(ours, targets, lambda each: each.p99)
        rows.append(bar_row(operation, "p99 / the better peer", "≤", P99_AT_MOST[operation], p99))
    return rows


def _against_better_peer(
    ours: Figures, targets: Sequence[Figures], figure: Callable[[Figures], Sequence[float]]
) -> float | None:
    """The figure as a part of that of the peer which does better in this very figure."""
    peers = [target for target in targets if target.kind in (MERCURIUS, POSTGRAPHILE)]
    if not peers:
        return None
    better = min(peers, key=lambda peer: median(figure(peer)))
    return ratio(figure(ours), figure(better))


def bar_row(
    operation: str, what: str, sign: str, limit: float, result: float | None
) -> dict[str, Any]:
    """A bar, what a run came to, and whether it held."""
    return {
        "operation": operation,
        "what": what,
        "bar": f"{sign} {limit:g}",
        "result": result,
        "held": held(sign, limit, result),
    }


def held(sign: str, limit: float, result: float | None) -> str:
    """Whether a result is on the right side of its limit, in a word."""
    if result is None:
        return "not measured"
    return "yes" if (result >= limit if sign == "≥" else result <= limit) else "NO"


def bars_section(
    measured: Mapping[str, Sequence[Figures]], rounds: int, others: Sequence[str] = ()
) -> Section:
    """All bars of a run of reads. *others*: sentences on what was found besides."""
    rows = [row for name, targets in measured.items() for row in bars_of(name, targets)]
    missed = sum(row["held"] == "NO" for row in rows)
    notes = [f"{missed} of {len(rows)} bars missed; medians of {rounds} interleaved rounds."]
    if rounds < ROUNDS_MIN:
        notes.append(f"Fewer than {ROUNDS_MIN} rounds are no verdict.")
    return Section("Reads: the bars", rows, [" ".join([*notes, *others])])
