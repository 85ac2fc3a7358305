"""graphql-eslint over the printed schema and the examples."""

import pytest

from tests.clients.programs import lines_of
from tests.tree import ROOT

GRAPHQL = ROOT / "graphql"
WITHOUT_IDENTITY = ["type AccountLinkEdge {"]
"""What these hold has no id: by that of an account link brands could join their shoppers."""


@pytest.mark.needs("node")
async def test_everything_is_described_and_named_and_shaped_as_relay_has_it() -> None:
    *found, last = await lines_of("lint", GRAPHQL=str(GRAPHQL))

    lines = (GRAPHQL / "schema.graphql").read_text(encoding="utf-8").splitlines()
    no_node = "Edge type's field `node` must implement `Node` interface."
    assert {finding["message"] for finding in found} == {no_node}, found
    assert [lines[finding["line"] - 1] for finding in found] == WITHOUT_IDENTITY
    examples = list((GRAPHQL / "operations").glob("**/*.graphql"))
    assert last == {"files": 1 + len(examples)}
