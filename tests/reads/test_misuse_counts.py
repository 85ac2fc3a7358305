"""Misuse is counted by reason, of the viewer's brand alone."""

from typing import Any

import pytest

from app.core.ids import global_id
from app.core.viewer import Scope
from app.graphql.errors import ErrorCode, RequestRefused
from tests.golden_world import FJORD
from tests.reads.conftest import Asker

QUERY = """
query ($tweetId: ID, $since: DateTime, $until: DateTime) {
  engagementTotals(
    by: [MISUSE_REASON]
    filter: {
      misuseReason: { isNull: false }
      tweetId: { eq: $tweetId }
      occurredAt: { gte: $since, lt: $until }
    }
  ) { misuseReason count }
}
"""
ONE = [{"misuseReason": "NO_LINK", "count": 1}]
AT = "2026-11-20T12:43:00Z"
"""When the one post was made."""


@pytest.mark.parametrize(
    ("variables", "counts"),
    [
        ({}, ONE),
        ({"since": AT}, ONE),
        ({"until": AT}, []),
        ({"since": "2026-11-20T12:43:01Z"}, []),
        ({"since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"}, ONE),
        ({"tweetId": global_id("ShoppableTweet", FJORD.key(0x30, 1))}, []),
        ({"tweetId": "none of ours"}, []),
    ],
)
async def test_misuse_is_counted_by_reason(
    asker: Asker, variables: dict[str, Any], counts: list[dict[str, Any]]
) -> None:
    answer = await asker.ask(QUERY, FJORD.viewer(), variables)

    assert len(asker.statements) == 1
    assert answer == {"data": {"engagementTotals": counts}}
    assert answer == await asker.ask_reference(QUERY, FJORD.viewer(), variables)


async def test_counting_takes_the_scope_of_what_is_counted(asker: Asker) -> None:
    with pytest.raises(RequestRefused) as refused:
        await asker.ask(QUERY, FJORD.viewer(Scope.INTENTS_READ))

    assert refused.value.code is ErrorCode.MISSING_SCOPE
    assert asker.statements == []


@pytest.mark.parametrize(
    ("misuse", "xids"),
    [
        ("[NO_LINK]", ["2123688217942515103"]),
        ("[NEAR_MISS, NO_LINK]", ["2123688217942515103"]),
        ("[NEAR_MISS]", []),
        ("[]", []),
        ("null", [f"21236882179425151{position:02}" for position in (3, 2, 1, 0)]),
    ],
)
async def test_engagements_are_listed_by_their_misuse(
    asker: Asker, misuse: str, xids: list[str]
) -> None:
    asked = f"{{ misuseReason: {{ in: {misuse} }} }}"
    query = f"{{ engagements(first: 10, filter: {asked}) {{ nodes {{ xid }} }} }}"

    answer = await asker.ask(query, FJORD.viewer())

    assert [node["xid"] for node in answer["data"]["engagements"]["nodes"]] == xids
    assert answer == await asker.ask_reference(query, FJORD.viewer())
