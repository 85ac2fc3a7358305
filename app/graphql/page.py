"""The explorer's page, as Strawberry ships it: GraphiQL, whose scripts a browser fetches itself."""

from strawberry.http.ides import get_graphql_ide_html


def explorer_page() -> str:
    """The HTML of the page. It sends what it asks to the address that it was loaded from."""
    return get_graphql_ide_html(graphql_ide="graphiql")
