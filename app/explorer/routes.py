"""`GET /graphql` for a browser: GraphiQL, over the same address that answers."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from app.graphql.page import explorer_page

NOT_FOR_BROWSERS = (
    "POST a GraphQL request here as application/json, or open a WebSocket with the sub-protocol "
    "graphql-transport-ws.\n"
)


def explorer_router() -> APIRouter:
    """The explorer's routes."""
    router = APIRouter()
    page = explorer_page()

    @router.get("/graphql", include_in_schema=False)
    async def show_explorer(request: Request) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(page)
        return PlainTextResponse(NOT_FOR_BROWSERS, status_code=405, headers={"allow": "POST"})

    return router
