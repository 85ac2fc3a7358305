"""What is loaded: our server, the server by hand, peers, and SQL alone; one measurement of each."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import orjson

from app.core.viewer import Scope, Viewer
from app.graphql.engine import GraphQLRequest, create_engine
from app.schema import schema
from benchmarks.asked import Asked, Operation
from benchmarks.by_hand.all_forms import FORMS
from benchmarks.by_hand.forms import Form
from benchmarks.by_hand_server import path_of
from benchmarks.databases import REAPED_SECONDS, BrandData, Filled, Postgres
from benchmarks.load import Load, Request, ask, load, raw_post
from benchmarks.peer_operations import peer_request, plain
from benchmarks.peer_servers import Peer
from benchmarks.pgbench import Script, run_pgbench
from benchmarks.processes import Running
from benchmarks.report import say

OURS, BY_HAND, SQL = "hashcart", "by hand", "SQL alone"
MICROSECONDS = 1e6
ANSWER_SHOWN_MAX = 2000


class AnswersDiffer(Exception):
    """Two targets answer the same request differently: timing them would mean nothing."""


@dataclass(frozen=True)
class Target:
    """Something that answers an operation, and how to load it for some seconds."""

    kind: str
    """`OURS`, `BY_HAND`, `SQL`, or the name of a peer."""
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

    @property
    def cpu(self) -> float:
        """Of server and PostgreSQL together."""
        return (self.server_cpu or 0.0) + self.postgres_cpu


@dataclass(frozen=True)
class Answers:
    """A request of an operation, and what our server answers to it."""

    asked: Asked
    body: bytes


@dataclass(frozen=True)
class Bench:
    """What reads are measured with."""

    postgres: Postgres
    filled: Filled
    ours: Running
    by_hand: Running
    peers: Sequence[Peer]
    loader: Executor

    def targets(self, operation: Operation, *, with_sql: bool) -> list[Target]:
        """Who answers the operation, ours first; all of them were seen to answer the same.

        Raises:
            AnswersDiffer: somebody does not.
        """
        answers = []
        for asked in operation.requests:
            _, body = ask(
                self.ours.port, raw_post("/graphql", asked.brand.token, _body(operation, asked))
            )
            answers.append(Answers(asked, body))
        forms = [form for form in FORMS if form.operation == operation.name]
        found = [self._same_bytes(OURS, "", self.ours, "/graphql", operation, answers)]
        for form in forms:
            path = path_of(form)
            found.append(
                self._same_bytes(BY_HAND, form.name, self.by_hand, path, operation, answers)
            )
        for peer in self.peers:
            found.extend(self._peer(peer, operation, answers))
        return [*found, *(self._sql_targets(operation, forms) if with_sql else ())]

    def _same_bytes(
        self,
        kind: str,
        name: str,
        server: Running,
        path: str,
        operation: Operation,
        answers: Sequence[Answers],
    ) -> Target:
        requests = []
        for expected in answers:
            token = expected.asked.brand.token
            body = _body(operation, expected.asked)
            head, answer = ask(server.port, raw_post(path, token, body))
            same = without_cost(answer) == without_cost(expected.body)
            if not same or b'"errors"' in answer or not _is_good(head):
                raise _differ(operation, f"{kind} {name}", answer, expected.body)
            requests.append(Request(path, token, body, _length(head, answer)))
        return self._over_http(kind, name, server, requests)

    def _peer(
        self, peer: Peer, operation: Operation, answers: Sequence[Answers]
    ) -> Sequence[Target]:
        """The peer, where it is asked; its answers must hold the same data."""
        requests = []
        for expected in answers:
            asked = peer_request(peer.name, operation, expected.asked)
            if asked is None:
                return ()
            token = expected.asked.brand.token
            body = orjson.dumps({"query": asked.document, "variables": asked.variables})
            head, answer = ask(peer.server.port, raw_post("/graphql", token, body))
            if not _is_good(head) or _data(answer) != _data(expected.body):
                raise _differ(operation, peer.name, answer, expected.body)
            requests.append(Request("/graphql", token, body, _length(head, answer)))
        return [self._over_http(peer.name, "", peer.server, requests)]

    def _over_http(
        self, kind: str, name: str, server: Running, requests: Sequence[Request]
    ) -> Target:
        def measure(seconds: float) -> Load:
            return self.loader.submit(load, server.port, requests, seconds).result()

        return Target(kind, name, measure, server)

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

    def _sql(self, name: str, script: Script) -> Target:
        def measure(seconds: float) -> Load:
            return run_pgbench(self.postgres, self.filled.name, script, seconds)

        return Target(SQL, name, measure, None)

    def sample(self, target: Target, seconds: float) -> Sample:
        """One measurement of a target; the servers of the others sleep."""
        servers = [self.ours, self.by_hand, *(peer.server for peer in self.peers)]
        with ExitStack() as stack:
            for server in servers:
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


def without_cost(answer: bytes) -> bytes:
    """An answer without what it tells of its cost, which no two have in common."""
    data, told, _ = answer.rpartition(b',"extensions":{"cost":')
    return data + b"}" if told else answer


def _is_good(head: bytes) -> bool:
    return head.startswith(b"HTTP/1.1 200")


def _length(head: bytes, answer: bytes) -> int:
    return len(head) + len(b"\r\n\r\n") + len(answer)


def _data(answer: bytes) -> Any:
    """What an answer tells; one with errors equals nothing."""
    told = orjson.loads(answer)
    return object() if "errors" in told else plain(told["data"])


def _differ(operation: Operation, who: str, answer: bytes, expected: bytes) -> AnswersDiffer:
    return AnswersDiffer(
        f"{operation.name}: {who} answered\n{answer[:ANSWER_SHOWN_MAX]!r}\nnot\n"
        f"{expected[:ANSWER_SHOWN_MAX]!r}"
    )


def _body(operation: Operation, asked: Asked) -> bytes:
    return orjson.dumps({"query": operation.document, "variables": asked.variables})


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
    values = [(asked.brand.id, *form.arguments(asked.variables)) for asked in operation.requests]
    return Script(form.sql, values)
