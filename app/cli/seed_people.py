"""The people of a world: sealed rows, links, consents, sandbox carts, advocates, reviews."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import select

from app.advocates.models import Advocate
from app.advocates.states import AdvocateStatus
from app.cli import seed_rows
from app.cli.seed_rows import KnownBrand, ProductIds
from app.cli.upsert import Row, ids_by, upsert
from app.cli.world import AdvocateEntry, ConsentEntry, ShopperEntry, World, moment_at
from app.core.bulk import insert_rows
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.core.keys import Keys
from app.retailers.models import SandboxCart
from app.retailers.states import AddMode
from app.reviews.models import AdvocateReview
from app.shoppers import queries, service
from app.shoppers.models import AccountLink, Consent
from app.shoppers.states import ConsentKind

PRESENT = frozenset({AdvocateStatus.ENROLLED, AdvocateStatus.PAUSED})
"""Who speaks for a brand, or may again, has consented to it."""

Brands: TypeAlias = Mapping[str, KnownBrand]


@dataclass(frozen=True)
class People:
    """The shoppers of a file of whom anything may be stored, and what is known of them."""

    session: WriteSession
    keys: Keys
    brands: Brands
    moment: datetime
    shoppers: Mapping[int, ShopperEntry]
    persons: Mapping[int, UUID]

    def account(self, x_user_id: int) -> str:
        """What the sandbox calls her account: the same at every loading, and no X id."""
        return f"sandbox-{self.keys.lookup_hash('sandbox_account', str(x_user_id)).hex()[:20]}"


async def seed_people(
    session: WriteSession,
    keys: Keys,
    world: World,
    brands: Brands,
    products: ProductIds,
    moment: datetime,
) -> int:
    """Load the people of *world* and what they said; the number of rows that are new or changed."""
    changed, present = await _present(session, keys, world)
    handles = {x_user_id: shopper.x_handle for x_user_id, shopper in present.items()}
    known_before = await queries.known_people(
        session, [service.x_lookup(keys, x_user_id) for x_user_id in handles], []
    )
    persons = await service.ensure_persons(session, keys, handles)
    changed += len(persons) - len(known_before.persons)
    people = People(session, keys, brands, moment, present, persons)
    changed += await _seed_carts(people)
    changed += await _seed_links(people)
    changed += await _seed_consents(people, world.advocates)
    advocates = [entry for entry in world.advocates if entry.x_user_id in persons]
    shopper_ids = await _shopper_ids(people, advocates)
    changed += await _seed_advocates(people, advocates, shopper_ids)
    return changed + await _seed_reviews(people, world, shopper_ids, products)


async def _present(
    session: WriteSession, keys: Keys, world: World
) -> tuple[int, dict[int, ShopperEntry]]:
    """Put on the suppression list who opted out; everybody of the file who is not on it."""
    lookups = {
        shopper.x_user_id: service.x_lookup(keys, shopper.x_user_id) for shopper in world.shoppers
    }
    before = await queries.suppressed(session, lookups.values())
    leaving = [
        shopper.x_user_id
        for shopper in world.shoppers
        if shopper.opted_out and lookups[shopper.x_user_id] not in before
    ]
    await service.suppress(session, keys, leaving)
    absent = before | {lookups[x_user_id] for x_user_id in leaving}
    return len(leaving), {
        shopper.x_user_id: shopper
        for shopper in world.shoppers
        if lookups[shopper.x_user_id] not in absent
    }


async def _seed_carts(people: People) -> int:
    rows = [
        row
        for x_user_id, shopper in people.shoppers.items()
        for row in _cart_rows(people.account(x_user_id), shopper)
    ]
    return await upsert(people.session, SandboxCart, rows, by=["account", "marketplace"])


def _cart_rows(account: str, shopper: ShopperEntry) -> Iterable[Row]:
    """Her carts at the sandbox, one for each marketplace that the file names with her."""
    cart = shopper.sandbox_cart
    if cart is None:
        return
    linked = {link.marketplace for link in shopper.linked}
    for marketplace in sorted(linked | {held.marketplace for held in cart.holds}):
        yield {
            "account": account,
            "marketplace": marketplace,
            "holds": [held.asin for held in cart.holds if held.marketplace == marketplace],
            "full": cart.full,
            "refusal": cart.on_add.refuse.value if cart.on_add.refuse else None,
            "timeouts_left": cart.on_add.timeouts,
        }


async def _seed_links(people: People) -> int:
    """Link what the file says, unless the account was linked before, even if it no longer is."""
    statement = select(AccountLink.person_id, AccountLink.marketplace).where(
        AccountLink.person_id.in_(people.persons.values()),
        AccountLink.retailer == seed_rows.RETAILER,
    )
    known = {tuple(row) for row in await people.session.execute(statement)}
    links = [
        service.NewLink(
            person_id=people.persons[x_user_id],
            retailer=seed_rows.RETAILER,
            marketplace=marketplace,
            add_mode=AddMode.SERVER_ADD,
            external_reference=people.account(x_user_id),
        )
        for x_user_id, shopper in people.shoppers.items()
        for marketplace in sorted({link.marketplace for link in shopper.linked})
        if (people.persons[x_user_id], marketplace) not in known
    ]
    return await service.link_accounts(people.session, people.keys, links)


async def _seed_consents(people: People, advocates: Iterable[AdvocateEntry]) -> int:
    """Add the consents that were never given before, not even to be revoked since."""
    asked: dict[tuple[UUID, UUID | None, ConsentKind], str] = {}
    for x_user_id, shopper in people.shoppers.items():
        for consent in shopper.consents:
            asked[_consent_key(people, x_user_id, consent)] = consent.text_version
    for advocate in advocates:
        if advocate.x_user_id in people.persons and advocate.status in PRESENT:
            consent = ConsentEntry(kind=ConsentKind.ADVOCATE, brand=advocate.brand)
            asked.setdefault(
                _consent_key(people, advocate.x_user_id, consent), consent.text_version
            )
    statement = select(Consent.person_id, Consent.brand_id, Consent.kind).where(
        Consent.person_id.in_({person_id for person_id, _, _ in asked})
    )
    known = {tuple(row) for row in await people.session.execute(statement)}
    rows = [
        (uuid7(), *key, text_version, people.moment)
        for key, text_version in asked.items()
        if key not in known
    ]
    columns = ("id", "person_id", "brand_id", "kind", "text_version", "granted_at")
    await insert_rows(people.session, Consent, columns, rows)
    return len(rows)


def _consent_key(
    people: People, x_user_id: int, consent: ConsentEntry
) -> tuple[UUID, UUID | None, ConsentKind]:
    brand_id = people.brands[consent.brand].id if consent.brand is not None else None
    return people.persons[x_user_id], brand_id, consent.kind


ShopperIds: TypeAlias = Mapping[tuple[UUID, int], UUID]
"""Shoppers' ids by brand and X user id."""


async def _shopper_ids(people: People, advocates: Iterable[AdvocateEntry]) -> ShopperIds:
    handles: dict[UUID, dict[int, str | None]] = {}
    for advocate in advocates:
        brand = handles.setdefault(people.brands[advocate.brand].id, {})
        brand[advocate.x_user_id] = people.shoppers[advocate.x_user_id].x_handle
    return await service.ensure_shoppers_at_brands(people.session, people.keys, handles)


async def _seed_advocates(
    people: People, advocates: Iterable[AdvocateEntry], shopper_ids: ShopperIds
) -> int:
    rows = [
        _advocate_row(people.brands[advocate.brand], advocate, shopper_ids)
        for advocate in advocates
    ]
    return await upsert(
        people.session,
        Advocate,
        rows,
        by=["brand_id", "shopper_id"],
        only_when_new=["id", "created_at"],
    )


def _advocate_row(
    brand: KnownBrand, advocate: AdvocateEntry, shopper_ids: ShopperIds
) -> dict[str, Any]:
    enrolled = advocate.enrolled_at
    return {
        "id": uuid7(),
        "brand_id": brand.id,
        "shopper_id": shopper_ids[brand.id, advocate.x_user_id],
        "status": advocate.status,
        "score": advocate.score,
        "score_components": [part.model_dump() for part in advocate.components],
        "score_version": 1,
        "insider": advocate.insider,
        "disclosure_text": advocate.disclosure_text,
        "enrolled_at": moment_at(enrolled, brand.anchor) if enrolled else None,
        "created_at": brand.anchor,
    }


async def _seed_reviews(
    people: People, world: World, shopper_ids: ShopperIds, products: ProductIds
) -> int:
    keys = [(brand_id, shopper_id) for (brand_id, _), shopper_id in shopper_ids.items()]
    advocate_ids = await ids_by(people.session, Advocate, ("brand_id", "shopper_id"), keys)
    rows = []
    for review in world.reviews:
        brand = people.brands[review.brand]
        author = shopper_ids.get((brand.id, review.advocate)) if review.advocate else None
        advocate_id = advocate_ids[brand.id, author] if author else None
        rows.append(seed_rows.review_row(brand, review, advocate_id, products))
    return await upsert(people.session, AdvocateReview, rows, by=["brand_id", "id"])
