"""What is measured: options from the command line."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.databases import BRANDS

PARTS = ("reads", "plan", "metering", "ingest", "live", "memory")
_AT_LEAST_ONE = (
    "rounds",
    "seconds",
    "minutes",
    "offered",
    "offered_seconds",
    "ingest_seconds",
    "ingest_rounds",
)


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
    operations: tuple[str, ...]
    peers: bool | None
    minutes: float


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """The options; ends the program with a sentence where they are wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="some of the parts")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of every comparison")
    parser.add_argument("--seconds", type=float, default=2, help="of one measurement of reads")
    parser.add_argument("--volume", choices=sorted(BRANDS), default="small")
    parser.add_argument("--data", type=Path, help="keep the filled databases here for later runs")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--offered", type=float, default=1500, help="replies a second at the door")
    parser.add_argument("--offered-seconds", type=float, default=60, help="of that load")
    parser.add_argument("--ingest-seconds", type=float, default=20, help="of the load of 300/s")
    parser.add_argument("--ingest-rounds", type=int, default=1, help="rounds of both")
    parser.add_argument("--minutes", type=float, default=1, help="of generated documents")
    parser.add_argument("--operations", default="", help="of the reads only these, by name")
    parser.add_argument(
        "--peers",
        action=argparse.BooleanOptionalAction,
        help="measure Mercurius and PostGraphile, installed first; default: where installed",
    )
    found = parser.parse_args(arguments)
    parts = tuple(part for part in PARTS if part in found.only.split(","))
    unknown = set(found.only.split(",")) - set(PARTS)
    if unknown or not parts:
        parser.error(f"--only takes {', '.join(PARTS)}, not {found.only!r}")
    for name in _AT_LEAST_ONE:
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
        tuple(filter(None, found.operations.split(","))),
        found.peers,
        found.minutes,
    )
