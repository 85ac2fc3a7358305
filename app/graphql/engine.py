"""The engine of one process: a checked schema, its documents, and how its operations run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import strawberry
from graphql import GraphQLSchema, OperationType

from app.core.viewer import Viewer
from app.graphql.context import EngineContext
from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.known_requests import KnownRequests
from app.graphql.members import mutation_fields
from app.graphql.mutations import Mutations
from app.graphql.reads.catalogue import Catalogue
from app.graphql.reads.check import check_schema
from app.graphql.reads.documents import Documents, PreparedOperation
from app.graphql.reads.execute import Fetch, Reads
from app.graphql.reads.reference import install, run_reference
from app.graphql.reads.reference_rows import ReferenceContext
from app.graphql.reads.runs import to_bytes


class GraphQLRequest(NamedTuple):
    """What a client asks, once its form was checked."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]


@dataclass(frozen=True)
class Engine:
    """Everything that a schema's operations share. Made once; it holds no connection."""

    catalogue: Catalogue
    documents: Documents
    reads: Reads
    mutations: Mutations
    cursor_key: bytes
    requests: KnownRequests = field(default_factory=KnownRequests)

    @property
    def schema(self) -> GraphQLSchema:
        """The schema as graphql-core sees it."""
        return self.catalogue.schema

    async def respond(
        self, request: GraphQLRequest, viewer: Viewer, context: EngineContext, body: bytes = b""
    ) -> bytes:
        """The answer of a query or a mutation, as JSON. A query is known by its *body* from now on.

        Raises:
            RequestRefused: it may not run, or names a subscription.
            DocumentRefused: it does not parse, is not valid, or its variables are not.
        """
        prepared = self.documents.prepare(request.query, request.operation_name)
        if prepared.kind is OperationType.MUTATION:
            return await self.mutations.run(prepared, request.variables, viewer, context)
        return await self._query(prepared, request, viewer, context.fetch, body)

    async def execute(self, request: GraphQLRequest, viewer: Viewer, fetch: Fetch) -> bytes:
        """The answer of a query, as JSON.

        Raises:
            RequestRefused: it may not run, or names a subscription.
            DocumentRefused: it does not parse, is not valid, or its variables are not.
        """
        prepared = self.documents.prepare(request.query, request.operation_name)
        if prepared.kind is OperationType.MUTATION:
            raise ValueError("A mutation writes: run it by `respond`, which is given where to.")
        return await self._query(prepared, request, viewer, fetch)

    async def _query(
        self,
        prepared: PreparedOperation,
        request: GraphQLRequest,
        viewer: Viewer,
        fetch: Fetch,
        body: bytes = b"",
    ) -> bytes:
        if prepared.kind is OperationType.SUBSCRIPTION:
            raise RequestRefused(
                ErrorCode.BAD_REQUEST,
                "Subscriptions run over WebSocket: connect to this address with the "
                "sub-protocol graphql-transport-ws.",
            )
        variables = self.documents.variables(prepared, request.variables)
        compiled = self.reads.compile(prepared, variables)
        if compiled.plan.complete:
            if body:
                self.requests.keep(body, compiled, variables)
            return await self.reads.run(compiled, variables, viewer, fetch)
        self.reads.bind(compiled.plan, variables, viewer)  # the reference refuses what this refuses
        return await self.execute_reference(prepared, request.variables, viewer, fetch)

    async def execute_reference(
        self,
        prepared: PreparedOperation,
        given: Mapping[str, Any],
        viewer: Viewer,
        fetch: Fetch,
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
            ReferenceContext(viewer, fetch, self.cursor_key),
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


def create_engine(schema: strawberry.Schema, cursor_key: bytes) -> Engine:
    """The engine of *schema*.

    Raises:
        SchemaFaults: the schema may not serve; the message says what to mend.
    """
    catalogue = Catalogue(schema._schema)
    check_schema(catalogue)
    install(catalogue)
    documents = Documents(catalogue.schema, frozenset(catalogue.node_types))
    reads = Reads(catalogue, documents, cursor_key)
    mutations = Mutations(catalogue, schema, documents, reads, mutation_fields(catalogue))
    return Engine(catalogue, documents, reads, mutations, cursor_key)
