"""What she lets us do, where she is signed in, and leaving for good."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.carts.choices import withdraw_intent
from app.core import clock
from app.core.keys import Keys
from app.core.secrets import CannotOpen
from app.events.log import write_transaction
from app.events.states import ActorKind
from app.pages.accounts import BY_LINK
from app.pages.forms import NoForm, is_from_elsewhere, read_form
from app.pages.leaving import leave
from app.pages.queries import agreements_of, count_brands, queued_at, replies_of
from app.pages.saved import first_place
from app.pages.sessions import end_session, sessions_of
from app.pages.visits import Pages, Visit, done, guarded, shown
from app.pages.wording import AGREED, CONTENTS, KINDS, MISUSES, date_text
from app.shoppers.consents import revoke, text_of
from app.shoppers.leaving import unsuppress
from app.shoppers.states import ConsentKind

RETURN_LASTS = timedelta(minutes=10)
_RETURN = "return_of_a_person"


def add_privacy(router: APIRouter, pages: Pages) -> None:
    """The routes of permissions, sessions, and leaving."""

    async def come_back(request: Request) -> Response:
        return await _come_back(pages, request)

    router.add_api_route("/privacy", shown(pages, show_privacy), methods=["GET"])
    router.add_api_route("/privacy/replies", shown(pages, show_replies), methods=["GET"])
    router.add_api_route("/privacy/revoke", done(pages, take_back), methods=["POST"])
    router.add_api_route("/privacy/end-session", done(pages, end_one), methods=["POST"])
    router.add_api_route("/leave", shown(pages, show_leaving), methods=["GET"])
    router.add_api_route("/leave", done(pages, leave_for_good), methods=["POST"])
    router.add_api_route("/return", guarded(pages, come_back), methods=["POST"])


async def show_privacy(visit: Visit) -> Response:
    """Who we think she is, what she agreed to, where she is signed in."""
    after = first_place(visit)
    if after is None:
        return visit.not_found()
    reads, person_id = visit.resources.primary_reads, visit.visitor.person_id
    agreements, following = await agreements_of(reads, person_id, after)
    async with visit.resources.sessions() as session:
        signed_in = await sessions_of(session, person_id, now=visit.now)
    return visit.page(
        "privacy.html",
        agreements=[
            {
                "id": str(agreement.id),
                "title": AGREED[agreement.kind],
                "brand": agreement.brand_name,
                "text": text_of(agreement.kind, agreement.text_version),
                "version": agreement.text_version,
                "granted": date_text(agreement.granted_at),
                "revoked": date_text(agreement.revoked_at) if agreement.revoked_at else None,
            }
            for agreement in agreements
        ],
        following=following.text() if following else None,
        sessions=[
            {
                "id": str(each.id),
                "device": each.device,
                "began": date_text(each.created_at),
                "is_this": each.id == visit.visitor.session_id,
            }
            for each in signed_in
        ],
        brands=await count_brands(reads, person_id),
    )


async def show_replies(visit: Visit) -> Response:
    """Her posts that we know of, saved by or not."""
    after = first_place(visit)
    if after is None:
        return visit.not_found()
    reads, person_id = visit.resources.primary_reads, visit.visitor.person_id
    replies, following = await replies_of(reads, person_id, after)
    return visit.page(
        "replies.html",
        replies=[
            {
                "title": f"{KINDS[reply.kind]}, {reply.brand_name}",
                "date": date_text(reply.occurred_at),
                "tag": reply.trigger_tag,
                "misuse": MISUSES[reply.misuse_reason] if reply.misuse_reason else None,
                "content": CONTENTS[reply.content_state],
                "url": f"https://x.com/i/status/{reply.xid}" if reply.xid else None,
            }
            for reply in replies
        ],
        following=following.text() if following else None,
    )


async def take_back(visit: Visit) -> Response:
    """Take a consent back. What is on its way on the strength of it is taken back as well."""
    consent_id = _uuid(visit.form.get("consent", ""))
    if consent_id is None:
        return visit.not_found()
    person_id = visit.visitor.person_id
    async with write_transaction(visit.resources.sessions) as session:
        kind = await revoke(session, person_id, consent_id, now=visit.now)
        on_its_way = []
        if kind is ConsentKind.HANDOFF:
            on_its_way = await queued_at(visit.resources.primary_reads, person_id, BY_LINK)
        for brand_id, intent_id in on_its_way:
            await withdraw_intent(
                session,
                brand_id=brand_id,
                intent_id=intent_id,
                actor=ActorKind.SHOPPER,
                now=visit.now,
            )
    return visit.to("/privacy", "revoked" if kind else "too_late")


async def end_one(visit: Visit) -> Response:
    """Sign out one of her browsers."""
    session_id = _uuid(visit.form.get("session", ""))
    if session_id is None:
        return visit.not_found()
    async with write_transaction(visit.resources.sessions) as session:
        was_hers = await end_session(session, visit.visitor.person_id, session_id)
    return visit.to("/privacy", "session_ended" if was_hers else "too_late")


async def show_leaving(visit: Visit) -> Response:
    """What will happen if she leaves, before it does."""
    return visit.page("leave.html")


async def leave_for_good(visit: Visit) -> Response:
    """Opt out. Her sessions end with it."""
    async with write_transaction(visit.resources.sessions) as session:
        await leave(
            session,
            visit.resources.keys,
            visit.visitor.person_id,
            visit.visitor.account.x_user_id,
            now=visit.now,
        )
    answer = visit.pages.answers.page("opted_out.html", {"just_now": True, "proof": None})
    visit.pages.cookies.drop(answer, visit.pages.cookies.session)
    return answer


def proof_of(keys: Keys, x_user_id: int, now: datetime) -> str:
    """What lets the one who just signed in with this account undo her leaving, for ten minutes."""
    until = int((now + RETURN_LASTS).timestamp())
    sealed = keys.person.seal(f"{x_user_id}:{until}".encode(), _RETURN)
    return urlsafe_b64encode(sealed).decode()


async def _come_back(pages: Pages, request: Request) -> Response:
    """Take part again: the mark by which her replies are ignored is deleted."""
    form = await read_form(request)
    if isinstance(form, NoForm) or is_from_elsewhere(request):
        return pages.answers.page("bad_form.html", status=403)
    x_user_id = _proven(pages.resources.keys, form.get("proof", ""), clock.now())
    if x_user_id is None:
        return pages.answers.page("bad_form.html", status=403)
    async with write_transaction(pages.resources.sessions) as session:
        await unsuppress(session, pages.resources.keys, x_user_id)
    return pages.answers.page("returned.html")


def _proven(keys: Keys, proof: str, now: datetime) -> int | None:
    try:
        plain = keys.person.open(urlsafe_b64decode(proof.encode("ascii")), _RETURN)
    except (CannotOpen, Error, ValueError):
        return None
    x_user_id, _, until = plain.decode().partition(":")
    return int(x_user_id) if int(until) > now.timestamp() else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
