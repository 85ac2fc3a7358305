"""The root field `operationCost`: what an operation would cost, told without running it."""

from typing import Annotated, Any

import strawberry
from strawberry import argument

from app.graphql.cost import FORMULA, Part
from app.graphql.engine import GraphQLRequest
from app.graphql.errors import DocumentRefused, ErrorCode, RequestRefused
from app.graphql.meter import too_dear
from app.graphql.resolved import ResolvedInfo, resolved
from app.graphql.scalars import JSON


@strawberry.type(description="A part of what an operation costs.")
class OperationCostPart:
    """A part of what an operation costs."""

    path: list[str] = strawberry.field(
        description="Where it stands in the answer, by keys; empty for what every operation costs."
    )
    points: int = strawberry.field(
        description="Its points, for all the rows that it stands below together."
    )


@strawberry.type(description="Why an operation would never run as it is.")
class OperationRefusal:
    """Why an operation would never run as it is."""

    code: str = strawberry.field(description="The `extensions.code` of the error it would get.")
    message: str = strawberry.field(description="The message of that error.")


@strawberry.type(description=f"What an operation would cost, told without running it. {FORMULA}")
class OperationCost:
    """What an operation would cost."""

    requested: int | None = strawberry.field(
        description="Its points. Null where it would be refused before they are known: `refusals`."
    )
    maximum_available: int = strawberry.field(
        description="The points of a full bucket, and the most that one operation may cost."
    )
    currently_available: int = strawberry.field(
        description="The points that are left now, once this answer is paid."
    )
    restore_rate: int = strawberry.field(description="The points that each second adds.")
    available_in_seconds: int | None = strawberry.field(
        description="After how many seconds there is enough, if nothing else is asked meanwhile; 0 "
        "where there is enough now. Null where it would never run: `refusals`."
    )
    parts: list[OperationCostPart] = strawberry.field(
        description="What costs how much: the operation itself, then each root field that holds "
        "one row, each list, each mutation. They add up to `requested`."
    )
    refusals: list[OperationRefusal] = strawberry.field(
        description="Why it would be refused whatever the bucket holds; empty where it would not."
    )


@strawberry.type
class CostQueries:
    """The root field that tells costs."""

    @resolved(
        "What an operation would cost for this token, told without running it; also of one that "
        "would be refused, with the reason.",
        scope=None,
    )
    async def operation_cost(
        self,
        info: ResolvedInfo,
        document: Annotated[
            str, argument(description="A document as it would be sent as `query`.")
        ],
        variables: Annotated[
            JSON | None,
            argument(description="Its variables, as an object; null where it takes none."),
        ] = None,
        operation_name: Annotated[
            str | None,
            argument(description="Which of its operations; null where it holds one alone."),
        ] = None,
    ) -> OperationCost:
        """What an operation would cost."""
        costs = info.context.costs
        tariff, available = costs.tariff, costs.available
        parts: list[Part] = []
        refusals: list[OperationRefusal] = []
        try:
            request = GraphQLRequest(document, operation_name, _object(variables))
            parts = list(costs.of(request).parts)
        except RequestRefused as refused:
            refusals = [OperationRefusal(code=refused.code.value, message=refused.message)]
        except DocumentRefused as refused:
            refusals = [
                OperationRefusal(code=refused.code.value, message=error.message)
                for error in refused.errors
            ]
        points = sum(part.points for part in parts)
        if points > tariff.maximum:
            code = ErrorCode.OPERATION_TOO_LARGE.value
            refusals = [OperationRefusal(code=code, message=too_dear(points, tariff.maximum))]
        missing = max(0, points - available)
        return OperationCost(
            requested=points or None,
            maximum_available=tariff.maximum,
            currently_available=available,
            restore_rate=tariff.restore_rate,
            available_in_seconds=None if refusals else -(-missing // tariff.restore_rate),
            parts=[OperationCostPart(path=list(part.path), points=part.points) for part in parts],
            refusals=refusals,
        )


def _object(variables: Any) -> dict[str, Any]:
    if variables is not None and not isinstance(variables, dict):
        raise RequestRefused(ErrorCode.BAD_REQUEST, "`variables` must be an object or null.")
    return variables or {}
