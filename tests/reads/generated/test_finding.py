"""What generated operations are good for: a compiler that is wrong is found out, in few words."""

from typing import Any

import pytest

from app.graphql.engine import create_engine
from app.graphql.reads import sql
from app.schema import schema
from tests import golden_world
from tests.reads.generated.compare import Comparer
from tests.reads.generated.rounds import Rounds

pytestmark = pytest.mark.once

ROUNDS_MAX = 60
LINES_MAX = 15


def _asks_nothing(*_: Any) -> list[Any]:
    return []


def _never_turned(table: Any, order: Any, *, backward: bool) -> list[Any]:
    return [table.column(name).asc() for name in order.columns]


@pytest.mark.parametrize(
    ("name", "broken", "told"),
    [("_asked", _asks_nothing, "filter"), ("_order_by", _never_turned, "")],
    ids=["filters are ignored", "every list runs one way"],
)
async def test_a_wrong_compiler_is_found_out_by_a_small_operation(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch, name: str, broken: Any, told: str
) -> None:
    monkeypatch.setattr(sql, name, broken)
    engine = create_engine(schema, golden_world.CURSOR_KEY)
    wrong = Rounds(1, rounds.world, Comparer(engine, rounds.comparer.connection))

    finding = None
    while finding is None and wrong.generated < ROUNDS_MAX:
        finding = await wrong.round()

    assert finding is not None
    assert "the compiler says" in finding.difference
    assert told in f"{finding}"
    assert len(finding.text.splitlines()) <= LINES_MAX
