"""People as they become known: sealed once for all brands, a random reference at each.

What is stored of a person is sealed under a key of her own, which is itself sealed under the
deployment's key for persons. To delete her row is to make all of it unreadable.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from os import urandom
from uuid import UUID

import structlog
from sqlalchemy import update

from app.core import clock
from app.core.bulk import insert_rows, update_rows
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.core.keys import Keys
from app.core.secrets import CannotOpen, Sealer
from app.retailers.states import AddMode
from app.shoppers import queries
from app.shoppers.models import AccountLink, Person, Shopper, Suppression
from app.shoppers.queries import AccountKey, KnownPeople, SealedAccount, SealedPerson
from app.shoppers.states import LinkStatus

Handles = Mapping[int, str | None]
"""People by X user id, with their handles where these are known."""

KEY_BYTES = 32

log = structlog.get_logger()

_PERSON_COLUMNS = (
    "id",
    "x_lookup",
    "sealed_key",
    "sealed_x_user_id",
    "sealed_x_handle",
    "created_at",
)
_SHOPPER_COLUMNS = ("brand_id", "id", "person_id", "created_at")
_LINK_COLUMNS = (
    "id",
    "person_id",
    "retailer",
    "marketplace",
    "add_mode",
    "status",
    "sealed_external_reference",
    "started_at",
    "linked_at",
)


def x_lookup(keys: Keys, x_user_id: int) -> bytes:
    """What a person is found by without her X id being stored."""
    return keys.lookup_hash("x_user_id", str(x_user_id))


async def ensure_shoppers(
    session: WriteSession, keys: Keys, brand_id: UUID, handles: Handles
) -> dict[int, UUID]:
    """The brand's references of these people, by X user id; who is new is made.

    Two that make the same person at once get the same references. A handle is kept from the first
    time that it is told, also of one who was known without. The caller makes sure that nobody here
    is suppressed.
    """
    found = await ensure_shoppers_at_brands(session, keys, {brand_id: handles})
    return {x_user_id: shopper_id for (_, x_user_id), shopper_id in found.items()}


async def ensure_shoppers_at_brands(
    session: WriteSession, keys: Keys, handles_by_brand: Mapping[UUID, Handles]
) -> dict[tuple[UUID, int], UUID]:
    """`ensure_shoppers` for many brands at once: one query where everybody is known.

    New rows are inserted in the order of their keys, so that two batches cannot wait for each
    other.
    """
    handles = _merged(handles_by_brand.values())
    lookups = {x_user_id: x_lookup(keys, x_user_id) for x_user_id in handles}
    known = await queries.known_people(session, lookups.values(), handles_by_brand)
    await _make_persons(session, keys, known, handles, lookups)
    await _name_persons(session, keys, known, handles, lookups)
    wanted = {
        (brand_id, x_user_id): (brand_id, known.persons[lookups[x_user_id]])
        for brand_id, people in handles_by_brand.items()
        for x_user_id in people
    }
    await _make_shoppers(session, known, lookups.values(), set(wanted.values()))
    return {asked: known.shoppers[key] for asked, key in wanted.items()}


async def ensure_persons(session: WriteSession, keys: Keys, handles: Handles) -> dict[int, UUID]:
    """The persons behind these X user ids; who is new is made. They never leave this service."""
    lookups = {x_user_id: x_lookup(keys, x_user_id) for x_user_id in handles}
    known = await queries.known_people(session, lookups.values(), [])
    await _make_persons(session, keys, known, handles, lookups)
    await _name_persons(session, keys, known, handles, lookups)
    return {x_user_id: known.persons[lookup] for x_user_id, lookup in lookups.items()}


async def rename_person(session: WriteSession, keys: Keys, person_id: UUID, handle: str) -> None:
    """Keep the handle that a person has now, as X told it when she signed in."""
    await _write_handles(session, keys, {person_id: handle}, renamed=True)


@dataclass(frozen=True, slots=True)
class XAccount:
    """Who a person is on X. It never reaches a brand without her consent."""

    x_user_id: int
    handle: str | None


def open_person(keys: Keys, sealed: SealedPerson) -> XAccount | None:
    """Who this is on X; None where her row does not open, which is reported."""
    try:
        sealer = Sealer(keys.person.open(sealed.sealed_key, _key_context(sealed.id)))
        x_user_id = sealer.open(sealed.sealed_x_user_id, _x_user_id_context(sealed.id))
        handle = None
        if sealed.sealed_x_handle is not None:
            handle = sealer.open(sealed.sealed_x_handle, _handle_context(sealed.id)).decode()
    except CannotOpen:
        log.error("person_does_not_open", person_id=str(sealed.id))
        return None
    return XAccount(int(x_user_id), handle)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """A person's account at a retailer, as she linked it."""

    person_id: UUID
    retailer: str
    marketplace: str
    add_mode: AddMode
    external_reference: str
    """What the retailer calls the account; it is stored sealed under her key."""


async def link_accounts(session: WriteSession, keys: Keys, links: Sequence[NewLink]) -> int:
    """Link people's accounts; how many were made, for where an active link stands it stays.

    Raises:
        LookupError: one of the persons does not exist.
    """
    sealed = await queries.sealed_keys(session, {link.person_id for link in links})
    for link in links:
        if link.person_id not in sealed:
            raise LookupError(
                f"There is no person {link.person_id}: make her with ensure_persons first."
            )
    made = await insert_rows(
        session,
        AccountLink,
        _LINK_COLUMNS,
        [_link_row(keys, link, sealed[link.person_id]) for link in links],
        "ON CONFLICT DO NOTHING RETURNING id",
    )
    return len(made)


async def unlink_account(
    session: WriteSession, person_id: UUID, retailer: str, marketplace: str, *, now: datetime
) -> bool:
    """End a person's link because she wants it so; whether there was one.

    What the retailer called the account is gone with it. What is in her cart stays there.
    """
    ended = await session.scalars(
        update(AccountLink)
        .where(
            AccountLink.person_id == person_id,
            AccountLink.retailer == retailer,
            AccountLink.marketplace == marketplace,
            AccountLink.status == LinkStatus.ACTIVE,
        )
        .values(status=LinkStatus.REVOKED_BY_SHOPPER, ended_at=now, sealed_external_reference=None)
        .returning(AccountLink.id)
    )
    return ended.one_or_none() is not None


def _link_row(keys: Keys, link: NewLink, sealed_key: bytes) -> tuple[object, ...]:
    sealer = Sealer(keys.person.open(sealed_key, _key_context(link.person_id)))
    context = _account_context(link.person_id, link.retailer, link.marketplace)
    now = clock.now()
    return (
        uuid7(),
        link.person_id,
        link.retailer,
        link.marketplace,
        link.add_mode,
        LinkStatus.ACTIVE,
        sealer.seal(link.external_reference.encode(), context),
        now,
        now,
    )


async def suppress(session: WriteSession, keys: Keys, x_user_ids: Collection[int]) -> None:
    """Put people on the list of those of whom nothing is kept, and from whom nothing is taken."""
    now = clock.now()
    rows = sorted((x_lookup(keys, x_user_id), now) for x_user_id in x_user_ids)
    await insert_rows(
        session, Suppression, ("x_lookup", "suppressed_at"), rows, "ON CONFLICT DO NOTHING"
    )


async def open_accounts(
    session: WriteSession, keys: Keys, wanted: Collection[AccountKey]
) -> dict[AccountKey, str]:
    """What the retailer calls each shopper's account, in the clear.

    Absent is who has none, and whose account does not open, which is reported.
    """
    return open_sealed(keys, await queries.sealed_accounts(session, wanted))


def open_sealed(keys: Keys, accounts: Mapping[AccountKey, SealedAccount]) -> dict[AccountKey, str]:
    """What the retailers call these accounts; absent is what does not open, which is reported."""
    opened: dict[AccountKey, str] = {}
    for key, account in accounts.items():
        try:
            opened[key] = _open_account(keys, key, account)
        except CannotOpen:
            log.error("account_link_does_not_open", shopper_id=str(key[1]), retailer=key[2])
    return opened


def _open_account(keys: Keys, key: AccountKey, account: SealedAccount) -> str:
    _, _, retailer, marketplace = key
    sealer = Sealer(keys.person.open(account.sealed_key, _key_context(account.person_id)))
    context = _account_context(account.person_id, retailer, marketplace)
    return sealer.open(account.sealed_external_reference, context).decode()


async def _make_persons(
    session: WriteSession,
    keys: Keys,
    known: KnownPeople,
    handles: Handles,
    lookups: Mapping[int, bytes],
) -> None:
    """Insert who is missing in *known*, and note everybody there."""
    rows = sorted(
        _sealed_person(keys, x_user_id, handles[x_user_id], lookup)
        for x_user_id, lookup in lookups.items()
        if lookup not in known.persons
    )
    if not rows:
        return
    made = await insert_rows(
        session,
        Person,
        _PERSON_COLUMNS,
        ((person_id, lookup, *rest) for lookup, person_id, *rest in rows),
        "ON CONFLICT (x_lookup) DO NOTHING RETURNING x_lookup, id",
    )
    known.persons.update((lookup, person_id) for lookup, person_id in made)
    if others := [lookup for lookup, *_ in rows if lookup not in known.persons]:
        known.persons.update((await queries.known_people(session, others, [])).persons)


async def _name_persons(
    session: WriteSession,
    keys: Keys,
    known: KnownPeople,
    handles: Handles,
    lookups: Mapping[int, bytes],
) -> None:
    """Keep the handles of those who were known without one."""
    told = {
        known.persons[lookup]: handle
        for x_user_id, lookup in lookups.items()
        if lookup in known.nameless and (handle := handles[x_user_id])
    }
    if told:
        await _write_handles(session, keys, told, renamed=False)


async def _write_handles(
    session: WriteSession, keys: Keys, told: Mapping[UUID, str], *, renamed: bool
) -> None:
    sealed = await queries.lock_keys_for_handles(session, told, renamed=renamed)
    rows = []
    for person_id, sealed_key in sealed.items():
        sealer = Sealer(keys.person.open(sealed_key, _key_context(person_id)))
        rows.append((person_id, sealer.seal(told[person_id].encode(), _handle_context(person_id))))
    await update_rows(session, Person, ("id",), ("sealed_x_handle",), rows)


async def _make_shoppers(
    session: WriteSession,
    known: KnownPeople,
    lookups: Collection[bytes],
    wanted: set[tuple[UUID, UUID]],
) -> None:
    """Insert which references are missing in *known*, and note all of them there."""
    missing = sorted(wanted - known.shoppers.keys())
    if not missing:
        return
    now = clock.now()
    made = await insert_rows(
        session,
        Shopper,
        _SHOPPER_COLUMNS,
        ((brand_id, uuid7(), person_id, now) for brand_id, person_id in missing),
        "ON CONFLICT (brand_id, person_id) DO NOTHING RETURNING brand_id, person_id, id",
    )
    known.shoppers.update(
        {(brand_id, person_id): shopper_id for brand_id, person_id, shopper_id in made}
    )
    if wanted - known.shoppers.keys():
        brand_ids = {brand_id for brand_id, _ in wanted}
        again = await queries.known_people(session, lookups, brand_ids)
        known.shoppers.update(again.shoppers)


def _sealed_person(
    keys: Keys, x_user_id: int, handle: str | None, lookup: bytes
) -> tuple[bytes, UUID, bytes, bytes, bytes | None, object]:
    person_id, key = uuid7(), urandom(KEY_BYTES)
    sealer = Sealer(key)
    return (
        lookup,
        person_id,
        keys.person.seal(key, _key_context(person_id)),
        sealer.seal(str(x_user_id).encode(), _x_user_id_context(person_id)),
        sealer.seal(handle.encode(), _handle_context(person_id)) if handle else None,
        clock.now(),
    )


def _merged(handles_by_brand: Collection[Handles]) -> dict[int, str | None]:
    merged: dict[int, str | None] = {}
    for handles in handles_by_brand:
        for x_user_id, handle in handles.items():
            merged[x_user_id] = handle or merged.get(x_user_id)
    return merged


def _key_context(person_id: UUID) -> str:
    return f"person:{person_id}:key"


def _x_user_id_context(person_id: UUID) -> str:
    return f"person:{person_id}:x_user_id"


def _handle_context(person_id: UUID) -> str:
    return f"person:{person_id}:x_handle"


def _account_context(person_id: UUID, retailer: str, marketplace: str) -> str:
    return f"account_link:{person_id}:{retailer}:{marketplace}"
