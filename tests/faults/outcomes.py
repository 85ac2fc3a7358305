"""What stories must have come to, whoever was killed or hung on the way."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.faults.ledger import Ledger
from tests.faults.stories import EXPIRED, Ending, Stories, Story
from tests.invariants.checks import assert_invariants

_ENDINGS = """
SELECT engagement.xid, brand.slug, intent.status, intent.failure_reason, intent.repeat_count
FROM cart_intent AS intent
JOIN brand ON brand.id = intent.brand_id
JOIN engagement
    ON engagement.brand_id = intent.brand_id AND engagement.id = intent.engagement_id
"""

_MISUSE = "SELECT xid, misuse_reason FROM engagement WHERE misuse_reason IS NOT NULL"

_PUT_ASIDE = "SELECT count(*) FROM inbox WHERE quarantined_at IS NOT NULL OR attempts > 0"


async def assert_outcomes(ledger: Ledger, stories: Stories, *, expired: bool) -> None:
    """Each story came to a permitted end, and nothing else did; the invariants hold.

    *expired*: the time of all waits is over.
    """
    assert await ledger.value(_PUT_ASIDE) == 0
    intents = [tuple(row) for row in await ledger.rows(_ENDINGS)]
    misuse = [tuple(row) for row in await ledger.rows(_MISUSE)]
    home = {xid: story for story in stories.played for xid in story.posts}
    endings: dict[int, Counter[Ending]] = {}
    misused: dict[int, Counter[tuple[int, str]]] = {}
    late: dict[int, Counter[tuple[int, str]]] = {}
    for xid, *ending in intents:
        told = Ending(*ending)
        endings.setdefault(id(home[xid]), Counter())[told] += 1
        if told[1:3] == EXPIRED["RECEIVED"] and _waits(home[xid]):
            late.setdefault(id(home[xid]), Counter())[xid, "NO_LINK"] += 1
    for xid, reason in misuse:
        misused.setdefault(id(home[xid]), Counter())[xid, reason] += 1
    wrong = [
        (story.name, sorted(story.posts), endings.get(id(story)), misused.get(id(story)))
        for story in stories.played
        if endings.get(id(story), Counter()) not in _permitted(story, expired=expired)
        or misused.get(id(story), Counter()) != story.misuse + late.get(id(story), Counter())
    ]
    assert wrong == []
    await assert_invariants(_fetch(ledger))


def _waits(story: Story) -> bool:
    return any(each.status == "RECEIVED" for told in story.endings for each in told)


def _permitted(story: Story, *, expired: bool) -> Sequence[Counter[Ending]]:
    return [
        Counter(_after_waits(each) if expired else each for each in told.elements())
        for told in story.endings
    ]


def _after_waits(ending: Ending) -> Ending:
    status, failure = EXPIRED.get(ending.status, (ending.status, ending.failure))
    return Ending(ending.brand, status, failure, ending.repeats)


def _fetch(ledger: Ledger) -> Any:
    async def fetch(sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await ledger.rows(sql)]

    return fetch
