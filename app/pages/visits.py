"""One visit of one person: from a request to who asks, and to an answer whatever happens."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import structlog
from fastapi import Request, Response

from app.core import clock
from app.core.outage import describe, is_outage
from app.core.resources import Resources
from app.core.secrets import same
from app.events.log import write_transaction
from app.pages.answers import Answers, Cookies
from app.pages.forms import NoForm, is_from_elsewhere, read_form
from app.pages.identity import IdentityProvider
from app.pages.notes import NOTES
from app.pages.sessions import SEEN_EVERY, find_session, form_token, note_seen
from app.pages.throttle import Throttle
from app.shoppers.queries import SealedPerson
from app.shoppers.service import XAccount, open_person

Handler: TypeAlias = Callable[["Visit"], Awaitable[Response]]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger()


@dataclass(frozen=True)
class Pages:
    """What all pages of a server share. Without a provider nobody can sign in."""

    resources: Resources
    provider: IdentityProvider | None
    answers: Answers
    cookies: Cookies
    throttle: Throttle = field(default_factory=Throttle)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in. `form_token` is what her forms must hold."""

    session_id: UUID
    person_id: UUID
    account: XAccount
    form_token: str = field(repr=False)

    @property
    def name(self) -> str:
        """How the page calls her."""
        return f"@{self.account.handle}" if self.account.handle else "you"


@dataclass(frozen=True)
class Visit:
    """A request of a person who is signed in; *form* is what she posted."""

    pages: Pages
    request: Request
    visitor: Visitor
    form: Mapping[str, str] = field(default_factory=dict)
    now: datetime = field(default_factory=clock.now)

    @property
    def resources(self) -> Resources:
        """The database and keys of this server."""
        return self.pages.resources

    def page(self, template: str, *, status: int = 200, **context: object) -> Response:
        """A page for her."""
        note = NOTES.get(self.request.query_params.get("note", ""))
        told = {"visitor": self.visitor, "note": note, **context}
        return self.pages.answers.page(template, told, status=status)

    def to(self, path: str = "", note: str | None = None) -> Response:
        """Go on at a page of ours, which says what was done."""
        return self.pages.answers.to(path, **({"note": note} if note else {}))

    def not_found(self) -> Response:
        """The answer for what is not there, and for what is another person's."""
        return self.page("not_found.html", status=404)


def shown(pages: Pages, handler: Handler) -> Endpoint:
    """An endpoint that shows something to who is signed in, and the way in to everybody else."""

    async def show(request: Request) -> Response:
        visitor = await find_visitor(pages, request)
        if visitor is None:
            return sign_in_page(pages)
        return await handler(Visit(pages, request, visitor))

    return guarded(pages, show)


def done(pages: Pages, handler: Handler) -> Endpoint:
    """An endpoint that does something for who is signed in, by a form of one of our pages."""

    async def do(request: Request) -> Response:
        form = await read_form(request)
        if isinstance(form, NoForm):
            return pages.answers.page("bad_form.html", status=400)
        visitor = await find_visitor(pages, request)
        if visitor is None:
            return sign_in_page(pages, status=403)
        told = form.get("token", "").encode()
        if is_from_elsewhere(request) or not same(told, visitor.form_token.encode()):
            return pages.answers.page("bad_form.html", {"visitor": visitor}, status=403)
        return await handler(Visit(pages, request, visitor, form))

    return guarded(pages, do)


def guarded(pages: Pages, endpoint: Endpoint) -> Endpoint:
    """*endpoint*, which answers with a page whatever happens below it."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Exception as error:
            if is_outage(error):
                log.warning("page_without_database", **describe(error))
                return pages.answers.page(
                    "trouble.html", {"defect": False}, status=503, headers={"Retry-After": "10"}
                )
            log.error("page_failed", **describe(error))
            return pages.answers.page("trouble.html", {"defect": True}, status=500)

    return answer


async def find_visitor(pages: Pages, request: Request) -> Visitor | None:
    """Who is signed in in this browser, if anybody is. Notes now and then that she is."""
    token = request.cookies.get(pages.cookies.session)
    if not token:
        return None
    resources, now = pages.resources, clock.now()
    found = await find_session(resources.primary_reads, token, now=now)
    if found is None:
        return None
    account = open_person(
        resources.keys,
        SealedPerson(
            found.person_id, found.sealed_key, found.sealed_x_user_id, found.sealed_x_handle
        ),
    )
    if account is None:
        return None
    if found.seen_at + SEEN_EVERY < now:
        async with write_transaction(resources.sessions) as session:
            await note_seen(session, found.id, now=now)
    return Visitor(found.id, found.person_id, account, form_token(token))


def sign_in_page(pages: Pages, *, status: int = 200, **context: object) -> Response:
    """The way in; where no provider is set up, that this is so."""
    if pages.provider is None:
        return pages.answers.page("not_set_up.html", status=503)
    told = {"provider": pages.provider.name, "trouble": None, **context}
    return pages.answers.page("sign_in.html", told, status=status)
