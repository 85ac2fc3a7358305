"""Finding people and their pseudonyms, many at a time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.bulk import run
from app.core.database import WriteSession
from app.shoppers.states import ConsentKind

_SUPPRESSED = "SELECT x_lookup FROM suppression WHERE x_lookup = ANY($1::bytea[])"

_KNOWN = """
SELECT person.x_lookup, person.id, shopper.brand_id, shopper.id
FROM person LEFT JOIN shopper
    ON shopper.person_id = person.id AND shopper.brand_id = ANY($2::uuid[])
WHERE person.x_lookup = ANY($1::bytea[])
"""

_SEALED_KEYS = "SELECT id, sealed_key FROM person WHERE id = ANY($1::uuid[])"

_LINKS = """
SELECT asked.brand_id, asked.id, link.retailer, link.marketplace
FROM unnest($1::uuid[], $2::uuid[]) AS asked (brand_id, id)
JOIN shopper ON shopper.brand_id = asked.brand_id AND shopper.id = asked.id
JOIN account_link AS link ON link.person_id = shopper.person_id AND link.status = 'ACTIVE'
"""

_CONSENTS = """
SELECT DISTINCT asked.brand_id, asked.id
FROM unnest($1::uuid[], $2::uuid[]) AS asked (brand_id, id)
JOIN shopper ON shopper.brand_id = asked.brand_id AND shopper.id = asked.id
JOIN consent ON consent.person_id = shopper.person_id
    AND consent.kind = $3 AND consent.revoked_at IS NULL
    AND (consent.brand_id IS NULL OR consent.brand_id = asked.brand_id)
"""

_SEALED_ACCOUNTS = """
SELECT asked.brand_id, asked.id, asked.retailer, asked.marketplace,
    person.id, person.sealed_key, link.sealed_external_reference
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
    AS asked (brand_id, id, retailer, marketplace)
JOIN shopper ON shopper.brand_id = asked.brand_id AND shopper.id = asked.id
JOIN person ON person.id = shopper.person_id
JOIN account_link AS link ON link.person_id = person.id AND link.status = 'ACTIVE'
    AND link.retailer = asked.retailer AND link.marketplace = asked.marketplace
"""

ShopperKey = tuple[UUID, UUID]
"""A brand's id and a shopper's id there."""

AccountKey = tuple[UUID, UUID, str, str]
"""A brand's id, a shopper's id there, a retailer and a marketplace."""


@dataclass(frozen=True, slots=True)
class SealedAccount:
    """A shopper's account at a retailer as it is stored: nothing in it can be read."""

    person_id: UUID
    sealed_key: bytes
    sealed_external_reference: bytes


@dataclass(frozen=True, slots=True)
class KnownPeople:
    """Person ids by lookup hash, and shopper ids by brand and person."""

    persons: dict[bytes, UUID]
    shoppers: dict[tuple[UUID, UUID], UUID]


async def suppressed(session: WriteSession, lookups: Collection[bytes]) -> frozenset[bytes]:
    """Which of these keyed hashes belong to people who opted out or were erased."""
    rows = await run(session, _SUPPRESSED, list(lookups))
    return frozenset(lookup for (lookup,) in rows)


async def known_people(
    session: WriteSession, lookups: Collection[bytes], brand_ids: Collection[UUID]
) -> KnownPeople:
    """Who of these is known, and by which reference at which of these brands. Unlocked."""
    known = KnownPeople({}, {})
    for lookup, person_id, brand_id, shopper_id in await run(
        session, _KNOWN, list(lookups), list(brand_ids)
    ):
        known.persons[lookup] = person_id
        if shopper_id is not None:
            known.shoppers[brand_id, person_id] = shopper_id
    return known


async def sealed_keys(session: WriteSession, person_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """Each person's own key, sealed under the deployment's; who does not exist is absent."""
    rows = await run(session, _SEALED_KEYS, list(person_ids))
    return dict(rows)


async def active_links(
    session: WriteSession, shoppers: Collection[ShopperKey]
) -> dict[ShopperKey, frozenset[tuple[str, str]]]:
    """For each shopper, the (retailer, marketplace) pairs at which she has a usable account."""
    found: dict[ShopperKey, set[tuple[str, str]]] = {}
    for brand_id, shopper_id, retailer, marketplace in await run(
        session, _LINKS, *_columns(list(shoppers), 2)
    ):
        found.setdefault((brand_id, shopper_id), set()).add((retailer, marketplace))
    return {key: frozenset(links) for key, links in found.items()}


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
