"""The schema as a developer reads it: everything is described, and shaped as Relay expects it."""

import re
from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_specified_scalar_type,
)

from app.brands.states import BrandStatus
from app.core.described import DescribedEnum
from app.graphql.deprecations import parts_of_schema
from app.graphql.enums import shown_enum
from app.graphql.paging import PAGE_ROWS_MAX
from app.schema import schema

GRAPHQL: GraphQLSchema = schema._schema
TYPES = {
    name: named
    for name, named in GRAPHQL.type_map.items()
    if not name.startswith("__") and not is_specified_scalar_type(named)
}
OBJECTS = {
    name: named
    for name, named in TYPES.items()
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
}
CONNECTIONS = sorted(name for name in OBJECTS if name.endswith("Connection"))


def _descriptions() -> Iterator[tuple[str, str | None]]:
    """The description of everything that can have one, by its schema coordinate."""
    for name, named in TYPES.items():
        yield name, named.description
    for place, part in parts_of_schema(GRAPHQL):
        yield place, part.description


def test_everything_is_described() -> None:
    assert [place for place, told in _descriptions() if not told] == []


def test_every_description_is_of_whole_sentences() -> None:
    broken = [
        (place, told)
        for place, told in _descriptions()
        if told and (not told.endswith((".", "?")) or told != told.strip() or "  " in told)
    ]

    assert broken == []


def test_no_description_only_repeats_the_name() -> None:
    empty = [
        place
        for place, told in _descriptions()
        if told
        and re.sub("[^a-z]", "", told.casefold().removeprefix("the "))
        == re.sub("[^a-z]", "", place.split(".")[-1].casefold())
    ]

    assert empty == []


WHEN_NULL = re.compile(
    r"\bnull\b|\bonly\b|\bwhere\b|\buntil\b|\bif\b|\bnone\b|Left out|by default|without it", re.I
)


def test_every_field_that_may_be_null_says_when_it_is() -> None:
    silent = [
        f"{name}.{shown}"
        for name, named in OBJECTS.items()
        for shown, field in named.fields.items()
        if not isinstance(field.type, GraphQLNonNull)
        and not WHEN_NULL.search(field.description or "")
        and named is not GRAPHQL.mutation_type  # which says it of all its fields
        and not name.endswith(("Total", "Timings"))  # likewise, of all their keys and moments
    ]

    assert silent == []


def test_every_list_has_a_ceiling() -> None:
    roots = (GRAPHQL.query_type, GRAPHQL.subscription_type)
    unbounded = [
        f"{name}.{shown}"
        for name, named in OBJECTS.items()
        for shown, field in named.fields.items()
        if isinstance(get_nullable_type(field.type), GraphQLList)
        and isinstance(get_named_type(field.type), GraphQLObjectType)
        and named not in roots
        and not name.endswith(("Connection", "Edge"))
        and shown
        not in {
            "cartIntentCounts",  # one for each status
            "deliveries",  # ten are remembered
            "facts",  # of one step, a handful of names
            "parts",  # of one document, whose size is bounded
            "refusals",  # of one document, as above
            "links",  # of a tweet as an event remembers it, 25 at most
            "offered",  # one for each currency
            "options",  # 20 at most
            "scoreComponents",  # one for each rule
            "steps",  # of one intent, which is bounded
        }
    ]

    assert unbounded == []


@pytest.mark.parametrize("name", CONNECTIONS)
def test_a_connection_is_shaped_by_the_cursor_connections_specification(name: str) -> None:
    connection = OBJECTS[name]
    edge = get_named_type(connection.fields["edges"].type)
    assert isinstance(edge, GraphQLObjectType)
    node = get_named_type(edge.fields["node"].type)

    assert edge.name == f"{name.removesuffix('Connection')}Edge"
    assert node.name == name.removesuffix("Connection")
    assert str(connection.fields["edges"].type) == f"[{edge.name}!]!"
    assert str(connection.fields["pageInfo"].type) == "PageInfo!"
    assert str(edge.fields["cursor"].type) == "String!"
    assert node.name in (connection.description or "")
    assert node.name in (edge.description or "")


def test_page_info_is_shaped_by_the_cursor_connections_specification() -> None:
    assert {name: str(field.type) for name, field in OBJECTS["PageInfo"].fields.items()} == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }


@pytest.mark.parametrize("name", CONNECTIONS)
def test_every_field_that_leads_to_a_connection_pages_both_ways(name: str) -> None:
    leading = [
        field
        for named in OBJECTS.values()
        for field in named.fields.values()
        if get_named_type(field.type) is OBJECTS[name]
    ]

    assert leading
    for field in leading:
        pages = {each: str(field.args[each].type) for each in ("first", "after", "last", "before")}
        if "before" in field.args:
            assert pages == {"first": "Int", "after": "String", "last": "Int", "before": "String"}
        assert str(PAGE_ROWS_MAX) in (field.args["first"].description or "")


def test_a_node_has_an_id_that_is_never_null() -> None:
    node = GRAPHQL.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {name: str(field.type) for name, field in node.fields.items()} == {"id": "ID!"}
    query = GRAPHQL.query_type
    assert query is not None
    assert str(query.fields["node"].type) == "Node"
    assert str(query.fields["nodes"].type) == "[Node]!"
    assert str(query.fields["nodes"].args["ids"].type) == "[ID!]!"


def test_every_mutation_takes_one_input_and_answers_with_a_union_called_after_it() -> None:
    root = GRAPHQL.mutation_type
    assert root is not None
    for name, field in root.fields.items():
        called = name[0].upper() + name[1:]
        union = get_named_type(field.type)
        assert isinstance(union, GraphQLUnionType)
        assert (union.name, list(field.args)) == (f"{called}Result", ["input"])
        assert str(field.args["input"].type) == f"{called}Input!"
        for member in union.types[1:]:
            assert [each.name for each in member.interfaces] == ["Problem"], (name, member.name)


def test_an_enum_whose_member_says_nothing_is_refused() -> None:
    class Silent(DescribedEnum):
        """One that says nothing."""

        SAYS = "SAYS", "Something."
        NOTHING = "NOTHING"

    with pytest.raises(ValueError, match=r"Silent\.NOTHING: say what it means"):
        shown_enum(Silent, "Says nothing.")
    assert BrandStatus("ACTIVE") is BrandStatus.ACTIVE
    assert (str(BrandStatus.ACTIVE), BrandStatus.ACTIVE.value) == ("ACTIVE", "ACTIVE")
