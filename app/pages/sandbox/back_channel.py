"""The two addresses that X's client calls itself, for the sandbox: within this process alone."""

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from app.core import clock
from app.core.database import Sessions
from app.core.settings import Settings
from app.events.log import write_transaction
from app.pages.answers import PATH
from app.pages.forms import NoForm, read_form
from app.pages.identity import IdentityProvider, callback_of
from app.pages.sandbox.provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    TOKEN_LASTS,
    holder_of,
    is_client,
    redeem,
)

ORIGIN = "http://sandbox.invalid"
TOKEN_PATH, ME_PATH = "/2/oauth2/token", "/2/users/me"
AUTHORIZE_PATH = "/sandbox/authorize"


def sandbox_provider(settings: Settings, sessions: Sessions) -> IdentityProvider:
    """The sandbox, seen as a provider. Its calls never leave the process."""
    return IdentityProvider(
        name="the sandbox",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        authorize_url=f"{settings.public_url.rstrip('/')}{PATH}{AUTHORIZE_PATH}",
        token_url=ORIGIN + TOKEN_PATH,
        me_url=ORIGIN + ME_PATH,
        redirect_uri=callback_of(settings),
        transport=httpx.ASGITransport(back_channel(sessions)),
    )


def back_channel(sessions: Sessions) -> FastAPI:
    """The application behind the transport."""
    application = FastAPI(openapi_url=None)

    @application.post(TOKEN_PATH)
    async def give_token(request: Request) -> JSONResponse:
        if not is_client(request.headers.get("authorization", "")):
            return JSONResponse({"error": "invalid_client"}, 401)
        form = await read_form(request)
        if isinstance(form, NoForm) or form.get("grant_type") != "authorization_code":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        async with write_transaction(sessions) as session:
            token = await redeem(session, form, now=clock.now())
        if token is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        lasts = int(TOKEN_LASTS.total_seconds())
        return JSONResponse({"token_type": "bearer", "expires_in": lasts, "access_token": token})

    @application.get(ME_PATH)
    async def tell_holder(request: Request) -> JSONResponse:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        async with write_transaction(sessions) as session:
            holder = await holder_of(session, token, now=clock.now())
        if holder is None:
            return JSONResponse({"title": "Unauthorized"}, 401)
        x_user_id, handle = holder
        return JSONResponse({"data": {"id": str(x_user_id), "name": handle, "username": handle}})

    return application
