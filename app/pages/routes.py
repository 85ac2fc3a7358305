"""Assembly of the shopper's page: every route below `/s`."""

from fastapi import APIRouter, Request, Response

from app.core.resources import Resources
from app.core.settings import Environment
from app.pages.accounts import add_accounts
from app.pages.answers import ICON, PATH, STYLE, Answers, Cookies, asset, origin_of
from app.pages.identity import IdentityProvider
from app.pages.privacy import add_privacy
from app.pages.sandbox.back_channel import sandbox_provider
from app.pages.sandbox.routes import add_sandbox
from app.pages.saved import add_saved
from app.pages.sign_in import add_sign_in
from app.pages.visits import Pages, Visit, guarded, shown


def pages_router(resources: Resources) -> APIRouter:
    """The shopper's page over open resources.

    She signs in with X where its client id is set, else with the sandbox in development; in
    production without one, the page says that sign-in is not set up.
    """
    router = APIRouter(prefix=PATH, include_in_schema=False)
    settings = resources.settings
    provider = IdentityProvider.x(settings)
    uses_sandbox = provider is None and settings.env is Environment.DEVELOPMENT
    if uses_sandbox:
        provider = sandbox_provider(settings, resources.sessions)
    pages = _pages(resources, provider)
    _add_assets(router)
    add_sign_in(router, pages)
    add_saved(router, pages)
    add_accounts(router, pages)
    add_privacy(router, pages)
    if uses_sandbox:
        add_sandbox(router, pages)
    _add_the_rest(router, pages)
    return router


def _pages(resources: Resources, provider: IdentityProvider | None) -> Pages:
    settings = resources.settings
    own = origin_of(settings.public_url)
    elsewhere = origin_of(provider.authorize_url) if provider else own
    return Pages(
        resources,
        provider,
        Answers.of(settings, None if elsewhere == own else elsewhere),
        Cookies(secure=own.startswith("https://")),
    )


def _add_assets(router: APIRouter) -> None:
    async def style(request: Request) -> Response:
        return asset(STYLE, "text/css", request)

    async def icon(request: Request) -> Response:
        return asset(ICON, "image/svg+xml", request)

    router.add_api_route("/style.css", style, methods=["GET"])
    router.add_api_route("/icon.svg", icon, methods=["GET"])


def _add_the_rest(router: APIRouter, pages: Pages) -> None:
    """Whatever is not there: hers to see as a page, like everything else."""

    async def missing(visit: Visit) -> Response:
        return visit.not_found()

    async def not_for_get(request: Request) -> Response:
        return pages.answers.page("bad_form.html", status=405, headers={"Allow": "GET"})

    router.add_api_route("/{rest:path}", shown(pages, missing), methods=["GET"])
    router.add_api_route("/{rest:path}", guarded(pages, not_for_get), methods=["POST"])
