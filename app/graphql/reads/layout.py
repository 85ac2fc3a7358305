"""Where the values of a plan's sources stand in the rows of its statement.

A row holds its own columns, then those of its single rows, then its lists. A list below a row is an
array for each of its columns: the driver reads that in half the time of an array of records, and
PostgreSQL makes it at no higher price. But such an array holds no arrays of different lengths, and
the driver reads no arrays inside records. So a list that holds lists is an array of records, and so
are all lists inside it.
"""

from collections.abc import Sequence

from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.reads.plan import (
    Asked,
    Constant,
    GroupsSource,
    ListSource,
    ListView,
    NodesView,
    Plan,
    Source,
)

ROWS, TOTAL = "rows", "total"


def cells_of(plan: Plan) -> list[tuple[Asked, str]]:
    """What a statement of several roots has to tell, in the order of its columns.

    Each is a root field and which of its values: its `rows`, or the `total` of a list.
    """
    cells: list[tuple[Asked, str]] = []
    for root in plan.roots:
        if isinstance(root, Constant):
            continue
        if not isinstance(root, ListView) or root.source.shown:
            cells.append((root, ROWS))
        if isinstance(root, ListView) and root.source.total is not None:
            cells.append((root, TOTAL))
    return cells


def alone(cells: Sequence[tuple[Asked, str]]) -> bool:
    """Whether the statement gives the rows of one root field as they are."""
    return len(cells) == 1 and cells[0][1] == ROWS


COLUMNS_MAX = 1_600
"""Columns of one row, with those of the rows beside it. PostgreSQL takes 1,664 in one target list
(its documentation, appendix K)."""


def lay_out(source: Source) -> None:
    """Give every slot of a statement's rows its position."""
    _lay_out(source, 0, records=False)


def lay_out_plan(plan: Plan) -> None:
    """The same for all root fields; the rows of several are arrays of records in one row."""
    records = not alone(cells_of(plan))
    for root in plan.roots:
        if isinstance(root, NodesView):
            position = 0
            for one in root.source.ones.values():
                position = _lay_out(one.source, position, records=records)
        elif not isinstance(root, Constant):
            source = root.source if isinstance(root.source, Source) else root.source.source
            _lay_out(source, 0, records=records)


def _lay_out(source: Source, begin: int, *, records: bool) -> int:
    position = begin
    for slot in source.columns.values():
        slot.position = position
        position += 1
    for one in source.ones.values():
        position = _lay_out(one.source, position, records=records)
    for listed in source.lists:
        position = _lay_out_list(listed, position, records=records)
    if position > COLUMNS_MAX:
        raise RequestRefused(
            ErrorCode.OPERATION_TOO_LARGE,
            f"One row of the answer would take more than {COLUMNS_MAX:,} columns. Select fewer "
            "fields, or ask for some of them by an operation of their own.",
        )
    source.positions = range(begin, position)
    return position


def _lay_out_list(listed: ListSource | GroupsSource, position: int, *, records: bool) -> int:
    records = records or _holds_arrays(listed)
    listed.in_columns = not records
    width = _lay_out(listed.source, 0, records=records)
    for slot in listed.slots():
        slot.position = position
        position += width if slot is listed.slot and listed.in_columns else 1
    return position


def _holds_arrays(listed: ListSource | GroupsSource) -> bool:
    sums = isinstance(listed, GroupsSource) and listed.money is not None
    return sums or _holds_lists(listed.source)


def _holds_lists(source: Source) -> bool:
    return bool(source.lists) or any(_holds_lists(one.source) for one in source.ones.values())
