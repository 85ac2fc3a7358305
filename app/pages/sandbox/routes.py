"""The sandbox's page on which one chooses who to be. Mounted in development alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.core import clock
from app.core.ids import NOBODY
from app.core.keys import Keys
from app.core.read_pool import ReadPool
from app.core.settings import Environment, Settings
from app.events.log import write_transaction
from app.pages.answers import PATH
from app.pages.forms import NoForm, is_from_elsewhere, read_form
from app.pages.identity import callback_of, read_handle
from app.pages.sandbox.back_channel import AUTHORIZE_PATH
from app.pages.sandbox.provider import (
    AuthorizationRequest,
    BadRequest,
    give_code,
    read_request,
)
from app.pages.visits import Pages, guarded
from app.shoppers.queries import SealedPerson
from app.shoppers.service import XAccount, open_person
from app.x.ids import read_xid

PEOPLE_PER_PAGE = 24

_PEOPLE = """
SELECT id, sealed_key, sealed_x_user_id, sealed_x_handle FROM person
WHERE id > $1 AND sealed_x_handle IS NOT NULL ORDER BY id LIMIT $2
"""


class NotInProduction(Exception):
    """The sandbox lets everybody be anybody: production must never mount it."""


@dataclass(frozen=True, slots=True)
class MadeUp:
    """Who one can be: a person of the world that was loaded."""

    account: XAccount
    id: UUID


def add_sandbox(router: APIRouter, pages: Pages) -> None:
    """The routes of the sandbox's own page.

    Raises:
        NotInProduction: this is production.
    """
    settings = pages.resources.settings
    if settings.env is not Environment.DEVELOPMENT:
        raise NotInProduction("The sandbox identity provider runs in development alone.")

    async def ask(request: Request) -> Response:
        return await _ask(pages, request)

    async def answer(request: Request) -> Response:
        return await _answer(pages, request)

    router.add_api_route(AUTHORIZE_PATH, guarded(pages, ask), methods=["GET"])
    router.add_api_route(AUTHORIZE_PATH, guarded(pages, answer), methods=["POST"])


async def _ask(pages: Pages, request: Request) -> Response:
    asked = _read(pages.resources.settings, request.query_params)
    if isinstance(asked, BadRequest):
        return pages.answers.page("sandbox/bad_request.html", {"reason": asked.reason}, status=400)
    after = _after(request.query_params.get("after"))
    return await _page(pages, asked, after, fault=None)


async def _answer(pages: Pages, request: Request) -> Response:
    form = await read_form(request)
    if isinstance(form, NoForm) or is_from_elsewhere(request):
        return pages.answers.page("bad_form.html", status=400)
    asked = _read(pages.resources.settings, form)
    if isinstance(asked, BadRequest):
        return pages.answers.page("sandbox/bad_request.html", {"reason": asked.reason}, status=400)
    if "cancel" in form:
        return pages.answers.redirect(asked.answer(error="access_denied"))
    chosen = _chosen(form)
    if chosen is None or chosen.handle is None:
        fault = "An X user id is a number, a handle has letters, digits and underscores only."
        return await _page(pages, asked, NOBODY, fault=fault)
    async with write_transaction(pages.resources.sessions) as session:
        code = await give_code(
            session,
            asked,
            x_user_id=chosen.x_user_id,
            x_handle=chosen.handle,
            now=clock.now(),
        )
    return pages.answers.redirect(asked.answer(code=code))


async def _page(
    pages: Pages, asked: AuthorizationRequest, after: UUID, *, fault: str | None
) -> Response:
    resources = pages.resources
    people = await people_after(resources.primary_reads, resources.keys, after)
    following = None
    if len(people) > PEOPLE_PER_PAGE:
        last = people[PEOPLE_PER_PAGE - 1].id
        following = f"{PATH}{AUTHORIZE_PATH}?{urlencode({**asked.fields(), 'after': str(last)})}"
    told = {
        "fields": asked.fields(),
        "people": people[:PEOPLE_PER_PAGE],
        "following": following,
        "fault": fault,
        "action": f"{PATH}{AUTHORIZE_PATH}",
    }
    return pages.answers.page("sandbox/authorize.html", told, status=400 if fault else 200)


async def people_after(reads: ReadPool, keys: Keys, after: UUID) -> list[MadeUp]:
    """The people of the world who have a handle, as they were loaded; one more than a page."""
    rows = await reads.fetch(_PEOPLE, after, PEOPLE_PER_PAGE + 1)
    return [
        MadeUp(account, row["id"])
        for row in rows
        if (account := open_person(keys, SealedPerson(*row))) is not None
    ]


def _chosen(form: Mapping[str, str]) -> XAccount | None:
    """Who was chosen from the list, or typed in."""
    typed = form.get("person") or f"{form.get('x_user_id', '').strip()} {form.get('x_handle', '')}"
    number, _, handle = typed.partition(" ")
    x_user_id, read = read_xid(number), read_handle(handle.strip().removeprefix("@"))
    return XAccount(x_user_id, read) if x_user_id is not None and read is not None else None


def _read(settings: Settings, parameters: Mapping[str, str]) -> AuthorizationRequest | BadRequest:
    return read_request(parameters, redirect_uri=callback_of(settings))


def _after(text: str | None) -> UUID:
    try:
        return UUID(text) if text else NOBODY
    except ValueError:
        return NOBODY
