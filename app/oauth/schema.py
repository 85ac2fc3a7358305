"""Apps, installations and tokens in the API."""

from datetime import date, datetime

import strawberry

from app.brands.schema import Brand
from app.core.viewer import Scope
from app.graphql import uses
from app.graphql.ceilings import Limits, limits_of
from app.graphql.enums import shown_enum
from app.graphql.node import Node
from app.graphql.paging import Connection
from app.graphql.reads.binding import (
    column,
    document,
    identity,
    many,
    maps,
    one,
    root_one,
)
from app.graphql.reads.filters import filter_on
from app.graphql.reads.orders import order_by
from app.graphql.reads.provided import provided
from app.graphql.scalars import BigInt
from app.oauth import access, models
from app.oauth.states import AppKind, AppStatus, InstallationStatus, TokenKind

shown_enum(AppKind, "Whether an app can keep a secret (RFC 6749, section 2.1).")
shown_enum(AppStatus, "Whether an app may be used.")
shown_enum(InstallationStatus, "Whether an app may act for a brand.")
shown_enum(TokenKind, "What a token is for.")


@maps(models.App, visible=access.visible_apps, scope=None)
@strawberry.type(description="Software of a developer that works with brands.")
class App(Node):
    """Software of a developer that works with brands."""

    id: strawberry.ID = identity()
    client_id: str = column("Its public name in OAuth.")
    name: str = column("Its name.")
    kind: AppKind = column("Whether it can keep a secret.")
    status: AppStatus = column("Whether it may be used.")
    trusted_documents_only: bool = column(
        "Whether it runs no other documents than those that its operator wrote down."
    )


@maps(
    models.Token,
    visible=access.visible_installations,
    scope=Scope.BRAND_READ,
    filters=(
        filter_on("kind", "What it is for."),
        filter_on("created_at", "When it was made."),
        filter_on("expires_at", "When it ends; no value: never."),
        filter_on("revoked_at", "When it was revoked; no value: it was not."),
    ),
    orders=(order_by("created_at", "When it was made.", descending=True),),
)
@strawberry.type(description="A token, by what is known of it. The token itself is not stored.")
class Token(Node):
    """A token, by what is known of it."""

    id: strawberry.ID = identity()
    kind: TokenKind = column("What it is for.")
    label: str | None = column("What its maker called it; null if nothing.")
    scopes: list[str] = document("What it may do.", "scopes")
    created_at: datetime = column("When it was made.")
    expires_at: datetime | None = column("When it ends; null: never.")
    revoked_at: datetime | None = column("When it was revoked; null if it was not.")


@maps(models.Installation, visible=access.visible_installations, scope=Scope.BRAND_READ)
@strawberry.type(description="One app at the brand: what the brand let it do.")
class Installation(Node):
    """One app at the brand."""

    id: strawberry.ID = identity()
    status: InstallationStatus = column("Whether it may act for the brand.")
    scopes: list[str] = document("What the brand granted.", "scopes")
    granted_by: str = column("Who granted it.")
    created_at: datetime = column("When it was installed.")
    revoked_at: datetime | None = column("When it was revoked; null if it was not.")
    app: App | None = one(
        "The app that it installed; never null.",
        lambda installation, app: app.id == installation.app_id,
    )
    tokens: Connection[Token] = many(
        "Its tokens, newest first.",
        lambda installation, token: (
            (token.brand_id == installation.brand_id) & (token.installation_id == installation.id)
        ),
    )


@maps(
    uses.DeprecatedUse,
    visible=access.own_uses,
    scope=None,
    filters=(filter_on("coordinate", "What was used, as a schema coordinate."),),
    orders=(order_by("used_on", "The day.", descending=True),),
)
@strawberry.type(
    description="That this app used on one day what is deprecated. Counts are told within seconds; "
    "a server that is killed takes its last ones with it."
)
class DeprecatedUse(Node):
    """That this app used on one day what is deprecated."""

    id: strawberry.ID = identity()
    coordinate: str = column(
        "What it used, as a schema coordinate such as `Product.title` or `Query.products(first:)`."
    )
    reason: str = column(
        "What to use in its place, since when it is deprecated, and the first day on which it may "
        "be missing; as the schema said it then."
    )
    used_on: date = column("The day, in UTC.")
    uses: BigInt = column("How many operations used it on that day.")


@maps(models.Token, visible=access.own_token, scope=None)
@strawberry.type(
    description="Who asks: the token, its app, installation and brand, and what the app should "
    "know of itself."
)
class Viewer:
    """Who asks."""

    scopes: list[str] = document("What the token may do.", "scopes")
    expires_at: datetime | None = column("When the token ends; null: never.")
    app: App | None = one("The app that the token belongs to; never null.", access.is_app_of)
    installation_id: strawberry.ID = column(
        "The installation that the token belongs to, for `node`.", id_of="Installation"
    )
    installation: Installation | None = one(
        "The installation that the token belongs to; never null.",
        lambda token, installation: (
            (installation.brand_id == token.brand_id) & (installation.id == token.installation_id)
        ),
    )
    brand: Brand | None = one(
        "The brand that the token belongs to; never null.",
        lambda token, brand: brand.id == token.brand_id,
    )
    limits: Limits = provided(
        "What the operations of this server may not exceed; never null.", limits_of
    )
    deprecated_uses: Connection[DeprecatedUse] = many(
        "What this app's installation used in the last 30 days that is deprecated, by any of its "
        "tokens, newest day first.",
        lambda token, use: (
            (use.brand_id == token.brand_id) & (use.installation_id == token.installation_id)
        ),
    )


@strawberry.type
class OAuthQueries:
    """Root fields about who asks."""

    viewer: Viewer | None = root_one("Who asks: never null for a valid token.", by=None)
