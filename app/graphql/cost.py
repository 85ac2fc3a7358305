"""What an operation costs: points, told by its plan and its page sizes before anything is read.

A point is about what a row costs: 5 µs of server and PostgreSQL together where the sizes below were
measured. The cost is what an operation may come to, not what it turned out to be: a list counts
with the rows that it asks for, lists in lists multiplied.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.graphql.reads.plan import (
    GroupsSource,
    ListSource,
    ManySource,
    NodesSource,
    Plan,
    RootRow,
    Source,
)
from app.graphql.reads.runs import ManyRun

OPERATION = 20
"""Every operation, also one that is refused: reading the request, the token, one round trip."""
ROW = 1
"""Every row that may be read: of a list, of `nodes`, beside another row."""
LIST_IN_ROW = 5
"""A list below a row, for each of these rows: PostgreSQL looks it up once more."""
COUNT_IN_ROW = 20
"""Groups or a `totalCount` below a row, for each of these rows."""
COUNT = 200
"""Groups or a `totalCount` at the root: all rows that pass the filter are counted."""
COMPUTED = 500
"""A root field of `Query` that a function of ours answers, and a look at one type of the schema."""
SCHEMA = 5_000
"""A look at the whole schema: what tools ask once takes as long as thousands of rows."""
COMPUTED_FACTOR = 10
"""Beside such a field what is read from tables takes a statement for every field."""
MUTATION = 200
"""Every field of a mutation, beside what its payload reads: a transaction."""
SUBSCRIPTION = 200
"""A subscription, once: what it sends is free."""

FORMULA = (
    f"An operation costs {OPERATION} points. Each row that it may read costs {ROW}: of a list the "
    "rows that it asks for with `first` or `last`, a single row beside each of these once more, "
    f"lists in lists multiplied. A list below a row costs {LIST_IN_ROW} more for each of the rows "
    f"that it stands below; groups and `totalCount` cost {COUNT_IN_ROW} there, and {COUNT} at the "
    f"root. A mutation costs {MUTATION} for each of its fields, a subscription {SUBSCRIPTION} when "
    f"it starts and nothing for what it sends. `__schema` costs {SCHEMA:,}; `__type`, and root "
    f"fields that say that they are computed, cost {COMPUTED}; what is read beside these costs "
    f"{COMPUTED_FACTOR} times as much."
)
"""The formula for those who use it: printed in the schema's descriptions and in the README."""


class Part(NamedTuple):
    """What one part of an operation costs; an empty path stands for the operation itself."""

    path: tuple[str, ...]
    points: int


@dataclass(frozen=True, slots=True)
class _Term:
    """What one list adds: for each row that it stands below, and for each of its own rows."""

    path: tuple[str, ...]
    inside: int | None
    for_each_above: int
    for_each_row: int


@dataclass(frozen=True, slots=True)
class PlanCost:
    """The cost of a plan as a function of its lists' sizes, made once for each plan."""

    fixed: int
    terms: tuple[_Term, ...]
    roots: tuple[Part, ...]
    """Of the fixed points those of root fields that hold one row, or that no table answers."""

    def of(self, runs: Sequence[ManyRun]) -> int:
        """The points of a run whose lists are asked for by *runs*."""
        total = self.fixed
        if self.terms:
            sizes: list[int] = []
            for term, run in zip(self.terms, runs, strict=True):
                above = 1 if term.inside is None else sizes[term.inside]
                rows = above * run.rows
                sizes.append(rows)
                total += above * term.for_each_above + rows * term.for_each_row
        return total

    def parts(self, runs: Sequence[ManyRun]) -> list[Part]:
        """The same, part by part: the operation, then each root row and list."""
        sizes: list[int] = []
        lists: list[Part] = []
        for term, run in zip(self.terms, runs, strict=True):
            above = 1 if term.inside is None else sizes[term.inside]
            rows = above * run.rows
            sizes.append(rows)
            points = above * term.for_each_above + rows * term.for_each_row
            lists.append(Part(term.path, points))
        own = self.fixed - sum(part.points for part in self.roots)
        return [Part((), own), *self.roots, *lists]


def cost_of(plan: Plan) -> PlanCost:
    """The cost of a query's plan, or of what a mutation's payload reads."""
    factor = 1 if plan.complete else COMPUTED_FACTOR
    roots = [
        Part((root.key,), factor * _rows_of(root.source))
        for root in plan.roots
        if isinstance(root, RootRow)
    ]
    roots += [Part((name,), SCHEMA if name == "__schema" else COMPUTED) for name in plan.computed]
    fixed = OPERATION + sum(part.points for part in roots)
    return PlanCost(fixed, tuple(_terms(plan.lists, factor)), tuple(roots))


def cost_below(source: Source, lists: Sequence[ManySource], fixed: int) -> PlanCost:
    """The cost of one row of *source* with the lists below it, beside what is *fixed*."""
    return PlanCost(fixed + _rows_of(source), tuple(_terms(lists, 1)), ())


def _terms(lists: Iterable[ManySource], factor: int) -> Iterable[_Term]:
    for listed in lists:
        request = listed.request
        above, row = _weights(listed)
        yield _Term(request.path, request.inside, factor * above, factor * row)


def _weights(listed: ManySource) -> tuple[int, int]:
    """What a list costs for each row that it stands below, and for each of its own."""
    match listed:
        case GroupsSource(source=source, join=join):
            return COUNT if join is None else COUNT_IN_ROW, _beside(source)
        case NodesSource(ones=ones):
            return 0, max((_rows_of(one.source) for one in ones.values()), default=ROW)
        case ListSource(source=source):
            count = COUNT if listed.join is None else COUNT_IN_ROW
            below = LIST_IN_ROW if listed.join is not None and listed.shown else 0
            counted = count if listed.total is not None else 0
            return counted + below, _rows_of(source) if listed.shown else 0


def _rows_of(source: Source) -> int:
    """A row, with the single rows beside it."""
    return ROW + _beside(source)


def _beside(source: Source) -> int:
    return sum(_rows_of(one.source) for one in source.ones.values())
