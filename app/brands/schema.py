"""Brands in the API."""

from datetime import datetime

import strawberry

from app.brands import access, models
from app.brands.states import BrandStatus, ResolveDepth, TriggerAction
from app.core.viewer import Scope
from app.events.schema import Event
from app.graphql.enums import shown_enum
from app.graphql.node import Node
from app.graphql.paging import Connection
from app.graphql.reads.binding import (
    column,
    document,
    identity,
    many,
    maps,
    maps_variant,
    one,
    root_one,
)
from app.graphql.reads.filters import filter_on
from app.graphql.reads.orders import order_by
from app.graphql.scalars import XID

shown_enum(BrandStatus, "Whether a brand takes part.")
shown_enum(ResolveDepth, "How far up a conversation a product is looked for.")
shown_enum(TriggerAction, "What a trigger hashtag asks for.")


@maps(
    models.BrandMarketplace,
    visible=access.visible_brand_settings,
    scope=Scope.BRAND_READ,
    filters=(
        filter_on("marketplace", "The marketplace's code, such as `US`."),
        filter_on("retailer", "The retailer that serves it."),
    ),
    orders=(order_by("marketplace", "The marketplace's code, such as `US`."),),
)
@strawberry.type(description="A marketplace that a brand sells on.")
class BrandMarketplace(Node):
    """A marketplace that a brand sells on."""

    id: strawberry.ID = identity()
    marketplace: str = column("The marketplace, for example `US`.")
    retailer: str = column("The retailer that serves it, for example `sandbox`.")
    affiliate_tag: str | None = column(
        "What the retailer credits the brand by in links; null: nothing."
    )
    version: int = column(
        "How often people edited it, counted from 1: send it as `expectedVersion` so that you undo "
        "nobody's edit. `mapMarketplace` counts."
    )


@maps(
    models.Trigger,
    visible=access.visible_brand_settings,
    scope=Scope.BRAND_READ,
    filters=(
        filter_on("marketplace", "The marketplace it stands for."),
        filter_on("action", "What it asks for."),
    ),
    orders=(order_by("folded_tag", "The hashtag, whatever its case.", name="TAG"),),
)
@strawberry.type(description="A hashtag that asks for a cart.")
class Trigger(Node):
    """A hashtag that asks for a cart."""

    id: strawberry.ID = identity()
    tag: str = column("The hashtag without `#`, as the brand spells it; case does not matter.")
    marketplace: str = column("The marketplace it stands for.")
    action: TriggerAction = column("What it asks for.")
    version: int = column(
        "How often people edited it, counted from 1: send it as `expectedVersion` so that you undo "
        "nobody's edit. `changeTrigger` counts."
    )


@maps(models.Brand, visible=access.visible_brands, scope=Scope.BRAND_READ)
@strawberry.type(description="A company that sells by its posts.")
class Brand(Node):
    """A company that sells by its posts."""

    id: strawberry.ID = identity()
    slug: str = column("Its short name in commands and addresses.")
    name: str = column("Its name.")
    x_user_id: XID = column("Its account on X.")
    x_handle: str = column("Its handle on X, without `@`.")
    status: BrandStatus = column("Whether it takes part.")
    accept_quotes: bool = column("Whether quotes with a trigger count like replies.")
    auto_register: bool = column("Whether its own posts with a product link become shoppable.")
    resolve_depth: ResolveDepth = column("How far up a conversation a product is looked for.")
    grant_revoked_at: datetime | None = column(
        "When it took back what it had granted on X; null: that stands. While it is set, no reply "
        "makes an intent."
    )
    version: int = column(
        "How often people edited it, counted from 1: send it as `expectedVersion` so that you undo "
        "nobody's edit. `setPolicies` counts; triggers and marketplaces have versions of their "
        "own."
    )
    created_at: datetime = column("When it came here.")
    marketplaces: Connection[BrandMarketplace] = many(
        "Where it sells, by name.",
        lambda brand, marketplace: marketplace.brand_id == brand.id,
    )
    triggers: Connection[Trigger] = many(
        "The hashtags that ask for a cart, by name.",
        lambda brand, trigger: trigger.brand_id == brand.id,
    )


@maps_variant("Brand")
@strawberry.type(description="The brand changed its settings.")
class BrandEvent(Event):
    """The brand changed its settings."""

    subject_id: strawberry.ID = column("The brand.", id_of="Brand")
    changed_fields: list[str] = document(
        "Which fields of the brand changed, by their names in this schema.",
        "data",
        "changedFields",
        scope=Scope.BRAND_READ,
    )
    current_brand: Brand | None = one(
        "The brand as it is now: a live row, not what was true at the event; "
        "null where it is gone.",
        lambda event, brand: brand.id == event.brand_id,
    )


@strawberry.type
class BrandQueries:
    """Root fields of brands."""

    brand: Brand | None = root_one("The brand that the token belongs to; never null.", by=None)
