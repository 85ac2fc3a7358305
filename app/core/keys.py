"""Keys that must never change, kept sealed in the database.

People are found by a keyed hash of their X id and clients hold signed cursors, so neither key may
follow HASHCART_SECRET_KEY when that is rotated. Both derive from one random root key, made once.
"""

from dataclasses import dataclass, field
from os import urandom
from typing import TypeAlias

import asyncpg
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Model
from app.core.secrets import CannotOpen, Sealer, derive, keyed_hash

ROOT = "root"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class SealedKey(Model):
    """A key, sealed under HASHCART_SECRET_KEY."""

    __tablename__ = "sealed_key"

    name: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]


class WrongSecretKey(Exception):
    """HASHCART_SECRET_KEY is not the one that this database's keys were sealed with."""


@dataclass(frozen=True)
class Keys:
    """The keys of this deployment, in the clear, in memory only."""

    lookup: bytes = field(repr=False)
    cursor: bytes = field(repr=False)
    person: Sealer = field(repr=False)
    """Seals the key of each person, which in turn seals what is stored about her."""

    def lookup_hash(self, kind: str, value: str) -> bytes:
        """What a value is found by without being stored, for example a person's X id."""
        return keyed_hash(self.lookup, f"{kind}:{value}")


async def load_keys(connection: Connection, secret: str) -> Keys:
    """The keys of the database behind *connection*, made at the first call.

    Raises:
        WrongSecretKey: the database was set up with another secret; nothing is changed.
    """
    sealer = Sealer.from_secret(secret)
    fresh = sealer.seal(urandom(32), ROOT)
    await connection.execute(
        "INSERT INTO sealed_key (name, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING", ROOT, fresh
    )
    sealed = await connection.fetchval("SELECT sealed FROM sealed_key WHERE name = $1", ROOT)
    try:
        root = sealer.open(sealed, ROOT)
    except CannotOpen:
        raise WrongSecretKey(
            "HASHCART_SECRET_KEY does not open the keys of this database. "
            "Set the key it was set up with, or run `hashcart keys rotate` with both."
        ) from None
    return Keys(
        lookup=derive(root, "lookup"),
        cursor=derive(root, "cursor"),
        person=Sealer(derive(root, "person")),
    )


async def rotate_keys(connection: Connection, old_secret: str, new_secret: str) -> None:
    """Seal the root key anew; the keys themselves, and all that rests on them, stay.

    Raises:
        WrongSecretKey: *old_secret* does not open what is stored.
    """
    async with connection.transaction():
        sealed = await connection.fetchval(
            "SELECT sealed FROM sealed_key WHERE name = $1 FOR UPDATE", ROOT
        )
        try:
            root = Sealer.from_secret(old_secret).open(sealed, ROOT)
        except CannotOpen:
            raise WrongSecretKey("The old secret does not open this database's keys.") from None
        again = Sealer.from_secret(new_secret).seal(root, ROOT)
        await connection.execute("UPDATE sealed_key SET sealed = $2 WHERE name = $1", ROOT, again)
