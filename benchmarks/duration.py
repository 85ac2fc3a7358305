"""How long a run will take, told before it begins."""

from collections.abc import Sequence

from benchmarks.asked import Operation
from benchmarks.by_hand.all_forms import FORMS
from benchmarks.peer_servers import SOURCES
from benchmarks.reads import WARM_SECONDS

BETWEEN_SECONDS = 0.5
"""Around each measurement: to put the others to sleep, start the load, and read the counters."""

START_SECONDS = 10.0
"""Until the servers of a part are ready, and their answers compared."""

PLAN_ROUND_SECONDS = 0.8
"""Twenty misses of one operation and as many validations by Strawberry, with what lies between."""

CEILING_SECONDS = 40.0
"""To make databases for a round of ingest, and to write its rows again."""

LIVE_WAIT_SECONDS = 1.0
SOCKET_NUMBERS = 2
FILL_SECONDS = {"small": 30.0, "full": 300.0}


def reads_seconds(
    chosen: Sequence[Operation], *, rounds: int, seconds: float, peers: bool
) -> float:
    """Of the reads."""
    total = 2 * START_SECONDS
    for operation in chosen:
        forms = [form for form in FORMS if form.operation == operation.name]
        over_http = 1 + len(forms) + (len(SOURCES) if peers and operation.main else 0)
        alone = 1 + len({form.sql for form in forms}) if operation.main else 0
        total += over_http * WARM_SECONDS
        total += rounds * (over_http + alone) * (seconds + BETWEEN_SECONDS)
    return total


def plan_seconds(chosen: Sequence[Operation], *, rounds: int) -> float:
    """Of the plan cache."""
    return len(chosen) * rounds * PLAN_ROUND_SECONDS


def metering_seconds(*, rounds: int, seconds: float) -> float:
    """Of charging and not charging."""
    return START_SECONDS + 2 * (WARM_SECONDS + rounds * (seconds + BETWEEN_SECONDS))


def ingest_seconds(*, rounds: int, steady: float, offered: float) -> float:
    """Of ingest."""
    return START_SECONDS + rounds * (steady + offered + CEILING_SECONDS)


def live_seconds(*, rounds: int, seconds: float) -> float:
    """Of the live events."""
    return START_SECONDS + rounds * SOCKET_NUMBERS * (seconds + LIVE_WAIT_SECONDS)


def memory_seconds(*, minutes: float) -> float:
    """Of the generated documents."""
    return START_SECONDS + minutes * 60


def told(seconds: float) -> str:
    """A length of time as one says it."""
    minutes = round(seconds / 60)
    return f"{seconds:.0f} seconds" if minutes < 2 else f"{minutes} minutes"
