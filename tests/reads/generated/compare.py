"""One operation answered both ways, and what differs between the two answers."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import orjson
from graphql.execution.values import VariableValues

from app.core.viewer import Scope, Viewer
from app.graphql.engine import Engine, GraphQLRequest
from app.graphql.errors import DocumentRefused, ErrorCode, RequestRefused

_SCOPE = re.compile(r"takes the scope `([a-z:]+)`")


@dataclass(frozen=True)
class Refusal:
    """Why an operation was not answered; *path* without places in lists."""

    code: str
    path: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class Case:
    """An operation as it is asked."""

    text: str
    variables: Mapping[str, Any]
    viewer: Viewer


@dataclass(frozen=True)
class Judgement:
    """What became of a case."""

    answer: bytes | None
    """The compiler's; None where it refused or failed."""
    difference: str | None


class Comparer:
    """Asks both ways over one connection that only reads."""

    def __init__(self, engine: Engine, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.engine = engine
        self.connection = connection
        self._one_at_a_time = asyncio.Lock()

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        """Run one statement."""
        async with self._one_at_a_time:  # the reference's resolvers run beside one another
            return await self.connection.fetch(sql, *parameters)

    async def compiled(self, case: Case) -> bytes | Refusal:
        """The answer, compiled: by one statement at most, where tables answer all of it."""
        statements: list[str] = []

        async def counted(sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
            statements.append(sql)
            return await self.fetch(sql, parameters)

        request = GraphQLRequest(case.text, None, case.variables)
        try:
            found = await self.engine.execute(request, case.viewer, counted)
        except RequestRefused as refused:
            return refusal_of(refused)
        except DocumentRefused as refused:
            return Refusal(refused.code, (), str(refused))
        if len(statements) > 1:
            assert not self._plan_is_complete(case), f"{len(statements)} statements"
        return found

    def _plan_is_complete(self, case: Case) -> bool:
        prepared = self.engine.documents.prepare(case.text, None)
        variables: VariableValues = self.engine.documents.variables(prepared, case.variables)
        return self.engine.reads.compile(prepared, variables).plan.complete

    async def reference(self, case: Case) -> bytes | Refusal:
        """The answer by the reference."""
        prepared = self.engine.documents.prepare(case.text, None)
        try:
            return await self.engine.execute_reference(
                prepared, case.variables, case.viewer, self.fetch
            )
        except RequestRefused as refused:
            return refusal_of(refused)
        except DocumentRefused as refused:
            return Refusal(refused.code, (), str(refused))

    async def judge(self, case: Case) -> Judgement:
        """What the compiler answers, and what differs between the two ways.

        The document must be valid.
        """
        try:
            one = await self.compiled(case)
        except Exception as error:  # whatever it is, it is what was looked for
            return Judgement(None, f"the compiler failed: {error!r}")
        answer = one if isinstance(one, bytes) else None
        try:
            other = await self.reference(case)
        except Exception as error:
            return Judgement(answer, f"the reference failed: {error!r}")
        return Judgement(answer, await self.difference(case, one, other))

    async def difference(
        self, case: Case, one: bytes | Refusal, other: bytes | Refusal
    ) -> str | None:
        """What differs between what the compiler (*one*) and the reference made of a case."""
        if isinstance(one, bytes) and isinstance(other, bytes):
            return None if one == other else _first_difference(one, other)
        if isinstance(one, bytes):
            return f"only the reference refused: {other!r}"
        if isinstance(other, bytes):
            # The reference never comes to what lies below nothing, and cannot refuse it.
            if one.path and not _reached(orjson.loads(other)["data"], one.path):
                return None
            return f"only the compiler refused: {one!r}"
        return (
            None if await self._alike(case, one, other) else f"refused by {one!r}, and by {other!r}"
        )

    async def _alike(self, case: Case, one: Refusal, other: Refusal) -> bool:
        """Whether both refused for the same; where it stands twice either may be named.

        The compiler looks at all scopes before it looks at any value, the reference at both of one
        field after the other: who has two faults may be told the one or the other.
        """
        if one.code != other.code:
            if one.code != ErrorCode.MISSING_SCOPE:
                return False
            allowed = replace(case, viewer=replace(case.viewer, scopes=frozenset(Scope)))
            again = await self.compiled(allowed)
            return isinstance(again, Refusal) and (again.code, again.path) == (
                other.code,
                other.path,
            )
        if one.path == other.path:
            return True
        if one.code != ErrorCode.MISSING_SCOPE:
            return one.path[-1:] == other.path[-1:]
        named = _SCOPE.search(other.message)
        assert named is not None, other.message
        lacking = frozenset(Scope) - {Scope(named.group(1))}
        again = await self.compiled(replace(case, viewer=replace(case.viewer, scopes=lacking)))
        return isinstance(again, Refusal) and again.code == ErrorCode.MISSING_SCOPE


def refusal_of(refused: RequestRefused) -> Refusal:
    """What a refusal is compared by."""
    path = tuple(str(each) for each in refused.path or () if not str(each).isdigit())
    return Refusal(refused.code, path, refused.message)


def _reached(data: Any, path: Sequence[str]) -> bool:
    """Whether an answer holds a field at *path*, be it null."""
    if isinstance(data, list):
        return any(_reached(each, path) for each in data)
    if not path:
        return True
    return isinstance(data, dict) and path[0] in data and _reached(data[path[0]], path[1:])


def _first_difference(one: bytes, other: bytes) -> str:
    found = _differing(orjson.loads(one), orjson.loads(other), "")
    return found or f"the bytes differ: {one[:500]!r} and {other[:500]!r}"


def _differing(one: Any, other: Any, path: str) -> str | None:
    if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
        parts = [(one[key], other[key], f"{path}.{key}") for key in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        parts = [
            (*pair, f"{path}[{place}]") for place, pair in enumerate(zip(one, other, strict=True))
        ]
    elif one == other and type(one) is type(other):
        return None
    else:
        return f"at {path[1:]} the compiler says {_short(one)}, the reference {_short(other)}"
    return next((found for each in parts if (found := _differing(*each))), None)


def _short(value: Any) -> str:
    return orjson.dumps(value).decode()[:400]
