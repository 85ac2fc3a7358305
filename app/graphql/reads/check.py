"""What must hold of a schema before it may serve; each fault names type, field and remedy."""

from collections.abc import Sequence

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from app.graphql.reads.aggregates import Aggregate
from app.graphql.reads.binding import (
    Column,
    Document,
    Embedded,
    Identity,
    Many,
    One,
    RootOne,
    SameRow,
    StreamPlace,
    TypeMapping,
)
from app.graphql.reads.catalogue import Catalogue, is_connection, is_list
from app.graphql.reads.check_groups import group_faults
from app.graphql.reads.provided import Provided
from app.graphql.scalars import CODECS


class SchemaFaults(Exception):
    """The schema may not serve. The message holds one line per fault."""


_NOT_MAPPED = "its type is not mapped; put `@maps(...)` on it."


def check_schema(catalogue: Catalogue) -> None:
    """Refuse a schema with an unbound field, a nullable column behind a non-null field, and such.

    Raises:
        SchemaFaults: with every fault that was found.
    """
    faults: list[str] = []
    for graphql_type in catalogue.schema.type_map.values():
        if not isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType):
            continue
        mapping = catalogue.mapping(graphql_type)
        if mapping is None or mapping.grouped:
            continue
        faults.extend(f"{graphql_type.name}, {fault}" for fault in _order_faults(mapping))
        for name, field in graphql_type.fields.items():
            fault = _fault_of(catalogue, mapping, field)
            if fault is not None:
                faults.append(f"{graphql_type.name}.{name}: {fault}")
    faults.extend(_root_faults(catalogue))
    faults.extend(group_faults(catalogue))
    if faults:
        raise SchemaFaults("\n".join(faults))


def _root_faults(catalogue: Catalogue) -> list[str]:
    query = catalogue.schema.query_type
    found = []
    for name, field in query.fields.items() if query else ():
        binding = catalogue.binding(field)
        if isinstance(binding, RootOne | Many) and _target_mapping(catalogue, field) is None:
            found.append(f"Query.{name}: {_NOT_MAPPED}")
        elif isinstance(binding, Many) and (fault := _list_fault(catalogue, field)):
            found.append(f"Query.{name}: {fault}")
    return found


def _fault_of(catalogue: Catalogue, mapping: TypeMapping, field: GraphQLField) -> str | None:
    binding = catalogue.binding(field)
    match binding:
        case None:
            return "has a resolver; a mapped type has none. Bind it, or make it a root field."
        case Identity() | StreamPlace():
            return _columns_fault(mapping, ["id"])
        case Column():
            return _leaf_fault(catalogue, mapping, field)
        case Embedded(columns=columns, absent=absent):
            return _columns_fault(mapping, [*columns.values(), absent])
        case Document(column=column):
            return _columns_fault(mapping, [column])
        case One() | SameRow():
            return None if _target_mapping(catalogue, field) else _NOT_MAPPED
        case Many() | Aggregate() | Provided() as further:
            return _list_fault(catalogue, field) if isinstance(further, Many) else None
        case _:
            return "is bound as a root field; use `one` or `many`."


def _columns_fault(mapping: TypeMapping, names: Sequence[str]) -> str | None:
    faults = (_column_fault(mapping, name, nullable_allowed=True) for name in names)
    return next((fault for fault in faults if fault is not None), None)


def _leaf_fault(catalogue: Catalogue, mapping: TypeMapping, field: GraphQLField) -> str | None:
    named = get_named_type(field.type)
    binding = catalogue.binding(field)
    if is_list(field.type) or not is_leaf_type(named):
        return "is no leaf; bind it with `one`, `many`, `embedded` or `document`."
    if named.name == "ID" and not (isinstance(binding, Column) and binding.id_of):
        return "is an ID that does not say whose; use `identity()` or `column(..., id_of=...)`."
    if named.name not in CODECS and named.name != "ID" and not hasattr(named, "values"):
        return f"has no codec for {named.name}; add one to `scalars.CODECS`."
    nullable_allowed = not isinstance(field.type, GraphQLNonNull)
    return _column_fault(mapping, catalogue.column_name(field), nullable_allowed=nullable_allowed)


def _column_fault(mapping: TypeMapping, name: str, *, nullable_allowed: bool) -> str | None:
    columns = mapping.model.__table__.columns
    if name not in columns:
        return f"{mapping.model.__name__} has no column {name}; name one with `column(..., name)`."
    if columns[name].nullable and not nullable_allowed:
        return f"is non-null, but the column {name} may be null; make one of them agree."
    return None


def _list_fault(catalogue: Catalogue, field: GraphQLField) -> str | None:
    if not is_connection(get_named_type(field.type)):
        return "is a list without a ceiling; its type must be `Connection[...]`."
    target = _target_mapping(catalogue, field)
    if target is None:
        return "lists a type that is not mapped; put `@maps(...)` on it."
    if target.orders is None:
        return "lists a type without an order; name one by `@maps(..., orders=...)`."
    return None


def _order_faults(mapping: TypeMapping) -> list[str]:
    """What is wrong with the orders that a type offers; filters are looked at as they are made."""
    faults = []
    for choice in () if mapping.orders is None else mapping.orders.choices:
        for name in choice.order.columns:
            fault = _column_fault(mapping, name, nullable_allowed=False)
            if fault is not None:
                faults.append(f"order {choice.name}: {fault}")
    return faults


def _target_mapping(catalogue: Catalogue, field: GraphQLField) -> TypeMapping | None:
    named = get_named_type(field.type)
    if isinstance(named, GraphQLObjectType) and is_connection(named):
        named = get_named_type(named.fields["nodes"].type)
    mapping = catalogue.mapping(named)
    return None if mapping is None or mapping.grouped else mapping
