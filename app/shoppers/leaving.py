"""A person leaves: she is put on the list of those of whom nothing is kept, and forgotten."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update

from app.core.database import WriteSession
from app.core.keys import Keys
from app.events.catalogue import EventType
from app.events.log import NewEvent, record
from app.events.states import ActorKind
from app.shoppers.models import AccountLink, Consent, Person, Shopper, Suppression
from app.shoppers.queries import ShopperKey, lock_person
from app.shoppers.service import open_person, suppress, x_lookup


async def suppress_person(session: WriteSession, keys: Keys, person_id: UUID) -> bool:
    """Take nothing from her any more, beginning now; whether she is known and can be read."""
    sealed = await lock_person(session, person_id)
    account = open_person(keys, sealed) if sealed else None
    if account is None:
        return False
    await suppress(session, keys, [account.x_user_id])
    return True


async def unsuppress(session: WriteSession, keys: Keys, x_user_id: int) -> None:
    """Take from her again, because she asks for it; what was forgotten stays forgotten."""
    await session.execute(
        delete(Suppression).where(Suppression.x_lookup == x_lookup(keys, x_user_id))
    )


async def forget_person(
    session: WriteSession, person_id: UUID, shoppers: list[ShopperKey], *, now: datetime
) -> None:
    """Delete who she is: name, accounts, consents. Each brand is told that its shopper opted out.

    Her references stay with the brands and lead to nobody. What refers to the person in features
    above must be gone before; she is locked by `suppress_person`.
    """
    for brand_id, shopper_id in shoppers:
        record(session, _opted_out(brand_id, shopper_id, now))
    await session.execute(
        update(Shopper)
        .where(Shopper.person_id == person_id)
        .values(person_id=None, redacted_at=now)
        .execution_options(synchronize_session=False)
    )
    for table in (Consent, AccountLink):
        await session.execute(delete(table).where(table.person_id == person_id))
    await session.execute(delete(Person).where(Person.id == person_id))


def _opted_out(brand_id: UUID, shopper_id: UUID, now: datetime) -> NewEvent:
    return NewEvent(
        brand_id=brand_id,
        type=EventType.SHOPPER_OPTED_OUT,
        occurred_at=now,
        subject_type="Shopper",
        subject_id=shopper_id,
        actor_kind=ActorKind.SHOPPER,
        actor_id=shopper_id,
        data={"shopper": {"id": str(shopper_id)}},
    )
