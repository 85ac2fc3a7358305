"""What a list is asked for: where its arguments come from, and what of them the SQL knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from graphql import FieldNode, GraphQLField

from app.graphql.reads.arguments import FieldArguments
from app.graphql.reads.binding import ListArgument
from app.graphql.reads.filters import PlannedFilter


@dataclass(eq=False)
class ListRequest:
    """The arguments of one list: where to take them from, and what the SQL knows of them."""

    index: int
    definition: GraphQLField
    node: FieldNode
    path: tuple[str, ...]
    has_cursor: bool
    backward: bool
    filters: Mapping[str, ListArgument]
    """Those that were given."""
    inside: int | None
    """The index of the list whose rows it lies below."""
    condition: PlannedFilter | None = None
    """What its argument `filter` asks."""

    @cached_property
    def arguments(self) -> FieldArguments:
        """Coerces the arguments of a run."""
        return FieldArguments(self.definition, self.node)
