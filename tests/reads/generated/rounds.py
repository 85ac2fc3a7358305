"""Operations generated one after the other, each run for some viewers, and judged."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

import orjson

from app.core.viewer import Scope
from app.graphql.errors import DocumentRefused, RequestRefused
from tests.reads.generated.compare import Case, Comparer
from tests.reads.generated.generator import Generator, variables_of
from tests.reads.generated.memory import Memory
from tests.reads.generated.operations import Drawing, Operation
from tests.reads.generated.shrink import shrunk
from tests.reads.generated.world import World

SEED = "HASHCART_GENERATED_SEED"
"""The variable that names the seed of a run, to repeat it."""

RUNS = 2
"""How often one document runs, with other variables and viewers: plans are kept between."""

UNSHOWN_EVERY = 100
"""After so many operations the fields that no answer has shown are drawn again."""

Run: TypeAlias = tuple[Mapping[str, Any], Drawing]
"""The variables, and what they were drawn for."""


@dataclass(frozen=True)
class Finding:
    """An operation that the two ways answer differently, made small."""

    difference: str
    text: str
    runs: Sequence[Run]
    """The last one differs."""

    def __str__(self) -> str:
        runs = []
        for variables, drawing in self.runs:
            lacking = sorted(scope.value for scope in set(Scope) - drawing.viewer.scopes)
            runs.append(f"variables: {json.dumps(variables, ensure_ascii=False)}")
            runs.append(f"asked for brand {drawing.brand} without the scopes {lacking}")
        return "\n".join([self.difference, "", self.text, "", *runs])


class Rounds:
    """One seed's operations over one world."""

    def __init__(self, seed: int, world: World, comparer: Comparer) -> None:
        self._random = Random(seed)
        self.world = world
        self.comparer = comparer
        self._documents = comparer.engine.documents
        self._tries = 0
        self.memory = Memory()
        self.generator = Generator(self._random, world, self.memory)
        self.generated = self.answered = self.refused = 0

    @property
    def unshown(self) -> set[str]:
        """The fields that no answer has shown yet, other than as null."""
        return self.generator.coverage.fields - self.memory.shown

    def generate(self) -> tuple[Operation, Drawing]:
        """The next operation, and what its literals were drawn for."""
        operation, made_for = self.generator.operation()
        try:
            prepared = self._documents.prepare(operation.text(), None)
        except (DocumentRefused, RequestRefused) as refused:
            raise AssertionError(f"{refused}\n{operation.text()}") from refused
        self.generator.coverage.note_document(prepared)
        self.generated += 1
        return operation, made_for

    def draw(self, operation: Operation, made_for: Drawing, number: int) -> Run:
        """Variables for one run of an operation, and whom it is run for."""
        drawing = self.generator.run(operation, made_for, number == 0)
        variables = variables_of(operation, drawing, self._random)
        prepared = self._documents.prepare(operation.text(), None)
        self.generator.coverage.note_variables(prepared, variables)
        return variables, drawing

    async def round(self) -> Finding | None:
        """Generate an operation and run it; the first difference, or None."""
        if self.generated % UNSHOWN_EVERY == 0:
            self.generator.coverage.missing |= self.unshown
        operation, made_for = self.generate()
        runs: list[Run] = []
        for number in range(RUNS):
            runs.append(self.draw(operation, made_for, number))
            difference = await self._run(operation, runs[-1])
            if difference is not None:
                return await self._smaller(operation, runs, difference)
        return None

    async def _run(self, operation: Operation, run: Run) -> str | None:
        variables, drawing = run
        judged = await self.comparer.judge(Case(operation.text(), variables, drawing.viewer))
        if judged.answer is None:
            self.refused += 1
            return judged.difference
        self.answered += 1
        data = orjson.loads(judged.answer)["data"]
        self.memory.learn(operation, drawing.values, drawing.brand, data)
        return judged.difference

    async def _smaller(self, operation: Operation, runs: list[Run], difference: str) -> Finding:
        """The finding; by its last run alone where that suffices."""
        for few in (runs[-1:], runs):
            if await self._difference(operation, few) is not None:
                return await self._shrunk(operation, few)
        return Finding(f"{difference} (not again)", operation.text(), runs)

    async def _shrunk(self, operation: Operation, runs: Sequence[Run]) -> Finding:
        variables, drawing = runs[-1]
        seen: list[str] = []

        async def fails(smaller: Operation, values: Mapping[str, Any]) -> bool:
            found = await self._difference(smaller, [*runs[:-1], (values, drawing)])
            seen.extend([found] if found else [])
            return found is not None

        small, values = await shrunk(operation, variables, fails)
        return Finding(seen[-1], small.text(), [*runs[:-1], (values, drawing)])

    async def _difference(self, operation: Operation, runs: Sequence[Run]) -> str | None:
        """What the last run shows after the others, as a document that was never met before."""
        self._tries += 1
        text = f"{operation.text()} #{self._tries}"
        try:
            self._documents.prepare(text, None)
        except (DocumentRefused, RequestRefused):
            return None
        *earlier, last = [Case(text, variables, each.viewer) for variables, each in runs]
        for case in earlier:
            with suppress(Exception):  # only what it leaves behind matters
                await self.comparer.compiled(case)
        return (await self.comparer.judge(last)).difference
