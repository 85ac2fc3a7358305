"""The root field `nodes(ids:)`: rows of any types, in the order asked for, in the one statement.

Each id is a place with a key and a kind, which says which of the types named it is of. So each
place finds its row by one look-up, or none, and the order and the gaps come out of the statement as
they are. The statement depends on which types the ids name.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    SmallInteger,
    Uuid,
    and_,
    bindparam,
    column,
    func,
    literal_column,
)
from strawberry import ID

from app.core.ids import parse_global_id
from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.reads.binding import Construct, Join, bound_field
from app.graphql.reads.inputs import argument

IDS_MAX = 100
"""Ids that one `nodes` may ask for."""

PLACE, KEY, KIND = "place", "key", "kind"


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


def keys_and_kinds(
    ids: Sequence[str], types: Sequence[str]
) -> tuple[list[UUID | None], list[int | None]]:
    """The key that each id holds, and the position of its type among *types*; null for others."""
    kinds = {name: kind for kind, name in enumerate(types)}
    parsed = [parse_global_id(each) or ("", None) for each in ids]
    return [key for _, key in parsed], [kinds.get(name) for name, _ in parsed]


def keys_name(index: int) -> str:
    """The parameter with the keys."""
    return f"list_{index}_keys"


def kinds_name(index: int) -> str:
    """The parameter with the positions of their types."""
    return f"list_{index}_kinds"


def places(index: int) -> FromClause:
    """The places of the ids, each with its key and its kind."""
    keys = bindparam(keys_name(index), type_=ARRAY(Uuid()))
    kinds = bindparam(kinds_name(index), type_=ARRAY(SmallInteger()))
    columns: list[Any] = [column(KEY, Uuid()), column(KIND, SmallInteger())]
    made = func.unnest(keys, kinds).table_valued(*columns, with_ordinality=PLACE)
    return made.render_derived(name=f"places_{index}")


def by_key(kind: int) -> Join:
    """The join from a place to the row of a type."""

    def join(place: Any, row: Any) -> ColumnElement[bool]:
        is_of_this_kind = place.column(KIND) == literal_column(str(kind), SmallInteger())
        return and_(is_of_this_kind, row.id == place.column(KEY))

    return join
