"""The mutations of a schema: each field with the members of its union, checked at start-up."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from graphql import (
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField

from app.core.models import Model
from app.core.viewer import Scope
from app.graphql.perform import Made, MutationInfo, Outcome
from app.graphql.problems import (
    IdempotencyKeyReused,
    NoLongerThere,
    Problem,
    VersionConflict,
    shown_by,
)
from app.graphql.reads.binding import ScopedField
from app.graphql.reads.catalogue import Catalogue, definition_of, is_list, strawberry_field
from app.graphql.reads.check import SchemaFaults
from app.graphql.scalars import Codec

INPUT, KEY, EXPECTED = "input", "idempotencyKey", "expectedVersion"

_IN_EVERY_UNION = (IdempotencyKeyReused.__name__, NoLongerThere.__name__)


@dataclass(frozen=True)
class PayloadMember:
    """A mapped member of a mutation's union: a row of *model*, read after the commit."""

    graphql_type: GraphQLObjectType
    shows: type[Model]

    @property
    def name(self) -> str:
        """The type's name."""
        return self.graphql_type.name


@dataclass(frozen=True)
class ProblemField:
    """A leaf of a problem: where its value is found, and how it leaves."""

    name: str
    attribute: str
    codec: Codec
    many: bool

    def of(self, problem: object) -> Any:
        """The value as the answer holds it."""
        value = getattr(problem, self.attribute)
        if self.many:
            return [self.codec.apply(each) for each in value]
        return self.codec.apply(value)


@dataclass(frozen=True)
class ProblemMember:
    """A member of a mutation's union that says why nothing was done."""

    graphql_type: GraphQLObjectType
    shows: type | None
    """The plain problem; None for those that the engine itself answers with."""
    fields: tuple[ProblemField, ...]

    @property
    def name(self) -> str:
        """The type's name."""
        return self.graphql_type.name


Member: TypeAlias = PayloadMember | ProblemMember


@dataclass(frozen=True)
class MutationField:
    """A root field of `Mutation`."""

    name: str
    definition: GraphQLField
    strawberry_field: StrawberryField
    scope: Scope
    members: tuple[Member, ...]

    def resolve(self, info: MutationInfo, arguments: Mapping[str, Any]) -> Awaitable[Outcome]:
        """Run the field's resolver."""
        resolver = self.strawberry_field.base_resolver
        assert resolver is not None
        method = cast(Callable[..., Awaitable[Outcome]], resolver.wrapped_func)
        return method(None, info=info, **arguments)

    def settle(self, answer: object) -> Outcome:
        """The member that shows what a service answered.

        Raises:
            TypeError: none does: a defect, for which nothing may be kept.
        """
        shown = answer.model if isinstance(answer, Made) else type(answer)
        for member in self.members:
            if member.shows is not shown:
                continue
            if isinstance(member, PayloadMember):
                return Outcome(member.name, key=answer.id)  # type: ignore[attr-defined]  # a row
            return Outcome(
                member.name, fields={each.name: each.of(answer) for each in member.fields}
            )
        raise TypeError(f"No member of {self.definition.type} shows {shown.__name__}; add one.")


def mutation_fields(catalogue: Catalogue) -> dict[str, MutationField]:
    """The mutations of a schema, by name.

    Raises:
        SchemaFaults: with every fault that was found.
    """
    root = catalogue.schema.mutation_type
    fields: dict[str, MutationField] = {}
    faults: list[str] = []
    for name, definition in root.fields.items() if root else ():
        found = _field_faults(catalogue, definition)
        faults += [f"Mutation.{name}: {fault}" for fault in found]
        if not found:
            fields[name] = _field(catalogue, name, definition)
    if faults:
        raise SchemaFaults("\n".join(faults))
    return fields


def _field(catalogue: Catalogue, name: str, definition: GraphQLField) -> MutationField:
    declared = strawberry_field(definition)
    assert isinstance(declared, ScopedField)
    assert declared.scope is not None
    members = tuple(_member(catalogue, each) for each in _union(definition))
    return MutationField(name, definition, declared, declared.scope, members)


def _union(definition: GraphQLField) -> Sequence[GraphQLObjectType]:
    named = get_named_type(definition.type)
    return named.types if isinstance(named, GraphQLUnionType) else ()


def _member(catalogue: Catalogue, graphql_type: GraphQLObjectType) -> Member:
    mapping = catalogue.mapping(graphql_type)
    if mapping is not None:
        return PayloadMember(graphql_type, mapping.model)
    definition = definition_of(graphql_type)
    assert definition is not None
    fields = []
    for name, field in graphql_type.fields.items():
        declared = strawberry_field(field)
        assert declared is not None
        codec, many = catalogue.codec(field), is_list(field.type)
        fields.append(ProblemField(name, declared.python_name, codec, many))
    return ProblemMember(graphql_type, shown_by(definition.origin), tuple(fields))


def _field_faults(catalogue: Catalogue, definition: GraphQLField) -> list[str]:
    declared = strawberry_field(definition)
    if not isinstance(declared, ScopedField) or declared.scope is None:
        return ["says no scope; declare it with `@mutation(..., scope=...)`."]
    if (fault := _input_fault(definition)) is not None:
        return [fault]
    union = _union(definition)
    if not union or isinstance(definition.type, GraphQLNonNull):
        return ["must answer with a union or null, so that one field's failure is its own."]
    names = {each.name for each in union}
    missing = [name for name in _IN_EVERY_UNION if name not in names]
    if missing:
        return [f"{get_named_type(definition.type)} lacks {' and '.join(missing)}."]
    if (EXPECTED in _members_of_input(definition)) != (VersionConflict.__name__ in names):
        return [f"has only one of `{EXPECTED}` and {VersionConflict.__name__}; an edit has both."]
    found = [_member_fault(catalogue, each) for each in union]
    return [fault for fault in found if fault is not None]


def _input_fault(definition: GraphQLField) -> str | None:
    given = definition.args.get(INPUT)
    if given is None or len(definition.args) > 1 or not isinstance(given.type, GraphQLNonNull):
        return f"must have the one argument `{INPUT}`, not null."
    key = _members_of_input(definition).get(KEY)
    if key is None or str(key.type) != "String":
        return f"its input lacks `{KEY}: String`; inherit `MutationInput`."
    return None


def _members_of_input(definition: GraphQLField) -> Mapping[str, GraphQLInputField]:
    named = get_named_type(definition.args[INPUT].type)
    return named.fields if isinstance(named, GraphQLInputObjectType) else {}


def _member_fault(catalogue: Catalogue, graphql_type: GraphQLObjectType) -> str | None:
    if catalogue.mapping(graphql_type) is not None:
        return None
    definition = definition_of(graphql_type)
    if definition is None or not issubclass(definition.origin, Problem):
        return f"{graphql_type.name} is neither mapped nor a problem; let it inherit `Problem`."
    shown = shown_by(definition.origin)
    if shown is None and graphql_type.name not in _IN_EVERY_UNION:
        return f"{graphql_type.name} shows nothing; decorate it with `@shows(...)`."
    for name, field in graphql_type.fields.items():
        declared = strawberry_field(field)
        attribute = "" if declared is None else declared.python_name
        if not is_leaf_type(get_named_type(field.type)):
            return f"{graphql_type.name}.{name} is no leaf; a problem holds plain values."
        if shown is not None and not _has(shown, attribute):
            return f"{graphql_type.name}.{name}: {shown.__name__} has no {attribute}."
    return None


def _has(shown: type, attribute: str) -> bool:
    return hasattr(shown, attribute) or attribute in getattr(shown, "__dataclass_fields__", {})
