"""The root field `nodes(ids:)`: rows of any types, in the order asked for, in the one statement.

Every type that an id names is a column of keys beside the place of the id: the keys of the other
types are null in it. So each place finds its row by one look-up, or none, and the order and the
gaps come out of the statement as they are. The statement depends on which types the ids name.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, FromClause, Uuid, bindparam, column, func
from strawberry import ID

from app.core.ids import parse_global_id
from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.reads.binding import Construct, Join, bound_field
from app.graphql.reads.inputs import argument

IDS_MAX = 100
"""Ids that one `nodes` may ask for."""

PLACE = "place"
NO_TYPE = "nothing"
"""The column of keys where the ids name nothing that can be found."""


@dataclass(frozen=True)
class RootNodes(Construct):
    """The root field `nodes(ids:)`."""


def root_nodes(description: str) -> Any:
    """The root field `nodes`."""
    ids = argument("ids", list[ID], f"Global ids, {IDS_MAX} at most; one may come again.")
    return bound_field(RootNodes(), description, [ids])


def types_named(ids: Sequence[str], known: Container[str]) -> tuple[str, ...]:
    """The types that ids name, of those that are *known*, each once, by name."""
    named = {found[0] for each in ids if (found := parse_global_id(each)) is not None}
    return tuple(sorted(name for name in named if name in known))


def checked_ids(ids: Sequence[str], path: Sequence[str]) -> Sequence[str]:
    """The ids, if they are not too many.

    Raises:
        RequestRefused: they are.
    """
    if len(ids) > IDS_MAX:
        raise RequestRefused(
            ErrorCode.BAD_USER_INPUT,
            f"`ids` holds {len(ids)} ids; {IDS_MAX} at most. Ask in several parts.",
            path,
        )
    return ids


def keys_by_type(ids: Sequence[str], types: Sequence[str]) -> dict[str, list[UUID | None]]:
    """For each type a list as long as *ids*: the key where the id names that type, else null."""
    parsed = [parse_global_id(each) or (None, None) for each in ids]
    return {
        name: [key if named == name else None for named, key in parsed]
        for name in types or (NO_TYPE,)
    }


def keys_name(index: int, type_name: str) -> str:
    """The parameter with the keys of one type."""
    return f"list_{index}_{type_name}"


def places(index: int, types: Sequence[str]) -> FromClause:
    """The places of the ids, each with its key in the column of its type."""
    names = types or (NO_TYPE,)
    keys = [bindparam(keys_name(index, name), type_=ARRAY(Uuid())) for name in names]
    columns: list[Any] = [column(name, Uuid()) for name in names]
    made = func.unnest(*keys).table_valued(*columns, with_ordinality=PLACE)
    return made.render_derived(name=f"places_{index}")


def by_key(type_name: str) -> Join:
    """The join from a place to the row of a type."""

    def join(place: Any, row: Any) -> ColumnElement[bool]:
        found: ColumnElement[bool] = row.id == place.column(type_name)
        return found

    return join
