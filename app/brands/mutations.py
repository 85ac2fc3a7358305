"""Mutations of a brand's settings in the API."""

from typing import Annotated

import strawberry

from app.brands import problems, service
from app.brands.rules import TAG_CHARACTERS_MAX
from app.brands.schema import Brand, Trigger
from app.brands.service import Change
from app.brands.states import ResolveDepth, TriggerAction
from app.core.viewer import Scope
from app.graphql.perform import (
    EditInput,
    MutationInfo,
    MutationInput,
    key_of,
    mutation,
    perform,
)
from app.graphql.problems import (
    IdempotencyKeyReused,
    NoLongerThere,
    Problem,
    VersionConflict,
    shows,
)
from app.graphql.reads.binding import column


@shows(problems.TriggerNotFound)
@strawberry.type(description="The brand has no such trigger.")
class TriggerNotFound(Problem):
    """The brand has no such trigger."""


@shows(problems.TriggerTaken)
@strawberry.type(description="The brand has this hashtag as a trigger; case makes no difference.")
class TriggerTaken(Problem):
    """The brand has this hashtag as a trigger."""

    tag: str = strawberry.field(description="The hashtag, as the brand spells it.")
    trigger_id: strawberry.ID = column("The trigger that it is.", id_of="Trigger")


@shows(problems.BadTrigger)
@strawberry.type(description="The brand cannot have such a trigger, or so many, or none at all.")
class BadTrigger(Problem):
    """The brand cannot have such a trigger, or so many, or none at all."""


_TAG = (
    f"The hashtag without `#`, 1 to {TAG_CHARACTERS_MAX} characters; `AmazonCart` and `amazoncart` "
    "are the same."
)


@strawberry.input(description="A hashtag that asks for a cart.")
class AddTriggerInput(MutationInput):
    """A hashtag that asks for a cart."""

    tag: str = strawberry.field(description=_TAG)
    marketplace: str = strawberry.field(
        description="The marketplace that it stands for: one of the brand's."
    )
    action: TriggerAction = strawberry.field(
        default=TriggerAction.CART, description="What it asks for."
    )


@strawberry.input(description="What to change of a trigger; what is left out or null stays.")
class ChangeTriggerInput(EditInput):
    """What to change of a trigger."""

    trigger_id: strawberry.ID = strawberry.field(description="The trigger.")
    tag: str | None = strawberry.field(
        default=None, description=f"{_TAG} Left out or null: it stays."
    )
    marketplace: str | None = strawberry.field(
        default=None,
        description="The marketplace that it stands for: one of the brand's. Left out or null: it "
        "stays.",
    )
    action: TriggerAction | None = strawberry.field(
        default=None, description="What it asks for. Left out or null: it stays."
    )


@strawberry.input(description="Which trigger to remove.")
class RemoveTriggerInput(EditInput):
    """Which trigger to remove."""

    trigger_id: strawberry.ID = strawberry.field(description="The trigger.")


@strawberry.input(description="The brand's policies; what is left out or null stays.")
class SetPoliciesInput(EditInput):
    """The brand's policies."""

    accept_quotes: bool | None = strawberry.field(
        default=None,
        description="Whether quotes with a trigger count like replies. Left out or null: it stays.",
    )
    auto_register: bool | None = strawberry.field(
        default=None,
        description="Whether its own posts with a product link become shoppable by themselves. "
        "Left out or null: it stays.",
    )
    resolve_depth: ResolveDepth | None = strawberry.field(
        default=None,
        description="How far up a conversation a product is looked for. Left out or null: it "
        "stays.",
    )


AddTriggerResult = Annotated[
    Trigger | TriggerTaken | BadTrigger | IdempotencyKeyReused | NoLongerThere,
    strawberry.union("AddTriggerResult", description="What came of `addTrigger`."),
]
ChangeTriggerResult = Annotated[
    Trigger
    | TriggerNotFound
    | TriggerTaken
    | BadTrigger
    | VersionConflict
    | IdempotencyKeyReused
    | NoLongerThere,
    strawberry.union("ChangeTriggerResult", description="What came of `changeTrigger`."),
]
RemoveTriggerResult = Annotated[
    Brand | TriggerNotFound | BadTrigger | VersionConflict | IdempotencyKeyReused | NoLongerThere,
    strawberry.union("RemoveTriggerResult", description="What came of `removeTrigger`."),
]
SetPoliciesResult = Annotated[
    Brand | VersionConflict | IdempotencyKeyReused | NoLongerThere,
    strawberry.union("SetPoliciesResult", description="What came of `setPolicies`."),
]


def change_by(info: MutationInfo) -> Change:
    """Who changes the brand's settings, and when: the token's app, now."""
    viewer = info.context.viewer
    return Change(brand_id=viewer.brand_id, actor_id=viewer.installation_id, now=info.context.now)


@strawberry.type
class BrandMutations:
    """Mutations of a brand's settings."""

    @mutation("Let a further hashtag ask for a cart.", scope=Scope.BRAND_WRITE)
    async def add_trigger(
        self, info: MutationInfo, input: AddTriggerInput
    ) -> AddTriggerResult | None:
        """Let a further hashtag ask for a cart."""
        return await perform(
            info,
            service.add_trigger,
            change_by(info),
            tag=input.tag,
            marketplace=input.marketplace,
            action=input.action,
        )

    @mutation("Change a trigger, for replies from now on.", scope=Scope.BRAND_WRITE)
    async def change_trigger(
        self, info: MutationInfo, input: ChangeTriggerInput
    ) -> ChangeTriggerResult | None:
        """Change a trigger, for replies from now on."""
        return await perform(
            info,
            service.change_trigger,
            change_by(info),
            trigger_id=key_of("Trigger", input.trigger_id),
            tag=input.tag,
            marketplace=input.marketplace,
            action=input.action,
            expected_version=input.expected_version,
        )

    @mutation("Let a hashtag ask for nothing any more.", scope=Scope.BRAND_WRITE)
    async def remove_trigger(
        self, info: MutationInfo, input: RemoveTriggerInput
    ) -> RemoveTriggerResult | None:
        """Let a hashtag ask for nothing any more."""
        return await perform(
            info,
            service.remove_trigger,
            change_by(info),
            trigger_id=key_of("Trigger", input.trigger_id),
            expected_version=input.expected_version,
        )

    @mutation("Set how replies to the brand are taken.", scope=Scope.BRAND_WRITE)
    async def set_policies(
        self, info: MutationInfo, input: SetPoliciesInput
    ) -> SetPoliciesResult | None:
        """Set how replies to the brand are taken."""
        return await perform(
            info,
            service.set_policies,
            change_by(info),
            accept_quotes=input.accept_quotes,
            auto_register=input.auto_register,
            resolve_depth=input.resolve_depth,
            expected_version=input.expected_version,
        )
