"""The way in and the way out: begin at the provider, come back with a code, end a session.

Login CSRF: a code is taken only in the browser that began, by the state that derives from its
cookie (RFC 9700, 4.7). After the way in there is one place to go, so no address can be smuggled.
"""

from fastapi import APIRouter, Request, Response

from app.core import clock
from app.core.secrets import same
from app.events.log import write_transaction
from app.pages.devices import device_of
from app.pages.forms import is_from_elsewhere
from app.pages.identity import Identity, IdentityProvider, NotIdentified
from app.pages.privacy import proof_of
from app.pages.sessions import (
    ATTEMPT_LASTS,
    SESSION_LASTS,
    Attempt,
    begin_attempt,
    begin_session,
    end_attempt,
    end_session_of,
)
from app.pages.throttle import WINDOW
from app.pages.visits import Pages, Visit, done, guarded, sign_in_page
from app.shoppers.queries import suppressed
from app.shoppers.service import ensure_persons, rename_person, x_lookup

CODE_CHARACTERS_MAX = 2_000


def add_sign_in(router: APIRouter, pages: Pages) -> None:
    """The routes of signing in and out."""

    async def begin(request: Request) -> Response:
        return await _begin(pages, request)

    async def come_back(request: Request) -> Response:
        return await _come_back(pages, request)

    async def sign_out(visit: Visit) -> Response:
        async with write_transaction(visit.resources.sessions) as session:
            await end_session_of(session, visit.request.cookies[pages.cookies.session])
        answer = pages.answers.page("signed_out.html")
        pages.cookies.drop(answer, pages.cookies.session)
        return answer

    router.add_api_route("/sign-in", guarded(pages, begin), methods=["POST"])
    router.add_api_route("/callback", guarded(pages, come_back), methods=["GET"])
    router.add_api_route("/sign-out", done(pages, sign_out), methods=["POST"])


async def _begin(pages: Pages, request: Request) -> Response:
    """Note that this browser begins, and send it to the provider."""
    if pages.provider is None:
        return sign_in_page(pages)
    if is_from_elsewhere(request):
        return pages.answers.page("bad_form.html", status=403)
    now = clock.now()
    if not pages.throttle.admits(request.client.host if request.client else "", now):
        return pages.answers.page(
            "too_often.html",
            status=429,
            headers={"Retry-After": str(int(WINDOW.total_seconds()))},
        )
    async with write_transaction(pages.resources.sessions) as session:
        attempt = await begin_attempt(session, now=now)
    answer = pages.answers.redirect(
        pages.provider.authorization_url(state=attempt.state, verifier=attempt.verifier)
    )
    seconds = int(ATTEMPT_LASTS.total_seconds())
    pages.cookies.keep(answer, pages.cookies.attempt, attempt.token, seconds=seconds)
    return answer


async def _come_back(pages: Pages, request: Request) -> Response:
    """Take the provider's answer, once, from the browser that began."""
    if pages.provider is None:
        return sign_in_page(pages)
    attempt = await _end_attempt(pages, request)
    if attempt is None:
        answer = _again(pages, "not_begun", 400)
    else:
        answer = await _take_answer(pages, pages.provider, attempt, request)
    pages.cookies.drop(answer, pages.cookies.attempt)
    return answer


async def _end_attempt(pages: Pages, request: Request) -> Attempt | None:
    """The attempt that this answer belongs to; it is over with that, whatever comes next."""
    token = request.cookies.get(pages.cookies.attempt)
    state = request.query_params.get("state", "")
    if not token or not same(Attempt(token).state.encode(), state.encode()):
        return None
    async with write_transaction(pages.resources.sessions) as session:
        return await end_attempt(session, token, now=clock.now())


async def _take_answer(
    pages: Pages, provider: IdentityProvider, attempt: Attempt, request: Request
) -> Response:
    query = request.query_params
    if query.get("error") == "access_denied":
        return _again(pages, "declined", 200)
    code = query.get("code", "")
    if not 0 < len(code) <= CODE_CHARACTERS_MAX:
        return _again(pages, "refused", 400)
    identity = await provider.identify(code=code, verifier=attempt.verifier)
    if isinstance(identity, NotIdentified):
        return _again(pages, "refused", 400) if identity.refused else _again(pages, "silent", 502)
    return await _let_in(pages, request, identity)


async def _let_in(pages: Pages, request: Request, identity: Identity) -> Response:
    """A new session, unless she opted out; the one that this browser held before ends."""
    resources, now = pages.resources, clock.now()
    before = request.cookies.get(pages.cookies.session)
    async with write_transaction(resources.sessions) as session:
        lookup = x_lookup(resources.keys, identity.x_user_id)
        if await suppressed(session, [lookup]):
            proof = proof_of(resources.keys, identity.x_user_id, now)
            told = {"just_now": False, "proof": proof}
            return pages.answers.page("opted_out.html", told, status=403)
        handles = {identity.x_user_id: identity.handle}
        person_id = (await ensure_persons(session, resources.keys, handles))[identity.x_user_id]
        if identity.handle is not None:
            await rename_person(session, resources.keys, person_id, identity.handle)
        if before:
            await end_session_of(session, before)
        device = device_of(request.headers.get("user-agent", ""))
        token = await begin_session(session, person_id, device, now=now)
    answer = pages.answers.to()
    seconds = int(SESSION_LASTS.total_seconds())
    pages.cookies.keep(answer, pages.cookies.session, token, seconds=seconds)
    return answer


def _again(pages: Pages, trouble: str, status: int) -> Response:
    return sign_in_page(pages, status=status, trouble=trouble)
