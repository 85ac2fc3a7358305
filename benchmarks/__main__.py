"""`python -m benchmarks`: measure, print tables, and keep the figures as JSON where asked."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.core.settings import PREFIX
from benchmarks.asked import Operation
from benchmarks.databases import BrandData, Filled, Postgres, filled_database, running_postgres
from benchmarks.duration import (
    FILL_SECONDS,
    ingest_seconds,
    live_seconds,
    memory_seconds,
    metering_seconds,
    plan_seconds,
    reads_seconds,
)
from benchmarks.duration import told as told_length
from benchmarks.ingest import Plan, measure_ingest
from benchmarks.live import measure_live
from benchmarks.machine import Cores, choose_cores, describe, python_speed
from benchmarks.memory import measure_memory
from benchmarks.metering import measure_metering
from benchmarks.operations import operations
from benchmarks.options import Options, parse_options
from benchmarks.peer_servers import PeersMissing, with_peers
from benchmarks.plan import measure_plans
from benchmarks.processes import running_loader
from benchmarks.reads import measure_reads
from benchmarks.report import Section, say, show

METERING_ROUNDS = 3
"""Times the rounds of other comparisons: its bar is about a hundredth, not about halves."""


@dataclass(frozen=True)
class Run:
    """A run under way."""

    options: Options
    postgres: Postgres
    filled: Filled
    cores: Cores
    loader: Executor
    folder: Path
    operations: Sequence[Operation]
    peers: bool


def reads(run: Run) -> list[Section]:
    """Queries over the filled database."""
    return measure_reads(
        run.postgres,
        run.filled,
        run.cores,
        run.loader,
        run.folder,
        operations=run.operations,
        peers=run.peers,
        rounds=run.options.rounds,
        seconds=run.options.seconds,
    )


def plan(run: Run) -> list[Section]:
    """What an operation costs before its statement runs."""
    return measure_plans(run.operations, rounds=run.options.rounds)


def metering(run: Run) -> list[Section]:
    """What charging operations costs."""
    return measure_metering(
        run.postgres,
        run.filled,
        run.cores,
        run.loader,
        run.folder,
        operations=run.operations,
        rounds=run.options.rounds * METERING_ROUNDS,
        seconds=run.options.seconds,
    )


def ingest(run: Run) -> list[Section]:
    """Replies at the door."""
    options = run.options
    return asyncio.run(
        measure_ingest(
            run.postgres,
            run.filled,
            run.cores,
            run.loader,
            run.folder,
            rounds=options.ingest_rounds,
            plan=Plan(options.ingest_seconds, options.offered_seconds, options.offered),
        )
    )


def live(run: Run) -> list[Section]:
    """Events to those who follow."""
    options = run.options
    return asyncio.run(
        measure_live(
            run.filled, run.cores, run.folder, rounds=options.rounds, seconds=options.seconds
        )
    )


def memory(run: Run) -> list[Section]:
    """Generated documents, and whether the server grows."""
    return measure_memory(
        run.filled, run.cores, run.loader, run.folder, minutes=run.options.minutes
    )


MEASURES: dict[str, Callable[[Run], list[Section]]] = {
    "reads": reads,
    "plan": plan,
    "metering": metering,
    "ingest": ingest,
    "live": live,
    "memory": memory,
}


class UnknownOperation(Exception):
    """`--operations` names one that there is not."""


def chosen_operations(brands: Sequence[BrandData], names: Sequence[str]) -> list[Operation]:
    """Those with these names, or all.

    Raises:
        UnknownOperation: the message tells what there is.
    """
    known = operations(brands)
    unknown = set(names) - {operation.name for operation in known}
    if unknown:
        there = ", ".join(operation.name for operation in known)
        raise UnknownOperation(f"--operations knows {there}; not {', '.join(sorted(unknown))}.")
    return [operation for operation in known if not names or operation.name in names]


def expected_seconds(options: Options, peers: bool) -> float:
    """How long the run will take, without what is filled already."""
    chosen = chosen_operations((), options.operations)
    rounds, seconds = options.rounds, options.seconds
    parts = {
        "reads": reads_seconds(chosen, rounds=rounds, seconds=seconds, peers=peers),
        "plan": plan_seconds(chosen, rounds=rounds),
        "metering": metering_seconds(rounds=rounds * METERING_ROUNDS, seconds=seconds),
        "ingest": ingest_seconds(
            rounds=options.ingest_rounds,
            steady=options.ingest_seconds,
            offered=options.offered_seconds,
        ),
        "live": live_seconds(rounds=rounds, seconds=seconds),
        "memory": memory_seconds(minutes=options.minutes),
    }
    return FILL_SECONDS[options.volume] + sum(parts[part] for part in options.parts)


def forget_settings() -> None:
    """Let nothing of the caller's settings reach what is measured but which PostgreSQL it is."""
    for name in list(os.environ):
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}PG_"):
            del os.environ[name]


def main() -> None:
    """Run the parts that were asked for."""
    options = parse_options()
    forget_settings()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up as at Ctrl-C
    peers = "reads" in options.parts and with_peers(options.peers)
    began = time.monotonic()
    cores = choose_cores()
    say(
        f"parts {', '.join(options.parts)}; filled database: {options.volume}; "
        f"about {told_length(expected_seconds(options, peers))}"
    )
    told: dict[str, Any] = {"volume": options.volume, "rounds": options.rounds}
    speed = python_speed()
    with (
        TemporaryDirectory(prefix="hashcart-bench-logs-") as folder,
        running_postgres(cores, options.data) as postgres,
        running_loader(cores.rest) as loader,
    ):
        filled = asyncio.run(filled_database(postgres, options.volume))
        machine = asyncio.run(describe(filled.url, cores))
        say(f"filled after {time.monotonic() - began:.0f} s")
        chosen = chosen_operations(filled.brands, options.operations)
        run = Run(options, postgres, filled, cores, loader, Path(folder), chosen, peers)
        for part in options.parts:
            sections = MEASURES[part](run)
            told[part] = [section.as_json() for section in sections]
            print("\n".join(show(section) for section in sections), flush=True)
    machine["a million turns of a loop"] = f"{speed:.0f} ms before, {python_speed():.0f} ms after"
    print("; ".join(f"{name}: {value}" for name, value in machine.items()))
    if options.json is not None:
        figures = json.dumps({"machine": machine, **told}, indent=2, ensure_ascii=False)
        options.json.write_text(figures + "\n", encoding="utf-8")
    say(f"done after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except (PeersMissing, UnknownOperation) as refused:
        say(str(refused))
        sys.exit(2)
    except KeyboardInterrupt:
        say("stopped; nothing is left running")
        sys.exit(128 + signal.SIGINT)
