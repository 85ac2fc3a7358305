"""Reads: the server against answers written by hand, and the SQL of both alone."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from app.core.viewer import Scope, Viewer
from app.graphql.engine import GraphQLRequest, create_engine
from app.schema import schema
from benchmarks.by_hand import FORMS, Form
from benchmarks.by_hand_server import path_of
from benchmarks.databases import REAPED_SECONDS, BrandData, Filled, Postgres
from benchmarks.load import Load, Request, ask, generator, load, raw_post
from benchmarks.machine import Cores
from benchmarks.operations import Operation, operations
from benchmarks.pgbench import Script, run_pgbench
from benchmarks.processes import Running, running_by_hand, running_server
from benchmarks.report import Section, middle, say

WARM_SECONDS = 1.0
OURS, BY_HAND, SQL = "hashcart", "by hand", "SQL alone"
SERVER_CPU, POSTGRES_CPU = "server µs", "PostgreSQL µs"
MICROSECONDS = 1e6


class AnswersDiffer(Exception):
    """Two targets answer the same request differently: timing them would mean nothing."""


@dataclass(frozen=True)
class Target:
    """Something that answers an operation, and how to load it for some seconds."""

    kind: str
    name: str
    load: Callable[[float], Load]
    server: Running | None
    """Whose CPU time counts as the server's."""


@dataclass(frozen=True)
class Sample:
    """One measurement. CPU is microseconds for each answer."""

    load: Load
    server_cpu: float | None
    postgres_cpu: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.load.answers / self.load.seconds


@dataclass(frozen=True)
class Bench:
    """What reads are measured with."""

    postgres: Postgres
    filled: Filled
    ours: Running
    by_hand: Running
    loader: Executor

    def targets(self, operation: Operation) -> list[Target]:
        """Who answers the operation; all of them were seen to answer the same."""
        forms = [form for form in FORMS if form.operation == operation.name]
        bodies = [_body(operation, asked.variables) for asked in operation.requests]
        answers = [
            ask(self.ours.port, raw_post("/graphql", asked.brand.token, body))[1]
            for asked, body in zip(operation.requests, bodies, strict=True)
        ]
        found = [self._over_http(OURS, "", self.ours, "/graphql", operation, answers)]
        for form in forms:
            path = path_of(form)
            found.append(
                self._over_http(BY_HAND, form.name, self.by_hand, path, operation, answers)
            )
        return [*found, *self._sql_targets(operation, forms)]

    def _sql_targets(self, operation: Operation, forms: Sequence[Form]) -> list[Target]:
        """Each statement once, where pgbench is there: some systems package it apart."""
        if not self.postgres.binaries.program("pgbench").exists():
            say("reads: without the SQL alone, since PostgreSQL's programs here lack pgbench")
            return []
        different = {form.sql: form for form in reversed(forms)}.values()
        by_hand = [
            self._sql(f"{BY_HAND}: {form.name}", _script(form, operation)) for form in different
        ]
        return [self._sql(OURS, compiled_script(operation)), *by_hand]

    def _over_http(
        self,
        kind: str,
        name: str,
        server: Running,
        path: str,
        operation: Operation,
        answers: Sequence[bytes],
    ) -> Target:
        requests = []
        for asked, expected in zip(operation.requests, answers, strict=True):
            body = _body(operation, asked.variables)
            head, answer = ask(server.port, raw_post(path, asked.brand.token, body))
            if answer != expected or b'"errors"' in answer or not head.startswith(b"HTTP/1.1 200"):
                raise AnswersDiffer(
                    f"{operation.name}: {kind} {name} answered\n{answer[:2000]!r}\nnot\n"
                    f"{expected[:2000]!r}"
                )
            length = len(head) + 4 + len(answer)
            requests.append(Request(path, asked.brand.token, body, length))

        def measure(seconds: float) -> Load:
            return self.loader.submit(load, server.port, requests, seconds).result()

        return Target(kind, name, measure, server)

    def _sql(self, name: str, script: Script) -> Target:
        def measure(seconds: float) -> Load:
            return run_pgbench(self.postgres, self.filled.name, script, seconds)

        return Target(SQL, name, measure, None)

    def sample(self, target: Target, seconds: float) -> Sample:
        """One measurement of a target; the servers of the others sleep."""
        with ExitStack() as stack:
            for server in (self.ours, self.by_hand):
                if server is not target.server:
                    stack.enter_context(server.asleep())
            return self._sample(target, seconds)

    def _sample(self, target: Target, seconds: float) -> Sample:
        server = target.server
        server_before = server.cpu_seconds() if server else 0.0
        postgres_before = self.postgres.cpu_seconds()
        measured = target.load(seconds)
        time.sleep(REAPED_SECONDS)
        answers = max(measured.answers, 1)
        postgres_cpu = (self.postgres.cpu_seconds() - postgres_before) / answers * MICROSECONDS
        server_cpu = None
        if server is not None:
            server_cpu = (server.cpu_seconds() - server_before) / answers * MICROSECONDS
        return Sample(measured, server_cpu, postgres_cpu)


def measure_reads(
    postgres: Postgres,
    filled: Filled,
    cores: Cores,
    loader: Executor,
    folder: Path,
    *,
    rounds: int,
    seconds: float,
) -> list[Section]:
    """A table for each operation."""
    with ExitStack() as stack:
        ours = stack.enter_context(running_server(filled.url, cores.server, folder))
        by_hand = stack.enter_context(running_by_hand(filled.url, cores.server, folder))
        bench = Bench(postgres, filled, ours, by_hand, loader)
        return [
            _measure(bench, operation, rounds, seconds) for operation in operations(filled.brands)
        ]


def _measure(bench: Bench, operation: Operation, rounds: int, seconds: float) -> Section:
    targets = bench.targets(operation)
    samples: dict[int, list[Sample]] = {number: [] for number in range(len(targets))}
    for target in targets:
        if target.kind != SQL:
            target.load(WARM_SECONDS)
    for turn in range(rounds):
        say(f"reads: {operation.name}, round {turn + 1} of {rounds}")
        order = list(enumerate(targets))
        for number, target in order if turn % 2 == 0 else reversed(order):
            samples[number].append(bench.sample(target, seconds))
    return _section(operation, targets, samples)


def _section(
    operation: Operation, targets: Sequence[Target], samples: dict[int, list[Sample]]
) -> Section:
    rows = [_row(target, samples[number]) for number, target in enumerate(targets)]

    def fastest(kind: str) -> int | None:
        """The target of that kind with the highest median."""
        of_kind = [number for number, target in enumerate(targets) if target.kind == kind]
        return max(of_kind, key=lambda number: float(rows[number]["req/s"]), default=None)

    by_hand, sql = fastest(BY_HAND), fastest(SQL)
    assert by_hand is not None  # every operation has a form by hand
    told = [
        f"{OURS} against the best form by hand ({targets[by_hand].name}): "
        f"{_ratio(samples[0], samples[by_hand]):.2f} of its req/s, CPU of the server "
        f"{rows[0][SERVER_CPU] / rows[by_hand][SERVER_CPU]:.2f} times, of PostgreSQL "
        f"{rows[0][POSTGRES_CPU] / rows[by_hand][POSTGRES_CPU]:.2f} times."
    ]
    if sql is not None:
        told.append(f"{_ratio(samples[0], samples[sql]):.2f} of the fastest SQL alone.")
    bad = sum(sample.load.bad for each in samples.values() for sample in each)
    told.append(f"Bad answers: {bad}. Load by {generator()}.")
    order = sorted(rows, key=lambda row: (row["target"] == SQL, -row["req/s"]))
    return Section(f"{operation.name}: {operation.about}", order, [" ".join(told)])


def _ratio(ours: Sequence[Sample], others: Sequence[Sample]) -> float:
    """The median of the rounds' own ratios: what slows a whole round down falls out of it."""
    return median(our.rate / other.rate for our, other in zip(ours, others, strict=True))


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


def _body(operation: Operation, variables: dict[str, Any]) -> bytes:
    return orjson.dumps({"query": operation.document, "variables": variables})


def viewer_of(brand: BrandData) -> Viewer:
    """Somebody who may read everything of a brand."""
    return Viewer(brand.id, brand.id, brand.id, brand.id, frozenset(Scope), None)


def compiled_script(operation: Operation) -> Script:
    """The statement that the product makes of an operation, with the values of each request."""
    engine = create_engine(schema, bytes(32))
    statements: list[tuple[str, Sequence[Any]]] = []

    async def fetch(sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        statements.append((sql, parameters))
        return ()

    async def note_all() -> None:
        for asked in operation.requests:
            request = GraphQLRequest(operation.document, None, asked.variables)
            await engine.execute(request, viewer_of(asked.brand), fetch)

    asyncio.run(note_all())
    return Script(statements[0][0], [parameters for _, parameters in statements])


def _script(form: Form, operation: Operation) -> Script:
    values = [(asked.brand.id, form.argument(asked.variables)) for asked in operation.requests]
    return Script(form.sql, values)
