"""Payloads of mutations, generated: what is selected of the row that a mutation made.

A payload is compiled as the one row of a key, beside the mutation. So it must be what the reference
answers to the same selection below `node`, asked by the row's id.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from graphql import get_named_type

from app.core.ids import global_id
from app.graphql.errors import DocumentRefused, RequestRefused
from app.graphql.members import MutationField
from app.graphql.reads.runs import to_bytes
from app.graphql.reads.sql import row_name
from tests.reads.generated.arguments import Place
from tests.reads.generated.compare import Case, Comparer, Refusal, refusal_of
from tests.reads.generated.generator import Generator, variables_of
from tests.reads.generated.operations import Field, Inline, Operation, Use, Variable
from tests.reads.generated.world import World

KEY = "payload"


@dataclass(frozen=True)
class Payloads:
    """Generates payloads over one world, and judges them."""

    random: Random
    world: World
    generator: Generator
    comparer: Comparer

    def members(self) -> Iterator[tuple[MutationField, str]]:
        """Every mutation with each type of row that it shows."""
        for field in self.comparer.engine.mutations.fields.values():
            for member in field.members:
                if member.name in self.world.catalogue.node_types:
                    yield field, member.name

    async def difference(self, field: MutationField, type_name: str) -> str | None:
        """What differs for one generated selection, with the document; None where nothing does."""
        operation, made_for = self.generator.selection_on(type_name)
        drawing = self.generator.run(operation, made_for, first=True)
        shown: list[Any] = [Inline(type_name, operation.below)]
        table = self.world.mappings[type_name].model.__tablename__
        brand = self.random.choice([self.world.brands[drawing.brand], *self.world.brands])
        key = self.random.choice(brand.keys[table] or [brand.id])
        asked = Field("Query", "node", KEY, {"id": global_id(type_name, key)}, below=shown)
        query = replace(operation, below=[asked])
        variables = variables_of(query, drawing, self.random)
        case = Case(query.text(), variables, drawing.viewer)
        mutation, given = self._mutation(operation, field, shown, drawing)
        one = await self._compiled(mutation, {**variables, **given}, type_name, key, case)
        if one is None:
            return None
        found = await self.comparer.difference(case, one, await self.comparer.reference(case))
        return None if found is None else f"{found}\n\n{mutation}\n\n{case}"

    def _mutation(
        self, operation: Operation, field: MutationField, shown: list[Any], drawing: Any
    ) -> tuple[str, Mapping[str, Any]]:
        """The same selection below a mutation, and its input."""
        kind = get_named_type(field.definition.args["input"].type)
        place = Place("Mutation", field.name, kind.name)
        given = self.generator.arguments.value(kind, place, drawing)
        input_variable = Variable("input", f"{kind.name}!", lambda _: given)
        variables = {**operation.variables, "input": input_variable}
        root = Field("Mutation", field.name, KEY, {"input": Use("input")}, below=shown)
        made = replace(operation, below=[root], variables=variables, kind="mutation")
        return made.text(), {"input": given}

    async def _compiled(
        self, text: str, given: Mapping[str, Any], type_name: str, key: Any, case: Case
    ) -> bytes | Refusal | None:
        """The payload of the row with that *key*; None where it is made of constants."""
        engine = self.comparer.engine
        prepared = engine.documents.prepare(text, None)
        try:
            compiled = engine.mutations.payloads(prepared, given).get(f"{KEY}.{type_name}")
            if compiled is None or compiled.statement is None:
                return None
            coerced = engine.documents.variables(prepared, given)
            values, runs = engine.reads.bind(compiled.plan, coerced, case.viewer)
        except RequestRefused as refused:
            return refusal_of(refused)
        except DocumentRefused as refused:
            return Refusal(refused.code, (), str(refused))
        parameters = compiled.statement.parameters({**values, row_name(1): key})
        rows = await self.comparer.fetch(compiled.statement.sql, parameters)
        return to_bytes({"data": compiled.assemble(rows, runs)})
