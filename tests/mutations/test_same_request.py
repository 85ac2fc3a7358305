"""Which requests are the same under a key: what an input says decides, not its form."""

from typing import Any

import pytest
import strawberry
from graphql import GraphQLInputObjectType
from strawberry.schema.config import StrawberryConfig

from app.graphql.finish import finish_schema
from app.graphql.inputs import said
from app.graphql.perform import MutationInput
from app.graphql.scalars import SCALARS
from app.schema import schema

TYPES = schema._schema.type_map


@strawberry.input
class Inner:
    """What lies in the input."""

    name: str
    colour: str = "red"


@strawberry.input
class Given(MutationInput):
    """An input."""

    title: str
    note: str | None = None
    count: int = 1
    cleared: strawberry.Maybe[str | None] = None
    inner: list[Inner] = strawberry.field(default_factory=list)


@strawberry.type
class Query:
    """What takes the input."""

    @strawberry.field
    def found(self, input: Given) -> str:
        """Nothing."""
        return input.title


built = strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map=dict(SCALARS)))
GIVEN = built._schema.type_map["Given"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"title": "A"}, {"title": "A"}),
        ({"title": "A", "note": None, "count": 1, "inner": []}, {"title": "A"}),
        ({"title": "A", "note": "", "count": 2}, {"title": "A", "note": "", "count": 2}),
        ({"title": "A", "cleared": None}, {"title": "A", "cleared": None}),
        (
            {"title": "A", "inner": [{"name": "x", "colour": "red"}, {"name": "y"}]},
            {"title": "A", "inner": [{"name": "x"}, {"name": "y"}]},
        ),
    ],
)
def test_a_default_written_out_says_nothing_and_a_null_that_clears_does(
    given: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert said(GIVEN, given) == expected


def test_no_default_of_null_is_printed() -> None:
    finish_schema(built._schema)

    assert "note: String\n" in built.as_str()
    assert "= null" not in schema.as_str()


@pytest.mark.parametrize("name", ["SetPoliciesInput", "ChangeTriggerInput"])
def test_every_member_that_may_be_left_out_says_nothing_where_it_is_null(name: str) -> None:
    given = TYPES[name]
    assert isinstance(given, GraphQLInputObjectType)
    optional = [each for each, field in given.fields.items() if not str(field.type).endswith("!")]

    assert len(optional) >= 4
    assert said(TYPES[name], dict.fromkeys(optional)) == {}
