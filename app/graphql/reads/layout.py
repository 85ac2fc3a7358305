"""Where the values of a plan's sources stand in the rows of its statement.

A row holds its own columns, then those of its single rows, then its lists. A list below a row is an
array for each of its columns: the driver reads that in half the time of an array of records, and
PostgreSQL makes it at no higher price. But such an array holds no arrays of different lengths, and
the driver reads no arrays inside records. So a list that holds lists is a text that PostgreSQL
prints (`json_lists.py`), or where it cannot, an array of records, and so are all lists inside it.
"""

from collections.abc import Sequence

from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.reads.plan import (
    Asked,
    Constant,
    GroupsSource,
    GroupsView,
    ListSource,
    ListView,
    NodesView,
    Plan,
    RootRow,
    Slot,
    Source,
)


def alone(plan: Plan) -> Asked | None:
    """The one root field whose rows the statement gives as they are, if there is one.

    If a list is counted as well, each row holds that too; a page without rows is one of nulls then.
    Of several root fields the statement gives one row: the columns of single rows, and an array of
    records for each list.
    """
    asked = [root for root in plan.roots if not isinstance(root, Constant)]
    if len(asked) != 1 or (isinstance(asked[0], ListView) and not asked[0].source.shown):
        return None
    return asked[0]


COLUMNS_MAX = 1_600
"""Columns of one row, with those of the rows beside it. PostgreSQL takes 1,664 in one target list
(its documentation, appendix K)."""


def lay_out(source: Source) -> None:
    """Give every slot of a statement's rows its position."""
    _lay_out(source, 0, records=False)


def lay_out_plan(plan: Plan) -> None:
    """The same for all root fields."""
    only = alone(plan)
    if only is not None:
        _lay_out_alone(only)
        return
    position = 0
    for root in plan.roots:
        match root:
            case Constant():
                continue
            case RootRow(source=source):
                source.presence()
                position = _lay_out(source, position, records=False)
            case NodesView():
                _lay_out_nodes(root, records=True)
                position = _place(root.source.slots(), position)
            case ListView(source=listed) | GroupsView(source=listed):
                _lay_out(listed.source, 0, records=True)
                position = _place(listed.slots(), position)


def _lay_out_alone(root: Asked) -> None:
    match root:
        case NodesView():
            _lay_out_nodes(root, records=False)
        case RootRow(source=source):
            _lay_out(source, 0, records=False)
        case ListView(source=ListSource(total=Slot() as total, source=source)):
            source.presence()
            total.position = _lay_out(source, 0, records=False)
        case ListView(source=listed) | GroupsView(source=listed):
            _lay_out(listed.source, 0, records=False)


def _lay_out_nodes(root: NodesView, *, records: bool) -> None:
    position = 0
    for one in root.source.ones.values():
        position = _lay_out(one.source, position, records=records)


def _place(slots: Sequence[Slot], position: int) -> int:
    for slot in slots:
        slot.position = position
        position += 1
    return position


def _lay_out(source: Source, begin: int, *, records: bool) -> int:
    position = begin
    for slot in source.slots:
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
    if listed.printed is not None:
        _lay_out(listed.source, 0, records=False)
        listed.slot.position = position
        return position + 1
    records = records or _holds_arrays(listed)
    listed.in_columns = not records
    width = _lay_out(listed.source, 0, records=records)
    for slot in listed.slots():
        slot.position = position
        position += width if slot is listed.slot and listed.in_columns else 1
    return position


def _holds_arrays(listed: ListSource | GroupsSource) -> bool:
    sums = isinstance(listed, GroupsSource) and listed.money is not None
    return sums or listed.source.holds_lists(of_rows=True)
