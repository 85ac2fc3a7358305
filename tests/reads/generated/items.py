"""What subscriptions send of an event, generated: it is what a query reads of the same event."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from app.events.schema import EVENT_LOG
from app.graphql.errors import DocumentRefused, RequestRefused
from app.graphql.paging import CursorSigner
from app.graphql.reads.execute import need_scopes
from app.graphql.reads.runs import Place, to_bytes
from app.graphql.streams import AFTER, UNTIL, compile_stream
from tests.reads.generated.compare import Case, Comparer, Refusal, refusal_of
from tests.reads.generated.generator import Generator, variables_of
from tests.reads.generated.operations import Field, Inline, Selection

EVENTS = 12
KEY = "item"
PLACE = Place(CursorSigner(b"key", b""), 0, 0)
"""Nothing of it is selected."""


@dataclass(frozen=True)
class Items:
    """Generates selections on events over one world, and judges them."""

    random: Random
    generator: Generator
    comparer: Comparer

    async def difference(self) -> str | None:
        """What differs for one generated selection, with the document; None where nothing does."""
        operation, made_for = self.generator.selection_on("Event")
        drawing = self.generator.run(operation, made_for, first=True)
        nodes = Field("EventConnection", "nodes", below=operation.below)
        asked = Field("Query", "events", KEY, {"first": EVENTS}, below=[nodes])
        query = replace(operation, below=[asked])
        variables = variables_of(query, drawing, self.random)
        case = Case(query.text(), variables, drawing.viewer)
        entry: list[Selection] = [Field("LogEntry", "event", below=operation.below)]
        item = Field("Subscription", "events", KEY, below=[Inline("LogEntry", entry)])
        text = replace(operation, below=[item], kind="subscription").text()
        one = await self._compiled(text, variables, case)
        found = await self.comparer.difference(case, one, await self.comparer.reference(case))
        return None if found is None else f"{found}\n\n{text}\n\n{case}"

    async def _compiled(self, text: str, given: Mapping[str, Any], case: Case) -> bytes | Refusal:
        """The first events as a subscription sends them, in the form of the query's answer."""
        engine, viewer = self.comparer.engine, case.viewer
        prepared = engine.documents.prepare(text, None)
        try:
            coerced = engine.documents.variables(prepared, given)
            stream = compile_stream(engine.catalogue, prepared, coerced, EVENT_LOG)
            need_scopes(stream.scopes, viewer)
            values = {**stream.bind(coerced)[1], **viewer.parameters()}
            runs = engine.reads.bind_lists(stream.lists, coerced, viewer, values)
        except RequestRefused as refused:
            return refusal_of(refused)
        except DocumentRefused as refused:
            return Refusal(refused.code, (), str(refused))
        window = {AFTER: 0, UNTIL: EVENTS, "limit": EVENTS}
        parameters = stream.rows.parameters({**values, **window})
        rows = await self.comparer.fetch(stream.rows.sql, parameters)
        shown = [stream.assemble(row, runs, PLACE)["event"] for row in rows]
        return to_bytes({"data": {KEY: {"nodes": shown}}})
