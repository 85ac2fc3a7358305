"""Many rows by one statement."""

import asyncpg
import pytest
from sqlalchemy import select

from app.brands.models import XAccount
from app.brands.states import AccountRole
from app.core.bulk import arrays, copy_rows, insert_rows, run, update_rows
from app.core.database import WriteSession
from app.retailers.models import SandboxCart

COLUMNS = ("x_user_id", "handle", "role", "brand_id")


async def accounts(session: WriteSession) -> list[tuple[object, ...]]:
    """All X accounts, in the order of their ids."""
    columns = (XAccount.x_user_id, XAccount.handle, XAccount.role, XAccount.brand_id)
    rows = await session.execute(select(*columns).order_by(XAccount.x_user_id))
    return [tuple(row) for row in rows]


async def test_rows_are_inserted_with_nulls_and_enums(session: WriteSession) -> None:
    rows = [(2**62, "it's ünïcode", AccountRole.BOT, None), (7, "", AccountRole.BOT, None)]

    await insert_rows(session, XAccount, COLUMNS, rows)

    assert await accounts(session) == sorted(rows)


async def test_the_tail_tells_what_was_inserted(session: WriteSession) -> None:
    tail = "ON CONFLICT (x_user_id) DO NOTHING RETURNING x_user_id"
    old, new = (7, "old", AccountRole.BOT, None), (8, "new", AccountRole.BOT, None)
    await insert_rows(session, XAccount, COLUMNS, [old])

    made = await insert_rows(
        session, XAccount, COLUMNS, [(7, "x", AccountRole.BOT, None), new], tail
    )

    assert made == [(8,)]
    assert await accounts(session) == [old, new]


async def test_rows_are_copied_in_with_nulls_enums_and_words_of_postgresql(
    session: WriteSession,
) -> None:
    rows = [(2**62, "it's ünïcode", AccountRole.BOT, None), (7, "", AccountRole.BOT, None)]
    columns = ("account", "marketplace", "holds", "full", "timeouts_left")

    await copy_rows(session, XAccount, COLUMNS, rows)
    await copy_rows(session, SandboxCart, columns, [("mara", "US", "[]", True, 0)])

    assert await accounts(session) == sorted(rows)
    assert await run(session, "SELECT account, sandbox_cart.full FROM sandbox_cart") == [
        ("mara", True)
    ]


async def test_a_row_that_stands_already_is_not_copied_in(session: WriteSession) -> None:
    row = (7, "old", AccountRole.BOT, None)
    await copy_rows(session, XAccount, COLUMNS, [row])

    with pytest.raises(asyncpg.UniqueViolationError):
        await copy_rows(session, XAccount, COLUMNS, [row])


async def test_each_row_is_updated_by_its_keys_and_no_other(session: WriteSession) -> None:
    rows = [(number, "old", AccountRole.BOT, None) for number in (1, 2, 3)]
    await insert_rows(session, XAccount, COLUMNS, rows)

    await update_rows(
        session, XAccount, ("x_user_id",), ("handle",), [(1, "a"), (3, "c"), (4, "d")]
    )

    assert [handle for _, handle, _, _ in await accounts(session)] == ["a", "old", "c"]


async def test_a_column_may_have_a_word_of_postgresql_as_its_name(session: WriteSession) -> None:
    key = ("account", "marketplace")
    columns = (*key, "holds", "full", "timeouts_left")

    await insert_rows(session, SandboxCart, columns, [("mara", "US", "[]", False, 0)])
    await update_rows(session, SandboxCart, key, ("full",), [("mara", "US", True)])

    assert await run(session, "SELECT account, sandbox_cart.full FROM sandbox_cart") == [
        ("mara", True)
    ]


def test_no_rows_are_empty_columns() -> None:
    assert arrays(["a", "b"], []) == [[], []]
    assert arrays(["a", "b"], [(1, 2), (3, 4)]) == [[1, 3], [2, 4]]
    assert arrays(["a", "b", "c"], [(1, None, 2), (3, None, None)]) == [[1, 3], [], [2, None]]
    assert arrays(["a", "b"], [(None, 1)]) == [[None], [1]]


async def test_a_column_of_nothing_but_none_is_written_as_null(session: WriteSession) -> None:
    rows = [(7, "a", AccountRole.BOT, None), (8, "b", AccountRole.BOT, None)]

    await insert_rows(session, XAccount, COLUMNS, rows)

    assert await accounts(session) == rows
