"""All the ceilings that a developer meets, in the API: `viewer.limits`."""

import strawberry

from app.graphql import limits
from app.graphql.accounts import Tariff
from app.graphql.cost import FORMULA
from app.graphql.idempotency import KEY_CHARACTERS_MAX, KEY_LIFE
from app.graphql.paging import PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX
from app.graphql.reads.aggregates import GROUPS_MAX
from app.graphql.reads.entries import CONDITIONS_TOGETHER_MAX, LISTS_MAX
from app.graphql.reads.nodes import IDS_MAX
from app.graphql.sse import STREAMS_PER_INSTALLATION_MAX
from app.graphql.websocket import OPERATIONS_PER_SOCKET_MAX


@strawberry.type(
    description="The bucket of points that every installation has, for all its requests together. "
    f"Each operation is charged before it runs, and refused (`THROTTLED`) where the bucket holds "
    f"less. {FORMULA} `extensions.cost` of every answer tells what it cost and what is left."
)
class CostLimits:
    """The bucket of points that every installation has."""

    maximum_available: int = strawberry.field(
        description="The points of a full bucket, and the most that one operation may cost."
    )
    restore_rate: int = strawberry.field(description="The points that each second adds.")


@strawberry.type(
    description="What an operation may not exceed, and how many may run. Beyond it an operation is "
    "refused before anything is read, and the error says which ceiling it was."
)
class Limits:
    """What an operation may not exceed."""

    cost: CostLimits = strawberry.field(description="What operations may cost.")
    body_bytes: int = strawberry.field(description="Bytes of a request's body.")
    document_characters: int = strawberry.field(description="Characters of a document.")
    document_tokens: int = strawberry.field(description="Tokens of a document.")
    definitions: int = strawberry.field(description="Operations and fragments of a document.")
    depth: int = strawberry.field(description="How deep fields may be nested.")
    fields: int = strawberry.field(
        description="Fields of an operation, those of fragments wherever they are spread."
    )
    aliases: int = strawberry.field(
        description="Fields under an alias, those of fragments wherever they are spread."
    )
    lists: int = strawberry.field(
        description="Lists of an operation, those of groups included, whatever their sizes."
    )
    mutation_fields: int = strawberry.field(description="Root fields of one mutation.")
    filter_conditions: int = strawberry.field(
        description="Conditions of all filters of an operation together."
    )
    page_size_default: int = strawberry.field(
        description="Entries of a list that is asked for without `first` and `last`."
    )
    page_size: int = strawberry.field(description="Entries of one page of a list.")
    rows: int = strawberry.field(
        description="Rows that all lists of an operation may ask for together, lists in lists "
        "multiplied."
    )
    groups: int = strawberry.field(description="Groups of one list of groups.")
    ids: int = strawberry.field(description="Ids of `nodes`.")
    text_characters: int = strawberry.field(description="Characters of a text in an input.")
    idempotency_key_characters: int = strawberry.field(
        description="Characters of an `idempotencyKey`."
    )
    idempotency_key_hours: int = strawberry.field(
        description="For how many hours an `idempotencyKey` is remembered."
    )
    socket_operations: int = strawberry.field(
        description="Operations that run at once on one WebSocket."
    )
    event_streams: int = strawberry.field(
        description="Event streams of an installation that are open at once, at each server."
    )


def limits_of(tariff: Tariff) -> Limits:
    """The ceilings of a server with that tariff."""
    return Limits(
        cost=CostLimits(maximum_available=tariff.maximum, restore_rate=tariff.restore_rate),
        body_bytes=limits.BODY_BYTES_MAX,
        document_characters=limits.DOCUMENT_CHARACTERS_MAX,
        document_tokens=limits.DOCUMENT_TOKENS_MAX,
        definitions=limits.DEFINITIONS_MAX,
        depth=limits.DEPTH_MAX,
        fields=limits.FIELDS_MAX,
        aliases=limits.ALIASES_MAX,
        lists=LISTS_MAX,
        mutation_fields=limits.MUTATIONS_MAX,
        filter_conditions=CONDITIONS_TOGETHER_MAX,
        page_size_default=PAGE_ROWS_DEFAULT,
        page_size=PAGE_ROWS_MAX,
        rows=limits.ROWS_MAX,
        groups=GROUPS_MAX,
        ids=IDS_MAX,
        text_characters=limits.TEXT_CHARACTERS_MAX,
        idempotency_key_characters=KEY_CHARACTERS_MAX,
        idempotency_key_hours=int(KEY_LIFE.total_seconds()) // 3_600,
        socket_operations=OPERATIONS_PER_SOCKET_MAX,
        event_streams=STREAMS_PER_INSTALLATION_MAX,
    )
