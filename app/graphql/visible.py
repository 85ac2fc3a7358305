"""The part of the schema that a token may see.

Introspection and the errors of validation speak of that part alone: fields, mutations and types
whose scope the token lacks are not there. One exception is made on purpose: who names such a field
rightly is told the scope it takes, so that a developer knows what to ask the brand for. The
sentence begins as that for a field that does not exist, which is what tools that guess look for.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from app.core.viewer import Scope
from app.graphql.errors import DocumentRefused, ErrorCode
from app.graphql.limits import parse_document
from app.graphql.reads.catalogue import Catalogue
from app.graphql.reads.documents import faults_of
from app.graphql.reads.told_scopes import scopes_of, scopes_of_type

SCHEMAS_CACHED = 32
"""Sets of scopes whose part of the schema is kept; each is as large as what it shows."""
EVERY_SCOPE = frozenset(Scope)

_UNKNOWN_FIELD = re.compile(r"Cannot query field '\w+' on type '(\w+)'")


class VisibleSchemas:
    """The parts of one schema, by sets of scopes; the least recently used leaves first."""

    def __init__(self, catalogue: Catalogue, *, suggests: bool) -> None:
        self._catalogue = catalogue
        self._suggests = suggests
        self._known: OrderedDict[frozenset[Scope], GraphQLSchema] = OrderedDict()

    def of(self, scopes: frozenset[Scope]) -> GraphQLSchema:
        """The part that a token with these scopes may see."""
        if scopes == EVERY_SCOPE:
            return self._catalogue.schema
        found = self._known.get(scopes)
        if found is None:
            found = self._known[scopes] = visible_schema(self._catalogue, scopes)
            if len(self._known) > SCHEMAS_CACHED:
                self._known.popitem(last=False)
        self._known.move_to_end(scopes)
        return found

    def told(
        self, refused: DocumentRefused, document: str, scopes: frozenset[Scope]
    ) -> DocumentRefused:
        """What a token with these scopes is told of a document that was refused.

        Raises:
            RequestRefused: the document cannot be looked through in its part of the schema.
        """
        if scopes == EVERY_SCOPE or refused.code is ErrorCode.GRAPHQL_PARSE_FAILED:
            return refused
        errors = faults_of(parse_document(document), self.of(scopes), suggests=self._suggests)
        if not errors and refused.code is ErrorCode.GRAPHQL_VALIDATION_FAILED:
            errors = [GraphQLError("The document is not valid.")]  # why not would tell too much
        if not errors:
            return refused  # of a value, and of nothing that is hidden
        told = [self._with_scope(error, scopes) for error in errors]
        hidden = all(error is not before for error, before in zip(told, errors, strict=True))
        code = ErrorCode.MISSING_SCOPE if hidden else ErrorCode.GRAPHQL_VALIDATION_FAILED
        return DocumentRefused(code, told)

    def _with_scope(self, error: GraphQLError, scopes: frozenset[Scope]) -> GraphQLError:
        """The error; of a field that is only hidden, one that names the scope it takes."""
        node = error.nodes[0] if error.nodes else None
        found = _UNKNOWN_FIELD.match(error.message)
        if found is None or not isinstance(node, FieldNode):
            return error
        owner = self._catalogue.schema.type_map[found[1]]
        field = getattr(owner, "fields", {}).get(node.name.value)
        if field is None:
            return error
        missing = [
            scope for scope in scopes_of(self._catalogue, owner, field) if scope not in scopes
        ]
        if not missing:
            return error  # what it leads to is hidden, and that has its reasons
        return GraphQLError(
            _missing_scope(node.name.value, missing[0], owner.name),
            error.nodes,
            extensions={"code": ErrorCode.MISSING_SCOPE.value},
        )


def _missing_scope(name: str, scope: Scope, owner: str) -> str:
    """What is said to who lacks the scope of a field."""
    return (
        f"Cannot query field '{name}' on type '{owner}': it takes the scope `{scope.value}`, "
        "which this token lacks. Ask the brand to grant it, or leave the field out."
    )


def visible_schema(catalogue: Catalogue, scopes: frozenset[Scope]) -> GraphQLSchema:
    """A schema without what takes other scopes than these.

    What holds fields is copied; scalars, enums and inputs lead to nothing hidden and are shared.
    """
    schema, shown = catalogue.schema, _Shown(catalogue, scopes)
    copies: dict[str, GraphQLNamedType] = {}
    for name in shown.names:
        copies[name] = _copy(schema.type_map[name], shown, copies)
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    query, mutation, subscription = (root and copies.get(root.name) for root in roots)
    made: Any = GraphQLSchema  # the roots are of the right kind, as they were
    whole: GraphQLSchema = made(
        query=query,
        mutation=mutation,
        subscription=subscription,
        types=[copies[name] for name in schema.type_map if name in copies],
        directives=schema.directives,
        description=schema.description,
    )
    return whole


def _copy(
    named: GraphQLNamedType, shown: "_Shown", copies: Mapping[str, GraphQLNamedType]
) -> GraphQLNamedType:
    """The type with the fields, interfaces and members that are shown, which are copies too."""
    config: dict[str, Any] = dict(named.to_kwargs())
    match named:
        case GraphQLUnionType():
            members = [each.name for each in named.types if each.name in shown.names]
            return GraphQLUnionType(**{**config, "types": lambda: [copies[m] for m in members]})
        case GraphQLObjectType() | GraphQLInterfaceType():
            interfaces = [each.name for each in named.interfaces if each.name in shown.names]
            fields = list(shown.fields(named))
            config["interfaces"] = lambda: [copies[name] for name in interfaces]
            config["fields"] = lambda: {
                name: GraphQLField(**{**field.to_kwargs(), "type_": _retyped(field.type, copies)})
                for name, field in fields
            }
            return type(named)(**config)
        case _:
            return named


def _retyped(output: Any, copies: Mapping[str, GraphQLNamedType]) -> Any:
    if isinstance(output, GraphQLNonNull | GraphQLList):
        return type(output)(_retyped(output.of_type, copies))
    return copies[output.name]


class _Shown:
    """What can be reached from the roots with some scopes."""

    def __init__(self, catalogue: Catalogue, scopes: frozenset[Scope]) -> None:
        self._catalogue = catalogue
        self._scopes = scopes
        self.names: set[str] = set()
        """Of the types."""
        schema = catalogue.schema
        roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
        waiting: list[GraphQLNamedType] = [
            root for root in roots if root is not None and any(self.fields(root))
        ]
        waiting += [
            get_named_type(argument.type)
            for directive in schema.directives
            for argument in directive.args.values()
        ]
        while waiting:
            named = waiting.pop()
            if named.name not in self.names:
                self.names.add(named.name)
                waiting += self._beyond(named)

    def fields(self, owner: GraphQLNamedType) -> Iterator[tuple[str, GraphQLField]]:
        """The fields of an object or interface that take no other scope."""
        if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in owner.fields.items():
                if self._has(scopes_of(self._catalogue, owner, field)):
                    yield name, field

    def _has(self, scopes: Sequence[Scope]) -> bool:
        return self._scopes.issuperset(scopes)

    def _beyond(self, named: GraphQLNamedType) -> Iterator[GraphQLNamedType]:
        """The types that a type leads to."""
        for _, field in self.fields(named):
            yield get_named_type(field.type)
            for argument in field.args.values():
                yield get_named_type(argument.type)
        match named:
            case GraphQLInputObjectType():
                yield from (get_named_type(field.type) for field in named.fields.values())
            case GraphQLUnionType():
                yield from self._visible(named.types)
            case GraphQLInterfaceType():
                yield from self._visible(self._catalogue.schema.get_possible_types(named))
                yield from self._visible(named.interfaces)
            case GraphQLObjectType():
                yield from self._visible(named.interfaces)
            case _:
                pass

    def _visible(self, types: Sequence[GraphQLNamedType]) -> Iterator[GraphQLNamedType]:
        for each in types:
            if self._has(scopes_of_type(self._catalogue, each)):
                yield each
