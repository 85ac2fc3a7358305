"""Lists of lists that PostgreSQL prints: one text for each, which the answer takes as it is.

A list below a row that holds lists itself would be an array of records, for which the driver and
the assembler make many small objects; PostgreSQL prints it in one pass. It can do so where nothing
below needs this process: cursors are signed here, stored documents are read here, and a codec must
say how SQL prints its leaf. Lists at the root always come as rows: they are long, and their parents
repeat. So do flat lists, as columns: to print them would cost PostgreSQL more than it saves here.

The text is written from the same views as the assembler's source: keys are GraphQL names and enter
as literals; no colon stands before a letter, which pgbench would take for a variable.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)

from app.graphql.reads.plan import (
    Constant,
    EdgeView,
    EmbeddedView,
    Entry,
    GroupsView,
    Leaf,
    ListView,
    ObjectView,
    OneView,
    SameRowView,
    Slot,
)
from app.graphql.reads.values import TOTAL_COUNT, TYPENAME

T = TypeVar("T")

NULL = "'null'"
ARGUMENTS_MAX = 100
"""That a function of PostgreSQL takes."""
PLACE = "place"
"""The column that numbers the rows of a list of which one more than the page is read."""

Printed = ListView | GroupsView


def choose(entries: Iterable[Entry]) -> None:
    """Let PostgreSQL print the lists among *entries*, and below them, that it can."""
    for entry in entries:
        match entry:
            case ListView() | GroupsView() if _holds_lists(entry) and _can_print(entry):
                _print(entry)
            case ListView():
                for view in _row_views(entry):
                    choose_of(view)
            case OneView(view=view) | SameRowView(view=view):
                choose_of(view)
            case _:
                pass


def choose_of(view: ObjectView) -> None:
    """The same for all that an object shows."""
    choose(view.entries)
    for entries in view.variants.values():
        choose(entries)


def choose_below(root: ListView | GroupsView) -> None:
    """The same for all that the rows of a list at the root show."""
    for view in _row_views(root):
        choose_of(view)


def _holds_lists(listed: Printed) -> bool:
    """Whether its rows hold lists, on themselves or on single rows beside them."""
    return listed.source.source.holds_lists()


def _row_views(listed: Printed) -> list[ObjectView]:
    if isinstance(listed, GroupsView):
        return [listed.view]
    found = []
    for _, _, below in listed.parts:
        if isinstance(below, ObjectView):
            found.append(below)
        elif isinstance(below, EdgeView):
            found.extend(what for _, what in below.entries if isinstance(what, ObjectView))
    return found


def _can_print(entry: Entry) -> bool:
    match entry:
        case Leaf(codec=codec):
            return codec.sql is not None
        case Constant():
            return True
        case EmbeddedView(entries=entries):
            return all(map(_can_print, entries))
        case OneView(view=view) | SameRowView(view=view):
            return _can_print_object(view)
        case ListView(source=listed):
            signs = bool(listed.cursor_slots) or listed.request.backward
            return not signs and all(map(_can_print_object, _row_views(entry)))
        case GroupsView(view=view):
            return _can_print_object(view)
        case _:
            return False


def _can_print_object(view: ObjectView) -> bool:
    return view.discriminator is None and all(map(_can_print, view.entries))


def _print(entry: Entry) -> None:
    """Note of a list, and of all lists in it, that PostgreSQL prints them."""
    match entry:
        case ListView() | GroupsView():
            entry.source.printed = entry
            for view in _row_views(entry):
                _print_all(view.entries)
        case OneView(view=view) | SameRowView(view=view):
            _print_all(view.entries)
        case EmbeddedView(entries=entries):
            _print_all(entries)
        case Leaf(slot=slot):
            slot.as_text = False
        case _:
            pass


def _print_all(entries: Iterable[Entry]) -> None:
    for entry in entries:
        _print(entry)


def printed_list(
    view: Printed, rows: Select[Any], name: str, limit: str, total: ColumnElement[Any] | None
) -> ColumnElement[Any]:
    """The text of a list of *rows*, named *name*; *limit* names the parameter of its LIMIT."""
    looks_ahead = isinstance(view, ListView) and view.source.looks_ahead
    if looks_ahead:
        numbered: ColumnElement[Any] = literal_column(
            f"{name}_all.*, row_number() OVER () AS {PLACE}"
        )
        rows = select(numbered).select_from(rows.subquery(f"{name}_all"))
    most = bindparam(limit, type_=Integer())
    shown = literal_column(f"{name}.{PLACE}", Integer()) < most if looks_ahead else None
    if isinstance(view, GroupsView):
        text = _joined(_array(_object(view.view, name), shown))
    else:
        more = cast(func.count() >= most, Text) if looks_ahead else None
        text = _joined(_connection(view, name, shown, more, total))
    return select(text).select_from(rows.subquery(name)).scalar_subquery()


def printed_count(view: ListView, total: ColumnElement[Any] | None) -> ColumnElement[Any]:
    """The text of a list of which no rows are asked for."""
    return _joined(_connection(view, "", None, None, total))


def _connection(
    view: ListView,
    name: str,
    shown: ColumnElement[bool] | None,
    more: ColumnElement[Any] | None,
    total: ColumnElement[Any] | None,
) -> list[ColumnElement[Any]]:
    found: list[ColumnElement[Any]] = []
    for number, (key, kind, below) in enumerate(view.parts):
        found.append(_literal(f"{',' if number else '{'}{_key(key)}"))
        match below:
            case ObjectView():
                found.extend(_array(_object(below, name), shown))
            case EdgeView():
                found.extend(_array(_edge(below, name), shown))
            case None if kind == TOTAL_COUNT and total is not None:
                found.append(total)
            case None:
                found.append(_literal(f'"{view.typename}"'))
            case _:
                found.extend(_page_info(below, view, more))
    return [*found, _literal("}" if view.parts else "{}")]


def _page_info(
    names: Sequence[tuple[str, str]], view: ListView, more: ColumnElement[Any] | None
) -> list[ColumnElement[Any]]:
    found: list[ColumnElement[Any]] = []
    for number, (key, what) in enumerate(names):
        found.append(_literal(f"{',' if number else '{'}{_key(key)}"))
        if what == TYPENAME:
            found.append(_literal('"PageInfo"'))
        elif what == "hasNextPage" and more is not None:
            found.append(more)
        else:
            found.append(_literal("true" if view.source.request.has_cursor else "false"))
    return [*found, _literal("}" if names else "{}")]


def _array(each: str, shown: ColumnElement[bool] | None) -> list[ColumnElement[Any]]:
    texts: Any = func.string_agg(literal_column(each), literal_column("','"))
    if shown is not None:
        texts = texts.filter(shown)
    return [_literal("["), texts, _literal("]")]


def _joined(parts: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    """The parts as one text, by as many calls as they take."""
    while len(parts) > ARGUMENTS_MAX:
        parts = [func.concat(*some) for some in _in_calls(parts)]
    text: ColumnElement[Any] = func.concat(*parts)
    return text


def _in_calls(parts: Sequence[T]) -> Iterable[Sequence[T]]:
    return (parts[at : at + ARGUMENTS_MAX] for at in range(0, len(parts), ARGUMENTS_MAX))


def _literal(text: str) -> ColumnElement[Any]:
    return literal_column(_quoted(text))


def _quoted(text: str) -> str:
    assert "'" not in text  # names of GraphQL, and what JSON puts around them
    return f"'{text}'"


def _edge(view: EdgeView, name: str) -> str:
    parts = []
    for key, what in view.entries:
        shown = _object(what, name) if isinstance(what, ObjectView) else f"'\"{view.typename}\"'"
        parts.append((key, shown))
    return _braced(parts)


def _object(view: ObjectView, name: str) -> str:
    return _braced([(entry.key, _value(entry, name)) for entry in view.entries])


def _braced(parts: Sequence[tuple[str, str]]) -> str:
    """An expression of an object of keys and the expressions of their values."""
    if not parts:
        return "'{}'"
    found: list[str] = []
    for number, (key, value) in enumerate(parts):
        found += [_quoted((",", "{")[number == 0] + _key(key)), value]
    found.append("'}'")
    while len(found) > 1:
        found = [f"concat({', '.join(some)})" for some in _in_calls(found)]
    return found[0]


def _key(key: str) -> str:
    return f'"{key}":'


def _value(entry: Entry, name: str) -> str:
    match entry:
        case Constant(value=value):
            return NULL if value is None else _quoted(f'"{value}"')
        case Leaf(slot=slot, codec=codec):
            assert codec.sql is not None
            value = _at(slot, name)
            text = codec.sql.format(value)
            return text if slot.never_null else _unless_null(value, text)
        case EmbeddedView(absent=slot, entries=entries):
            inner = _braced([(each.key, _value(each, name)) for each in entries])
            return _unless_null(_at(slot, name), inner)
        case OneView(present=slot, view=view):
            return _unless_null(_at(slot, name), _object(view, name))
        case SameRowView(view=view):
            return _object(view, name)
        case ListView(source=listed) | GroupsView(source=listed):
            return _at(listed.slot, name)
        case _:
            raise TypeError(f"PostgreSQL does not print {type(entry).__name__}.")


def _unless_null(value: str, text: str) -> str:
    return f"CASE WHEN {value} IS NULL THEN {NULL} ELSE {text} END"


def _at(slot: Slot, name: str) -> str:
    return f"{name}.c{slot.position}"
