"""Documents, parsed and validated once; what of their variables a plan depends on."""

import re
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    validate,
)
from graphql.execution.values import VariableValues

from app.core.ids import parse_global_id
from app.graphql.errors import DocumentRefused, ErrorCode, RequestRefused
from app.graphql.limits import check_document, check_validation, parse_document
from app.graphql.reads.nodes import types_named
from app.graphql.reads.nulls import NullGuard
from app.graphql.reads.shaping import GIVEN, shape_of
from app.graphql.reads.variables import ERRORS_TOLD_MAX, VariableCoercion

DOCUMENTS_CACHED = 1_000
BYTES_CACHED = 128 * 1024 * 1024
"""Of all cached documents and their plans together, estimated by the two measures below, which were
taken by tracemalloc of example operations."""
BYTES_PER_CHARACTER = 80
"""Of a document's text, once it is parsed and validated."""
BYTES_PER_FIELD = 1_000
"""Of a plan, for each field that its document selects: statement, assembler and the plan itself."""
PLANS_CACHED_PER_DOCUMENT = 64

_SUGGESTION = re.compile(r" Did you mean [^?]*\?$")


@dataclass(eq=False)
class Room:
    """What a cache of documents holds, in estimated bytes."""

    taken: int = 0


@dataclass(eq=False)
class PreparedOperation:
    """One operation of a valid document. `plans` is kept by its shape."""

    document: DocumentNode
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    root: GraphQLObjectType
    coercion: VariableCoercion
    nulls: NullGuard
    characters: int
    """Of the text."""
    fields: int
    """That the document selects, with those of its fragments wherever they are spread."""
    room: Room = field(default_factory=Room)
    """Where what it holds is counted; that of the cache, as long as it is in it."""
    plans: "OrderedDict[Hashable, Any]" = field(default_factory=OrderedDict)

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.operation.operation

    def keep(self, shape: Hashable, compiled: Any) -> None:
        """Remember what was compiled for a shape; the least recently used leaves first."""
        before = len(self.plans)
        self.plans[shape] = compiled
        if len(self.plans) > PLANS_CACHED_PER_DOCUMENT:
            self.plans.popitem(last=False)
        self.room.taken += (len(self.plans) - before) * self.fields * BYTES_PER_FIELD

    @property
    def bytes(self) -> int:
        """What it holds, estimated."""
        plans = len(self.plans) * self.fields * BYTES_PER_FIELD
        return self.characters * BYTES_PER_CHARACTER + plans


class Documents:
    """The cache of documents by their text; the least recently used leaves first."""

    def __init__(
        self, schema: GraphQLSchema, node_types: frozenset[str], *, suggests: bool = False
    ) -> None:
        self._schema = schema
        self._suggests = suggests
        self._node_types = node_types
        self._known: OrderedDict[tuple[str, str | None], PreparedOperation] = OrderedDict()
        self._room = Room()

    def prepare(self, text: str, operation_name: str | None) -> PreparedOperation:
        """The operation of that name in *text*.

        Raises:
            DocumentRefused: the text does not parse or is not valid against the schema.
            RequestRefused: it is too large, or the name fits no or several operations.
        """
        key = (text, operation_name)
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
        else:
            found = self._known[key] = self._prepare(text, operation_name)
            found.room = self._room
            self._room.taken += found.bytes
        if self._room.taken > BYTES_CACHED or len(self._known) > DOCUMENTS_CACHED:
            self._make_room()
        return found

    def _make_room(self) -> None:
        """Let the least recently used leave, the one that is asked for excepted."""
        while len(self._known) > 1 and (
            self._room.taken > BYTES_CACHED or len(self._known) > DOCUMENTS_CACHED
        ):
            _, left = self._known.popitem(last=False)
            self._room.taken -= left.bytes
            left.room = Room()  # whoever still runs it counts for himself

    def check(self, text: str) -> tuple[DocumentNode, int]:
        """The document of a text, whichever operation is to run, and how much that selects.

        Raises:
            DocumentRefused: the text does not parse or is not valid against the schema.
            RequestRefused: it is too large.
        """
        try:
            document = parse_document(text)
        except GraphQLSyntaxError as error:
            raise DocumentRefused(ErrorCode.GRAPHQL_PARSE_FAILED, [error]) from None
        selected = check_document(document)
        errors = faults_of(document, self._schema, suggests=self._suggests)
        if errors:
            raise DocumentRefused(ErrorCode.GRAPHQL_VALIDATION_FAILED, errors)
        return document, selected

    def _prepare(self, text: str, operation_name: str | None) -> PreparedOperation:
        document, selected = self.check(text)
        operation = _operation_of(document, operation_name)
        root = self._schema.get_root_type(operation.operation)
        assert root is not None  # validation refuses operations without a root type
        fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        coercion = VariableCoercion(self._schema, operation, suggests=self._suggests)
        nulls = NullGuard(self._schema, document, operation)
        return PreparedOperation(
            document, operation, fragments, root, coercion, nulls, len(text), selected
        )

    def variables(self, prepared: PreparedOperation, given: Mapping[str, Any]) -> VariableValues:
        """The variables, coerced, with defaults.

        Raises:
            DocumentRefused: one is missing, of another type, or null where none may be.
        """
        variables = prepared.coercion.coerce(given)
        if None in variables.coerced.values() and (errors := prepared.nulls.misplaced(variables)):
            raise DocumentRefused(ErrorCode.BAD_USER_INPUT, errors)
        return variables

    def shape(self, variables: VariableValues) -> Hashable:
        """What a plan depends on: the shape of each variable, and what an id names."""
        return tuple(
            [
                (name, GIVEN if type(value) is int else self._shape_of(value))
                for name, value in variables.coerced.items()
            ]
        )

    def _shape_of(self, value: Any) -> Hashable:
        if isinstance(value, str):
            parsed = parse_global_id(value)
            return parsed[0] if parsed is not None and parsed[0] in self._node_types else GIVEN
        if isinstance(value, list) and value and isinstance(value[0], str):
            return types_named([each for each in value if each], self._node_types)
        return shape_of(value)


def faults_of(
    document: DocumentNode, schema: GraphQLSchema, *, suggests: bool
) -> list[GraphQLError]:
    """Why a document is not valid against a schema, the first of all that may be wrong.

    Raises:
        RequestRefused: its validation was given up.
    """
    errors = validate(schema, document, max_errors=ERRORS_TOLD_MAX, hide_suggestions=not suggests)
    check_validation(errors)
    if not suggests:
        for error in errors:  # one rule suggests, whatever it is told
            error.message = _SUGGESTION.sub("", error.message)
    return errors


def _operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    ]
    found = [node for node in operations if name is None or (node.name and node.name.value == name)]
    if len(found) == 1:
        return found[0]
    if name is not None:
        message = f"The document has no operation named {name!r}."
    elif operations:
        message = "The document has several operations: say which with `operationName`."
    else:
        message = "The document has no operation."
    raise RequestRefused(ErrorCode.BAD_REQUEST, message)
