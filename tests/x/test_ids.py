"""X ids: what is one, and the moment in it."""

from datetime import UTC, datetime, timedelta

import pytest

from app.x.ids import X_ID_MAX, first_id_at, moment_of, read_xid


@pytest.mark.parametrize(
    ("value", "xid"),
    [
        ("2123688217942515450", 2123688217942515450),
        (2123688217942515450, 2123688217942515450),
        (str(X_ID_MAX), X_ID_MAX),
        (str(X_ID_MAX + 1), None),
        ("0", None),
        ("-1", None),
        ("", None),
        (" 1", None),
        ("1e3", None),
        ("\u0661\u0662", None),
        ("1" * 5000, None),
        (1.0, None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_an_x_id_is_a_positive_64_bit_number_in_decimal(value: object, xid: int | None) -> None:
    assert read_xid(value) == xid


def test_the_moment_in_an_id_is_that_of_the_post() -> None:
    assert moment_of(2080761390344937796) == datetime(2026, 7, 24, 21, 5, 48, 792_000, UTC)


def test_the_first_id_of_a_moment_parts_older_posts_from_newer() -> None:
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC)
    first = first_id_at(moment)

    assert moment_of(first) == moment
    assert moment_of(first - 1) == moment - timedelta(milliseconds=1)
    assert first_id_at(datetime(2006, 3, 21, tzinfo=UTC)) == 0
