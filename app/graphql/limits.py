"""Ceilings of one operation, checked before anything is read.

The walk over a document visits every fragment once: nested spreads cannot make it exponential.
"""

from collections.abc import Sequence

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    parse,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.validate import ValidationAbortedError

from app.graphql.errors import ErrorCode, RequestRefused

BODY_BYTES_MAX = 1024 * 1024
DOCUMENT_CHARACTERS_MAX = 200_000
DOCUMENT_TOKENS_MAX = 6_000
DOCUMENT_COMMENTS_MAX = 1_000
DEFINITIONS_MAX = 250
"""Operations and fragments of one document."""
DEPTH_MAX = 20
FIELDS_MAX = 2_000
ALIASES_MAX = 500
"""Fields under an alias: what needs more asks for lists, or for `nodes`."""
VARIABLES_MAX = 200
"""Of one operation."""
LITERAL_FIELDS_MAX = 100
"""Of an object that is written into a document: each that nobody knows would be told of, with all
of the object around it."""
MUTATIONS_MAX = 20
"""Root fields of one mutation; each is a transaction."""
TEXT_CHARACTERS_MAX = 30_000
"""Of any text in a mutation's input; a long post of X has 25,000."""
ROWS_MAX = 100_000
"""Rows that all lists of an operation may ask for together, lists in lists multiplied."""

MERGE_WORK_MAX = 5_000
"""What validation may spend on comparing fields that share a key, in graphql-core's units. Its own
ceiling is 500,000: then 660 times the same list in 17 kB held the process for five seconds."""

overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = MERGE_WORK_MAX


def parse_document(text: str) -> DocumentNode:
    """The document, if it is within the ceilings of its length.

    Raises:
        GraphQLSyntaxError: it does not parse, or is too long.
    """
    return parse(
        text,
        max_lexical_tokens=DOCUMENT_TOKENS_MAX,
        max_comments=DOCUMENT_COMMENTS_MAX,
        max_source_length=DOCUMENT_CHARACTERS_MAX,
        no_location=False,
    )


def check_document(document: DocumentNode) -> int:
    """How many fields its largest operation selects, fragments spread, within the ceilings.

    Raises:
        RequestRefused: with the ceiling that it breaks.
    """
    definitions = len(document.definitions)
    if definitions > DEFINITIONS_MAX:
        raise _refused(
            f"Send at most {DEFINITIONS_MAX} operations and fragments at once; "
            f"these are {definitions}."
        )
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    measure = _Measure(fragments)
    most = 0
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            most = max(most, _check_operation(node, measure))
    return most


def _check_operation(node: OperationDefinitionNode, measure: "_Measure") -> int:
    """How many fields it selects."""
    variables = node.variable_definitions or ()
    if len(variables) > VARIABLES_MAX:
        raise _refused(f"Use at most {VARIABLES_MAX} variables; these are {len(variables)}.")
    for variable in variables:
        _check_literal(variable.default_value)
    depth, fields, aliases = measure.of(node.selection_set)
    if depth > DEPTH_MAX:
        raise _refused(f"Nest fields at most {DEPTH_MAX} deep; this is {depth} deep.")
    if fields > FIELDS_MAX:
        raise _refused(f"Select at most {FIELDS_MAX} fields; this selects {fields}.")
    if aliases > ALIASES_MAX:
        raise _refused(f"Use at most {ALIASES_MAX} aliases; this uses {aliases}.")
    return fields


def _check_literal(value: ValueNode | None) -> None:
    """Refuse an object of too many fields, wherever it stands in *value*."""
    waiting: list[ValueNode | None] = [value]
    while waiting:
        match waiting.pop():
            case ObjectValueNode(fields=fields):
                if len(fields) > LITERAL_FIELDS_MAX:
                    raise _refused(
                        f"An object may have at most {LITERAL_FIELDS_MAX} fields; one has "
                        f"{len(fields)}."
                    )
                waiting += [field.value for field in fields]
            case ListValueNode(values=values):
                waiting += values
            case _:
                pass


def check_validation(errors: Sequence[GraphQLError]) -> None:
    """Refuse a document whose validation was given up for its work, `MERGE_WORK_MAX`.

    Raises:
        RequestRefused: nothing is known of the document but that.
    """
    if [type(error) for error in errors] == [ValidationAbortedError]:
        raise _refused("Too many fields share a key. Select each field once, or use aliases.")


def _refused(message: str) -> RequestRefused:
    return RequestRefused(ErrorCode.OPERATION_TOO_LARGE, message)


class _Measure:
    """Depth, fields and aliases of a selection; each fragment is measured once."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, tuple[int, int, int]] = {}
        self._open: set[str] = set()

    def of(self, selections: SelectionSetNode | None) -> tuple[int, int, int]:
        """The depth, the number of fields, and that of aliases, of *selections*."""
        depth = fields = aliases = 0
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                for argument in node.arguments or ():
                    _check_literal(argument.value)
                below, inner, aliased = self.of(node.selection_set)
                below, inner, aliased = below + 1, inner + 1, aliased + (node.alias is not None)
            else:
                below, inner, aliased = self._spread(node)  # type: ignore[arg-type]  # of two kinds
            depth, fields, aliases = max(depth, below), fields + inner, aliases + aliased
        return depth, fields, aliases

    def _spread(self, node: InlineFragmentNode | FragmentSpreadNode) -> tuple[int, int, int]:
        if isinstance(node, InlineFragmentNode):
            return self.of(node.selection_set)
        name = node.name.value
        if name in self._open or name not in self._fragments:
            return 0, 0, 0  # validation refuses cycles and unknown names
        if name not in self._known:
            self._open.add(name)
            self._known[name] = self.of(self._fragments[name].selection_set)
            self._open.discard(name)
        return self._known[name]
