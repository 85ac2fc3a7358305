"""X ids: 64-bit numbers that tell when they were made (Snowflake)."""

from datetime import UTC, datetime, timedelta

X_ID_MAX = 2**63 - 1

_EPOCH_MILLISECONDS = 1_288_834_974_657
_TIME_SHIFT = 22


def read_xid(value: object) -> int | None:
    """An X id from JSON, which writes it as decimal text; None where it is none.

    A number is taken too: it is exact, since bodies are read without floats for integers.
    """
    if isinstance(value, str):
        if not (value.isascii() and value.isdecimal() and len(value) <= 19):
            return None
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 < value <= X_ID_MAX else None


def moment_of(xid: int) -> datetime:
    """When the post with this id was made, to the millisecond.

    Source:
        X developer documentation, "X IDs": the time stands in the bits above the lowest 22.
    """
    milliseconds = (xid >> _TIME_SHIFT) + _EPOCH_MILLISECONDS
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)


def first_id_at(moment: datetime) -> int:
    """The lowest id that a post made at *moment* can have; 0 for moments before Snowflake."""
    milliseconds = int(moment.timestamp() * 1000) - _EPOCH_MILLISECONDS
    return max(milliseconds, 0) << _TIME_SHIFT
