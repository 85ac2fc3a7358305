"""With another brand's ids no mutation changes anything: the schema is walked, tables compared."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import GraphQLNonNull

from app.core.ids import global_id
from app.core.resources import Resources
from tests.golden_world import FJORD, PRAIRIE
from tests.mutations.walking import (
    MUTATIONS,
    TYPES_OF_IDS,
    Writer,
    difference,
    given_of,
    golden_writer,
    ids_below,
    ids_of,
    input_of,
)


@pytest.fixture
async def writer(resources: Resources) -> Writer:
    """Writes as the golden brands, in a world of the test's own."""
    return await golden_writer(resources)


WITH_IDS = [name for name in MUTATIONS if any(ids_below(input_of(name)))]
WITHOUT_IDS = [name for name in MUTATIONS if name not in WITH_IDS]


async def test_with_another_brands_ids_no_mutation_changes_anything(writer: Writer) -> None:
    before = await writer.tables()
    assert len(before["cart_intent"]) == 8
    for name in WITH_IDS:
        for wrong in sorted(ids_below(input_of(name))):
            ids = {**ids_of(PRAIRIE), TYPES_OF_IDS[wrong]: ids_of(FJORD)[TYPES_OF_IDS[wrong]]}
            for given in (given_of(input_of(name), ids), _needed(name, wrong, ids)):
                answer = await writer.send(name, given, PRAIRIE)

                assert answer["__typename"].endswith(("NotFound", "NotOffered")), (
                    name,
                    answer,
                )
                assert answer["message"]
                assert difference(before, await writer.tables()) == {}, (name, wrong)


def _needed(name: str, wrong: str, ids: Mapping[str, str]) -> dict[str, Any]:
    """An input with the wrong id and what must not be left out."""
    fields = input_of(name).fields
    return {
        field: value
        for field, value in given_of(input_of(name), ids).items()
        if field == wrong or isinstance(fields[field].type, GraphQLNonNull)
    }


@pytest.mark.parametrize("name", list(MUTATIONS))
async def test_a_mutation_with_the_brands_own_ids_touches_no_row_of_another_brand(
    writer: Writer, name: str
) -> None:
    before = await writer.tables()

    await writer.send(name, given_of(input_of(name), ids_of(PRAIRIE)), PRAIRIE)

    changed = difference(before, await writer.tables())
    other = f"{FJORD.id}"
    assert [row for rows in changed.values() for row in rows if other in row] == []


@pytest.mark.parametrize("broken", ["", "x", "VHJpZ2dlcjo", global_id("Brand", FJORD.id)])
async def test_with_an_id_of_another_type_or_none_no_mutation_changes_anything(
    writer: Writer, broken: str
) -> None:
    before = await writer.tables()
    for name in WITH_IDS:
        answer = await writer.send(
            name, given_of(input_of(name), dict.fromkeys(ids_of(PRAIRIE), broken)), PRAIRIE
        )

        assert answer["__typename"].endswith("NotFound"), name
    assert difference(before, await writer.tables()) == {}


def test_the_walk_meets_every_mutation_and_knows_what_every_id_names() -> None:
    named = {field for name in MUTATIONS for field in ids_below(input_of(name))}

    assert named == set(TYPES_OF_IDS)
    assert set(WITH_IDS) | set(WITHOUT_IDS) == set(MUTATIONS)
