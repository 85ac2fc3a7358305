"""What charging operations costs: the same server with its meter and without, in turn."""

from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

import orjson

from benchmarks.asked import Operation
from benchmarks.bars import bar_row, ratio
from benchmarks.databases import Filled, Postgres
from benchmarks.load import Load, Request, ask, load, raw_post
from benchmarks.machine import Cores
from benchmarks.processes import Running, running_server, running_unmetered
from benchmarks.reads import SERVER_CPU, WARM_SECONDS
from benchmarks.report import Section, middle, say
from benchmarks.targets import Bench, Sample, Target

MEASURED = "Q1"
"""The smallest answer, of which the meter's part is the largest."""
OVERHEAD_AT_MOST = 1.03
METERED, UNMETERED = "as it is", "charging nobody"


def measure_metering(
    postgres: Postgres,
    filled: Filled,
    cores: Cores,
    loader: Executor,
    folder: Path,
    *,
    operations: Sequence[Operation],
    rounds: int,
    seconds: float,
) -> list[Section]:
    """A table of both, and the bar."""
    operation = next((each for each in operations if each.name == MEASURED), None)
    if operation is None:
        return []
    with (
        running_server(filled.url, cores.server, folder) as metered,
        running_unmetered(filled.url, cores.server, folder) as unmetered,
    ):
        bench = Bench(postgres, filled, metered, unmetered, [], loader)
        targets = [
            _target(bench, operation, METERED, metered),
            _target(bench, operation, UNMETERED, unmetered),
        ]
        samples: list[list[Sample]] = [[], []]
        for target in targets:
            target.load(WARM_SECONDS)
        for turn in range(rounds):
            say(f"metering: {MEASURED}, round {turn + 1} of {rounds}")
            for number in (0, 1) if turn % 2 == 0 else (1, 0):
                samples[number].append(bench.sample(targets[number], seconds))
    return [_section(targets, samples)]


def _target(bench: Bench, operation: Operation, name: str, server: Running) -> Target:
    requests = []
    for asked in operation.requests:
        body = orjson.dumps({"query": operation.document, "variables": asked.variables})
        head, answer = ask(server.port, raw_post("/graphql", asked.brand.token, body))
        whole = len(head) + len(b"\r\n\r\n") + len(answer)
        requests.append(Request("/graphql", asked.brand.token, body, whole))

    def measure(seconds: float) -> Load:
        return bench.loader.submit(load, server.port, requests, seconds).result()

    return Target(name, "", measure, server)


def _section(targets: Sequence[Target], samples: Sequence[Sequence[Sample]]) -> Section:
    cpu = [[sample.server_cpu or 0.0 for sample in each] for each in samples]
    rows = [
        {
            "operation": MEASURED,
            "server": target.kind,
            "req/s": middle([sample.rate for sample in each]),
            SERVER_CPU: middle(of_each),
        }
        for target, each, of_each in zip(targets, samples, cpu, strict=True)
    ]
    bar = bar_row(MEASURED, "", "≤", OVERHEAD_AT_MOST, ratio(cpu[0], cpu[1]))
    bad = sum(sample.load.bad for each in samples for sample in each)
    told = f"{SERVER_CPU} / without charging: {bar['result']:.3f}, bar {bar['bar']}: {bar['held']}."
    return Section(
        "Charging operations", rows, [f"{told} Medians of {len(samples[0])} rounds. Bad: {bad}."]
    )
