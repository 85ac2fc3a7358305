"""`python -m benchmarks`: measure, print tables, and keep the figures as JSON where asked."""

import argparse
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
from benchmarks.databases import BRANDS, Filled, Postgres, filled_database, running_postgres
from benchmarks.ingest import Plan, measure_ingest
from benchmarks.live import measure_live
from benchmarks.machine import Cores, choose_cores, describe, python_speed
from benchmarks.plan import measure_plans
from benchmarks.processes import running_loader
from benchmarks.reads import measure_reads
from benchmarks.report import Section, say, show

PARTS = ("reads", "plan", "ingest", "live")
_INGEST = ("offered_seconds", "ingest_seconds", "ingest_rounds")


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

    parts: tuple[str, ...]
    rounds: int
    seconds: float
    volume: str
    data: Path | None
    json: Path | None
    offered: float
    offered_seconds: float
    ingest_seconds: float
    ingest_rounds: int


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """The options; ends the program with a sentence where they are wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, of reads,plan,ingest,live")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of every comparison")
    parser.add_argument("--seconds", type=float, default=2, help="of one measurement of reads")
    parser.add_argument("--volume", choices=sorted(BRANDS), default="small")
    parser.add_argument("--data", type=Path, help="keep the filled databases here for later runs")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--offered", type=float, default=1500, help="replies a second at the door")
    parser.add_argument("--offered-seconds", type=float, default=60, help="of that load")
    parser.add_argument("--ingest-seconds", type=float, default=20, help="of the load of 300/s")
    parser.add_argument("--ingest-rounds", type=int, default=1, help="rounds of both")
    found = parser.parse_args(arguments)
    parts = tuple(part for part in PARTS if part in found.only.split(","))
    unknown = set(found.only.split(",")) - set(PARTS)
    if unknown or not parts:
        parser.error(f"--only takes {', '.join(PARTS)}, not {found.only!r}")
    for name in ("rounds", "seconds", "offered", *_INGEST):
        if getattr(found, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    return Options(
        parts,
        found.rounds,
        found.seconds,
        found.volume,
        found.data,
        found.json,
        found.offered,
        found.offered_seconds,
        found.ingest_seconds,
        found.ingest_rounds,
    )


@dataclass(frozen=True)
class Run:
    """A run under way."""

    options: Options
    postgres: Postgres
    filled: Filled
    cores: Cores
    loader: Executor
    folder: Path


def reads(run: Run) -> list[Section]:
    """Queries over the filled database."""
    return measure_reads(
        run.postgres,
        run.filled,
        run.cores,
        run.loader,
        run.folder,
        rounds=run.options.rounds,
        seconds=run.options.seconds,
    )


def plan(run: Run) -> list[Section]:
    """What an operation costs before its statement runs."""
    return measure_plans(run.filled.brands, rounds=run.options.rounds)


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


MEASURES: dict[str, Callable[[Run], list[Section]]] = {
    "reads": reads,
    "plan": plan,
    "ingest": ingest,
    "live": live,
}


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
    began = time.monotonic()
    cores = choose_cores()
    say(f"parts {', '.join(options.parts)}; filled database: {options.volume}")
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
        run = Run(options, postgres, filled, cores, loader, Path(folder))
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
    except KeyboardInterrupt:
        say("stopped; nothing is left running")
        sys.exit(128 + signal.SIGINT)
