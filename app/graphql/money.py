"""Money, as every type shows it."""

import strawberry


@strawberry.type(description="An amount of money.")
class Money:
    """An amount of money."""

    amount_minor: int = strawberry.field(
        description="The amount in the currency's minor unit: cents for USD, yen for JPY."
    )
    currency: str = strawberry.field(description="The currency by ISO 4217, for example `USD`.")
