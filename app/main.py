"""Assembly of the server: FastAPI for the edge, the engine in front of `/graphql`."""

import asyncio
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.core.database import create_sessions, create_write_engine
from app.core.keep_alive import KeepAliveProtocol
from app.core.keys import Keys
from app.core.migrate import head_revision
from app.core.outage import is_outage
from app.core.read_pool import ReadPool
from app.core.resources import Resources
from app.core.secrets import Sealer
from app.core.settings import Environment, Settings
from app.core.viewer import Viewer
from app.events.feed import Feed, run_relay, tell_own_growth
from app.events.log import write_transaction
from app.events.schema import EVENT_LOG
from app.explorer.routes import explorer_router
from app.graphql.accounts import Tariff
from app.graphql.context import (
    EngineContext,
    fetch_from,
    refuse_if_unreachable,
    unreachable_refuses,
)
from app.graphql.engine import Engine, create_engine
from app.graphql.live import Live
from app.graphql.meter import Meter
from app.graphql.persisted import FindTrusted, PersistedDocuments
from app.graphql.router import GraphQLEndpoint
from app.graphql.sse import EventStreams
from app.graphql.uses import Uses
from app.graphql.websocket import GraphQLSocketEndpoint
from app.ingest.inbox import Inbox
from app.ingest.lag import watch_lag
from app.ingest.routes import DOOR_PATH, Door, ingest_router
from app.oauth.queries import find_trusted
from app.oauth.viewer import ViewerCache
from app.pages.routes import pages_router
from app.schema import schema

GRAPHQL_PATH = "/graphql"
SHUTDOWN_SECONDS = 3
SOCKET_BYTES_MAX = 1024 * 1024
READY_SECONDS_MAX = 1.0
PICTURES = Path(__file__).parent / "cli" / "pictures"


@dataclass(frozen=True)
class Server:
    """The ASGI application, and what it must run beside it."""

    app: ASGIApp
    engine: Engine
    feed: Feed
    live: Live
    inbox: Inbox
    streams: EventStreams
    meter: Meter
    uses: Uses
    persisted: PersistedDocuments


class _Front:
    """Hands what comes often to those who answer it without a detour, and the rest to FastAPI.

    *posts* are keyed by their paths.
    """

    def __init__(self, posts: Mapping[str, ASGIApp], socket: ASGIApp, rest: ASGIApp) -> None:
        self._posts = posts
        self._socket = socket
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        serve = self._rest
        if scope["type"] == "http":
            if scope["method"] == "POST" or _asks_graphql(scope):
                serve = self._posts.get(scope["path"], serve)
        elif scope["type"] == "websocket" and scope["path"] == GRAPHQL_PATH:
            serve = self._socket
        await serve(scope, receive, send)


def _asks_graphql(scope: Scope) -> bool:
    """Whether a request by another method is one for GraphQL, and not for a page to look at."""
    if scope["path"] != GRAPHQL_PATH or scope["method"] == "HEAD":
        return False
    if scope["method"] != "GET":
        return True
    accept = dict(scope["headers"]).get(b"accept", b"")
    return bool(scope["query_string"]) and b"text/html" not in accept


def create_server(resources: Resources) -> Server:
    """Everything that answers clients, over open resources.

    Raises:
        SchemaFaults: the schema may not serve.
    """
    settings = resources.settings
    tariff = Tariff(settings.cost_maximum, settings.cost_restore_rate)
    engine = create_engine(
        schema,
        resources.keys.cursor,
        suggests=settings.env is Environment.DEVELOPMENT,
        tariff=tariff,
    )
    viewers = ViewerCache(resources.primary_reads)

    async def authenticate(token: str) -> Viewer | None:
        try:
            return await viewers.authenticate(token)
        except Exception as error:
            refuse_if_unreachable(error)
            raise

    meter = Meter(resources.database_url, tariff)
    transaction = partial(write_transaction, resources.sessions)
    uses = Uses(transaction)
    context = EngineContext(
        authenticate,
        fetch_from(resources.reads),
        fetch_from(resources.primary_reads),
        transaction,
        meter.begin,
        uses.note,
        viewers.recall,
    )
    feed = Feed(resources.database_url, resources.primary_reads)
    live = Live(engine, context.fetch_primary, feed, EVENT_LOG, uses.note)
    inbox = Inbox(resources.engine)
    persisted = PersistedDocuments(engine, trusted_documents(resources.reads))
    streams = EventStreams(context, live)
    front = _Front(
        {
            GRAPHQL_PATH: GraphQLEndpoint(engine, context, persisted, streams),
            DOOR_PATH: Door(resources, inbox),
        },
        GraphQLSocketEndpoint(engine, context, live, persisted),
        _behind_proxies(create_edge(resources, inbox)),
    )
    return Server(front, engine, feed, live, inbox, streams, meter, uses, persisted)


def trusted_documents(reads: ReadPool) -> FindTrusted:
    """Finds the documents that operators wrote down; an unreachable database refuses."""

    async def find(app_id: UUID, key: str) -> str | None:
        with unreachable_refuses():
            return await find_trusted(reads, app_id, key)

    return find


def _behind_proxies(app: ASGIApp) -> ASGIApp:
    """*app*, told the client that a trusted proxy tells; uvicorn's variable says whom to trust.

    What stands in front of it asks for no client, so its requests do not pay for that.
    """
    trusted = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
    return cast(ASGIApp, ProxyHeadersMiddleware(cast(Any, app), trusted))


def create_edge(resources: Resources, inbox: Inbox) -> FastAPI:
    """The HTTP that is not GraphQL: the door, health, the explorer, the shopper's page."""
    edge = FastAPI(
        title="Hashcart",
        version="1",
        summary="The edge beside GraphQL: what X posts, and health.",
        docs_url=None,
        redoc_url=None,
    )
    edge.include_router(ingest_router(resources, inbox))
    edge.include_router(health_router(resources))
    edge.include_router(explorer_router(resources.settings))
    edge.include_router(pages_router(resources))
    if resources.settings.env is Environment.DEVELOPMENT:
        edge.mount("/demo/pictures", StaticFiles(directory=PICTURES), name="pictures")
    return edge


def openapi_document() -> dict[str, Any]:
    """The OpenAPI description of the edge. Its routes ask the database only when they are asked."""
    settings = Settings()
    engine = create_write_engine("postgresql://", connections=1)
    nothing_open = cast(ReadPool, None)
    sealer = Sealer(bytes(32))
    resources = Resources(
        settings,
        "postgresql://",
        engine,
        create_sessions(engine),
        nothing_open,
        nothing_open,
        Keys(bytes(32), bytes(32), sealer),
    )
    return create_edge(resources, Inbox(engine)).openapi()


def health_router(resources: Resources) -> APIRouter:
    """Whether the process lives, and whether it can serve."""
    router = APIRouter(tags=["health"])
    head = head_revision()

    @router.get("/livez", summary="Whether the process runs")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @router.get(
        "/readyz",
        summary="Whether the database answers and is migrated",
        responses={503: {"description": "Not now; the body says why."}},
    )
    async def ready() -> JSONResponse:
        why_not = await _why_not_ready(resources, head)
        if why_not is None:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "not ready", "reason": why_not}, status_code=503)

    return router


async def _why_not_ready(resources: Resources, head: str) -> str | None:
    asking = asyncio.ensure_future(
        resources.primary_reads.fetchval("SELECT version_num FROM alembic_version")
    )
    asking.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    await asyncio.wait({asking}, timeout=READY_SECONDS_MAX)
    if not asking.done():
        asking.cancel()  # not awaited: the driver first asks the silent server to cancel
        return "The database does not answer."
    try:
        revision = asking.result()
    except asyncpg.UndefinedTableError:
        return "The database is not migrated: run `hashcart migrate`."
    except Exception as error:
        if not is_outage(error):
            raise
        return "The database does not answer."
    if revision != head:
        return f"The database is at revision {revision}, not {head}: run `hashcart migrate`."
    return None


def web_config(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Config:
    """How the server speaks HTTP and WebSocket."""
    return uvicorn.Config(
        cast(Any, app),
        host=host,
        port=port,
        http=KeepAliveProtocol,
        proxy_headers=False,  # see `_behind_proxies`
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws_max_size=SOCKET_BYTES_MAX,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


class _Web(uvicorn.Server):
    """Cuts event streams when it ends; it would wait for them as for any other request."""

    def __init__(self, streams: EventStreams, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._streams = streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and finish those that run."""
        self._streams.end()
        await super().shutdown(sockets)


async def serve(resources: Resources) -> None:
    """Serve until SIGTERM or SIGINT; requests that run are finished first."""
    server = create_server(resources)
    settings = resources.settings
    stop = asyncio.Event()
    web = _Web(server.streams, web_config(server.app, host=settings.host, port=settings.port))
    async with server.inbox, server.meter, server.uses, asyncio.TaskGroup() as tasks:
        tasks.create_task(server.feed.run(stop))
        tasks.create_task(run_relay(resources.database_url, stop))
        tasks.create_task(tell_own_growth(resources.database_url, stop))
        tasks.create_task(watch_lag(resources.primary_reads, stop))
        try:
            await web.serve()
        finally:
            stop.set()
