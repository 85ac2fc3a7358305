"""The engine of one process: a checked schema, its documents, and how its operations run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import strawberry
from graphql import GraphQLSchema, OperationType
from graphql.execution.values import VariableValues

from app.core.viewer import Viewer
from app.graphql.accounts import USUAL_TARIFF, Tariff
from app.graphql.charges import UNCHARGED, Charge
from app.graphql.context import EngineContext, NoteUses
from app.graphql.cost import Part
from app.graphql.deprecations import Deprecations, deprecation_faults
from app.graphql.errors import DocumentRefused, ErrorCode, RequestRefused
from app.graphql.introspection import Introspection
from app.graphql.known_requests import KnownRequests
from app.graphql.members import mutation_fields
from app.graphql.mutations import Mutations
from app.graphql.reads.catalogue import Catalogue
from app.graphql.reads.check import SchemaFaults, check_schema
from app.graphql.reads.documents import Documents, PreparedOperation
from app.graphql.reads.execute import Fetch, Reads, need_scopes
from app.graphql.reads.reference import install, run_reference
from app.graphql.reads.reference_rows import Costs, ReferenceContext
from app.graphql.reads.runs import to_bytes
from app.graphql.streams import plan_stream
from app.graphql.visible import VisibleSchemas


class PersistedId(NamedTuple):
    """How a request names a document instead of, or beside, sending it."""

    key: str
    """The document's SHA-256 in hexadecimal, or an id that the app gave it."""
    is_hash: bool
    version: int = 1
    """Of the protocol that the client speaks."""


class GraphQLRequest(NamedTuple):
    """What a client asks, once its form was checked."""

    query: str
    """The document; empty where it is only named, until it is found."""
    operation_name: str | None
    variables: Mapping[str, Any]
    persisted: PersistedId | None = None


@dataclass(frozen=True)
class Cost:
    """What an operation would cost, part by part."""

    kind: OperationType
    parts: Sequence[Part]

    @property
    def points(self) -> int:
        """All of it."""
        return sum(part.points for part in self.parts)


@dataclass(frozen=True)
class Engine:
    """Everything that a schema's operations share. Made once; it holds no connection."""

    catalogue: Catalogue
    documents: Documents
    reads: Reads
    mutations: Mutations
    cursor_key: bytes
    deprecations: Deprecations
    visible: VisibleSchemas
    introspection: Introspection
    known: KnownRequests = field(default_factory=KnownRequests)

    @property
    def schema(self) -> GraphQLSchema:
        """The schema as graphql-core sees it."""
        return self.catalogue.schema

    async def respond(
        self,
        request: GraphQLRequest,
        viewer: Viewer,
        context: EngineContext,
        charge: Charge = UNCHARGED,
        body: bytes = b"",
    ) -> bytes:
        """The answer of a query or a mutation, as JSON. A query is known by its *body* from now on.

        Raises:
            RequestRefused: it may not run, or names a subscription.
            DocumentRefused: it does not parse, is not valid, or its variables are not.
        """
        try:
            return await self._respond(request, viewer, context, charge, body)
        except DocumentRefused as refused:
            raise self.visible.told(refused, request.query, viewer.scopes) from None

    async def _respond(
        self,
        request: GraphQLRequest,
        viewer: Viewer,
        context: EngineContext,
        charge: Charge,
        body: bytes,
    ) -> bytes:
        prepared = self.documents.prepare(request.query, request.operation_name)
        if self.note_uses(prepared, request, viewer, context.note_uses):
            body = b""  # every use is counted
        if prepared.kind is OperationType.MUTATION:
            return await self.mutations.run(prepared, request.variables, viewer, context, charge)
        return await self._query(prepared, request, viewer, context.fetch, charge, body)

    def prepare(self, request: GraphQLRequest, viewer: Viewer) -> PreparedOperation:
        """The operation that is asked for.

        Raises:
            DocumentRefused: the text does not parse or is not valid against the schema.
            RequestRefused: it is too large, or the name fits no or several operations.
        """
        try:
            return self.documents.prepare(request.query, request.operation_name)
        except DocumentRefused as refused:
            raise self.visible.told(refused, request.query, viewer.scopes) from None

    def variables(
        self, prepared: PreparedOperation, request: GraphQLRequest, viewer: Viewer
    ) -> VariableValues:
        """The variables of an operation, coerced, with defaults.

        Raises:
            DocumentRefused: one is missing, of another type, or null where none may be.
        """
        try:
            return self.documents.variables(prepared, request.variables)
        except DocumentRefused as refused:
            raise self.visible.told(refused, request.query, viewer.scopes) from None

    def note_uses(
        self,
        prepared: PreparedOperation,
        request: GraphQLRequest,
        viewer: Viewer,
        note: NoteUses,
    ) -> bool:
        """Count what the operation uses that is deprecated; whether there was any."""
        if not self.deprecations.reasons:
            return False
        used = self.deprecations.used_by(prepared, request.variables)
        note(viewer, used, self.deprecations.reasons)
        return bool(used)

    def cost(self, request: GraphQLRequest, viewer: Viewer) -> Cost:
        """What an operation of any kind would cost; nothing is read.

        Raises:
            RequestRefused: it would not run.
            DocumentRefused: it does not parse, is not valid, or its variables are not.
        """
        prepared = self.prepare(request, viewer)
        variables = self.variables(prepared, request, viewer)
        if prepared.kind is OperationType.MUTATION:
            return Cost(prepared.kind, self.mutations.cost(prepared, request.variables, viewer))
        if prepared.kind is OperationType.QUERY:
            compiled = self.reads.compile(prepared, variables)
            _, runs = self.reads.bind(compiled.plan, variables, viewer)
            return Cost(prepared.kind, compiled.cost.parts(runs))
        planned = plan_stream(self.catalogue, prepared, variables)
        need_scopes(planned.planner.scopes(), viewer)
        runs = self.reads.bind_lists(
            planned.planner.lists(), variables, viewer, viewer.parameters()
        )
        return Cost(prepared.kind, planned.cost.parts(runs))

    async def execute(self, request: GraphQLRequest, viewer: Viewer, fetch: Fetch) -> bytes:
        """The answer of a query, as JSON.

        Raises:
            RequestRefused: it may not run, or names a subscription.
            DocumentRefused: it does not parse, is not valid, or its variables are not.
        """
        prepared = self.documents.prepare(request.query, request.operation_name)
        if prepared.kind is OperationType.MUTATION:
            raise ValueError("A mutation writes: run it by `respond`, which is given where to.")
        return await self._query(prepared, request, viewer, fetch, UNCHARGED)

    async def _query(
        self,
        prepared: PreparedOperation,
        request: GraphQLRequest,
        viewer: Viewer,
        fetch: Fetch,
        charge: Charge,
        body: bytes = b"",
    ) -> bytes:
        if prepared.kind is OperationType.SUBSCRIPTION:
            raise RequestRefused(
                ErrorCode.BAD_REQUEST,
                "Subscriptions run over WebSocket: connect to this address with the "
                "sub-protocol graphql-transport-ws; or over POST: accept text/event-stream.",
            )
        variables = self.documents.variables(prepared, request.variables)
        compiled = self.reads.compile(prepared, variables)
        if compiled.plan.complete:
            if body:
                self.known.keep(body, compiled, variables)
            return await self.reads.run(compiled, variables, viewer, fetch, charge)
        # The reference refuses what this refuses.
        _, runs = self.reads.bind(compiled.plan, variables, viewer)
        self.introspection.check(prepared, compiled.plan)
        await charge.take(compiled.cost.of(runs))
        key = self.introspection.key(prepared, compiled.plan, variables, viewer.scopes)
        if key is not None and (kept := self.introspection.find(key)) is not None:
            return kept
        answer = await self.execute_reference(prepared, request.variables, viewer, fetch, charge)
        if key is not None:
            self.introspection.keep(key, answer)
        return answer

    async def execute_reference(
        self,
        prepared: PreparedOperation,
        given: Mapping[str, Any],
        viewer: Viewer,
        fetch: Fetch,
        charge: Charge = UNCHARGED,
    ) -> bytes:
        """The same answer by the second way.

        Raises:
            RequestRefused: it may not run.
            DocumentRefused: its variables are not valid.
        """
        self.documents.variables(prepared, given)
        name = prepared.operation.name
        result = await run_reference(
            self.catalogue,
            prepared.document,
            None if name is None else name.value,
            given,
            ReferenceContext(
                viewer,
                fetch,
                self.cursor_key,
                self.visible.of(viewer.scopes),
                Costs(
                    self.catalogue.tariff,
                    charge.available(self.catalogue.tariff.maximum),
                    lambda request: self.cost(request, viewer),
                ),
            ),
        )
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer = {"errors": [_entry(error) for error in result.errors], **answer}
        return to_bytes(answer)


def _entry(error: Any) -> dict[str, Any]:
    if error.original_error is not None:
        # The database is away, or a defect of ours that the caller masks and logs: nothing of the
        # answer leaves, as of a compiled one.
        raise error.original_error
    return dict(error.formatted)


def create_engine(
    schema: strawberry.Schema,
    cursor_key: bytes,
    *,
    suggests: bool = False,
    tariff: Tariff = USUAL_TARIFF,
) -> Engine:
    """The engine of *schema*. Where it *suggests*, errors name what may have been meant.

    *tariff* is what it tells of; whoever charges brings his own.

    Raises:
        SchemaFaults: the schema may not serve; the message says what to mend.
    """
    catalogue = Catalogue(schema._schema, tariff)
    check_schema(catalogue)
    if faults := deprecation_faults(catalogue.schema):
        raise SchemaFaults("\n".join(faults))
    install(catalogue)
    documents = Documents(catalogue.schema, frozenset(catalogue.node_types), suggests=suggests)
    reads = Reads(catalogue, documents, cursor_key)
    mutations = Mutations(catalogue, schema, documents, reads, mutation_fields(catalogue))
    deprecations = Deprecations(catalogue.schema)
    visible = VisibleSchemas(catalogue, suggests=suggests)
    introspection = Introspection(catalogue.schema)
    return Engine(
        catalogue, documents, reads, mutations, cursor_key, deprecations, visible, introspection
    )
