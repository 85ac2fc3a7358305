"""Sealed keys, tokens and identifiers."""

from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ids import global_id, parse_global_id, uuid7
from app.core.keys import WrongSecretKey, load_keys, rotate_keys
from app.core.secrets import CannotOpen, Sealer, hash_token, new_token

OLD, NEW = "the old secret key of this deployment", "the new secret key of this deployment"


async def test_keys_are_made_once_and_stay_the_same(own_database: str) -> None:
    connection = await asyncpg.connect(own_database)

    first, again = await load_keys(connection, OLD), await load_keys(connection, OLD)

    assert first == again
    assert len({first.lookup, first.cursor, first.person.key}) == 3
    await connection.close()


async def test_another_secret_key_is_refused_and_changes_nothing(own_database: str) -> None:
    connection = await asyncpg.connect(own_database)
    first = await load_keys(connection, OLD)

    with pytest.raises(WrongSecretKey, match="keys rotate"):
        await load_keys(connection, NEW)
    with pytest.raises(WrongSecretKey):
        await rotate_keys(connection, NEW, OLD)

    assert await load_keys(connection, OLD) == first
    await connection.close()


async def test_rotation_changes_the_seal_and_never_the_keys(own_database: str) -> None:
    connection = await asyncpg.connect(own_database)
    first = await load_keys(connection, OLD)

    await rotate_keys(connection, OLD, NEW)

    assert await load_keys(connection, NEW) == first
    with pytest.raises(WrongSecretKey):
        await load_keys(connection, OLD)
    await connection.close()


@given(plain=st.binary(max_size=200), context=st.text(max_size=20), flip=st.integers(0, 10_000))
def test_what_is_sealed_opens_only_whole_and_in_its_context(
    plain: bytes, context: str, flip: int
) -> None:
    sealer = Sealer.from_secret(OLD)
    sealed = sealer.seal(plain, context)
    altered = bytearray(sealed)
    altered[flip % len(sealed)] ^= 1

    assert sealer.open(sealed, context) == plain
    for opener, body, where in (
        (sealer, bytes(altered), context),
        (sealer, sealed, context + "x"),
        (Sealer.from_secret(NEW), sealed, context),
        (sealer, b"", context),
    ):
        with pytest.raises(CannotOpen):
            opener.open(body, where)


def test_a_token_is_readable_by_its_prefix_and_stored_as_a_hash() -> None:
    token = new_token()

    assert token.startswith("hc_at_")
    assert len(token) == 6 + 43
    assert token != new_token()
    assert len(hash_token(token)) == 32


def test_ids_of_one_process_sort_in_the_order_of_their_making() -> None:
    made = [uuid7() for _ in range(20_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(each.version, each.variant) for each in made} == {(7, UUID(int=1 << 63).variant)}


@given(key=st.uuids(), name=st.sampled_from(["Product", "CartIntent", "Brand", "A1"]))
def test_a_global_id_is_url_safe_and_names_its_row(key: UUID, name: str) -> None:
    text = global_id(name, key)

    assert text.isascii()
    assert text.replace("_", "").replace("-", "").isalnum()
    assert parse_global_id(text) == (name, key)


@given(text=st.text(max_size=150))
def test_any_text_is_a_global_id_or_none(text: str) -> None:
    parsed = parse_global_id(text)

    assert parsed is None or parse_global_id(global_id(*parsed)) == parsed


def test_foreign_ids_name_nothing() -> None:
    for text in ("", "x", "UHJvZHVjdA", "ümlaut", "A" * 121, global_id("Pro duct", uuid4())):
        assert parse_global_id(text) is None
