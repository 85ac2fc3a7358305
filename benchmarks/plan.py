"""The plan cache: what an operation costs before its statement runs, known and unknown."""

import gc
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from graphql import parse, specified_rules
from strawberry.schema.schema import validate_document

from app.graphql.engine import Engine, create_engine
from app.schema import schema
from benchmarks.asked import Operation
from benchmarks.bars import bar_row
from benchmarks.report import Section, middle, say

HITS_PER_SAMPLE = 200
SAMPLES_PER_ROUND = 20

HIT_AT_MOST = 5.0
"""Microseconds."""

MISS_AT_MOST = 2.0
"""As a multiple of what Strawberry takes to parse and validate the same text."""


def measure_plans(chosen: Sequence[Operation], *, rounds: int) -> list[Section]:
    """A table of the operations, and the bars. Times are medians of all samples."""
    engine = create_engine(schema, bytes(32))
    rows = []
    for operation in chosen:
        say(f"plan cache: {operation.name}")
        rows.append(_measure(engine, operation, rounds * SAMPLES_PER_ROUND))
    notes = [
        "Hit: document and plan out of the caches, and between them the variables, coerced. Miss: "
        "a text never seen before, up to its SQL and assembler. Strawberry: its own parsing and "
        "validation of that text, without execution.",
    ]
    return [Section("The plan cache", rows, notes), _bars(chosen, rows)]


def _bars(chosen: Sequence[Operation], rows: Sequence[dict[str, Any]]) -> Section:
    """A row for each bar. A hit is judged where there is one variable: it costs what they cost."""
    found = []
    for operation, row in zip(chosen, rows, strict=True):
        if operation.main:
            found.append(bar_row(operation.name, "hit µs", "≤", HIT_AT_MOST, row["hit µs"]))
        told = "miss / Strawberry"
        found.append(bar_row(operation.name, told, "≤", MISS_AT_MOST, row[told]))
    missed = sum(row["held"] == "NO" for row in found)
    return Section("The plan cache: the bars", found, [f"{missed} of {len(found)} bars missed."])


def _measure(engine: Engine, operation: Operation, samples: int) -> dict[str, Any]:
    given = operation.requests[0].variables

    def find(text: str) -> None:
        prepared = engine.documents.prepare(text, None)
        engine.reads.compile(prepared, engine.documents.variables(prepared, given))

    document = partial(engine.documents.prepare, operation.document, None)
    coerce = partial(engine.documents.variables, document(), given)
    look_up = partial(engine.reads.compile, document(), coerce())
    hit = partial(find, operation.document)
    found: dict[str, list[float]] = {
        "document": [],
        "variables": [],
        "plan": [],
        "hit": [],
        "miss": [],
        "strawberry": [],
    }
    find(operation.document)
    gc.collect()
    gc.disable()
    try:
        for number in range(samples):
            fresh = f"{operation.document}# {number}"
            found["document"].append(_microseconds(document))
            found["variables"].append(_microseconds(coerce))
            found["plan"].append(_microseconds(look_up))
            found["hit"].append(_microseconds(hit))
            found["miss"].append(_microseconds(partial(find, fresh), times=1))
            found["strawberry"].append(_microseconds(partial(_by_strawberry, fresh), times=1))
            gc.collect(0)
    finally:
        gc.enable()
    taken = {name: middle(values) or 0.0 for name, values in found.items()}
    return {
        "operation": operation.name,
        "document µs": taken["document"],
        "variables µs": taken["variables"],
        "plan µs": taken["plan"],
        "hit µs": taken["hit"],
        "miss µs": taken["miss"],
        "Strawberry µs": taken["strawberry"],
        "miss / Strawberry": taken["miss"] / taken["strawberry"],
    }


def _by_strawberry(text: str) -> None:
    validate_document(schema._schema, parse(text), tuple(specified_rules))


def _microseconds(work: Callable[[], object], times: int = HITS_PER_SAMPLE) -> float:
    """CPU of this thread: what else the machine does is not counted."""
    began = time.thread_time_ns()
    for _ in range(times):
        work()
    return (time.thread_time_ns() - began) / times / 1000
