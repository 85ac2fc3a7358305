"""What must hold of a mutation before a schema serves, and of what its service may answer."""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from types import FunctionType, ModuleType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from app.brands.models import Trigger as TriggerRow
from app.brands.schema import Trigger
from app.carts.intents import Intent
from app.carts.models import CartIntent as CartIntentRow
from app.core.viewer import Scope
from app.graphql.engine import create_engine
from app.graphql.members import MutationField, mutation_fields
from app.graphql.perform import EditInput, Made, MutationInfo, MutationInput, mutation
from app.graphql.problems import (
    IdempotencyKeyReused,
    NoLongerThere,
    Problem,
    VersionConflict,
    shows,
)
from app.graphql.reads.catalogue import Catalogue
from app.graphql.reads.check import SchemaFaults
from app.graphql.reads.explain import explain
from app.graphql.scalars import SCALARS
from app.schema import schema

FIELDS = mutation_fields(Catalogue(schema._schema))


@dataclass(frozen=True)
class PlainProblem:
    """A problem of a service."""

    tag: str
    trigger_id: UUID
    message: str = "No."


@shows(PlainProblem)
@strawberry.type
class ShownProblem(Problem):
    """A problem in the API."""

    tag: str


@strawberry.input
class GoodInput(MutationInput):
    """An input."""

    tag: str


def _faults(result: Any, given: Any = GoodInput, scope: Scope | None = Scope.BRAND_WRITE) -> str:
    async def run(self: object, info: MutationInfo, input: Any) -> Any:
        return None

    run.__annotations__.update({"input": given, "return": result})
    field = mutation("Runs.", scope=Scope.BRAND_WRITE)(run)
    field.scope = scope

    @strawberry.type
    class Query:
        found: str

    made = strawberry.type(type("Mutation", (), {"run": field}))
    config = StrawberryConfig(scalar_map=dict(SCALARS))
    built = strawberry.Schema(query=Query, mutation=made, config=config)
    with pytest.raises(SchemaFaults) as refused:
        mutation_fields(Catalogue(built._schema))
    return str(refused.value)


def union(*members: Any) -> Any:
    """A nullable union."""
    return Annotated[reduce(or_, members), strawberry.union("RunResult")] | None


COMMON = (IdempotencyKeyReused, NoLongerThere)


def test_a_mutation_without_a_scope_does_not_start() -> None:
    assert _faults(union(Trigger, *COMMON), scope=None) == (
        "Mutation.run: says no scope; declare it with `@mutation(..., scope=...)`."
    )


def test_a_mutation_whose_input_takes_no_key_does_not_start() -> None:
    @strawberry.input
    class Bare:
        tag: str

    assert _faults(union(Trigger, *COMMON), Bare) == (
        "Mutation.run: its input lacks `idempotencyKey: String`; inherit `MutationInput`."
    )


def test_a_mutation_that_answers_with_no_union_or_never_with_null_does_not_start() -> None:
    message = (
        "Mutation.run: must answer with a union or null, so that one field's failure is its own."
    )

    assert _faults(Trigger | None) == message
    assert _faults(get_args(union(Trigger, *COMMON))[0]) == message


def test_a_union_without_what_every_key_may_meet_does_not_start() -> None:
    assert _faults(union(Trigger, NoLongerThere)) == (
        "Mutation.run: RunResult lacks IdempotencyKeyReused."
    )


def test_an_edit_without_its_problem_and_the_problem_without_an_edit_do_not_start() -> None:
    @strawberry.input
    class Edit(EditInput):
        tag: str

    message = (
        "Mutation.run: has only one of `expectedVersion` and VersionConflict; an edit has both."
    )

    assert _faults(union(Trigger, *COMMON), Edit) == message
    assert _faults(union(Trigger, VersionConflict, *COMMON)) == message


def test_a_member_that_is_neither_mapped_nor_a_problem_does_not_start() -> None:
    @strawberry.type
    class Ghost:
        tag: str

    @strawberry.type
    class Mute(Problem):
        tag: str

    assert _faults(union(Ghost, Mute, *COMMON)).splitlines() == [
        "Mutation.run: Ghost is neither mapped nor a problem; let it inherit `Problem`.",
        "Mutation.run: Mute shows nothing; decorate it with `@shows(...)`.",
    ]


def test_a_problem_with_a_field_that_its_value_lacks_does_not_start() -> None:
    @shows(PlainProblem)
    @strawberry.type
    class Wider(Problem):
        colour: str

    assert _faults(union(Trigger, Wider, *COMMON)) == (
        "Mutation.run: Wider.colour: PlainProblem has no colour."
    )


def test_an_answer_that_no_member_shows_is_a_defect() -> None:
    field = FIELDS["addTrigger"]

    with pytest.raises(TypeError, match="No member of AddTriggerResult shows PlainProblem"):
        field.settle(PlainProblem("x", UUID(int=1)))
    with pytest.raises(TypeError, match="shows CartIntent; add one"):
        field.settle(Made(CartIntentRow, UUID(int=1)))
    assert field.settle(Made(TriggerRow, UUID(int=1))).key == UUID(int=1)


@pytest.mark.parametrize("name", list(FIELDS))
def test_every_answer_of_the_service_is_shown_by_a_member_and_every_member_is_answered(
    name: str,
) -> None:
    field = FIELDS[name]
    answers = {
        CartIntentRow if answer is Intent else answer for answer in _answers_of(_service_of(field))
    }

    assert {member.shows for member in field.members if member.shows is not None} == answers


def _service_of(field: MutationField) -> FunctionType:
    """The service's function that the resolver performs, as its source names it."""
    resolver = field.strawberry_field.base_resolver
    assert resolver is not None
    method: Any = resolver.wrapped_func
    tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(method)))
    (call,) = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "perform"
    ]
    module: ModuleType | None = inspect.getmodule(method)
    assert module is not None
    service = eval(ast.unparse(call.args[1]), vars(module))
    assert isinstance(service, FunctionType)
    return service


def _answers_of(service: FunctionType) -> Iterator[type]:
    answer = get_type_hints(inspect.unwrap(service))["return"]
    parts = get_args(answer) if get_origin(answer) in (Union, UnionType) else (answer,)
    for part in parts:
        assert isinstance(part, type)
        yield part


@pytest.mark.parametrize("name", list(FIELDS))
def test_every_mutation_says_in_its_description_which_scope_it_takes(name: str) -> None:
    description = FIELDS[name].definition.description

    assert description is not None
    assert description.endswith(f"Takes the scope `{FIELDS[name].scope.value}`.")


def test_a_mutation_can_be_explained_by_what_reads_its_payloads() -> None:
    stages = explain(
        create_engine(schema, bytes(32)),
        """mutation {
          a: setPolicies(input: {}) { ... on Brand { slug } }
          b: setPolicies(input: {}) { __typename }
        }""",
        {},
    )

    assert stages.sql.startswith("-- a.Brand\nSELECT brand_1.slug")
    assert stages.parameters == ("viewer_brand_id of a.Brand", "row_1_key of a.Brand")
    assert "takes brand:read for a" in stages.plan
