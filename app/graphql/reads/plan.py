"""An operation becomes a plan: sources to read, and views that say how rows become the answer.

A source is a table with the columns, single rows and lists that are wanted of it. A view is a
selection: the keys of the answer in order, each pointing at a slot of a source's row. Two aliases
of one field are two views over one source. Nothing here knows SQL.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import FieldNode, GraphQLField

from app.core.viewer import Scope
from app.graphql.paging import Order
from app.graphql.reads.binding import Join, ListArgument, TypeMapping
from app.graphql.scalars import Codec


@dataclass(eq=False)
class Slot:
    """A value in a source's row; `position` is known once the source is laid out."""

    column: str | None
    """The column, or None for the mark that the row is there at all."""
    position: int = -1


@dataclass(eq=False)
class Source:
    """A table, and all that an operation wants of it."""

    mapping: TypeMapping
    columns: dict[str | None, Slot] = field(default_factory=dict)
    ones: dict[str, "OneSource"] = field(default_factory=dict)
    lists: list["ListSource"] = field(default_factory=list)

    def slot(self, column: str | None) -> Slot:
        """The slot of a column, one for all who want it."""
        return self.columns.setdefault(column, Slot(column))

    def one(self, name: str, join: Join, mapping: TypeMapping) -> "Source":
        """The single row beside this one under *name*, the same for all who want it."""
        return self.ones.setdefault(name, OneSource(join, Source(mapping))).source

    def need_a_column(self) -> None:
        """Want at least the row itself: a statement without columns has no rows to count."""
        if not self.columns and not self.ones and not self.lists:
            self.slot(None)


@dataclass(eq=False)
class OneSource:
    """A single row beside a row: `join` leads from the parent's table to this one's."""

    join: Join
    source: Source


@dataclass(eq=False)
class ListSource:
    """A list of rows: of the whole table at the root, of a parent below it."""

    name: str
    """What is listed, for cursors: the type and field, or the root field."""
    join: Join | None
    order: Order
    source: Source
    request: "ListRequest"
    slot: Slot = field(default_factory=lambda: Slot(None))
    cursor_slots: tuple[Slot, ...] = ()

    def want_cursor(self) -> None:
        """Want the order's columns, of which cursors are made."""
        self.cursor_slots = tuple(self.source.slot(name) for name in self.order.columns)


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


@dataclass(frozen=True)
class Leaf:
    """A key whose value is in a slot."""

    key: str
    slot: Slot
    codec: Codec


@dataclass(frozen=True)
class Constant:
    """A key whose value the document decides: `__typename`."""

    key: str
    value: str | None


@dataclass(frozen=True)
class EmbeddedView:
    """A value object of columns; null where the slot *absent* is."""

    key: str
    absent: Slot
    entries: tuple[Leaf | Constant, ...]


@dataclass(frozen=True)
class JsonLeaf:
    """A key of the answer that is a key of a JSON object."""

    key: str
    name: str
    codec: Codec


@dataclass(frozen=True)
class JsonView:
    """An object, or a list of them, inside a JSON value."""

    key: str
    path: tuple[str, ...]
    many: bool
    entries: tuple["JsonLeaf | JsonView | Constant", ...]


@dataclass(frozen=True)
class DocumentView:
    """A value object inside the JSON column in *slot*; a leaf list has no entries."""

    key: str
    slot: Slot
    view: JsonView


@dataclass(frozen=True)
class OneView:
    """A key that holds another row, or null."""

    key: str
    present: Slot
    view: "ObjectView"


@dataclass(frozen=True)
class SameRowView:
    """A key that holds another selection on the same row."""

    key: str
    view: "ObjectView"


@dataclass(frozen=True)
class PlaceLeaf:
    """A key that says where the row stands in a stream."""

    key: str
    what: str


@dataclass(frozen=True)
class ObjectView:
    """A selection on a row. With variants, the slot *discriminator* decides which entries."""

    entries: "tuple[Entry, ...]"
    discriminator: Slot | None = None
    variants: "Mapping[str, tuple[Entry, ...]]" = field(default_factory=dict)


@dataclass(frozen=True)
class EdgeView:
    """A selection on an edge: `cursor`, `node` and `__typename`, by their keys in order."""

    entries: "tuple[tuple[str, str | ObjectView], ...]"
    """(key, "cursor" | a typename | the node's view)."""
    typename: str


@dataclass(frozen=True)
class ListView:
    """A key that holds a connection; its parts by their keys in order."""

    key: str
    source: ListSource
    parts: "tuple[tuple[str, str, EdgeView | ObjectView | tuple[tuple[str, str], ...] | None], ...]"
    """(key, "edges" | "nodes" | "pageInfo" | "__typename", what is selected below)."""
    typename: str


Entry = Leaf | Constant | EmbeddedView | DocumentView | OneView | SameRowView | PlaceLeaf | ListView


@dataclass(frozen=True)
class RootRow:
    """A root field that holds one row: the source, and the argument that finds it."""

    key: str
    index: int
    source: Source
    view: ObjectView
    column: str | None
    definition: GraphQLField
    node: FieldNode
    argument: str | None
    type_name: str | None
    """What the global id must name; None where the argument is no global id."""


@dataclass(frozen=True)
class Plan:
    """What one statement must read, and the answer it becomes."""

    roots: tuple[RootRow | ListView | Constant, ...]
    scopes: Mapping[Scope, tuple[str, ...]]
    """The scopes it takes, each with the path of the first field that takes it."""
    lists: tuple[ListSource, ...]
    """In the order of their requests' indexes."""
    complete: bool
    """Whether every root field reads a table; if not, the operation runs on the reference."""


def lay_out(source: Source) -> int:
    """Give every slot of a row its position; return the row's width.

    A row holds its own columns, then those of its single rows, then its lists.
    """
    return _lay_out(source, 0)


def _lay_out(source: Source, position: int) -> int:
    for slot in source.columns.values():
        slot.position = position
        position += 1
    for one in source.ones.values():
        position = _lay_out(one.source, position)
    for listed in source.lists:
        listed.slot.position = position
        position += 1
        _lay_out(listed.source, 0)
    return position
