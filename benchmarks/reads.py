"""Reads: the server against answers written by hand, against peers, and the SQL alone."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.asked import Operation
from benchmarks.bars import Figures, bars_section, best, ratio
from benchmarks.databases import Filled, Postgres
from benchmarks.load import generator
from benchmarks.machine import Cores
from benchmarks.peer_operations import MERCURIUS, POSTGRAPHILE
from benchmarks.peer_servers import Peer, running_peers
from benchmarks.processes import running_by_hand, running_server
from benchmarks.report import Section, middle, say
from benchmarks.targets import BY_HAND, OURS, SQL, Bench, Sample, Target

WARM_SECONDS = 2.0
SERVER_CPU, POSTGRES_CPU = "server µs", "PostgreSQL µs"


@dataclass(frozen=True)
class Measured:
    """An operation with the samples of every target, one for each round."""

    operation: Operation
    targets: Sequence[Target]
    samples: Sequence[Sequence[Sample]]

    def figures(self) -> list[Figures]:
        """What the bars are judged by."""
        return [
            Figures(
                target.kind,
                target.name,
                [sample.rate for sample in samples],
                [sample.cpu for sample in samples],
                [sample.load.p99 or 0.0 for sample in samples],
            )
            for target, samples in zip(self.targets, self.samples, strict=True)
        ]


def measure_reads(
    postgres: Postgres,
    filled: Filled,
    cores: Cores,
    loader: Executor,
    folder: Path,
    *,
    operations: Sequence[Operation],
    peers: bool,
    rounds: int,
    seconds: float,
) -> list[Section]:
    """A table for each of the three main operations, one for the others, and the bars."""
    with ExitStack() as stack:
        ours = stack.enter_context(running_server(filled.url, cores.server, folder))
        by_hand = stack.enter_context(running_by_hand(filled.url, cores.server, folder))
        found = stack.enter_context(_peers(peers, filled, cores, folder))
        bench = Bench(postgres, filled, ours, by_hand, found, loader)
        measured = []
        for number, operation in enumerate(operations, 1):
            say(f"reads: {operation.name}, {number} of {len(operations)} operations")
            measured.append(_measure(bench, operation, rounds, seconds))
    main = [each for each in measured if each.operation.main]
    others = [each for each in measured if not each.operation.main]
    sections = [_section(each) for each in main]
    if others:
        sections.append(_others(others))
    bars = bars_section({each.operation.name: each.figures() for each in measured}, rounds)
    return [*sections, bars]


@contextmanager
def _peers(wanted: bool, filled: Filled, cores: Cores, folder: Path) -> Iterator[list[Peer]]:
    if not wanted:
        yield []
        return
    with running_peers(filled, cores.server, folder) as peers:
        yield peers


def _measure(bench: Bench, operation: Operation, rounds: int, seconds: float) -> Measured:
    targets = bench.targets(operation, with_sql=operation.main)
    samples: list[list[Sample]] = [[] for _ in targets]
    for target in targets:
        if target.kind != SQL:
            target.load(WARM_SECONDS)
    for turn in range(rounds):
        say(f"reads: {operation.name}, round {turn + 1} of {rounds}")
        order = list(enumerate(targets))
        for number, target in order if turn % 2 == 0 else reversed(order):
            samples[number].append(bench.sample(target, seconds))
    return Measured(operation, targets, samples)


def _section(measured: Measured) -> Section:
    rows = [
        _row(target, samples)
        for target, samples in zip(measured.targets, measured.samples, strict=True)
    ]
    figures = measured.figures()
    ours = figures[0]
    told = []
    for kind in (BY_HAND, MERCURIUS, POSTGRAPHILE, SQL):
        other = best(figures, kind)
        if other is not None:
            named = f" ({other.name})" if other.name else ""
            told.append(f"{ratio(ours.rates, other.rates):.2f} of {kind}{named}")
    notes = [
        f"{OURS} in req/s: {'; '.join(told)}. Bad answers: {_bad(measured)}. Load by {generator()}."
    ]
    order = sorted(rows, key=lambda row: (row["target"] == SQL, -row["req/s"]))
    return Section(f"{measured.operation.name}: {measured.operation.about}", order, notes)


def _others(others: Sequence[Measured]) -> Section:
    """A row for each operation: ours beside the best form by hand."""
    rows = []
    for measured in others:
        figures = measured.figures()
        by_hand = best(figures, BY_HAND)
        assert by_hand is not None  # every operation has a form by hand
        place = figures.index(by_hand)
        ours, theirs = (
            _row(measured.targets[number], measured.samples[number]) for number in (0, place)
        )
        rows.append(
            {
                "operation": f"{measured.operation.name}: {measured.operation.about}",
                "req/s": ours["req/s"],
                "by hand": theirs["req/s"],
                "best form": by_hand.name,
                "ratio": ratio(figures[0].rates, by_hand.rates),
                SERVER_CPU: ours[SERVER_CPU],
                f"by hand {SERVER_CPU}": theirs[SERVER_CPU],
                POSTGRES_CPU: ours[POSTGRES_CPU],
                f"by hand {POSTGRES_CPU}": theirs[POSTGRES_CPU],
            }
        )
    bad = sum(map(_bad, others))
    return Section("Further operations", rows, [f"Bad answers: {bad}. Load by {generator()}."])


def _bad(measured: Measured) -> int:
    return sum(sample.load.bad for samples in measured.samples for sample in samples)


def _row(target: Target, samples: Sequence[Sample]) -> dict[str, Any]:
    rates = [sample.rate for sample in samples]
    return {
        "target": target.kind,
        "form": target.name,
        "req/s": middle(rates),
        "lowest": min(rates),
        "highest": max(rates),
        "p50 ms": middle([sample.load.p50 for sample in samples]),
        "p99 ms": middle([sample.load.p99 for sample in samples]),
        SERVER_CPU: middle([sample.server_cpu for sample in samples]),
        POSTGRES_CPU: middle([sample.postgres_cpu for sample in samples]),
    }
