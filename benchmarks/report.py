"""Figures as tables to read and as JSON to keep."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """A table: rows of the same columns, and what must be known to read them."""

    title: str
    rows: Sequence[Row]
    notes: Sequence[str] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        return {"title": self.title, "rows": list(self.rows), "notes": list(self.notes)}


def say(message: str) -> None:
    """A line of progress."""
    print(f"# {message}", file=sys.stderr, flush=True)


def show(section: Section) -> str:
    """The section as a Markdown table."""
    columns = list(dict.fromkeys(name for row in section.rows for name in row))
    cells = [columns, *([_text(row.get(name)) for name in columns] for row in section.rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    lines = [f"### {section.title}", "", _line(columns, widths)]
    lines.append("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    lines += [_line(row, widths) for row in cells[1:]]
    return "\n".join([*lines, "", *section.notes, ""])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(shown)} |"


def _text(value: Any) -> str:
    """Three digits that count; a count whole."""
    if value is None:
        return ""
    if not isinstance(value, float):
        return str(value)
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def middle(values: Sequence[float | None]) -> float | None:
    """The median; None where nothing was taken."""
    taken = [value for value in values if value is not None]
    return median(taken) if taken else None


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which that share of *values* lies; None where there are none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else None
