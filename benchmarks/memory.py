"""Memory: generated documents for minutes, and whether the server grows under them.

Caches fill first; what counts is the second half of the time.
"""

import http.client
import json
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from statistics import linear_regression, median
from typing import Any

from app.schema import schema
from benchmarks.bars import bar_row
from benchmarks.databases import BrandData, Filled
from benchmarks.machine import PROCESSES, Cores
from benchmarks.made_documents import DocumentMaker
from benchmarks.processes import Running, running_server
from benchmarks.report import Section, say

CONNECTIONS = 4
"""As many as the server reads on: each has a cache of statements of its own."""

SAMPLE_SECONDS = 1.0
PROGRESS_SECONDS = 30.0
TIMEOUT_SECONDS = 30.0
MEBIBYTE = 1024 * 1024
FAILED_SHOWN = 3

GROWTH_AT_MOST = 2.0
"""Per cent of the memory in use, over the second half, by a line through the samples."""

VERDICT_MINUTES_MIN = 10.0
"""In less the caches are hardly full: 1,000 documents, and 1,024 statements on each connection."""


@dataclass(frozen=True)
class Sampled:
    """Memory of the server at a moment of the run: seconds and mebibytes."""

    seconds: float
    resident: float


@dataclass(frozen=True)
class Growth:
    """What the samples of the second half say."""

    middle: float
    per_minute: float
    """MiB, the slope of a line through the samples (least squares)."""
    percent: float
    """Of the middle, over the whole second half."""


@dataclass
class GeneratedAsked:
    """How many generated documents had which HTTP status, and some that the server failed at."""

    statuses: Counter[int] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def note(self, status: int, document: str) -> None:
        """Count an answer."""
        self.statuses[status] += 1
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR and len(self.failed) < FAILED_SHOWN:
            self.failed.append(document)

    def add(self, other: "GeneratedAsked") -> None:
        """Count what another connection was answered."""
        self.statuses.update(other.statuses)
        self.failed = (self.failed + other.failed)[:FAILED_SHOWN]


def growth(samples: Sequence[Sampled]) -> Growth:
    """How much a process grew in the second half of the time."""
    began, ended = samples[0].seconds, samples[-1].seconds
    half = [each for each in samples if each.seconds >= (began + ended) / 2]
    slope, _ = linear_regression([each.seconds for each in half], [each.resident for each in half])
    middle = median(each.resident for each in half)
    span = half[-1].seconds - half[0].seconds
    return Growth(middle, slope * 60, slope * span / middle * 100)


def measure_memory(
    filled: Filled, cores: Cores, loader: Executor, folder: Path, *, minutes: float
) -> list[Section]:
    """One table with what was asked, one with the bar."""
    with running_server(filled.url, cores.server, folder) as server:
        before = _resident(server)
        asking = loader.submit(ask_generated, server.port, filled.brands, minutes * 60)
        samples = _watch(server, asking, minutes * 60)
        asked = asking.result()
    grown = growth(samples)
    row: dict[str, Any] = {
        "minutes": minutes,
        "documents": sum(asked.statuses.values()),
        **{f"answered {status}": count for status, count in sorted(asked.statuses.items())},
        "MiB at rest": before,
        "MiB in the middle of the second half": grown.middle,
        "MiB at the end": samples[-1].resident,
        "highest MiB": max(each.resident for each in samples),
        "MiB a minute, second half": grown.per_minute,
        "growth %, second half": grown.percent,
    }
    notes = [
        "Every document is made anew over the whole schema; one of twenty is spoilt. Memory is the "
        "resident set of the server."
    ]
    if minutes < VERDICT_MINUTES_MIN:
        notes.append(f"Less than {VERDICT_MINUTES_MIN:.0f} minutes are no verdict: caches fill.")
    notes += [f"Failed, a defect: `{document}`" for document in asked.failed]
    percent = grown.percent if minutes >= VERDICT_MINUTES_MIN else None
    bar = bar_row("generated", "growth in the second half, %", "≤", GROWTH_AT_MOST, percent)
    return [
        Section("Memory under generated documents", [row], notes),
        Section("Memory: the bar", [bar]),
    ]


def _watch(server: Running, asking: Future[GeneratedAsked], seconds: float) -> list[Sampled]:
    began = told = time.monotonic()
    samples = []
    while not asking.done():
        now = time.monotonic()
        samples.append(Sampled(now - began, _resident(server)))
        if now - told >= PROGRESS_SECONDS:
            told = now
            say(f"memory: {now - began:.0f} of {seconds:.0f} s, {samples[-1].resident:.0f} MiB")
        time.sleep(SAMPLE_SECONDS)
    return samples


def _resident(server: Running) -> float:
    """Resident memory of the server's process in MiB, of which there is one."""
    status = (PROCESSES / f"{server.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / MEBIBYTE


def ask_generated(port: int, brands: Sequence[BrandData], seconds: float) -> GeneratedAsked:
    """Ask documents of each brand in turn for that long."""
    until = time.monotonic() + seconds
    total = GeneratedAsked()
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        for asked in threads.map(
            lambda number: _ask_until(port, brands[number % len(brands)], number, until),
            range(CONNECTIONS),
        ):
            total.add(asked)
    return total


def _ask_until(port: int, brand: BrandData, seed: int, until: float) -> GeneratedAsked:
    maker = DocumentMaker(schema._schema, brand, seed)
    headers = {"Authorization": f"Bearer {brand.token}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    asked = GeneratedAsked()
    try:
        while time.monotonic() < until:
            document = maker.make()
            connection.request("POST", "/graphql", json.dumps({"query": document}), headers)
            answer = connection.getresponse()
            answer.read()
            asked.note(answer.status, document)
    finally:
        connection.close()
    return asked
