"""Plan → a function from rows to the answer. Written as Python source once, then compiled.

Generated code is a dict display per selection: no loop over fields is left at run time. Names of
the answer are GraphQL names and enter as string literals; values never enter the source.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, assert_never

import orjson

from app.graphql.paging import CursorSigner, Page
from app.graphql.reads.plan import (
    Constant,
    DocumentView,
    EdgeView,
    EmbeddedView,
    Entry,
    JsonLeaf,
    JsonView,
    Leaf,
    ListView,
    ObjectView,
    OneView,
    PlaceLeaf,
    Plan,
    RootRow,
    SameRowView,
    Slot,
)
from app.graphql.scalars import Codec

ANSWER_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC

Row = Sequence[Any]
Rows = Sequence[Row]


@dataclass(frozen=True)
class ListRun:
    """What one list was asked for in one run, and what signs its cursors."""

    page: Page
    signer: CursorSigner


class Place(NamedTuple):
    """Where a row of a stream stands; its cursor is signed only where it is shown."""

    signer: CursorSigner
    seq: int
    previous_seq: int

    @property
    def cursor(self) -> str:
        """To go on after this row."""
        return self.signer.sign((self.seq,))

    @property
    def previous(self) -> str:
        """The number of the row before it that passed the filter."""
        return str(self.previous_seq)


Assembler = Callable[[Rows, Sequence[ListRun]], dict[str, Any]]
RowAssembler = Callable[[Row, Sequence[ListRun], Place], dict[str, Any]]


def assembler_of(plan: Plan) -> tuple[Assembler, str]:
    """The function that makes `data`, and its source for reading."""
    writer = _Writer()
    asked = [root for root in plan.roots if not isinstance(root, Constant)]
    entries = []
    for root in plan.roots:
        if isinstance(root, Constant):
            entries.append(f"{root.key!r}: {root.value!r}")
            continue
        rows = "rows" if len(asked) == 1 else f"rows[0][{asked.index(root)}]"
        entries.append(f"{root.key!r}: {_root(writer, root, rows)}")
    writer.function("answer(rows, lists)", f"{{{', '.join(entries)}}}")
    return writer.compile("answer")


def row_assembler_of(view: ObjectView) -> tuple[RowAssembler, str]:
    """The function that makes the object of one row of a stream, and its source."""
    writer = _Writer()
    writer.function("answer(row, lists, place)", writer.object(view, "row"))
    return writer.compile("answer")


def _root(writer: "_Writer", root: RootRow | ListView, rows: str) -> str:
    if isinstance(root, ListView):
        return writer.connection(root, rows)
    name = writer.name("row")
    writer.function(f"{name}(row, lists)", writer.object(root.view, "row"))
    return f"{name}({rows}[0], lists) if {rows} else None"


class _Writer:
    """Collects functions and the objects they refer to."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._known: dict[str, Any] = {
            "loads": orjson.loads,
            "connect": _connect,
            "each": _each,
            "alone": _alone,
            "nothing": {},
        }
        self._codecs: dict[Codec, str] = {}
        self._count = 0

    def name(self, stem: str) -> str:
        """A fresh name."""
        self._count += 1
        return f"{stem}_{self._count}"

    def function(self, head: str, result: str) -> None:
        """Add a function of one expression."""
        self._parts.append(f"def {head}:\n    return {result}\n")

    def compile(self, name: str) -> tuple[Any, str]:
        """The named function and the whole source."""
        source = "\n".join(self._parts)
        scope = dict(self._known)
        exec(compile(source, "<assembler>", "exec"), scope)
        return scope[name], source

    def object(self, view: ObjectView, row: str) -> str:
        """The expression of an object of *row*."""
        if view.discriminator is None:
            return self._entries(view.entries, row)
        table = self.name("variants")
        makers = []
        for value, entries in view.variants.items():
            maker = self.name("variant")
            self.function(f"{maker}(row, lists)", self._entries(entries, "row"))
            makers.append(f"{value!r}: {maker}")
        self._parts.append(f"{table} = {{{', '.join(makers)}}}\n")
        return f"{table}[{_at(row, view.discriminator)}]({row}, lists)"

    def connection(self, view: ListView, rows: str) -> str:
        """The expression of a connection made of *rows*."""
        keys = [slot.position for slot in view.source.cursor_slots]
        cursor = self.name("cursor")
        values = ", ".join(f"row[{position}]" for position in keys)
        self.function(f"{cursor}(row, sign)", f"sign(({values},))" if keys else "None")
        parts = [self._part(part, cursor) for part in view.parts]
        maker = self.name("page")
        body = ", ".join(
            repr(key) + ": " + (repr(view.typename) if text is None else text)
            for key, text in parts
        )
        self.function(f"{maker}(rows, lists, run, more)", f"{{{body}}}")
        return f"connect({rows}, lists, {view.source.request.index}, {maker})"

    def _part(self, part: tuple[str, str, Any], cursor: str) -> tuple[str, str | None]:
        key, kind, below = part
        if kind == "nodes":
            return key, f"[{self.object(below, 'row')} for row in rows]"
        if kind == "edges":
            return key, f"[{self._edge(below, cursor)} for row in rows]"
        if kind == "pageInfo":
            return key, self._page_info(below, cursor)
        return key, None

    def _edge(self, view: EdgeView, cursor: str) -> str:
        entries = []
        for key, what in view.entries:
            if isinstance(what, ObjectView):
                entries.append(f"{key!r}: {self.object(what, 'row')}")
            elif what == "cursor":
                entries.append(f"{key!r}: {cursor}(row, run.signer.sign)")
            else:
                entries.append(f"{key!r}: {view.typename!r}")
        return f"{{{', '.join(entries)}}}"

    def _page_info(self, names: Sequence[tuple[str, str]], cursor: str) -> str:
        made = {
            "hasNextPage": "(run.page.after is not None if run.page.backward else more)",
            "hasPreviousPage": "(more if run.page.backward else run.page.after is not None)",
            "startCursor": f"({cursor}(rows[0], run.signer.sign) if rows else None)",
            "endCursor": f"({cursor}(rows[-1], run.signer.sign) if rows else None)",
            "__typename": "'PageInfo'",
        }
        return f"{{{', '.join(f'{key!r}: {made[name]}' for key, name in names)}}}"

    def _entries(self, entries: Sequence[Entry], row: str) -> str:
        shown = (f"{entry.key!r}: {self._value(entry, row)}" for entry in entries)
        return f"{{{', '.join(shown)}}}"

    def _value(self, entry: Entry, row: str) -> str:
        match entry:
            case Constant(value=value):
                return repr(value)
            case Leaf(slot=slot, codec=codec):
                return self._leaf(_at(row, slot), codec)
            case PlaceLeaf(what=what):
                return f"place.{what}"
            case SameRowView(view=view):
                return self.object(view, row)
            case ListView(source=source):
                return self.connection(entry, _at(row, source.slot))
            case _:
                return self._or_null(entry, row)

    def _or_null(self, entry: EmbeddedView | OneView | DocumentView, row: str) -> str:
        match entry:
            case EmbeddedView(absent=absent, entries=entries):
                shown = self._entries(entries, row)
                return f"({shown} if {_at(row, absent)} is not None else None)"
            case OneView(present=present, view=view):
                return f"({self.object(view, row)} if {_at(row, present)} else None)"
            case DocumentView(slot=slot, view=inner):
                text = _at(row, slot)
                return f"(None if {text} is None else {self._json(inner)}(loads({text})))"
            case _:
                assert_never(entry)

    def _leaf(self, value: str, codec: Codec) -> str:
        if codec.to_json is None:
            return value
        name = self._codecs.get(codec)
        if name is None:
            name = self._codecs[codec] = self.name("codec")
            self._known[name] = codec.to_json
        return f"(None if {value} is None else {name}({value}))"

    def _json(self, view: JsonView) -> str:
        """The name of a function from the value that holds the view's path to what is shown."""
        name = self.name("json")
        found = "outer" + "".join(f".get({key!r}, nothing)" for key in view.path[:-1])
        if view.path:
            found += f".get({view.path[-1]!r})"
        if view.entries:
            entries = (f"{each.key!r}: {self._json_entry(each)}" for each in view.entries)
            self.function(f"{name}_object(value)", f"{{{', '.join(entries)}}}")
            found = f"{'each' if view.many else 'alone'}({found}, {name}_object)"
        self.function(f"{name}(outer)", found)
        return name

    def _json_entry(self, entry: JsonLeaf | JsonView | Constant) -> str:
        match entry:
            case Constant(value=value):
                return repr(value)
            case JsonLeaf(name=name, codec=codec):
                return self._leaf(f"value.get({name!r})", codec)
            case JsonView():
                return f"{self._json(entry)}(value)"
            case _:
                assert_never(entry)


def _at(row: str, slot: Slot) -> str:
    return f"{row}[{slot.position}]"


def _each(found: list[Any] | None, make: Callable[[Any], Any]) -> list[Any] | None:
    return None if found is None else [make(value) for value in found]


def _alone(found: Any, make: Callable[[Any], Any]) -> Any:
    return None if found is None else make(found)


def _connect(
    rows: Rows,
    lists: Sequence[ListRun],
    index: int,
    make: Callable[[Rows, Sequence[ListRun], ListRun, bool], dict[str, Any]],
) -> dict[str, Any]:
    """A page of *rows*, of which one more than asked for was read."""
    run = lists[index]
    more = len(rows) > run.page.rows
    page = list(rows[: run.page.rows] if more else rows)
    if run.page.backward:
        page.reverse()
    return make(page, lists, run, more)


def to_bytes(answer: Mapping[str, Any]) -> bytes:
    """The answer as JSON (RFC 8259), moments as RFC 3339 in UTC."""
    return orjson.dumps(answer, option=ANSWER_OPTIONS)
