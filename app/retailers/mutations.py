"""Mutations in the API of which retailer serves a brand's marketplace."""

from typing import Annotated

import strawberry

from app.brands import problems, service
from app.brands.mutations import change_by
from app.brands.schema import BrandMarketplace
from app.core.viewer import Scope
from app.graphql.perform import EditInput, MutationInfo, mutation, perform
from app.graphql.problems import (
    IdempotencyKeyReused,
    NoLongerThere,
    Problem,
    VersionConflict,
    shows,
)
from app.retailers.registry import ADD_MODES


@shows(problems.BadMarketplace)
@strawberry.type(description="A marketplace cannot be served so.")
class BadMarketplace(Problem):
    """A marketplace cannot be served so."""


@strawberry.input(description="Which retailer serves a marketplace of the brand.")
class MapMarketplaceInput(EditInput):
    """Which retailer serves a marketplace of the brand."""

    marketplace: str = strawberry.field(
        description="The marketplace, such as `US`; a new one is added to the brand's."
    )
    retailer: str = strawberry.field(
        description=f"The retailer: one of {', '.join(f'`{name}`' for name in ADD_MODES)}."
    )
    affiliate_tag: str | None = strawberry.field(
        default=None,
        description="What the retailer credits the brand by in links; left out or null: nothing.",
    )


MapMarketplaceResult = Annotated[
    BrandMarketplace | BadMarketplace | VersionConflict | IdempotencyKeyReused | NoLongerThere,
    strawberry.union("MapMarketplaceResult", description="What came of `mapMarketplace`."),
]


@strawberry.type
class MarketplaceMutations:
    """Mutations of a brand's marketplaces."""

    @mutation(
        "Let a retailer serve a marketplace of the brand. Known products and open intents keep "
        "theirs.",
        scope=Scope.BRAND_WRITE,
    )
    async def map_marketplace(
        self, info: MutationInfo, input: MapMarketplaceInput
    ) -> MapMarketplaceResult | None:
        """Let a retailer serve a marketplace of the brand."""
        return await perform(
            info,
            service.map_marketplace,
            change_by(info),
            marketplace=input.marketplace,
            retailer=input.retailer,
            affiliate_tag=input.affiliate_tag,
            retailers=ADD_MODES,
            expected_version=input.expected_version,
        )
