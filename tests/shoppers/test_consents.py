"""The ledger of consents, handles that become known later, and ending links."""

import asyncio
from uuid import UUID

from sqlalchemy import select

from app.core import clock
from app.core.resources import Resources
from app.events.log import write_transaction
from app.retailers.states import AddMode
from app.shoppers.consents import TextChanged, current_text, grant, revoke, text_of
from app.shoppers.models import Person
from app.shoppers.queries import SealedPerson
from app.shoppers.service import (
    NewLink,
    XAccount,
    ensure_persons,
    link_accounts,
    open_person,
    rename_person,
    unlink_account,
)
from app.shoppers.states import ConsentKind, LinkStatus
from tests.walk import fetch

NEW = 1777000000000000777
TEXT = current_text(ConsentKind.HANDOFF)


async def a_person(resources: Resources, handle: str | None = None) -> UUID:
    async with write_transaction(resources.sessions) as session:
        return (await ensure_persons(session, resources.keys, {NEW: handle}))[NEW]


async def on_x(resources: Resources, person_id: UUID) -> XAccount | None:
    async with resources.sessions() as session:
        person = (await session.scalars(select(Person).where(Person.id == person_id))).one()
    return open_person(
        resources.keys,
        SealedPerson(person.id, person.sealed_key, person.sealed_x_user_id, person.sealed_x_handle),
    )


async def test_a_handle_that_becomes_known_later_is_filled_in_once(
    world_resources: Resources,
) -> None:
    person_id = await a_person(world_resources)
    assert await on_x(world_resources, person_id) == XAccount(NEW, None)

    await a_person(world_resources, "told_later")
    await a_person(world_resources, "told_again")
    await a_person(world_resources)

    assert await on_x(world_resources, person_id) == XAccount(NEW, "told_later")


async def test_two_that_tell_a_handle_at_once_write_one_of_them(
    world_resources: Resources,
) -> None:
    person_id = await a_person(world_resources)

    await asyncio.gather(*(a_person(world_resources, f"told_{number}") for number in range(4)))

    account = await on_x(world_resources, person_id)
    assert account is not None
    assert account.handle in {f"told_{number}" for number in range(4)}


async def test_a_person_who_tells_her_name_herself_is_renamed(world_resources: Resources) -> None:
    person_id = await a_person(world_resources, "before")

    async with write_transaction(world_resources.sessions) as session:
        await rename_person(session, world_resources.keys, person_id, "after")

    assert await on_x(world_resources, person_id) == XAccount(NEW, "after")


async def test_a_consent_is_given_once_and_taken_back_once(world_resources: Resources) -> None:
    person_id, now = await a_person(world_resources), clock.now()
    assert TEXT is not None
    async with write_transaction(world_resources.sessions) as session:
        given = [
            await grant(session, person_id, TEXT, TEXT.version, now=now),
            await grant(session, person_id, TEXT, TEXT.version, now=now),
            await grant(session, person_id, TEXT, "another", now=now),
        ]
    assert given == [True, False, TextChanged(TEXT)]
    ledger = "SELECT id, text_version, brand_id FROM consent WHERE person_id = $1"
    [(consent_id, version, brand_id)] = await fetch(world_resources, ledger, person_id)
    assert (version, brand_id) == (TEXT.version, None)

    async with write_transaction(world_resources.sessions) as session:
        taken = [
            await revoke(session, UUID(int=1), consent_id, now=now),
            await revoke(session, person_id, consent_id, now=now),
            await revoke(session, person_id, consent_id, now=now),
        ]

    assert taken == [None, ConsentKind.HANDOFF, None]


async def test_two_browsers_that_agree_at_once_are_one_consent(world_resources: Resources) -> None:
    person_id = await a_person(world_resources)
    text = current_text(ConsentKind.HANDOFF)
    assert text is not None

    async def agree() -> bool | TextChanged:
        async with write_transaction(world_resources.sessions) as session:
            return await grant(session, person_id, text, text.version, now=clock.now())

    given = await asyncio.gather(*(agree() for _ in range(4)))

    assert sorted(map(bool, given)) == [False, False, False, True]


def test_a_text_is_found_by_its_version_and_none_where_there_is_none() -> None:
    assert TEXT is not None
    assert text_of(ConsentKind.HANDOFF, TEXT.version) == TEXT
    assert text_of(ConsentKind.HANDOFF, "seed") is None
    assert current_text(ConsentKind.EMAIL) is None


async def test_a_link_ends_by_her_wish_once_and_can_be_made_anew(
    world_resources: Resources,
) -> None:
    person_id, now = await a_person(world_resources), clock.now()
    link = NewLink(
        person_id=person_id,
        retailer="sandbox",
        marketplace="US",
        add_mode=AddMode.SERVER_ADD,
        external_reference="her-account",
    )
    async with write_transaction(world_resources.sessions) as session:
        made = [await link_accounts(session, world_resources.keys, [link])]
        ended = [
            await unlink_account(session, person_id, "sandbox", "UK", now=now),
            await unlink_account(session, person_id, "sandbox", "US", now=now),
            await unlink_account(session, person_id, "sandbox", "US", now=now),
        ]
        made.append(await link_accounts(session, world_resources.keys, [link]))

    assert (made, ended) == ([1, 1], [False, True, False])
    rows = await fetch(
        world_resources,
        "SELECT status, ended_at IS NULL FROM account_link WHERE person_id = $1 ORDER BY id",
        person_id,
    )
    assert rows == [(LinkStatus.REVOKED_BY_SHOPPER, False), (LinkStatus.ACTIVE, True)]
