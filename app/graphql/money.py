"""Money, as every type shows it."""

import strawberry

from app.graphql.scalars import BigInt


@strawberry.type(description="An amount of money.")
class Money:
    """An amount of money."""

    amount_minor: int = strawberry.field(
        description="The amount in the currency's minor unit: cents for USD, yen for JPY."
    )
    currency: str = strawberry.field(description="The currency by ISO 4217, for example `USD`.")


@strawberry.type(description="A sum of amounts of money in one currency.")
class MoneyTotal:
    """A sum of amounts of money in one currency."""

    amount_minor: BigInt = strawberry.field(description="The sum in the currency's minor unit.")
    currency: str = strawberry.field(description="The currency by ISO 4217, for example `USD`.")
