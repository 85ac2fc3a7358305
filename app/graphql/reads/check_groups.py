"""What must hold of the types that show groups, and of the fields that hold them."""

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from app.graphql.reads.aggregates import (
    Aggregate,
    Counted,
    GroupKey,
    GroupOne,
    Summed,
    SummedMoney,
)
from app.graphql.reads.binding import TypeMapping
from app.graphql.reads.catalogue import Catalogue, is_list, python_name
from app.graphql.reads.grouping import MONEY_PARTS, groups_max
from app.graphql.scalars import CODECS


def group_faults(catalogue: Catalogue) -> Iterator[str]:
    """Every fault, with its type and field and what to mend."""
    for owner in catalogue.schema.type_map.values():
        if not isinstance(owner, GraphQLObjectType):
            continue
        mapping = catalogue.mapping(owner)
        if mapping is not None and mapping.grouped:
            yield from _type_faults(catalogue, owner, mapping)
        for name, field in owner.fields.items():
            binding = catalogue.binding(field)
            fault = (
                _field_fault(catalogue, field, binding) if isinstance(binding, Aggregate) else None
            )
            if fault is not None:
                yield f"{owner.name}.{name}: {fault}"


def _type_faults(
    catalogue: Catalogue, owner: GraphQLObjectType, mapping: TypeMapping
) -> Iterator[str]:
    for name, field in owner.fields.items():
        fault = _part_fault(catalogue, field, mapping)
        if fault is not None:
            yield f"{owner.name}.{name}: {fault}"
    bindings = [catalogue.binding(field) for field in owner.fields.values()]
    if sum(isinstance(each, SummedMoney) for each in bindings) > 1:
        yield f"{owner.name}: has several sums of money; rows are grouped by one currency."


def _part_fault(catalogue: Catalogue, field: GraphQLField, mapping: TypeMapping) -> str | None:
    named = get_named_type(field.type)
    columns = mapping.model.__table__.columns
    match catalogue.binding(field):
        case GroupKey(value=None) if python_name(field) not in columns:
            return f"{mapping.model.__name__} has no such column; say the key's value."
        case GroupKey(value=None) if isinstance(field.type, GraphQLNonNull) and (
            columns[python_name(field)].nullable
        ):
            return "is non-null, but its column may be null; make one of them agree."
        case GroupOne(column=column) if column not in columns or catalogue.mapping(named) is None:
            return f"needs the column {column} and a mapped type."
        case GroupKey() | Counted() | Summed() if not (
            is_leaf_type(named) and (isinstance(named, GraphQLEnumType) or named.name in CODECS)
        ):
            return f"has no codec for {named.name}; add one to `scalars.CODECS`."
        case GroupKey() | GroupOne() | Counted() | Summed() if is_list(field.type):
            return "is a list; a key or a measure of a group is one value."
        case SummedMoney() if not _shows_sums(catalogue, field):
            return f"must be a list of a type with the fields {' and '.join(MONEY_PARTS)}."
        case GroupKey() | GroupOne() | Counted() | Summed() | SummedMoney():
            return None
        case _:
            return "shows a row; a type under `@groups` has keys and measures alone."


def _shows_sums(catalogue: Catalogue, field: GraphQLField) -> bool:
    named = get_named_type(field.type)
    fields = named.fields.values() if isinstance(named, GraphQLObjectType) else ()
    parts = {catalogue.column_name(each) for each in fields}
    return is_list(field.type) and parts == set(MONEY_PARTS)


def _field_fault(catalogue: Catalogue, field: GraphQLField, binding: Aggregate) -> str | None:
    target = get_named_type(field.type)
    mapping = catalogue.mapping(target)
    if not isinstance(target, GraphQLObjectType) or mapping is None or not mapping.grouped:
        return "groups a type that shows no groups; put `@groups(...)` on it."
    if binding.by:
        unbounded = groups_max(target, binding.by) is None
        return "is grouped by a key without a bound; enums alone have one." if unbounded else None
    keys = field.args["by"].type
    named = get_named_type(keys)
    assert isinstance(named, GraphQLEnumType)
    asked = {getattr(each.value, "value", each.value) for each in named.values.values()}
    nullable = {
        python_name(each)
        for each in target.fields.values()
        if isinstance(catalogue.binding(each), GroupKey | GroupOne)
        and not isinstance(each.type, GraphQLNonNull)
    }
    if asked != nullable:
        return f"offers the keys {sorted(asked)}, but can leave out {sorted(nullable)}."
    return None
