"""The log in the API: read by query, followed live."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from sqlalchemy import ARRAY, ColumnElement, Text

from app.core.viewer import Scope
from app.events import models
from app.events.access import visible_events
from app.events.catalogue import EventType
from app.events.states import ActorKind
from app.graphql.enums import shown_enum
from app.graphql.paging import Connection, Order
from app.graphql.reads.binding import (
    ListArgument,
    column,
    embedded,
    maps,
    root_many,
    same_row,
    stream,
    stream_place,
)
from app.graphql.reads.filters import filter_on
from app.graphql.reads.orders import OrderChoice
from app.graphql.scalars import BigInt

shown_enum(EventType, "What happened.")
shown_enum(ActorKind, "What kind of actor caused an event.")

EVENT_LOG = Order(("seq",), name="log")
"""The log's order. Its cursors are good for every reader of the log."""


@strawberry.type(description="Who caused an event.")
class Actor:
    """Who caused an event."""

    kind: ActorKind = strawberry.field(description="What kind of actor it is.")
    id: UUID | None = strawberry.field(description="Its reference; null where it has none.")


@maps(
    models.Event,
    visible=visible_events,
    scope=Scope.EVENTS_READ,
    discriminator="subject_type",
    filters=(
        filter_on("actor_kind", "What kind of actor caused it."),
        filter_on("occurred_at", "When it happened."),
        filter_on("recorded_at", "When it entered the log."),
    ),
    orders=(OrderChoice("SEQ", "Its number in the log.", EVENT_LOG),),
)
@strawberry.interface(
    description="Something that happened to the brand. Below an event every field says what was "
    "true then; a field that reads live rows is named `current...`."
)
class Event:
    """Something that happened to the brand."""

    id: strawberry.ID = column("The event's id, the same wherever it is told.", id_of="Event")
    seq: BigInt = column("Its number in the brand's log: 1, 2, 3, without gaps.")
    type: EventType = column("What happened.")
    schema_version: int = column("The version of its data's form.")
    occurred_at: datetime = column("When it happened.")
    recorded_at: datetime = column("When it entered the log.")
    correlation_id: UUID | None = column("Shared by events of one story; null if it has none.")
    causation_id: UUID | None = column("The event that caused it; null if none did.")
    actor: Actor = embedded("Who caused it.", absent="actor_kind", kind="actor_kind", id="actor_id")
    subject_id: strawberry.ID = column("What it happened to.", id_of="Subject")
    redacted_at: datetime | None = column("When its personal parts were erased; null: they stand.")


@maps(models.Event, visible=visible_events, scope=Scope.EVENTS_READ)
@strawberry.type(description="An event, as a subscription sends it.")
class LogEntry:
    """An event, as a subscription sends it."""

    cursor: str = stream_place("Its place in the log: pass it as `after` to go on.", "cursor")
    seq: BigInt = column("Its number in the brand's log.")
    prev_seq: BigInt = stream_place(
        "The number of the event before it that passed this subscription's filter, 0 if none. "
        "Nothing was missed when it is no greater than the last number you hold.",
        "previous",
    )
    event: Event = same_row("What happened, with what was true then.")


@strawberry.type(
    description="Nothing new. Sent first when a subscription starts now, then at rest."
)
class LogHeartbeat:
    """Nothing new."""

    cursor: str = strawberry.field(description="The place reached: pass it as `after` to go on.")
    scanned_to: BigInt = strawberry.field(
        description="All events up to this number were looked at; none of them was held back."
    )
    sent_at: datetime = strawberry.field(description="When it was sent.")


@strawberry.type(
    description="You read too slowly and the subscription ends here. Nothing is lost: subscribe "
    "again with `after: cursor`."
)
class LogLag:
    """The subscriber read too slowly; the subscription ends."""

    cursor: str = strawberry.field(description="The place up to which you were sent everything.")
    scanned_to: BigInt = strawberry.field(description="The number of that place.")


LogItem = Annotated[
    LogEntry | LogHeartbeat | LogLag,
    strawberry.union("LogItem", description="What `events` sends."),
]


def _of_types(event: Any, types: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = event.type == types.any_()
    return found


def _values(types: Sequence[EventType]) -> list[str]:
    return [EventType(each).value for each in types]


_ARGUMENTS = {
    "types": ListArgument(
        list[EventType] | None, "Only events of these types.", _of_types, ARRAY(Text()), _values
    )
}


@strawberry.type
class EventQueries:
    """Root fields of the log."""

    events: Connection[Event] = root_many(
        "The brand's log, oldest first: from `after` on, or from the oldest event that is kept.",
        _ARGUMENTS,
    )


@strawberry.type
class EventSubscriptions:
    """Live root fields of the log."""

    events: LogItem = stream(
        "Every event the moment it enters the log.",
        item="LogEntry",
        condition=lambda event: event.seq > 0,
        arguments=_ARGUMENTS,
    )
