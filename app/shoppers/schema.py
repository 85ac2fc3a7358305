"""Shoppers in the API: pseudonyms, and what they agreed to."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.core.viewer import Scope
from app.events.schema import Event
from app.graphql.enums import shown_enum
from app.graphql.node import Node
from app.graphql.paging import Connection, Order
from app.graphql.reads.aggregates import aggregate
from app.graphql.reads.binding import (
    column,
    document,
    identity,
    many,
    maps,
    maps_variant,
    one,
    root_many,
    root_one,
)
from app.graphql.reads.filters import filter_on
from app.graphql.reads.orders import OrderChoice, order_by
from app.retailers.states import AddMode
from app.shoppers import access, models
from app.shoppers.states import ConsentKind

if TYPE_CHECKING:
    from app.carts.schema import CartIntent, CartIntentCount

shown_enum(AddMode, "How a product reaches a cart.")
shown_enum(ConsentKind, "What a shopper may agree to, each apart.")


@maps(
    models.AccountLink,
    visible=access.visible_account_links,
    scope=Scope.INTENTS_READ,
    filters=(
        filter_on("retailer", "The retailer's name, such as `sandbox`."),
        filter_on("marketplace", "The marketplace's code, such as `US`."),
        filter_on("add_mode", "How products reach her cart there."),
    ),
    orders=(
        OrderChoice(
            "RETAILER", "The retailer, then the marketplace.", Order(("retailer", "marketplace"))
        ),
    ),
)
@strawberry.type(
    description="That a shopper has an account linked at a retailer's marketplace. It has neither "
    "id nor moment: brands could join their shoppers by them."
)
class AccountLink:
    """That a shopper has an account linked at a retailer's marketplace."""

    retailer: str = column("The retailer's name, such as `sandbox`.")
    marketplace: str = column("The marketplace's code, such as `US`.")
    add_mode: AddMode = column("How products reach her cart there.")


@maps(
    models.Consent,
    visible=access.visible_consents,
    scope=Scope.INTENTS_READ,
    filters=(
        filter_on("kind", "What she agreed to."),
        filter_on("granted_at", "When she agreed."),
        filter_on("revoked_at", "When she took it back; no value: it holds."),
    ),
    orders=(order_by("granted_at", "When she agreed.", descending=True),),
)
@strawberry.type(description="One thing that a shopper agreed to with this brand.")
class Consent(Node):
    """One thing that a shopper agreed to with this brand."""

    id: strawberry.ID = identity()
    kind: ConsentKind = column("What she agreed to.")
    text_version: str = column("The version of the text she agreed to.")
    granted_at: datetime = column("When she agreed.")
    revoked_at: datetime | None = column("When she took it back; null while it holds.")


@maps(
    models.Shopper,
    visible=access.visible_shoppers,
    scope=Scope.INTENTS_READ,
    filters=(
        filter_on("created_at", "When this brand met her."),
        filter_on("redacted_at", "When she was erased; no value: she is not."),
    ),
    orders=(order_by("created_at", "When this brand met her.", descending=True),),
)
@strawberry.type(
    description="A person as this brand knows her: a random reference that no other brand shares."
)
class Shopper(Node):
    """A person as this brand knows her."""

    id: strawberry.ID = identity()
    created_at: datetime = column("When this brand met her.")
    redacted_at: datetime | None = column("When she was erased; null while she is not.")
    account_links: Connection[AccountLink] = many(
        "Where she has an account linked now.",
        lambda shopper, link: link.person_id == shopper.person_id,
    )
    consents: Connection[Consent] = many(
        "What she agreed to with this brand, newest first.",
        lambda shopper, consent: (
            (consent.person_id == shopper.person_id) & (consent.brand_id == shopper.brand_id)
        ),
    )
    cart_intents: Connection[Annotated["CartIntent", strawberry.lazy("app.carts.schema")]] = many(
        "What she asked for, newest first.",
        lambda shopper, intent: (
            (intent.brand_id == shopper.brand_id) & (intent.shopper_id == shopper.id)
        ),
    )
    cart_intent_counts: list[Annotated["CartIntentCount", strawberry.lazy("app.carts.schema")]] = (
        aggregate(
            "How many intents are hers, by status; a status without intents is absent.",
            lambda shopper, intent: (
                (intent.brand_id == shopper.brand_id) & (intent.shopper_id == shopper.id)
            ),
            by=("status",),
        )
    )


@strawberry.type(description="A shopper as an event remembers her: her reference.")
class ShopperSnapshot:
    """A shopper as an event remembers her."""

    id: strawberry.ID = column("Her id, for `node`.", id_of="Shopper")


@maps_variant("Shopper")
@strawberry.type(description="Something happened to a shopper.")
class ShopperEvent(Event):
    """Something happened to a shopper."""

    subject_id: strawberry.ID = column("The shopper.", id_of="Shopper")
    shopper: ShopperSnapshot = document(
        "The shopper as she was then.", "data", "shopper", scope=Scope.INTENTS_READ
    )
    current_shopper: Shopper | None = one(
        "The shopper as she is now: a live row, not what was true at the event; "
        "null where it is gone.",
        lambda event, shopper: (
            (shopper.brand_id == event.brand_id) & (shopper.id == event.subject_id)
        ),
    )


@strawberry.type
class ShopperQueries:
    """Root fields of shoppers."""

    shopper: Shopper | None = root_one("A shopper by her id; null where the brand has none.")
    shoppers: Connection[Shopper] = root_many("The brand's shoppers, newest first.")
