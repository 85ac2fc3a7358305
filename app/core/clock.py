"""The only place where the time is read."""

from datetime import UTC, datetime, timedelta

_ahead = timedelta(0)


def now() -> datetime:
    """The present moment in UTC, as this process is told to see it."""
    return datetime.now(UTC) + _ahead


def start_at(moment: datetime | None) -> None:
    """Let time run on from *moment*; None returns to the machine's clock.

    For development and tests: a corpus of payloads is true to a certain day.
    """
    global _ahead
    _ahead = timedelta(0) if moment is None else moment - datetime.now(UTC)
