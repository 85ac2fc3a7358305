"""Plan → a function from rows to the answer. Written as Python source once, then compiled.

Generated code is a dict display per selection: no loop over fields is left at run time. Names of
the answer are GraphQL names and enter as string literals; values never enter the source.
"""

from binascii import b2a_base64
from collections.abc import Callable, Sequence
from typing import Any, assert_never

import orjson

from app.graphql.reads.layout import alone
from app.graphql.reads.plan import (
    Asked,
    Constant,
    DocumentView,
    EdgeView,
    EmbeddedView,
    Entry,
    GroupsSource,
    GroupsView,
    JsonLeaf,
    JsonView,
    Leaf,
    ListSource,
    ListView,
    NodesView,
    ObjectView,
    OneView,
    PlaceLeaf,
    Plan,
    RecordsView,
    RootRow,
    SameRowView,
    Slot,
)
from app.graphql.reads.runs import (
    ManyRun,
    Place,
    Row,
    Rows,
    across,
    as_tuples,
    connect,
    each_of,
    one_of,
    within,
)
from app.graphql.reads.values import TOTAL_COUNT
from app.graphql.scalars import Codec

NO_ROWS = "()"

Assembler = Callable[[Rows, Sequence[ManyRun]], dict[str, Any]]
RowAssembler = Callable[[Row, Sequence[ManyRun], Place], dict[str, Any]]


def assembler_of(plan: Plan) -> tuple[Assembler, str]:
    """The function that makes `data`, and its source for reading."""
    writer = _Writer()
    maker = _alone if alone(plan) is not None else _among_several
    entries = [
        f"{root.key!r}: {repr(root.value) if isinstance(root, Constant) else maker(writer, root)}"
        for root in plan.roots
    ]
    writer.function("answer(rows, lists)", f"{{{', '.join(entries)}}}")
    return writer.compile("answer")


def row_assembler_of(view: ObjectView) -> tuple[RowAssembler, str]:
    """The function that makes the object of one row of a stream, and its source."""
    writer = _Writer()
    writer.function("answer(row, lists, place)", writer.object(view, "row"))
    return writer.compile("answer")


def _alone(writer: "_Writer", root: Asked) -> str:
    """The expression of the one root field whose rows are given as they are."""
    match root:
        case RootRow():
            return f"{_row_maker(writer, root)}(tuple(rows[0]), lists) if rows else None"
        case ListView(source=listed) if listed.total is not None:
            absent = f"rows[0][{listed.source.presence().position}] is None"
            total = _at("rows[0]", listed.total)
            return writer.connection(root, f"({NO_ROWS} if {absent} else rows)", total)
        case _:
            return _many(writer, root, "rows", "None")


def _among_several(writer: "_Writer", root: Asked) -> str:
    """The expression of a root field of which the only row holds its columns or its array."""
    match root:
        case RootRow(source=source):
            present = _at("rows[0]", source.presence())
            made = f"{_row_maker(writer, root)}(tuple(rows[0]), lists)"
            return f"({made} if {present} is not None else None)"
        case ListView(source=listed):
            rows = _at("rows[0]", listed.slot) if listed.shown else NO_ROWS
            total = "None" if listed.total is None else _at("rows[0]", listed.total)
            return _many(writer, root, rows, total)
        case _:
            return _many(writer, root, _at("rows[0]", root.source.slot), "None")


def _row_maker(writer: "_Writer", root: RootRow) -> str:
    name = writer.name("row")
    writer.function(f"{name}(row, lists)", writer.object(root.view, "row"))
    return name


def _many(writer: "_Writer", root: ListView | GroupsView | NodesView, rows: str, total: str) -> str:
    match root:
        case ListView():
            return writer.connection(root, rows, total)
        case GroupsView():
            return writer.groups(root, rows)
        case NodesView():
            return writer.nodes(root, rows)


class _Writer:
    """Collects functions and the objects they refer to."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._known: dict[str, Any] = {
            "b2a_base64": b2a_base64,
            "loads": orjson.loads,
            "Fragment": orjson.Fragment,
            "connect": connect,
            "across": across,
            "as_tuples": as_tuples,
            "each": each_of,
            "alone": one_of,
            "within": within,
            "nothing": {},
        }
        self._codecs: dict[Codec, str] = {}
        self._count = 0
        self._memos: list[str] | None = None
        """Of the function that is being written: dicts of single rows that were shown already."""

    def name(self, stem: str) -> str:
        """A fresh name."""
        self._count += 1
        return f"{stem}_{self._count}"

    def function(self, head: str, result: str, memos: Sequence[str] = ()) -> None:
        """Add a function of one expression; each of *memos* is an empty dict at every call."""
        made = "".join(f"    {memo} = {{}}\n" for memo in memos)
        self._parts.append(f"def {head}:\n{made}    return {result}\n")

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
        outer, self._memos = self._memos, None  # a variant's function does not see them
        for value, entries in view.variants.items():
            maker = self.name("variant")
            self.function(f"{maker}(row, lists)", self._entries(entries, "row"))
            makers.append(f"{value!r}: {maker}")
        self._memos = outer
        self._parts.append(f"{table} = {{{', '.join(makers)}}}\n")
        return f"{table}[{_at(row, view.discriminator)}]({row}, lists)"

    def connection(self, view: ListView, rows: str, total: str) -> str:
        """The expression of a connection made of *rows*, of *total* rows on all pages."""
        keys = [slot.position for slot in view.source.cursor_slots]
        cursor = self.name("cursor")
        values = ", ".join(f"row[{position}]" for position in keys)
        self.function(f"{cursor}(row, sign)", f"sign(({values},))" if keys else "None")
        outer, memos = self._memos, list[str]()
        self._memos = memos if view.source.request.inside is None else None  # long ones only
        parts = [self._part(part, cursor) for part in view.parts]
        self._memos = outer
        maker = self.name("page")
        body = ", ".join(
            repr(key) + ": " + (repr(view.typename) if text is None else text)
            for key, text in parts
        )
        self.function(f"{maker}(rows, lists, run, more, total)", f"{{{body}}}", memos)
        return f"connect({rows}, lists, {view.source.request.index}, {maker}, {total})"

    def nodes(self, view: NodesView, rows: str) -> str:
        """The expression of a list of rows or nulls, one for each place of *rows*."""
        shown = [
            f"{self.object(one.view, 'row')} if {_at('row', one.present)} is not None else "
            for one in view.rows
        ]
        return f"[{''.join(shown)}None for row in as_tuples({rows})]"

    def groups(self, view: GroupsView, rows: str) -> str:
        """The expression of a list of groups made of *rows*."""
        if view.source.cut:
            rows = f"within({rows}, lists[{view.source.request.index}])"
        return f"[{self.object(view.view, 'row')} for row in as_tuples({rows})]"

    def _part(self, part: tuple[str, str, Any], cursor: str) -> tuple[str, str | None]:
        key, kind, below = part
        if kind == "nodes":
            return key, f"[{self.object(below, 'row')} for row in rows]"
        if kind == "edges":
            return key, f"[{self._edge(below, cursor)} for row in rows]"
        if kind == "pageInfo":
            return key, self._page_info(below, cursor)
        return key, "total" if kind == TOTAL_COUNT else None

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
                return self._leaf(
                    _at(row, slot), codec, never_null=slot.never_null, as_text=slot.as_text
                )
            case PlaceLeaf(what=what):
                return f"place.{what}"
            case SameRowView(view=view):
                return self.object(view, row)
            case ListView(source=listed) | GroupsView(source=listed) if listed.printed is not None:
                return f"Fragment({_at(row, listed.slot)})"
            case ListView(source=listed):
                rows = _rows_below(row, listed) if listed.shown else "()"
                total = "None" if listed.total is None else _at(row, listed.total)
                return self.connection(entry, rows, total)
            case GroupsView(source=groups):
                return self.groups(entry, _rows_below(row, groups))
            case _:
                return self._or_null(entry, row)

    def _or_null(self, entry: EmbeddedView | OneView | DocumentView | RecordsView, row: str) -> str:
        match entry:
            case RecordsView(slot=slot, entries=parts):
                return f"[{self._entries(parts, 'row')} for row in {_at(row, slot)} or ()]"
            case EmbeddedView(absent=absent, entries=entries):
                shown = self._entries(entries, row)
                return f"({shown} if {_at(row, absent)} is not None else None)"
            case OneView(present=present):
                return f"({self._one(entry, row)} if {_at(row, present)} is not None else None)"
            case DocumentView(slot=slot, view=inner):
                text = _at(row, slot)
                return f"(None if {text} is None else {self._json(inner)}(loads({text})))"
            case _:
                assert_never(entry)

    def _one(self, entry: OneView, row: str) -> str:
        """The expression of a single row that is there, made once for each of its ids."""
        if entry.identity is None or self._memos is None:
            return self.object(entry.view, row)
        memo = self.name("known")
        self._memos.append(memo)
        key = _at(row, entry.identity)
        made = self.object(entry.view, row)
        return f"({memo}.get({key}) or {memo}.setdefault({key}, {made}))"

    def _leaf(
        self, value: str, codec: Codec, *, never_null: bool = False, as_text: bool = False
    ) -> str:
        function = codec.from_text if as_text else codec.to_json
        if function is None:
            return value
        if codec.source is not None:
            made = codec.source.format(value)
        else:
            made = f"{self._codec(codec, function)}({value})"
        return made if never_null else f"(None if {value} is None else {made})"

    def _codec(self, codec: Codec, function: Callable[[Any], Any]) -> str:
        """The name of a codec's function."""
        name = self._codecs.get(codec)
        if name is None:
            name = self._codecs[codec] = self.name(codec.name)
            self._known[name] = function
        return name

    def _json(self, view: JsonView) -> str:
        """The name of a function from the value that holds the view's path to what is shown."""
        name = self.name("json")
        found = "outer" + "".join(f".get({key!r}, nothing)" for key in view.path[:-1])
        if view.path:
            found += f".get({view.path[-1]!r})"
        if view.entries is not None:
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


def _rows_below(row: str, listed: ListSource | GroupsSource) -> str:
    if listed.in_columns:
        begin = listed.slot.position
        return f"across({row}, {begin}, {begin + len(listed.source.positions)})"
    return _at(row, listed.slot)


def _at(row: str, slot: Slot) -> str:
    return f"{row}[{slot.position}]"
