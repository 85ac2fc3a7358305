"""The server that answers by hand: bare ASGI, one path for each form, the same token check."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import orjson
import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

from app.cli.running import stop_when_input_ends
from app.core.read_pool import ReadPool
from app.core.resources import open_resources
from app.core.settings import Settings
from app.graphql.paging import CursorSigner, signer_for
from app.oauth.viewer import ViewerCache
from benchmarks.by_hand.all_forms import FORMS
from benchmarks.by_hand.forms import Form, Listed

ALIVE = "/livez"
UNSIGNED = CursorSigner(b"", b"")
"""For a form that shows no cursors."""


def path_of(form: Form) -> str:
    """Where the server answers by that form."""
    return f"/{FORMS.index(form)}"


@dataclass(frozen=True)
class Answered:
    """What one request comes to."""

    status: int
    body: bytes


class ByHand:
    """The ASGI application."""

    def __init__(self, pool: ReadPool, viewers: ViewerCache, cursor_key: bytes) -> None:
        self._pool = pool
        self._viewers = viewers
        self._cursor_key = cursor_key
        self._forms: Mapping[str, Form] = {path_of(form): form for form in FORMS}
        self._signers: dict[tuple[UUID, str], CursorSigner] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        form = self._forms.get(scope["path"])
        answered = Answered(200, b"{}")
        if form is not None:
            answered = await self._answer(form, scope, receive)
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", str(len(answered.body)).encode()),
        ]
        await send({"type": "http.response.start", "status": answered.status, "headers": headers})
        await send({"type": "http.response.body", "body": answered.body})

    async def _answer(self, form: Form, scope: Scope, receive: Receive) -> Answered:
        header = dict(scope["headers"]).get(b"authorization", b"")
        viewer = await self._viewers.authenticate(header[7:].decode())
        if viewer is None:
            return Answered(401, b"{}")
        message = await receive()
        body: bytes = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        variables = orjson.loads(body)["variables"]
        token = (viewer.token_id,) if form.with_token else ()
        rows = await self._pool.fetch(form.sql, viewer.brand_id, *token, *form.arguments(variables))
        signer = UNSIGNED if form.listed is None else self._signer(viewer.brand_id, form.listed)
        return Answered(200, form.answer(rows, variables, signer))

    def _signer(self, brand_id: UUID, listed: Listed) -> CursorSigner:
        place = (brand_id, listed.name)
        signer = self._signers.get(place)
        if signer is None:
            signer = signer_for(self._cursor_key, brand_id, listed.name, listed.order)
            self._signers[place] = signer
        return signer


async def serve(database_url: str, port: int) -> None:
    """Serve until told to stop, over the product's own connections."""
    async with open_resources(Settings(), database_url) as resources:
        viewers = ViewerCache(resources.primary_reads)
        config = uvicorn.Config(
            ByHand(resources.reads, viewers, resources.keys.cursor),
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
        )
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    stop_when_input_ends()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(os.environ["HASHCART_DATABASE_URL"], int(sys.argv[1])))
