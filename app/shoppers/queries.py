"""Finding people and their pseudonyms, many at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from app.core.bulk import run
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.shoppers.states import ConsentKind

_SUPPRESSED = "SELECT x_lookup FROM suppression WHERE x_lookup = ANY($1::bytea[])"

_KNOWN = """
SELECT person.x_lookup, person.id, person.sealed_x_handle IS NULL, shopper.brand_id, shopper.id
FROM person LEFT JOIN shopper
    ON shopper.person_id = person.id AND shopper.brand_id = ANY($2::uuid[])
WHERE person.x_lookup = ANY($1::bytea[])
"""

_SEALED_KEYS = "SELECT id, sealed_key FROM person WHERE id = ANY($1::uuid[])"

_LOCK_NAMELESS = """
SELECT id, sealed_key FROM person
WHERE id = ANY($1::uuid[]) AND (sealed_x_handle IS NULL OR $2)
ORDER BY id FOR NO KEY UPDATE
"""

_LOCK_PERSON = """
SELECT id, sealed_key, sealed_x_user_id, sealed_x_handle FROM person WHERE id = $1 FOR UPDATE
"""

_SHOPPERS = """
SELECT brand_id, id FROM shopper WHERE person_id = $1 ORDER BY brand_id LIMIT $2
"""

_LINKS = """
SELECT asked.brand_id, asked.id, link.retailer, link.marketplace,
    shopper.person_id, person.sealed_key, link.sealed_external_reference
FROM unnest($1::uuid[], $2::uuid[]) AS asked (brand_id, id)
CROSS JOIN LATERAL (
    SELECT person_id FROM shopper WHERE brand_id = asked.brand_id AND id = asked.id OFFSET 0
) AS shopper
CROSS JOIN LATERAL (
    SELECT retailer, marketplace, sealed_external_reference FROM account_link
    WHERE person_id = shopper.person_id AND status = 'ACTIVE' OFFSET 0
) AS link
CROSS JOIN LATERAL (
    SELECT sealed_key FROM person WHERE id = shopper.person_id OFFSET 0
) AS person
"""

_CONSENTS = """
SELECT DISTINCT asked.brand_id, asked.id
FROM unnest($1::uuid[], $2::uuid[]) AS asked (brand_id, id)
CROSS JOIN LATERAL (
    SELECT person_id FROM shopper WHERE brand_id = asked.brand_id AND id = asked.id OFFSET 0
) AS shopper
CROSS JOIN LATERAL (
    SELECT FROM consent
    WHERE person_id = shopper.person_id AND kind = $3 AND revoked_at IS NULL
        AND (brand_id IS NULL OR brand_id = asked.brand_id)
    OFFSET 0
) AS consent
"""

_SEALED_ACCOUNTS = """
SELECT asked.brand_id, asked.id, asked.retailer, asked.marketplace,
    shopper.person_id, person.sealed_key, link.sealed_external_reference
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
    AS asked (brand_id, id, retailer, marketplace)
CROSS JOIN LATERAL (
    SELECT person_id FROM shopper WHERE brand_id = asked.brand_id AND id = asked.id OFFSET 0
) AS shopper
CROSS JOIN LATERAL (
    SELECT sealed_external_reference FROM account_link
    WHERE person_id = shopper.person_id AND status = 'ACTIVE'
        AND retailer = asked.retailer AND marketplace = asked.marketplace
    OFFSET 0
) AS link
CROSS JOIN LATERAL (
    SELECT sealed_key FROM person WHERE id = shopper.person_id OFFSET 0
) AS person
"""
"""OFFSET 0 here and above: from each shopper to what is hers, in this order. A plan that was made
while tables were small might begin at the other end, and read all of them for each batch."""

BRANDS_MAX = 10_000
"""Most brands at which one person is looked for; a deployment has fewer."""

_REFERENCE = """
INSERT INTO shopper (brand_id, id, person_id, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (brand_id, person_id) DO UPDATE SET person_id = excluded.person_id
RETURNING id
"""

ShopperKey = tuple[UUID, UUID]
"""A brand's id and a shopper's id there."""

AccountKey = tuple[UUID, UUID, str, str]
"""A brand's id, a shopper's id there, a retailer and a marketplace."""


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """A person as she is stored: nothing in it can be read."""

    id: UUID
    sealed_key: bytes
    sealed_x_user_id: bytes
    sealed_x_handle: bytes | None


@dataclass(frozen=True, slots=True)
class SealedAccount:
    """A shopper's account at a retailer as it is stored: nothing in it can be read."""

    person_id: UUID
    sealed_key: bytes
    sealed_external_reference: bytes


Links: TypeAlias = Mapping[ShopperKey, Mapping[tuple[str, str], SealedAccount]]
"""Shoppers' usable accounts, by retailer and marketplace."""


@dataclass(frozen=True, slots=True)
class KnownPeople:
    """Person ids by lookup hash, and shopper ids by brand and person.

    `nameless` are the lookup hashes of those whose handle was never told.
    """

    persons: dict[bytes, UUID]
    shoppers: dict[tuple[UUID, UUID], UUID]
    nameless: set[bytes]


async def suppressed(session: WriteSession, lookups: Collection[bytes]) -> frozenset[bytes]:
    """Which of these keyed hashes belong to people who opted out or were erased."""
    rows = await run(session, _SUPPRESSED, list(lookups))
    return frozenset(lookup for (lookup,) in rows)


async def known_people(
    session: WriteSession, lookups: Collection[bytes], brand_ids: Collection[UUID]
) -> KnownPeople:
    """Who of these is known, and by which reference at which of these brands. Unlocked."""
    known = KnownPeople({}, {}, set())
    for lookup, person_id, nameless, brand_id, shopper_id in await run(
        session, _KNOWN, list(lookups), list(brand_ids)
    ):
        known.persons[lookup] = person_id
        if nameless:
            known.nameless.add(lookup)
        if shopper_id is not None:
            known.shoppers[brand_id, person_id] = shopper_id
    return known


async def sealed_keys(session: WriteSession, person_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """Each person's own key, sealed under the deployment's; who does not exist is absent."""
    rows = await run(session, _SEALED_KEYS, list(person_ids))
    return dict(rows)


async def lock_keys_for_handles(
    session: WriteSession, person_ids: Collection[UUID], *, renamed: bool
) -> dict[UUID, bytes]:
    """The sealed keys of those whose handle is to be written, locked in the order of their ids.

    Unless they are *renamed*, who has a handle by now is absent.
    """
    rows = await run(session, _LOCK_NAMELESS, list(person_ids), renamed)
    return dict(rows)


async def lock_person(session: WriteSession, person_id: UUID) -> SealedPerson | None:
    """A person as she is stored, locked, so that nobody makes a reference to her meanwhile."""
    rows = await run(session, _LOCK_PERSON, person_id)
    return SealedPerson(*rows[0]) if rows else None


async def shoppers_of(session: WriteSession, person_id: UUID) -> list[ShopperKey]:
    """A person's references at brands, in the order of the brands; at most `BRANDS_MAX`."""
    rows = await run(session, _SHOPPERS, person_id, BRANDS_MAX)
    return [(brand_id, shopper_id) for brand_id, shopper_id in rows]


async def ensure_reference(
    session: WriteSession, brand_id: UUID, person_id: UUID, *, now: datetime
) -> UUID:
    """The brand's reference of a person who is known; made where she is new to the brand."""
    [(shopper_id,)] = await run(session, _REFERENCE, brand_id, uuid7(), person_id, now)
    found: UUID = shopper_id
    return found


async def active_links(session: WriteSession, shoppers: Collection[ShopperKey]) -> Links:
    """For each shopper, by retailer and marketplace, the accounts that she can be served by."""
    found: dict[ShopperKey, dict[tuple[str, str], SealedAccount]] = {}
    for brand_id, shopper_id, retailer, marketplace, *sealed in await run(
        session, _LINKS, *_columns(list(shoppers), 2)
    ):
        links = found.setdefault((brand_id, shopper_id), {})
        links[retailer, marketplace] = SealedAccount(*sealed)
    return found


async def consenting(
    session: WriteSession, shoppers: Collection[ShopperKey], kind: ConsentKind
) -> frozenset[ShopperKey]:
    """Who of these consents to *kind* now, at this brand or at all."""
    rows = await run(session, _CONSENTS, *_columns(list(shoppers), 2), kind.value)
    return frozenset((brand_id, shopper_id) for brand_id, shopper_id in rows)


async def sealed_accounts(
    session: WriteSession, wanted: Collection[AccountKey]
) -> dict[AccountKey, SealedAccount]:
    """The usable accounts among those that are asked for; who has none is absent."""
    rows = await run(session, _SEALED_ACCOUNTS, *_columns(list(wanted), 4))
    return {
        (brand_id, shopper_id, retailer, marketplace): SealedAccount(*sealed)
        for brand_id, shopper_id, retailer, marketplace, *sealed in rows
    }


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[number] for row in rows] for number in range(width)]
