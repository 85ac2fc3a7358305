"""The compiler answers what the reference answers, and by one statement."""

import pytest
from graphql import get_named_type

from app.schema import schema
from tests.golden_world import FJORD, PRAIRIE, GoldenBrand
from tests.reads.conftest import Asker
from tests.reads.selections import everything_of

GRAPHQL = schema._schema
assert GRAPHQL.query_type is not None
FIELDS = GRAPHQL.query_type.fields
WITHOUT_ID = [name for name, field in FIELDS.items() if "id" not in field.args]


@pytest.mark.parametrize("brand", [FJORD, PRAIRIE], ids=lambda brand: brand.name)
@pytest.mark.parametrize("name", WITHOUT_ID)
async def test_a_root_field_with_everything_below_it_is_answered_alike(
    asker: Asker, name: str, brand: GoldenBrand
) -> None:
    target = get_named_type(FIELDS[name].type)
    query = f"{{ {name} {everything_of(GRAPHQL, target, 2)} }}"

    compiled = await asker.ask(query, brand.viewer())

    assert len(asker.statements) == 1
    assert compiled == await asker.ask_reference(query, brand.viewer())
    assert "errors" not in compiled
