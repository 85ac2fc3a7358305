"""The first page at `/`; `GET /graphql` for a browser; and what the two of them load."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.core.migrate import data_folder
from app.core.settings import Settings
from app.explorer.examples import examples_json
from app.explorer.files import CHECKED, FOREVER, MEDIA_TYPES, NOTHING, File, is_known

HERE = Path(__file__).parent
ASSETS = HERE / "assets"
PAGE = "explorer.html"
LICENCES = "LICENSES.txt"

NOT_FOR_BROWSERS = (
    "POST a GraphQL request here as application/json, or open a WebSocket with the sub-protocol "
    "graphql-transport-ws.\n"
)

FIRST_PAGE_POLICY = f"{NOTHING}; style-src 'self'; img-src 'self'"
EXPLORER_POLICY = (
    f"{NOTHING}; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data:; worker-src 'self'; connect-src 'self'"
)
"""All from here. The editor sets styles of its own, and its waves below a mistake are data URLs."""

_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Answer = Callable[[Request], Awaitable[Response]]


def explorer_router(settings: Settings) -> APIRouter:
    """The first page and the explorer. Neither asks the database, and both open without a token."""
    router = APIRouter(include_in_schema=False)
    files = {
        "/": File(_first_page(settings), MEDIA_TYPES[".html"], policy=FIRST_PAGE_POLICY),
        "/schema.graphql": File.read(data_folder("graphql") / "schema.graphql"),
        "/explorer/examples.json": File(examples_json(), MEDIA_TYPES[".json"]),
        "/explorer/first_page.css": File.read(HERE / "static" / "first_page.css"),
        "/explorer/icon.svg": File.read(HERE / "static" / "icon.svg"),
    }
    for path in sorted(ASSETS.iterdir()):
        if path.name != PAGE:
            # A name holds the contents' hash, but for that of the licences.
            caching = CHECKED if path.name == LICENCES else FOREVER
            files[f"/explorer/assets/{path.name}"] = File.read(path, caching)
    for address, file in files.items():
        router.add_api_route(address, _answering(file), methods=["GET", "HEAD"])
    router.add_api_route("/graphql", _explorer(), methods=["GET", "HEAD"])
    return router


def _first_page(settings: Settings) -> bytes:
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
    )
    address = settings.public_url.rstrip("/")
    return templates.get_template("first_page.html").render(address=address).encode()


def _explorer() -> Answer:
    """The explorer for a browser; whoever else asks by GET is told what to do instead."""
    page = _answering(File.read(ASSETS / PAGE, policy=EXPLORER_POLICY))

    async def answer(request: Request) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            headers = {"Allow": "POST", "Vary": "Accept"}
            return PlainTextResponse(NOT_FOR_BROWSERS, 405, headers)
        shown = await page(request)
        shown.headers["Vary"] = "Accept, Accept-Encoding"
        return shown

    return answer


def _answering(file: File) -> Answer:
    """What hands out one file: by gzip where that is taken, and 304 where it is held already."""

    async def answer(request: Request) -> Response:
        compressed = file.is_compressed_for(request.headers.get("accept-encoding", ""))
        etag = file.etag(compressed=compressed)
        headers = {
            **_HEADERS,
            "Cache-Control": file.caching,
            "Content-Security-Policy": file.policy,
            "ETag": etag,
            "Vary": "Accept-Encoding",
        }
        if is_known(etag, request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        if compressed:
            headers["Content-Encoding"] = "gzip"
        body = await file.compressed() if compressed else file.body
        return Response(body, headers=headers, media_type=file.media_type)

    return answer
