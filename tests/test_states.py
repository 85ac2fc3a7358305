"""Every table of legal moves: whole, closed, and with an end."""

from collections.abc import Mapping
from enum import StrEnum
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import Table

from app.carts.models import CartIntent
from app.carts.states import LIVE, MOVES, CartIntentStatus, may_move

FEATURES = sorted(
    path.parent.name for path in Path(import_module("app").__path__[0]).glob("*/states.py")
)
TABLES = [
    pytest.param(table, id=f"{feature}.{name}")
    for feature in FEATURES
    for name, table in vars(import_module(f"app.{feature}.states")).items()
    if name.endswith("MOVES")
]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_moves_names_every_state_and_only_states(
    table: Mapping[StrEnum, frozenset[StrEnum]],
) -> None:
    states = set(type(next(iter(table))))

    assert set(table) == states
    assert set().union(*table.values()) <= states
    assert all(state not in nexts for state, nexts in table.items())


@pytest.mark.parametrize("table", TABLES)
def test_every_state_leads_to_an_end_or_back_to_where_it_came_from(
    table: Mapping[StrEnum, frozenset[StrEnum]],
) -> None:
    final = {state for state, nexts in table.items() if not nexts}

    assert final
    for state in table:
        reached, frontier = {state}, {state}
        while frontier:
            frontier = set().union(*(table[each] for each in frontier)) - reached
            reached |= frontier
        assert reached & final


def test_an_intent_never_returns_to_its_beginning_and_a_hand_off_never_becomes_an_add() -> None:
    assert not any(CartIntentStatus.RECEIVED in nexts for nexts in MOVES.values())
    assert not may_move(CartIntentStatus.HANDED_OFF, CartIntentStatus.ADDED)
    assert not may_move(CartIntentStatus.ADDED, CartIntentStatus.WITHDRAWN)


def test_what_keeps_intents_single_and_is_repeated_are_the_same_states() -> None:
    table = CartIntent.__table__
    assert isinstance(table, Table)
    index = next(each for each in table.indexes if each.name == "ix_cart_intent_one_live")
    is_live = table.c.is_live.computed
    assert is_live is not None

    assert "is_live" in str(index.dialect_options["postgresql"]["where"])
    assert {state for state in CartIntentStatus if f"'{state}'" in str(is_live.sqltext)} == LIVE
