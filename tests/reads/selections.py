"""Operations made from the schema itself: every field of every type, down to a given depth."""

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)


def takes_nothing(field: GraphQLField) -> bool:
    """Whether a field can be asked without an argument."""
    return not any(isinstance(each.type, GraphQLNonNull) for each in field.args.values())


def asked_whole(schema: GraphQLSchema, name: str, field: GraphQLField, depth: int) -> str:
    """A root field with everything below it; what is grouped is grouped by every key."""
    named = get_named_type(field.type)
    keys = get_named_type(field.args["by"].type) if "by" in field.args else None
    by = f"(first: 50, by: [{' '.join(keys.values)}])" if isinstance(keys, GraphQLEnumType) else ""
    return f"{name}{by} {everything_of(schema, named, depth)}"


def everything_of(schema: GraphQLSchema, named: GraphQLNamedType, depth: int) -> str:
    """A selection of all fields of a type, and of what lies below, *depth* objects deep."""
    if is_leaf_type(named):
        return ""
    parts = ["__typename"]
    if isinstance(named, GraphQLUnionType | GraphQLInterfaceType):
        for possible in schema.get_possible_types(named):
            below = everything_of(schema, possible, depth)
            parts.append(f"... on {possible.name} {below}")
        return "{ " + " ".join(parts) + " }"
    assert isinstance(named, GraphQLObjectType)
    for name, field in named.fields.items():
        shown = _field(schema, named, name, field, depth)
        if shown is not None:
            parts.append(shown)
    return "{ " + " ".join(parts) + " }"


def _field(
    schema: GraphQLSchema, owner: GraphQLNamedType, name: str, field: GraphQLField, depth: int
) -> str | None:
    target = get_named_type(field.type)
    if is_leaf_type(target):
        return name
    if not takes_nothing(field):
        return None
    deeper = depth if owner.name.endswith(("Connection", "Edge")) else depth - 1
    if deeper < 0:
        return None
    # Two members of a union may give one name to fields of different types: the owner tells them.
    return f"{owner.name}_{name}: {name} {everything_of(schema, target, deeper)}"
