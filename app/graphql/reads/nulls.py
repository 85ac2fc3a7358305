"""Nulls in variables, refused before anything is planned where a value is required.

A variable that may be null may stand where null may not, as long as it or that place has a default
(GraphQL specification, section 5.8.5). An explicit null is then an error of the field, which only
its execution would meet.
"""

from collections.abc import Sequence
from functools import cached_property

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    is_non_null_type,
)
from graphql.execution.values import VariableValues
from graphql.validation import ValidationContext
from graphql.validation.validation_context import VariableUsage


class NullGuard:
    """Finds nulls in the variables of one operation where a value is required."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self._schema = schema
        self._document = document
        self._operation = operation

    @cached_property
    def _requiring(self) -> Sequence[VariableUsage]:
        """The places that require a value, looked for once, when the first null comes."""
        context = ValidationContext(
            self._schema, self._document, TypeInfo(self._schema), lambda error: None
        )
        usages = context.get_recursive_variable_usages(self._operation)
        return [usage for usage in usages if is_non_null_type(usage.type)]

    def misplaced(self, variables: VariableValues) -> list[GraphQLError]:
        """An error for each place that requires a value and is given null."""
        coerced = variables.coerced
        return [
            GraphQLError(
                f"Variable '${usage.node.name.value}' must not be null: it stands where "
                f"'{usage.type}' is required. Leave it out to have the default.",
                usage.node,
            )
            for usage in self._requiring
            if coerced.get(usage.node.name.value, usage) is None
        ]
