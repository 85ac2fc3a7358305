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
from benchmarks.databases import BrandData
from benchmarks.operations import Operation, operations
from benchmarks.report import Section, middle, say

HITS_PER_SAMPLE = 200
SAMPLES_PER_ROUND = 20


def measure_plans(brands: Sequence[BrandData], *, rounds: int) -> list[Section]:
    """One table for all operations. Times are microseconds, medians of all samples."""
    engine = create_engine(schema, bytes(32))
    rows = []
    for operation in operations(brands):
        say(f"plan cache: {operation.name}")
        rows.append(_measure(engine, operation, rounds * SAMPLES_PER_ROUND))
    notes = [
        "Hit: document, coerced variables and plan out of the caches. Miss: a text never seen "
        "before, up to its SQL and assembler. Strawberry: its own parsing and validation of that "
        "text, without execution.",
    ]
    return [Section("The plan cache", rows, notes)]


def _measure(engine: Engine, operation: Operation, samples: int) -> dict[str, Any]:
    given = operation.requests[0].variables

    def find(text: str) -> None:
        prepared = engine.documents.prepare(text, None)
        engine.reads.compile(prepared, engine.documents.variables(prepared, given))

    document = partial(engine.documents.prepare, operation.document, None)
    hit = partial(find, operation.document)
    found: dict[str, list[float]] = {"document": [], "hit": [], "miss": [], "strawberry": []}
    find(operation.document)
    gc.collect()
    gc.disable()
    try:
        for number in range(samples):
            fresh = f"{operation.document}# {number}"
            found["document"].append(_microseconds(document))
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
        "hit µs": taken["hit"],
        "miss µs": taken["miss"],
        "Strawberry µs": taken["strawberry"],
        "miss / Strawberry": taken["miss"] / taken["strawberry"],
    }


def _by_strawberry(text: str) -> None:
    validate_document(schema._schema, parse(text), tuple(specified_rules))


def _microseconds(work: Callable[[], object], times: int = HITS_PER_SAMPLE) -> float:
    began = time.perf_counter_ns()
    for _ in range(times):
        work()
    return (time.perf_counter_ns() - began) / times / 1000
