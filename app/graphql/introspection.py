"""Questions about the schema: how much of it one operation may tell, and answers that are kept.

The whole schema takes graphql-core a good part of a second to tell, during which a process does
nothing else. So an operation may ask for about as much as tools ask for, and what was told once is
told again from memory to tokens that see the same.
"""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from math import ceil

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_introspection_query,
    parse,
)
from graphql.execution.values import VariableValues

from app.core.viewer import Scope
from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.reads.documents import PreparedOperation
from app.graphql.reads.plan import Constant, Plan

QUESTIONS = frozenset({"__schema", "__type"})
"""The root fields that ask about the schema."""
WHOLE_SCHEMAS_MAX = 2
"""How often the whole schema may be asked for in one operation, in the words of the usual tools."""
ANSWERS_CACHED = 32
ANSWER_BYTES_MAX = 2 * 1024 * 1024
"""Of an answer that is kept."""


class Introspection:
    """What one process tells of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._sizes = _sizes(schema)
        self._work_max = WHOLE_SCHEMAS_MAX * self._work(parse(get_introspection_query()))
        self._answers: OrderedDict[Hashable, bytes] = OrderedDict()

    def check(self, prepared: PreparedOperation, plan: Plan) -> None:
        """Refuse an operation that asks for too much of the schema.

        Raises:
            RequestRefused: with the remedy.
        """
        if QUESTIONS.isdisjoint(plan.computed):
            return
        if self._work(prepared.document) > self._work_max:
            raise RequestRefused(
                ErrorCode.OPERATION_TOO_LARGE,
                "This asks for more of the schema than there is. Ask for it once, as "
                "introspection queries of the usual tools do.",
            )

    def key(
        self,
        prepared: PreparedOperation,
        plan: Plan,
        variables: VariableValues,
        scopes: frozenset[Scope],
    ) -> Hashable | None:
        """What an answer depends on, where it tells of the schema alone; else None."""
        alone = QUESTIONS.issuperset(plan.computed)
        if not alone or not all(isinstance(root, Constant) for root in plan.roots):
            return None
        return prepared, scopes, repr(sorted(variables.coerced.items()))

    def find(self, key: Hashable) -> bytes | None:
        """The answer, if it was given before."""
        found = self._answers.get(key)
        if found is not None:
            self._answers.move_to_end(key)
        return found

    def keep(self, key: Hashable, answer: bytes) -> None:
        """Remember an answer; the least recently used leaves for it."""
        if len(answer) <= ANSWER_BYTES_MAX:
            self._answers[key] = answer
            if len(self._answers) > ANSWERS_CACHED:
                self._answers.popitem(last=False)

    def _work(self, document: DocumentNode) -> int:
        """About how many values a document's questions about the schema are answered with."""
        fragments = {
            node.name.value: node.selection_set
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        work = _Work(self._sizes, fragments)
        return max(
            (
                work.of(node.selection_set, inside=False)
                for node in document.definitions
                if isinstance(node, OperationDefinitionNode)
            ),
            default=0,
        )


class _Work:
    """Counts values; each fragment is looked through once on each side of a question."""

    def __init__(self, sizes: Mapping[str, int], fragments: Mapping[str, SelectionSetNode]) -> None:
        self._sizes = sizes
        self._fragments = fragments
        self._known: dict[tuple[str, bool], int] = {}

    def of(self, selections: SelectionSetNode | None, *, inside: bool) -> int:
        """The values of a selection; outside of a question only those of the questions count."""
        nodes = selections.selections if selections else ()
        return sum(self._of_node(node, inside) for node in nodes)

    def _of_node(self, node: SelectionNode, inside: bool) -> int:
        match node:
            case FieldNode(name=name):
                asks = inside or name.value in QUESTIONS
                below = self.of(node.selection_set, inside=asks)
                return self._sizes.get(name.value, 1) * (below + 1) if asks else below
            case FragmentSpreadNode(name=name):
                place = (name.value, inside)
                if place not in self._known:
                    self._known[place] = 0  # validation refuses cycles
                    self._known[place] = self.of(self._fragments.get(name.value), inside=inside)
                return self._known[place]
            case _:
                return self.of(getattr(node, "selection_set", None), inside=inside)


def _sizes(schema: GraphQLSchema) -> Mapping[str, int]:
    """How long the lists of introspection are, on an average; and how far a named type, which may
    be the largest, is above that."""
    types = list(schema.type_map.values())
    fields = [field for named in types for field in getattr(named, "fields", {}).values()]
    arguments = [each for field in fields for each in getattr(field, "args", {}).values()]
    values = [value for named in types for value in getattr(named, "values", {})]
    of_a_type = ceil(len(fields) / len(types))
    largest = max(_held(named) for named in types)
    return {
        "__type": ceil(largest * len(types) / (len(fields) + len(arguments))),
        "types": len(types),
        "fields": of_a_type,
        "inputFields": of_a_type,
        "args": ceil(len(arguments) / max(len(fields), 1)),
        "enumValues": ceil(len(values) / len(types)),
        "possibleTypes": 2,
        "interfaces": 1,
        "directives": len(schema.directives),
    }


def _held(named: GraphQLNamedType) -> int:
    """How many fields a type has, and arguments of these."""
    fields = getattr(named, "fields", {}).values()
    return sum(1 + len(getattr(field, "args", {})) for field in fields)
