"""Mutations of cart intents in the API: what a brand decides for a shopper."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, ParamSpec

import strawberry

from app.carts import choices, models, problems
from app.carts.intents import Intent
from app.carts.schema import CartIntent
from app.core.viewer import Scope
from app.events.states import ActorKind
from app.graphql.perform import Made, MutationInfo, MutationInput, key_of, mutation, perform
from app.graphql.problems import IdempotencyKeyReused, NoLongerThere, Problem, shows

P = ParamSpec("P")


@shows(problems.CartIntentNotFound)
@strawberry.type(description="The brand has no such intent.")
class CartIntentNotFound(Problem):
    """The brand has no such intent."""


@shows(problems.CartIntentNotWaiting)
@strawberry.type(description="The intent does not wait for a choice, or not any more.")
class CartIntentNotWaiting(Problem):
    """The intent does not wait for a choice, or not any more."""


@shows(problems.ProductNotOffered)
@strawberry.type(description="The product is none of those among which the intent waits.")
class ProductNotOffered(Problem):
    """The product is none of those among which the intent waits."""


@shows(problems.CartIntentNotWithdrawable)
@strawberry.type(description="The intent reached the shopper, or came to its end.")
class CartIntentNotWithdrawable(Problem):
    """The intent reached the shopper, or came to its end."""


@shows(problems.CartIntentNotRemovable)
@strawberry.type(description="The intent's product is not in a cart that a retailer added it to.")
class CartIntentNotRemovable(Problem):
    """The intent's product is not in a cart that a retailer added it to."""


@strawberry.input(description="Which product an intent that waits for a choice is for.")
class ChooseProductInput(MutationInput):
    """Which product an intent that waits for a choice is for."""

    cart_intent_id: strawberry.ID = strawberry.field(description="The intent.")
    product_id: strawberry.ID = strawberry.field(description="One that its tweet offers.")


@strawberry.input(description="Which intent to withdraw.")
class WithdrawCartIntentInput(MutationInput):
    """Which intent to withdraw."""

    cart_intent_id: strawberry.ID = strawberry.field(description="The intent.")


@strawberry.input(description="Which intent's product to take out of the cart.")
class RequestRemovalInput(MutationInput):
    """Which intent's product to take out of the cart."""

    cart_intent_id: strawberry.ID = strawberry.field(description="The intent.")


ChooseProductResult = Annotated[
    CartIntent
    | CartIntentNotFound
    | CartIntentNotWaiting
    | ProductNotOffered
    | IdempotencyKeyReused
    | NoLongerThere,
    strawberry.union("ChooseProductResult", description="What came of `chooseProduct`."),
]
WithdrawCartIntentResult = Annotated[
    CartIntent
    | CartIntentNotFound
    | CartIntentNotWithdrawable
    | IdempotencyKeyReused
    | NoLongerThere,
    strawberry.union("WithdrawCartIntentResult", description="What came of `withdrawCartIntent`."),
]
RequestRemovalResult = Annotated[
    CartIntent | CartIntentNotFound | CartIntentNotRemovable | IdempotencyKeyReused | NoLongerThere,
    strawberry.union("RequestRemovalResult", description="What came of `requestRemoval`."),
]


def _showing_row(service: Callable[P, Awaitable[object]]) -> Callable[P, Awaitable[object]]:
    """The service, whose intents in memory are answered with as rows."""

    @wraps(service)
    async def run(*arguments: P.args, **named: P.kwargs) -> object:
        answer = await service(*arguments, **named)
        return Made(models.CartIntent, answer.id) if isinstance(answer, Intent) else answer

    return run


@strawberry.type
class CartIntentMutations:
    """Mutations of cart intents."""

    @mutation(
        "Choose for the shopper among the products that her intent waits for.",
        scope=Scope.INTENTS_ACT,
    )
    async def choose_product(
        self, info: MutationInfo, input: ChooseProductInput
    ) -> ChooseProductResult | None:
        """Choose for the shopper among the products that her intent waits for."""
        return await perform(
            info,
            _showing_row(choices.choose_product),
            brand_id=info.context.brand_id,
            intent_id=key_of("CartIntent", input.cart_intent_id),
            product_id=key_of("Product", input.product_id),
            actor=ActorKind.APP,
            now=info.context.now,
        )

    @mutation(
        "Withdraw an intent that did not reach the shopper yet. One that is with its retailer "
        "stays `QUEUED` until that is settled.",
        scope=Scope.INTENTS_ACT,
    )
    async def withdraw_cart_intent(
        self, info: MutationInfo, input: WithdrawCartIntentInput
    ) -> WithdrawCartIntentResult | None:
        """Withdraw an intent that did not reach the shopper yet."""
        return await perform(
            info,
            _showing_row(choices.withdraw_intent),
            brand_id=info.context.brand_id,
            intent_id=key_of("CartIntent", input.cart_intent_id),
            actor=ActorKind.APP,
            now=info.context.now,
        )

    @mutation(
        "Ask the retailer to take out of the cart what it added. The intent stays `ADDED` until it "
        "answers.",
        scope=Scope.INTENTS_ACT,
    )
    async def request_removal(
        self, info: MutationInfo, input: RequestRemovalInput
    ) -> RequestRemovalResult | None:
        """Ask the retailer to take out of the cart what it added."""
        return await perform(
            info,
            _showing_row(choices.request_removal),
            brand_id=info.context.brand_id,
            intent_id=key_of("CartIntent", input.cart_intent_id),
            actor=ActorKind.APP,
            now=info.context.now,
        )
