"""People: found without their ids being stored, sealed, another reference at each brand."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import update

from app.core import clock
from app.core.database import WriteSession
from app.core.keys import Keys
from app.core.resources import Resources
from app.core.secrets import CannotOpen, Sealer
from app.events.log import write_transaction
from app.retailers.states import AddMode
from app.shoppers import queries
from app.shoppers.models import AccountLink, Consent, Person
from app.shoppers.service import (
    NewLink,
    ensure_persons,
    ensure_shoppers,
    ensure_shoppers_at_brands,
    link_accounts,
    open_accounts,
    suppress,
    x_lookup,
)
from app.shoppers.states import ConsentKind, LinkStatus
from tests.walk import everything, fetch

NEW, OTHER = 1777000000000000777, 1778000000000000778


async def brand_ids(resources: Resources) -> list[UUID]:
    return [key for (key,) in await fetch(resources, "SELECT id FROM brand ORDER BY slug")]


def a_link(person_id: UUID, account: str = "her-account", marketplace: str = "US") -> NewLink:
    return NewLink(
        person_id=person_id,
        retailer="sandbox",
        marketplace=marketplace,
        add_mode=AddMode.SERVER_ADD,
        external_reference=account,
    )


async def test_a_person_is_made_once_with_a_reference_at_each_brand(
    world_resources: Resources,
) -> None:
    acme, nord = await brand_ids(world_resources)
    keys = world_resources.keys
    async with write_transaction(world_resources.sessions) as session:
        at_acme = await ensure_shoppers(session, keys, acme, {NEW: "new_handle", OTHER: None})
        at_both = await ensure_shoppers_at_brands(
            session, keys, {acme: {NEW: None}, nord: {NEW: None, OTHER: "late"}}
        )
        persons = await ensure_persons(session, keys, {NEW: None})

    assert at_acme.keys() == {NEW, OTHER}
    assert at_both[acme, NEW] == at_acme[NEW]
    assert (
        len({*at_acme.values(), at_both[nord, NEW], at_both[nord, OTHER], *persons.values()}) == 5
    )


async def test_two_at_once_make_the_same_person(world_resources: Resources) -> None:
    acme, nord = await brand_ids(world_resources)
    keys = world_resources.keys

    async def make(handles: dict[int, str | None]) -> dict[tuple[UUID, int], UUID]:
        async with write_transaction(world_resources.sessions) as session:
            return await ensure_shoppers_at_brands(session, keys, {nord: handles, acme: handles})

    found = await asyncio.gather(
        *(make({NEW: "a", OTHER: "b"}) for _ in range(3)), make({OTHER: "b", NEW: "a"})
    )

    assert all(each == found[0] for each in found)
    assert len(set(found[0].values())) == 4


async def test_nothing_of_a_person_is_stored_in_the_clear(world_resources: Resources) -> None:
    async with write_transaction(world_resources.sessions) as session:
        persons = await ensure_persons(session, world_resources.keys, {NEW: "a_new_handle"})
        await link_accounts(session, world_resources.keys, [a_link(persons[NEW])])

    rows = str(await everything(world_resources))
    for text in (str(NEW), "a_new_handle", "her-account"):
        assert text not in rows
        assert text.encode().hex() not in rows


async def test_what_is_sealed_opens_under_her_own_key_alone(
    world_resources: Resources,
) -> None:
    keys = world_resources.keys
    async with write_transaction(world_resources.sessions) as session:
        persons = await ensure_persons(session, keys, {NEW: "a_new_handle", OTHER: None})
        hers, others = [await session.get_one(Person, persons[user]) for user in (NEW, OTHER)]

    sealer = Sealer(keys.person.open(hers.sealed_key, f"person:{hers.id}:key"))
    assert sealer.open(hers.sealed_x_user_id, f"person:{hers.id}:x_user_id") == str(NEW).encode()
    assert hers.sealed_x_handle is not None
    assert sealer.open(hers.sealed_x_handle, f"person:{hers.id}:x_handle") == b"a_new_handle"
    assert others.sealed_x_handle is None
    with pytest.raises(CannotOpen):
        sealer.open(others.sealed_x_user_id, f"person:{others.id}:x_user_id")
    with pytest.raises(CannotOpen):
        keys.person.open(hers.sealed_key, f"person:{others.id}:key")


async def test_an_account_is_opened_only_while_its_link_is_active(
    world_resources: Resources,
) -> None:
    acme, _ = await brand_ids(world_resources)
    keys = world_resources.keys
    async with write_transaction(world_resources.sessions) as session:
        shopper_id = (await ensure_shoppers(session, keys, acme, {NEW: None}))[NEW]
        person_id = (await ensure_persons(session, keys, {NEW: None}))[NEW]
        made = [await link_accounts(session, keys, [a_link(person_id)]) for _ in range(2)]
        key = (acme, shopper_id, "sandbox", "US")
        elsewhere = (acme, shopper_id, "sandbox", "DE")
        opened = await open_accounts(session, keys, [key, elsewhere])
        links = await queries.active_links(session, [(acme, shopper_id)])

        await _end_links(session)
        after = await open_accounts(session, keys, [key])
        none = await queries.active_links(session, [(acme, shopper_id)])

    assert made == [1, 0]
    assert opened == {key: "her-account"}
    assert {key: set(accounts) for key, accounts in links.items()} == {
        (acme, shopper_id): {("sandbox", "US")}
    }
    assert (after, none) == ({}, {})


async def test_an_account_that_does_not_open_is_absent(world_resources: Resources) -> None:
    acme, _ = await brand_ids(world_resources)
    keys = world_resources.keys
    strange = Keys(lookup=keys.lookup, cursor=keys.cursor, person=Sealer(b"x" * 32))
    async with write_transaction(world_resources.sessions) as session:
        shopper_id = (await ensure_shoppers(session, keys, acme, {NEW: None}))[NEW]
        person_id = (await ensure_persons(session, keys, {NEW: None}))[NEW]
        await link_accounts(session, keys, [a_link(person_id)])

        assert await open_accounts(session, strange, [(acme, shopper_id, "sandbox", "US")]) == {}


async def test_a_person_who_does_not_exist_cannot_be_linked(world_resources: Resources) -> None:
    async with write_transaction(world_resources.sessions) as session:
        with pytest.raises(LookupError):
            await link_accounts(session, world_resources.keys, [a_link(UUID(int=1))])


async def test_who_is_suppressed_is_known_by_a_keyed_hash_alone(
    world_resources: Resources,
) -> None:
    keys = world_resources.keys
    lookups = {x_lookup(keys, user) for user in (NEW, OTHER)}
    async with write_transaction(world_resources.sessions) as session:
        await suppress(session, keys, [NEW])
        await suppress(session, keys, [NEW])

        assert await queries.suppressed(session, lookups) == {x_lookup(keys, NEW)}


async def test_a_consent_counts_for_its_kind_and_its_brand_until_it_is_revoked(
    world_resources: Resources,
) -> None:
    acme, nord = await brand_ids(world_resources)
    keys, now = world_resources.keys, clock.now()
    async with write_transaction(world_resources.sessions) as session:
        found = await ensure_shoppers_at_brands(
            session, keys, {acme: {NEW: None, OTHER: None}, nord: {NEW: None, OTHER: None}}
        )
        persons = await ensure_persons(session, keys, {NEW: None, OTHER: None})
        for user, brand_id, kind, revoked_at in (
            (NEW, acme, ConsentKind.HANDOFF, None),
            (NEW, None, ConsentKind.EMAIL, None),
            (OTHER, None, ConsentKind.HANDOFF, None),
            (OTHER, acme, ConsentKind.ADVOCATE, now),
        ):
            session.add(
                Consent(
                    person_id=persons[user],
                    brand_id=brand_id,
                    kind=kind,
                    text_version="1",
                    granted_at=now,
                    revoked_at=revoked_at,
                )
            )
        await session.flush()
        shoppers = {(brand_id, shopper_id) for (brand_id, _), shopper_id in found.items()}
        consents = {
            kind: await queries.consenting(session, shoppers, kind)
            for kind in (ConsentKind.HANDOFF, ConsentKind.ADVOCATE)
        }

    assert consents[ConsentKind.HANDOFF] == {
        (brand_id, found[brand_id, user])
        for brand_id, user in ((acme, NEW), (acme, OTHER), (nord, OTHER))
    }
    assert consents[ConsentKind.ADVOCATE] == frozenset()


async def _end_links(session: WriteSession) -> None:
    await session.execute(update(AccountLink).values(status=LinkStatus.REVOKED_BY_SHOPPER))
