"""Shoppers in the API: pseudonyms, and what they agreed to."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.core.viewer import Scope
from app.events.schema import Event
from app.graphql.node import Node
from app.graphql.paging import Connection, Order
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
from app.retailers.states import AddMode
from app.shoppers import access, models
from app.shoppers.states import ConsentKind

if TYPE_CHECKING:
    from app.carts.schema import CartIntent

strawberry.enum(AddMode, description="How a product reaches a cart.")
strawberry.enum(ConsentKind, description="What a shopper may agree to, each apart.")


@maps(models.AccountLink, visible=access.visible_account_links, scope=Scope.INTENTS_READ)
@strawberry.type(
    description="That a shopper has an account linked at a retailer's marketplace. It has neither "
    "id nor moment: brands could join their shoppers by them."
)
class AccountLink:
    """That a shopper has an account linked at a retailer's marketplace."""

    retailer: str = column("The retailer.")
    marketplace: str = column("The marketplace.")
    add_mode: AddMode = column("How products reach her cart there.")


@maps(models.Consent, visible=access.visible_consents, scope=Scope.INTENTS_READ)
@strawberry.type(description="One thing that a shopper agreed to with this brand.")
class Consent(Node):
    """One thing that a shopper agreed to with this brand."""

    id: strawberry.ID = identity()
    kind: ConsentKind = column("What she agreed to.")
    text_version: str = column("The version of the text she agreed to.")
    granted_at: datetime = column("When she agreed.")
    revoked_at: datetime | None = column("When she took it back; null while it holds.")


@maps(models.Shopper, visible=access.visible_shoppers, scope=Scope.INTENTS_READ)
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
        Order(("retailer", "marketplace")),
    )
    consents: Connection[Consent] = many(
        "What she agreed to with this brand, newest first.",
        lambda shopper, consent: (
            (consent.person_id == shopper.person_id) & (consent.brand_id == shopper.brand_id)
        ),
        Order(("granted_at", "id"), descending=True),
    )
    cart_intents: Connection[Annotated["CartIntent", strawberry.lazy("app.carts.schema")]] = many(
        "What she asked for, newest first.",
        lambda shopper, intent: (
            (intent.brand_id == shopper.brand_id) & (intent.shopper_id == shopper.id)
        ),
        Order(("received_at", "id"), descending=True),
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
        "The shopper as she is now: a live row, not what was true at the event.",
        lambda event, shopper: (
            (shopper.brand_id == event.brand_id) & (shopper.id == event.subject_id)
        ),
    )


@strawberry.type
class ShopperQueries:
    """Root fields of shoppers."""

    shopper: Shopper | None = root_one("A shopper by her id.")
    shoppers: Connection[Shopper] = root_many(
        "The brand's shoppers, newest first.", Order(("created_at", "id"), descending=True)
    )
