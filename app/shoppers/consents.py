"""The ledger of consents, with every version of every text that was ever agreed to.

A text that anybody agreed to is never changed: a new version is added after it, with a new name.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from app.core.database import WriteSession
from app.shoppers.models import Consent, Person
from app.shoppers.states import ConsentKind


@dataclass(frozen=True, slots=True)
class ConsentText:
    """What a person agrees to, word for word."""

    kind: ConsentKind
    version: str
    title: str
    sentences: tuple[str, ...]


TEXTS = (
    ConsentText(
        ConsentKind.HANDOFF,
        "2026-11-23",
        "Make me a link when I reply with the hashtag of a brand",
        (
            "Some shops do not let anybody put things into your cart for you. For these we make a "
            "link that opens your own cart there, with the product in it. You look at it and "
            "decide.",
            "Each link names the product and carries the partner code of the brand, so the shop "
            "can see which brand sent you. It does not carry your name or anything else about you.",
            "This holds for every brand whose hashtag you reply with, until you take it back.",
        ),
    ),
)
"""Of each kind the last is the one that is asked for now."""


@dataclass(frozen=True, slots=True)
class TextChanged:
    """She read another version than the one that is asked for now: she is shown that one."""

    current: ConsentText


def current_text(kind: ConsentKind) -> ConsentText | None:
    """What is asked for now; None for kinds that are not asked for on her page."""
    return next((text for text in reversed(TEXTS) if text.kind is kind), None)


def text_of(kind: ConsentKind, version: str) -> ConsentText | None:
    """The words of a version; None for consents that were given elsewhere."""
    return next((text for text in TEXTS if (text.kind, text.version) == (kind, version)), None)


async def grant(
    session: WriteSession, person_id: UUID, text: ConsentText, read_version: str, *, now: datetime
) -> bool | TextChanged:
    """Note that she agreed to *text*, for all brands; whether that is new. Locks the person.

    *read_version* is what stood before her.
    """
    if read_version != text.version:
        return TextChanged(text)
    await session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    held = select(Consent.id).where(
        Consent.person_id == person_id,
        Consent.kind == text.kind,
        Consent.brand_id.is_(None),
        Consent.revoked_at.is_(None),
    )
    if (await session.scalars(held.limit(1))).one_or_none() is not None:
        return False
    session.add(
        Consent(person_id=person_id, kind=text.kind, text_version=text.version, granted_at=now)
    )
    await session.flush()
    return True


async def revoke(
    session: WriteSession, person_id: UUID, consent_id: UUID, *, now: datetime
) -> ConsentKind | None:
    """Take a consent back; its kind, or None where she holds no such consent any more."""
    ended = await session.scalars(
        update(Consent)
        .where(
            Consent.id == consent_id,
            Consent.person_id == person_id,
            Consent.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .returning(Consent.kind)
    )
    return ended.one_or_none()
