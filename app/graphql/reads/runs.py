"""What one run hands the generated assembler, and the functions that its code calls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar

import orjson

from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.paging import CursorSigner, Page

ANSWER_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC

T = TypeVar("T")
Row: TypeAlias = Sequence[Any]
Rows: TypeAlias = Sequence[Row]


class ListRun(NamedTuple):
    """What one list was asked for in one run, and what signs its cursors, where it has any."""

    page: Page
    signer: CursorSigner | None

    @property
    def rows(self) -> int:
        """How many rows it may answer with."""
        return self.page.rows


@dataclass(frozen=True)
class GroupsRun:
    """What groups were asked for in one run. Where `path` stands, more than `rows` are refused."""

    rows: int
    path: tuple[str, ...] | None = None


@dataclass(frozen=True)
class NodesRun:
    """How many ids were given in one run."""

    rows: int


ManyRun: TypeAlias = ListRun | GroupsRun | NodesRun


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


def connect(
    rows: Rows,
    lists: Sequence[ListRun],
    index: int,
    make: Callable[[Rows, Sequence[ListRun], ListRun, bool, int | None], dict[str, Any]],
    total: int | None,
) -> dict[str, Any]:
    """A page of *rows*, of which one more than asked for was read if somebody asks for `more`."""
    run = lists[index]
    wanted, _, backward = run.page
    more = len(rows) > wanted
    page = as_tuples(rows[:wanted] if more else rows)
    if backward:
        page.reverse()
    return make(page, lists, run, more, total)


def as_tuples(rows: Rows) -> list[tuple[Any, ...]]:
    """The driver's rows as tuples, of which Python reads a value in half the time."""
    return [*map(tuple, rows)]


def across(row: Row, begin: int, end: int) -> Rows:
    """The rows whose columns are arrays in *row*; no row at all is null in each of them."""
    return () if row[begin] is None else [*zip(*row[begin:end], strict=True)]


def within(rows: Sequence[T], run: GroupsRun) -> Sequence[T]:
    """The groups, unless they are more than one answer may hold."""
    if run.path is not None and len(rows) > run.rows:
        raise RequestRefused(
            ErrorCode.OPERATION_TOO_LARGE,
            f"There are more than {run.rows:,} groups. Narrow `filter`, group by fewer keys, or "
            "ask with `first` for the largest alone.",
            run.path,
        )
    return rows


def each_of(found: list[Any] | None, make: Callable[[Any], Any]) -> list[Any] | None:
    """What *make* makes of each value of a list in JSON; null stays null."""
    return None if found is None else [make(value) for value in found]


def one_of(found: Any, make: Callable[[Any], Any]) -> Any:
    """What *make* makes of a value in JSON; null stays null."""
    return None if found is None else make(found)


def to_bytes(answer: Mapping[str, Any]) -> bytes:
    """The answer as JSON (RFC 8259), moments as RFC 3339 in UTC."""
    return orjson.dumps(answer, option=ANSWER_OPTIONS)
