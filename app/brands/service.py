"""Making brands, and changing what a brand set. Every change is the event `brand.updated`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.brands.models import Brand, BrandMarketplace, Trigger, XAccount
from app.brands.problems import (
    BadBrand,
    BadMarketplace,
    BadTrigger,
    SlugTaken,
    TriggerNotFound,
    TriggerTaken,
    XAccountTaken,
)
from app.brands.queries import list_marketplaces, list_triggers, lock_brand
from app.brands.rules import (
    NewBrand,
    NewTrigger,
    fold_tag,
    why_not_add_trigger,
    why_not_change_trigger,
    why_not_create,
    why_not_map,
    why_not_remove_trigger,
)
from app.brands.states import AccountRole, BrandStatus, ResolveDepth, TriggerAction
from app.core import clock
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.core.versions import NOT_THERE, VersionConflict, why_stale
from app.events.catalogue import EventType
from app.events.log import NewEvent, record
from app.events.models import BrandLog
from app.events.states import ActorKind

SANDBOX = "sandbox"
"""The adapter that a new brand's marketplaces are mapped to."""


async def create_brand(
    session: WriteSession, new: NewBrand
) -> Brand | SlugTaken | XAccountTaken | BadBrand:
    """A brand that takes part at once, with its log at 0 and its marketplaces at the sandbox.

    Two that are made at the same moment cannot share a slug or an X account: the database says
    which came first. A problem leaves nothing behind.
    """
    if problem := why_not_create(new):
        return problem
    brand_id = uuid7()
    async with session.begin_nested() as attempt:
        if not await _insert_brand(session, brand_id, new):
            return SlugTaken(slug=new.slug)
        if not await _insert_account(session, brand_id, new):
            await attempt.rollback()
            return XAccountTaken(x_user_id=new.x_user_id)
    session.add(BrandLog(brand_id=brand_id))
    session.add_all(_marketplaces(brand_id, new.marketplaces))
    session.add_all(_triggers(brand_id, new.triggers))
    await session.flush()
    return await session.get_one(Brand, brand_id)


async def _insert_brand(session: WriteSession, brand_id: UUID, new: NewBrand) -> bool:
    statement = (
        insert(Brand)
        .values(
            id=brand_id,
            slug=new.slug,
            name=new.name.strip(),
            x_user_id=new.x_user_id,
            x_handle=new.x_handle,
            status=BrandStatus.ACTIVE,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=[Brand.slug])
        .returning(Brand.id)
    )
    return await session.scalar(statement) is not None


async def _insert_account(session: WriteSession, brand_id: UUID, new: NewBrand) -> bool:
    statement = (
        insert(XAccount)
        .values(
            x_user_id=new.x_user_id,
            handle=new.x_handle,
            role=AccountRole.BRAND,
            brand_id=brand_id,
        )
        .on_conflict_do_nothing(index_elements=[XAccount.x_user_id])
        .returning(XAccount.x_user_id)
    )
    return await session.scalar(statement) is not None


def _marketplaces(brand_id: UUID, marketplaces: Sequence[str]) -> list[BrandMarketplace]:
    return [
        BrandMarketplace(brand_id=brand_id, marketplace=name, retailer=SANDBOX)
        for name in marketplaces
    ]


def _triggers(brand_id: UUID, triggers: Sequence[NewTrigger]) -> list[Trigger]:
    return [
        Trigger(
            brand_id=brand_id,
            tag=trigger.tag,
            folded_tag=fold_tag(trigger.tag),
            marketplace=trigger.marketplace,
            action=trigger.action,
        )
        for trigger in triggers
    ]


@dataclass(frozen=True, kw_only=True)
class Change:
    """Who changes a brand's settings, and when. `actor_id` is an app's installation."""

    brand_id: UUID
    actor_id: UUID
    now: datetime


async def add_trigger(
    session: WriteSession, change: Change, *, tag: str, marketplace: str, action: TriggerAction
) -> Trigger | BadTrigger | TriggerTaken:
    """A further hashtag that asks for a cart, from the next reply on."""
    await lock_brand(session, brand_id=change.brand_id)
    triggers = await list_triggers(session, brand_id=change.brand_id)
    wanted = NewTrigger(tag, marketplace, action)
    marketplaces = await _marketplaces_of(session, change)
    if problem := why_not_add_trigger(wanted, marketplaces=marketplaces, triggers=len(triggers)):
        return problem
    if taken := _why_taken(wanted, triggers):
        return taken
    (trigger,) = _triggers(change.brand_id, [wanted])
    session.add(trigger)
    _record(session, change, "triggers")
    return trigger


async def change_trigger(
    session: WriteSession,
    change: Change,
    *,
    trigger_id: UUID,
    tag: str | None,
    marketplace: str | None,
    action: TriggerAction | None,
    expected_version: int | None = None,
) -> Trigger | TriggerNotFound | VersionConflict | BadTrigger | TriggerTaken:
    """Another spelling, marketplace or action of a trigger; None leaves each as it is."""
    await lock_brand(session, brand_id=change.brand_id)
    triggers = await list_triggers(session, brand_id=change.brand_id)
    trigger = next((each for each in triggers if each.id == trigger_id), None)
    if trigger is None:
        return TriggerNotFound()
    if stale := why_stale(expected_version, trigger.version):
        return stale
    wanted = NewTrigger(
        trigger.tag if tag is None else tag,
        trigger.marketplace if marketplace is None else marketplace,
        trigger.action if action is None else action,
    )
    marketplaces = await _marketplaces_of(session, change)
    if problem := why_not_change_trigger(wanted, marketplaces=marketplaces):
        return problem
    if taken := _why_taken(wanted, [each for each in triggers if each is not trigger]):
        return taken
    if wanted != NewTrigger(trigger.tag, trigger.marketplace, trigger.action):
        trigger.tag, trigger.folded_tag = wanted.tag, fold_tag(wanted.tag)
        trigger.marketplace, trigger.action = wanted.marketplace, wanted.action
        trigger.version += 1
        _record(session, change, "triggers")
    return trigger


async def remove_trigger(
    session: WriteSession, change: Change, *, trigger_id: UUID, expected_version: int | None = None
) -> Brand | TriggerNotFound | VersionConflict | BadTrigger:
    """The brand without a trigger: replies with that hashtag ask for nothing from now on."""
    brand = await lock_brand(session, brand_id=change.brand_id)
    triggers = await list_triggers(session, brand_id=change.brand_id)
    trigger = next((each for each in triggers if each.id == trigger_id), None)
    if trigger is None:
        return TriggerNotFound()
    if stale := why_stale(expected_version, trigger.version):
        return stale
    if problem := why_not_remove_trigger(triggers=len(triggers)):
        return problem
    await session.delete(trigger)
    _record(session, change, "triggers")
    return brand


async def set_policies(
    session: WriteSession,
    change: Change,
    *,
    accept_quotes: bool | None,
    auto_register: bool | None,
    resolve_depth: ResolveDepth | None,
    expected_version: int | None = None,
) -> Brand | VersionConflict:
    """How replies to the brand are taken from now on; None leaves each as it is."""
    brand = await lock_brand(session, brand_id=change.brand_id)
    if stale := why_stale(expected_version, brand.version):
        return stale
    changed = []
    if accept_quotes not in (None, brand.accept_quotes):
        brand.accept_quotes = bool(accept_quotes)
        changed.append("acceptQuotes")
    if auto_register not in (None, brand.auto_register):
        brand.auto_register = bool(auto_register)
        changed.append("autoRegister")
    if resolve_depth is not None and resolve_depth is not brand.resolve_depth:
        brand.resolve_depth = resolve_depth
        changed.append("resolveDepth")
    if changed:
        brand.version += 1
        _record(session, change, *changed)
    return brand


async def map_marketplace(
    session: WriteSession,
    change: Change,
    *,
    marketplace: str,
    retailer: str,
    affiliate_tag: str | None,
    retailers: Collection[str],
    expected_version: int | None = None,
) -> BrandMarketplace | VersionConflict | BadMarketplace:
    """One of *retailers* serves a marketplace of the brand from now on; it may be a new one.

    Products and intents keep the retailer that they were made for.
    """
    await lock_brand(session, brand_id=change.brand_id)
    served = await list_marketplaces(session, brand_id=change.brand_id)
    mapped = next((each for each in served if each.marketplace == marketplace), None)
    if stale := why_stale(expected_version, mapped.version if mapped else NOT_THERE):
        return stale
    problem = why_not_map(
        marketplace,
        retailer,
        affiliate_tag,
        retailers=retailers,
        marketplaces=[each.marketplace for each in served],
    )
    if problem is not None:
        return problem
    if mapped is None:
        mapped = BrandMarketplace(brand_id=change.brand_id, marketplace=marketplace)
        session.add(mapped)
    elif (mapped.retailer, mapped.affiliate_tag) == (retailer, affiliate_tag):
        return mapped
    else:
        mapped.version += 1
    mapped.retailer, mapped.affiliate_tag = retailer, affiliate_tag
    _record(session, change, "marketplaces")
    return mapped


async def revoke_grant(session: WriteSession, *, brand_id: UUID, now: datetime) -> None:
    """The brand took its X grant back: no reply makes an intent while that stands."""
    brand = await lock_brand(session, brand_id=brand_id)
    if brand.grant_revoked_at is None:
        brand.grant_revoked_at = now
        _record_by(session, brand_id, ("grantRevokedAt",), ActorKind.UPSTREAM, None, now)


async def _marketplaces_of(session: WriteSession, change: Change) -> list[str]:
    served = await list_marketplaces(session, brand_id=change.brand_id)
    return [each.marketplace for each in served]


def _why_taken(wanted: NewTrigger, others: Sequence[Trigger]) -> TriggerTaken | None:
    folded = fold_tag(wanted.tag)
    same = next((each for each in others if each.folded_tag == folded), None)
    return TriggerTaken(tag=same.tag, trigger_id=same.id) if same else None


def _record(session: WriteSession, change: Change, *fields: str) -> None:
    """Tell which fields of the brand changed, by their names in the schema."""
    _record_by(session, change.brand_id, fields, ActorKind.APP, change.actor_id, change.now)


def _record_by(
    session: WriteSession,
    brand_id: UUID,
    fields: Sequence[str],
    actor: ActorKind,
    actor_id: UUID | None,
    now: datetime,
) -> None:
    record(
        session,
        NewEvent(
            brand_id=brand_id,
            type=EventType.BRAND_UPDATED,
            occurred_at=now,
            subject_type="Brand",
            subject_id=brand_id,
            data={"changedFields": list(fields)},
            actor_kind=actor,
            actor_id=actor_id,
        ),
    )
