"""What schemathesis is told of this API beyond types: two scalars, and limits in descriptions.

Loaded by schemathesis itself, as its setting `SCHEMATHESIS_HOOKS` names it.
"""

from typing import Any, TypeVar

import schemathesis
from graphql import (
    ArgumentNode,
    FieldNode,
    IntValueNode,
    ListValueNode,
    Node,
    NullValueNode,
    ObjectFieldNode,
    StringValueNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from hypothesis import strategies as st
from schemathesis import Case, HookContext
from schemathesis.graphql import nodes

PAGE_SIZES = ("first", "last")
CURSORS = ("after", "before")
BACKWARD = ("last", "before")
PAGE_MAX = 500
KEY_CHARACTERS_MAX = 200
COMBINED = ("and", "or")
CONDITIONS_MAX = 2

NodeType = TypeVar("NodeType", bound=Node)

schemathesis.graphql.scalar("XID", st.integers(0, 2**63 - 1).map(str).map(nodes.String))
schemathesis.graphql.scalar("JSON", st.just(nodes.Object([])))


@schemathesis.hook
def map_case(context: HookContext, case: "Case[Any]") -> "Case[Any]":
    """What is meant to be accepted, as somebody would send it who read the descriptions."""
    if case.meta is not None and case.meta.generation.mode.is_positive:
        case.body = print_ast(visit(parse(str(case.body)), _KeptLimits()))
    return case


class _KeptLimits(Visitor):
    """Pages of 1 to 500 in one direction, no cursors but those that a list gave, keys of 1 to 200
    characters, and filters of few conditions.
    """

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode:
        """The field, with arguments for a page that can be."""
        arguments = [_argument(argument) for argument in node.arguments or ()]
        given = {told.name.value for told in arguments if not isinstance(told.value, NullValueNode)}
        if given.intersection(PAGE_SIZES) - given.intersection(BACKWARD):
            arguments = [told for told in arguments if told.name.value not in BACKWARD]
        return _with(node, arguments=tuple(arguments))

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> ObjectFieldNode:
        """The field of an input, with a key that can be, and with a filter of few conditions."""
        if node.name.value == "idempotencyKey" and isinstance(node.value, StringValueNode):
            key = node.value.value[:KEY_CHARACTERS_MAX] or "key"
            return _with(node, value=StringValueNode(value=key))
        if node.name.value in COMBINED and isinstance(node.value, ListValueNode):
            few = node.value.values[:CONDITIONS_MAX]
            return _with(node, value=ListValueNode(values=few))
        return node


def _argument(node: ArgumentNode) -> ArgumentNode:
    name = node.name.value
    if name in CURSORS:
        return _with(node, value=NullValueNode())
    if name in PAGE_SIZES and isinstance(node.value, IntValueNode):
        size = 1 + abs(int(node.value.value)) % PAGE_MAX
        return _with(node, value=IntValueNode(value=str(size)))
    return node


def _with(node: NodeType, **changes: Any) -> NodeType:
    """A copy of a node of a document, changed."""
    return type(node)(**{key: getattr(node, key) for key in node.keys} | changes)
