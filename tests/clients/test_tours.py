"""Every client that developers use does the same with the API, and is told the same."""

from typing import Any

import pytest

from tests.clients.programs import Served, steps_of
from tests.golden_world import FJORD

TITLES = [f"{FJORD.name} product {number} ✓" for number in (2, 1, 0)]
ASKED: dict[str, Any] = {
    "brand": f"{FJORD.name} Ltd",
    "titles forward": TITLES,
    "titles backward": TITLES,
    "the same key again": True,
    "the same key for something else": "IdempotencyKeyReused",
    "added twice": {"__typename": "TriggerTaken", "same": True},
    "removed": f"{FJORD.name} Ltd",
}
FOLLOWED: dict[str, Any] = {
    "the first item": "LogHeartbeat",
    "followed": ["BRAND_UPDATED", ["triggers"], f"{FJORD.name} Ltd"],
}
REFUSED: dict[str, Any] = {
    "a field that is not there": ["GRAPHQL_VALIDATION_FAILED"],
    "too large a page": ["BAD_USER_INPUT"],
    "a variable of the wrong type": ["BAD_USER_INPUT"],
    "a cursor that is none": ["BAD_CURSOR"],
    "a missing scope": ["MISSING_SCOPE"],
}
UNKNOWN: dict[str, Any] = {"no valid token": ["UNAUTHENTICATED"]}

EXPECTED = {
    "apollo": ASKED | FOLLOWED | REFUSED | UNKNOWN,
    "urql": ASKED | FOLLOWED | REFUSED | UNKNOWN,
    "graphql_sse": ASKED | FOLLOWED | REFUSED | UNKNOWN,
    "graphql_ws": ASKED | FOLLOWED | REFUSED,
    "plain": ASKED | REFUSED | UNKNOWN,
}


@pytest.mark.once
@pytest.mark.needs("node")
@pytest.mark.parametrize("program", EXPECTED)
async def test_the_client_is_told_what_every_client_is_told(program: str, served: Served) -> None:
    tag = f"Of{program.title().replace('_', '')}"

    told = await steps_of(program, TAG=tag, **served.environment())

    added = {"__typename": "Trigger", "tag": tag, "action": "WISHLIST"}
    assert told == EXPECTED[program] | {"added": added}
