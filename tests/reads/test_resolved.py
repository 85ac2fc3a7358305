"""Root fields that a function answers: their scopes, beside others, under aliases."""

import pytest

from app.core.ids import global_id
from app.core.viewer import Scope
from app.graphql.errors import RequestRefused
from tests.golden_world import FJORD
from tests.reads.conftest import Asker

QUERY = """query ($id: ID!, $deep: Boolean!) {
  first: explainCartIntent(id: $id) { ...Trace }
  again: explainCartIntent(id: $id) { __typename ...Trace }
  cartIntent(id: $id) { id status }
}
fragment Trace on CartIntentTrace { id status steps @include(if: $deep) { at stage } }"""
INTENT = global_id("CartIntent", FJORD.key(0x60))


@pytest.mark.parametrize("deep", [True, False])
async def test_a_resolved_field_stands_beside_others_and_under_aliases(
    asker: Asker, deep: bool
) -> None:
    answer = await asker.ask(QUERY, FJORD.viewer(), {"id": INTENT, "deep": deep})

    data = answer["data"]
    assert list(answer) == ["data"]
    assert data["again"] == {"__typename": "CartIntentTrace", **data["first"]}
    assert {name: data["first"][name] for name in ("id", "status")} == data["cartIntent"]
    assert ("steps" in data["first"]) is deep


TRACE = "explainCartIntent(id: $id) { status }"


@pytest.mark.parametrize("before", ["", "__typename"])
async def test_a_resolved_field_takes_its_scope_before_anything_is_read(
    asker: Asker, before: str
) -> None:
    query = f"query ($id: ID!) {{ {before} {TRACE} }}"

    with pytest.raises(RequestRefused) as refused:
        await asker.ask(query, FJORD.viewer(Scope.INTENTS_READ), {"id": INTENT})

    assert refused.value.code == "MISSING_SCOPE"
    assert refused.value.path == ["explainCartIntent"]
    assert asker.statements == []


async def test_the_reference_alone_refuses_a_missing_scope_too(asker: Asker) -> None:
    query = f"query ($id: ID!) {{ {TRACE} }}"

    with pytest.raises(RequestRefused) as refused:
        await asker.ask_reference(query, FJORD.viewer(Scope.INTENTS_READ), {"id": INTENT})

    assert refused.value.code == "MISSING_SCOPE"
    assert asker.statements == []
