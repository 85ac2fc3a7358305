"""Mutations, run: each field in a transaction of its own, one after the other.

Everything that can be refused is refused before the first of them runs: scopes, cursors, pages,
keys. Payloads are read by the compiler, after the commit and from the primary.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import strawberry
from graphql import FieldNode, GraphQLResolveInfo
from graphql.execution.collect_fields import FragmentDetails, collect_fields
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.types.arguments import convert_arguments

from app.core import clock
from app.core.viewer import Viewer
from app.graphql.charges import UNCHARGED, Charge
from app.graphql.context import EngineContext, unreachable_refuses
from app.graphql.cost import MUTATION, OPERATION, Part
from app.graphql.errors import ErrorCode, RequestRefused, masked
from app.graphql.idempotency import KEY_CHARACTERS_MAX, KeyedRequest, keyed_request
from app.graphql.inputs import said
from app.graphql.limits import MUTATIONS_MAX, TEXT_CHARACTERS_MAX
from app.graphql.members import INPUT, KEY, MutationField, ProblemMember
from app.graphql.perform import MutationContext, Outcome
from app.graphql.problems import (
    KEY_REUSED,
    NO_LONGER_THERE,
    IdempotencyKeyReused,
    NoLongerThere,
)
from app.graphql.reads.catalogue import Catalogue
from app.graphql.reads.documents import Documents, PreparedOperation
from app.graphql.reads.execute import (
    CompiledOperation,
    Reads,
    check_rows,
    need_scopes,
    rows_asked,
)
from app.graphql.reads.plan import Constant, ObjectView
from app.graphql.reads.planner import Planner
from app.graphql.reads.runs import ManyRun, to_bytes
from app.graphql.reads.sql import row_name
from app.graphql.reads.values import TYPENAME, Details

_REUSED = Outcome(IdempotencyKeyReused.__name__, fields={"message": KEY_REUSED})
_GONE = Outcome(NoLongerThere.__name__, fields={"message": NO_LONGER_THERE})


@dataclass(frozen=True)
class _Selected:
    """One root field of a document: what it asks of each member of its union."""

    key: str
    field: MutationField
    node: FieldNode
    payloads: Mapping[str, CompiledOperation | ObjectView]
    """By type: what reads and shows the row, or a view of constants where nothing is asked."""
    problems: Mapping[str, tuple[tuple[str, str], ...]]
    """By type: key and name of each field asked for."""


@dataclass(frozen=True)
class _Step:
    """A root field with its values: ready to run."""

    selected: _Selected
    arguments: Mapping[str, Any]
    idempotency_key: str | None
    given: Mapping[str, Any]
    """What the input says, without the key."""
    bound: Mapping[str, tuple[dict[str, Any], list[ManyRun]]]
    """By type of payload: the statement's values and the lists' pages."""

    def rows(self) -> int:
        """How many rows its payload may ask for, whichever it is."""
        return max(
            (
                rows_asked(compiled.plan.lists, self.bound[name][1])
                for name, compiled in self.selected.payloads.items()
                if isinstance(compiled, CompiledOperation)
            ),
            default=0,
        )

    def cost(self) -> int:
        """What the field costs, with the dearest of its payloads."""
        reads = (
            compiled.cost.of(self.bound[name][1]) - OPERATION
            for name, compiled in self.selected.payloads.items()
            if isinstance(compiled, CompiledOperation)
        )
        return MUTATION + max(reads, default=0)


class Mutations:
    """How a schema's mutations run."""

    def __init__(
        self,
        catalogue: Catalogue,
        schema: strawberry.Schema,
        documents: Documents,
        reads: Reads,
        fields: Mapping[str, MutationField],
    ) -> None:
        self.fields = fields
        self._catalogue = catalogue
        self._schema = schema
        self._documents = documents
        self._reads = reads

    async def run(
        self,
        prepared: PreparedOperation,
        given: Mapping[str, Any],
        viewer: Viewer,
        context: EngineContext,
        charge: Charge = UNCHARGED,
    ) -> bytes:
        """The answer's bytes. Where a field fails, those after it do not run.

        Raises:
            DocumentRefused: the variables do not fit.
            RequestRefused: before anything ran; or the first field met a database that is away.
            Exception: a defect in the first field.
        """
        steps = self._steps(prepared, given, viewer)
        await charge.take(sum(part.points for part in _parts(steps)))
        return await _Run(viewer, context).all(steps)

    def cost(
        self, prepared: PreparedOperation, given: Mapping[str, Any], viewer: Viewer
    ) -> list[Part]:
        """What the operation costs, part by part.

        Raises:
            DocumentRefused, RequestRefused: it would not run.
        """
        return _parts(self._steps(prepared, given, viewer))

    def _steps(
        self, prepared: PreparedOperation, given: Mapping[str, Any], viewer: Viewer
    ) -> "list[_Step | Constant]":
        variables = self._documents.variables(prepared, given)
        roots = self._compiled(prepared, variables)
        steps = [
            root if isinstance(root, Constant) else self._bind(root, variables, viewer)
            for root in roots
        ]
        check_rows(sum(step.rows() for step in steps if isinstance(step, _Step)))
        return steps

    def payloads(
        self, prepared: PreparedOperation, given: Mapping[str, Any]
    ) -> dict[str, CompiledOperation]:
        """What reads each payload that the document selects, by `field.Type`."""
        variables = self._documents.variables(prepared, given)
        return {
            f"{root.key}.{name}": compiled
            for root in self._compiled(prepared, variables)
            if not isinstance(root, Constant)
            for name, compiled in root.payloads.items()
            if isinstance(compiled, CompiledOperation)
        }

    def _compiled(
        self, prepared: PreparedOperation, variables: VariableValues
    ) -> tuple[_Selected | Constant, ...]:
        shape = self._documents.shape(variables)
        if shape not in prepared.plans:
            prepared.keep(shape, self._compile(prepared, variables))
        prepared.plans.move_to_end(shape)
        found: tuple[_Selected | Constant, ...] = prepared.plans[shape]
        return found

    def _compile(
        self, prepared: PreparedOperation, variables: VariableValues
    ) -> tuple[_Selected | Constant, ...]:
        fragments = {name: FragmentDetails(each) for name, each in prepared.fragments.items()}
        collected = collect_fields(
            self._catalogue.schema, fragments, variables, prepared.root, prepared.operation
        ).grouped_field_set
        if len(collected) > MUTATIONS_MAX:
            raise RequestRefused(
                ErrorCode.OPERATION_TOO_LARGE,
                f"Run at most {MUTATIONS_MAX} mutations at once; these are {len(collected)}.",
            )
        planner = partial(
            Planner, self._catalogue, prepared.operation, prepared.fragments, variables
        )
        roots: list[_Selected | Constant] = []
        for key, details in collected.items():
            name = details[0].node.name.value
            if name == TYPENAME:
                roots.append(Constant(key, prepared.root.name))
                continue
            roots.append(self._select(planner, key, self.fields[name], details))
        return tuple(roots)

    def _select(
        self, planner: partial[Planner], key: str, field: MutationField, details: Details
    ) -> _Selected:
        payloads: dict[str, CompiledOperation | ObjectView] = {}
        problems: dict[str, tuple[tuple[str, str], ...]] = {}
        for member in field.members:
            shown = planner().subfields(member.graphql_type, details)
            names = tuple((each, found[0].node.name.value) for each, found in shown.items())
            if isinstance(member, ProblemMember):
                problems[member.name] = names
            elif all(name == TYPENAME for _, name in names):
                constants = tuple(Constant(each, member.name) for each, _ in names)
                payloads[member.name] = ObjectView(constants)
            else:
                plan = planner().plan_payload(member.graphql_type, field.definition, key, details)
                payloads[member.name] = self._reads.compile_plan(plan)
        return _Selected(key, field, details[0].node, payloads, problems)

    def _bind(self, selected: _Selected, variables: VariableValues, viewer: Viewer) -> _Step:
        field, path = selected.field, (selected.key,)
        need_scopes({field.scope: path}, viewer)
        given = get_argument_values(field.definition, selected.node, variables)
        arguments = convert_arguments(
            given,
            field.strawberry_field.arguments,
            self._schema.schema_converter.scalar_registry,
            self._schema.config,
        )
        sent = {name: value for name, value in given[INPUT].items() if name != KEY}
        _check_texts(sent, path)
        sent = said(field.definition.args[INPUT].type, sent)
        return _Step(
            selected,
            arguments,
            _checked_key(given[INPUT].get(KEY), path),
            sent,
            {
                name: self._reads.bind(compiled.plan, variables, viewer)
                for name, compiled in selected.payloads.items()
                if isinstance(compiled, CompiledOperation)
            },
        )


def _parts(steps: Sequence[_Step | Constant]) -> list[Part]:
    fields = [step for step in steps if isinstance(step, _Step)]
    return [Part((), OPERATION), *(Part((each.selected.key,), each.cost()) for each in fields)]


@dataclass(frozen=True)
class _Run:
    """One operation, run for one viewer."""

    viewer: Viewer
    context: EngineContext

    async def all(self, steps: Sequence[_Step | Constant]) -> bytes:
        """Run the steps in order; after one that fails, the rest say that they did not run."""
        data: dict[str, Any] = {}
        errors: list[dict[str, Any]] = []
        failed: str | None = None
        done = 0
        for step in steps:
            if isinstance(step, Constant):
                data[step.key] = step.value
                continue
            key = step.selected.key
            if failed is not None:
                data[key] = None
                errors.append(_not_run(key, failed))
                continue
            try:
                data[key] = await self._one(step)
                done += 1
            except Exception as error:
                if not done:
                    raise
                data[key], failed = None, key
                errors.append(_entry(error, key))
        answer: dict[str, Any] = {"errors": errors} if errors else {}
        return to_bytes({**answer, "data": data})

    async def _one(self, step: _Step) -> dict[str, Any]:
        selected, now = step.selected, clock.now()
        request = self._request(step, now)
        context = MutationContext(
            self.viewer,
            now,
            self.context.transaction,
            selected.field.settle,
            _REUSED,
            request,
        )
        raw = cast(GraphQLResolveInfo[Any], SimpleNamespace(context=context))
        info = strawberry.Info(_raw_info=raw, _field=selected.field.strawberry_field)
        with _advised(step, "The database does not answer right now."):
            outcome = await selected.field.resolve(info, step.arguments)
        with _advised(step, "It is done, but the database does not answer to show it."):
            return await self._show(step, outcome)

    def _request(self, step: _Step, now: Any) -> KeyedRequest | None:
        if step.idempotency_key is None:
            return None
        return keyed_request(
            self.viewer.brand_id,
            self.viewer.installation_id,
            step.idempotency_key,
            step.selected.field.name,
            step.given,
            now,
        )

    async def _show(self, step: _Step, outcome: Outcome) -> dict[str, Any]:
        selected = step.selected
        if outcome.fields is not None:
            shown = {TYPENAME: outcome.type_name, **outcome.fields}
            return {key: shown[name] for key, name in selected.problems[outcome.type_name]}
        compiled = selected.payloads[outcome.type_name]
        if isinstance(compiled, ObjectView):
            return {each.key: each.value for each in compiled.entries if isinstance(each, Constant)}
        assert compiled.statement is not None
        values, runs = step.bound[outcome.type_name]
        parameters = compiled.statement.parameters({**values, row_name(1): outcome.key})
        rows = await self.context.fetch_primary(compiled.statement.sql, parameters)
        if not rows:
            return await self._show(step, _GONE)
        found: dict[str, Any] = compiled.assemble(rows, runs)[selected.key]
        return found


def _checked_key(key: str | None, path: tuple[str, ...]) -> str | None:
    if key is not None and not 1 <= len(key) <= KEY_CHARACTERS_MAX:
        raise RequestRefused(
            ErrorCode.BAD_USER_INPUT,
            f"`{KEY}` must have 1 to {KEY_CHARACTERS_MAX} characters; a fresh UUID is good.",
            path,
        )
    return key


def _check_texts(value: object, path: tuple[str, ...]) -> None:
    """Refuse what PostgreSQL keeps in no text, and what is too long for any, wherever it stands."""
    if isinstance(value, str):
        if "\0" in value:
            message = "Text must not hold the character U+0000."
            raise RequestRefused(ErrorCode.BAD_USER_INPUT, message, path)
        if len(value) > TEXT_CHARACTERS_MAX:
            message = f"A text may have at most {TEXT_CHARACTERS_MAX} characters."
            raise RequestRefused(ErrorCode.BAD_USER_INPUT, message, path)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            _check_texts(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            _check_texts(inner, path)


@contextmanager
def _advised(step: _Step, message: str) -> Iterator[None]:
    """Turn a database that is away into a refusal that says whether to send it again."""
    try:
        with unreachable_refuses():
            yield
    except RequestRefused as refused:
        if refused.code is not ErrorCode.SERVICE_UNAVAILABLE:
            raise
        advice = _AGAIN if step.idempotency_key is not None else _LOOK_FIRST
        path = (step.selected.key,)
        raise RequestRefused(refused.code, f"{message} {advice}", path) from refused


_AGAIN = f"Send it again with the same `{KEY}`: it is done once."
_LOOK_FIRST = f"Without an `{KEY}`, look what was done before you send it again."


def _entry(error: Exception, key: str) -> dict[str, Any]:
    """What is told of a field that failed after others had been done."""
    if isinstance(error, RequestRefused):
        return error.as_json()
    return {**masked("mutation_failed", field=key), "path": [key]}


def _not_run(key: str, failed: str) -> dict[str, Any]:
    message = f"`{failed}` failed before it, so this was not run. Send it again."
    return RequestRefused(ErrorCode.NOT_RUN, message, (key,)).as_json()
