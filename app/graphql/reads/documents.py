"""Documents, parsed and validated once; what of their variables a plan depends on."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    validate,
)
from graphql.execution.values import VariableValues, get_variable_values

from app.core.ids import parse_global_id
from app.graphql.errors import DocumentRefused, ErrorCode, RequestRefused
from app.graphql.limits import check_document, check_validation, parse_document

DOCUMENTS_CACHED = 1_000
CHARACTERS_CACHED = 1_000_000
"""The text of all cached documents together. About 80 bytes were kept for a character when measured
(tracemalloc, an example operation), so the cache stays below some 80 MB, plans apart."""
PLANS_CACHED_PER_DOCUMENT = 64
ERRORS_TOLD_MAX = 20


@dataclass(eq=False)
class PreparedOperation:
    """One operation of a valid document. `plans` is kept by its shape."""

    document: DocumentNode
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    root: GraphQLObjectType
    plans: "OrderedDict[Hashable, Any]" = field(default_factory=OrderedDict)

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.operation.operation

    def keep(self, shape: Hashable, compiled: Any) -> None:
        """Remember what was compiled for a shape; the least recently used leaves first."""
        self.plans[shape] = compiled
        if len(self.plans) > PLANS_CACHED_PER_DOCUMENT:
            self.plans.popitem(last=False)


class Documents:
    """The cache of documents by their text; the least recently used leaves first."""

    def __init__(self, schema: GraphQLSchema, node_types: frozenset[str]) -> None:
        self._schema = schema
        self._node_types = node_types
        self._known: OrderedDict[tuple[str, str | None], PreparedOperation] = OrderedDict()
        self._characters = 0

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
            return found
        prepared = self._prepare(text, operation_name)
        self._known[key] = prepared
        self._characters += len(text)
        while len(self._known) > DOCUMENTS_CACHED or self._characters > CHARACTERS_CACHED:
            (left, _), _ = self._known.popitem(last=False)
            self._characters -= len(left)
        return prepared

    def _prepare(self, text: str, operation_name: str | None) -> PreparedOperation:
        try:
            document = parse_document(text)
        except GraphQLSyntaxError as error:
            raise DocumentRefused(ErrorCode.GRAPHQL_PARSE_FAILED, [error]) from None
        check_document(document)
        errors = validate(self._schema, document, max_errors=ERRORS_TOLD_MAX)
        check_validation(errors)
        if errors:
            raise DocumentRefused(ErrorCode.GRAPHQL_VALIDATION_FAILED, errors)
        operation = _operation_of(document, operation_name)
        root = self._schema.get_root_type(operation.operation)
        assert root is not None  # validation refuses operations without a root type
        fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        return PreparedOperation(document, operation, fragments, root)

    def variables(self, prepared: PreparedOperation, given: Mapping[str, Any]) -> VariableValues:
        """The variables, coerced, with defaults.

        Raises:
            DocumentRefused: one is missing or of another type.
        """
        found = get_variable_values(
            self._schema,
            prepared.operation.variable_definitions or (),
            dict(given),
            max_errors=ERRORS_TOLD_MAX,
        )
        if isinstance(found, list):
            raise DocumentRefused(ErrorCode.BAD_USER_INPUT, found)
        return found

    def shape(self, variables: VariableValues) -> Hashable:
        """What a plan depends on: booleans, what an id names, and the presence of all else."""
        return tuple(
            (name, self._shape_of(value)) for name, value in sorted(variables.coerced.items())
        )

    def _shape_of(self, value: Any) -> Hashable:
        if value is None or isinstance(value, bool):
            return value
        parsed = parse_global_id(value) if isinstance(value, str) else None
        return parsed[0] if parsed is not None and parsed[0] in self._node_types else "given"


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
