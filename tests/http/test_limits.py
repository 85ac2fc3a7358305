"""Ceilings of one operation hold before anything is read, at a cost that fits the document."""

from collections.abc import Sequence
from typing import Any

import pytest
from graphql import parse

from app.graphql import limits
from app.graphql.engine import Engine, GraphQLRequest, create_engine
from app.graphql.errors import DocumentRefused, ErrorCode, RequestRefused
from app.graphql.reads.entries import LISTS_MAX
from app.schema import schema
from tests.golden_world import CURSOR_KEY, FJORD


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The engine of the product's schema."""
    return create_engine(schema, CURSOR_KEY)


class Asked(Exception):
    """The operation was let through: it is about to be read."""


async def read(sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
    """Where the ceilings end."""
    raise Asked


async def code_of(engine: Engine, query: str) -> tuple[ErrorCode | None, str]:
    """The code and the message that *query* is refused with; None: it would have been read."""
    try:
        await engine.execute(GraphQLRequest(query, None, {}), FJORD.viewer(), read)
    except Asked:
        return None, ""
    except (RequestRefused, DocumentRefused) as refused:
        return refused.code, str(refused)
    raise AssertionError("answered without reading")


def chain(levels: int, end: str = "{ id }") -> str:
    """Fragments that each spread the next one twice."""
    links = "".join(f"fragment F{n} on Brand{{...F{n + 1} ...F{n + 1}}}" for n in range(levels))
    return f"{{brand{{...F0}}}}{links}fragment F{levels} on Brand {end}"


@pytest.mark.parametrize("levels", [20, 40, 200])
async def test_a_chain_of_fragments_each_spread_twice_is_measured_at_one_visit_each(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, levels: int
) -> None:
    visits = 0
    measure = limits._Measure.of

    def counted(self: limits._Measure, selections: Any) -> tuple[int, int, int]:
        nonlocal visits
        visits += 1
        return measure(self, selections)

    monkeypatch.setattr(limits._Measure, "of", counted)

    code, message = await code_of(engine, chain(levels))

    assert code is ErrorCode.OPERATION_TOO_LARGE
    assert message == f"Select at most 2000 fields; this selects {2**levels + 1}."
    # The operation's and the field's selections, each fragment's, and one for each leaf.
    assert visits <= 2 + (levels + 1) + 2


async def test_a_chain_within_the_ceiling_is_answered(engine: Engine) -> None:
    code, _ = await code_of(engine, chain(10))

    assert code is None


async def test_a_chain_that_selects_nothing_at_its_end_is_no_way_around(engine: Engine) -> None:
    code, _ = await code_of(engine, chain(40, "{ id @skip(if: true) }"))

    assert code is ErrorCode.OPERATION_TOO_LARGE


async def test_fragments_that_spread_each_other_end(engine: Engine) -> None:
    query = "{ brand { ...A } } fragment A on Brand { id ...B } fragment B on Brand { id ...A }"

    code, message = await code_of(engine, query)

    assert code is ErrorCode.GRAPHQL_VALIDATION_FAILED
    assert "Cannot spread fragment" in message


def aliases(count: int) -> str:
    """So many fields, the outer one included."""
    return "{ brand { " + " ".join(f"a{n}: id" for n in range(count - 1)) + " } }"


async def test_the_number_of_fields_has_a_ceiling(engine: Engine) -> None:
    page = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount __typename"
    sixteen = (
        "triggers(first: 1) { nodes { id tag } edges { cursor node { id tag } } " + page + " }"
    )
    lists = " ".join(f"a{n}: {sixteen}" for n in range(100))
    leaves = " ".join(f"b{n}: id" for n in range(399))
    most = "{ brand { " + lists + " " + leaves + " } }"

    assert await code_of(engine, most) == (None, "")
    assert await code_of(engine, most.replace("{ brand {", "{ brand { id")) == (
        ErrorCode.OPERATION_TOO_LARGE,
        "Select at most 2000 fields; this selects 2001.",
    )


async def test_the_number_of_lists_has_a_ceiling(engine: Engine) -> None:
    def lists(count: int) -> str:
        each = "triggers(first: 1) { nodes { tag } }"
        return "{ brand { " + " ".join(f"a{n}: {each}" for n in range(count)) + " } }"

    assert await code_of(engine, lists(LISTS_MAX)) == (None, "")
    assert await code_of(engine, lists(LISTS_MAX + 1)) == (
        ErrorCode.OPERATION_TOO_LARGE,
        "Ask for at most 100 lists at once, those of groups included.",
    )


async def test_the_number_of_aliases_has_a_ceiling(engine: Engine) -> None:
    assert await code_of(engine, aliases(limits.ALIASES_MAX + 1)) == (None, "")
    assert await code_of(engine, aliases(limits.ALIASES_MAX + 2)) == (
        ErrorCode.OPERATION_TOO_LARGE,
        "Use at most 500 aliases; this uses 501.",
    )


async def test_aliases_in_a_fragment_count_wherever_it_is_spread(engine: Engine) -> None:
    fragment = "fragment F on Brand { " + " ".join(f"a{n}: id" for n in range(251)) + " }"

    assert await code_of(engine, "{ brand { ...F } } " + fragment) == (None, "")
    assert await code_of(engine, "{ brand { ...F } again: brand { ...F } } " + fragment) == (
        ErrorCode.OPERATION_TOO_LARGE,
        "Use at most 500 aliases; this uses 503.",
    )


def nested(depth: int, around: str = "{ %s }") -> str:
    """Fields so deep."""
    inner = "id"
    for _ in range(depth - 2):
        inner = "previousIntent " + around % inner
    return '{ cartIntent(id: "none") { ' + inner + " } }"


async def test_the_depth_has_a_ceiling(engine: Engine) -> None:
    too_deep = (ErrorCode.OPERATION_TOO_LARGE, "Nest fields at most 20 deep; this is 21 deep.")

    assert await code_of(engine, nested(limits.DEPTH_MAX)) == (None, "")
    assert await code_of(engine, nested(limits.DEPTH_MAX + 1)) == too_deep
    inline = nested(limits.DEPTH_MAX + 1, "{ ... on CartIntent { %s } }")
    assert await code_of(engine, inline) == too_deep


@pytest.mark.parametrize(
    "query",
    [
        "{ brand " + "{ ... " * 3_000,
        "{ events(types: " + "[" * 3_000 + "]" * 3_000 + ") { nodes { id } } }",
        "query ($a: " + "[" * 3_000 + "Int" + "]" * 3_000 + ") { __typename }",
        "{ __typename " + "@include(if: true) " * 2_500 + "}",
        "#\n" * (limits.DOCUMENT_COMMENTS_MAX + 1) + "{ __typename }",
        " " * limits.DOCUMENT_CHARACTERS_MAX + "{ __typename }",
    ],
    ids=["selections", "lists", "types", "tokens", "comments", "length"],
)
async def test_a_document_that_is_too_long_or_deep_to_read_is_not_read(
    engine: Engine, query: str
) -> None:
    code, _ = await code_of(engine, query)

    assert code is ErrorCode.GRAPHQL_PARSE_FAILED


async def test_the_number_of_operations_and_fragments_has_a_ceiling(engine: Engine) -> None:
    query = " ".join(f"query Q{n} {{ __typename }}" for n in range(limits.DEFINITIONS_MAX + 1))

    assert await code_of(engine, query) == (
        ErrorCode.OPERATION_TOO_LARGE,
        "Send at most 250 operations and fragments at once; these are 251.",
    )


async def test_merging_fields_that_share_a_key_has_a_ceiling(engine: Engine) -> None:
    few, many = (
        "{ " + "brand { slug } products { nodes { id } } " * count + "}" for count in (10, 400)
    )

    assert await code_of(engine, few) == (None, "")
    assert await code_of(engine, many) == (
        ErrorCode.OPERATION_TOO_LARGE,
        "Too many fields share a key. Select each field once, or use aliases.",
    )


def pages(outer: int, inner: int) -> str:
    """A list in a list."""
    return (
        f"{{ shoppableTweets(first: {outer}) {{ nodes {{ id "
        f"links(first: {inner}) {{ nodes {{ id }} }} }} }} }}"
    )


async def test_the_rows_of_lists_in_lists_have_a_ceiling_together(engine: Engine) -> None:
    assert await code_of(engine, pages(500, 199)) == (None, "")
    assert await code_of(engine, pages(500, 200)) == (
        ErrorCode.OPERATION_TOO_LARGE,
        "The lists ask for 100500 rows together; at most 100000. Use smaller pages.",
    )


async def test_lists_side_by_side_share_the_ceiling_of_rows(engine: Engine) -> None:
    one = pages(500, 100).strip("{} ") + " } } } }"
    both = "{ " + one + " again: " + one + " }"
    assert parse(both)

    code, message = await code_of(engine, both)

    assert code is ErrorCode.OPERATION_TOO_LARGE
    assert message.startswith("The lists ask for 101000 rows together")


async def test_the_number_of_variables_has_a_ceiling(engine: Engine) -> None:
    def using(count: int) -> str:
        declared = " ".join(f"$v{n}: Boolean!" for n in range(count))
        used = " ".join(f"a{n}: id @skip(if: $v{n})" for n in range(count))
        return f"query ({declared}) {{ brand {{ {used} }} }}"

    code, _ = await code_of(engine, using(limits.VARIABLES_MAX))
    assert code is ErrorCode.BAD_USER_INPUT  # none was given a value
    assert await code_of(engine, using(limits.VARIABLES_MAX + 1)) == (
        ErrorCode.OPERATION_TOO_LARGE,
        "Use at most 200 variables; these are 201.",
    )


@pytest.mark.parametrize(
    "around",
    [
        "{{ products(filter: {}) {{ totalCount }} }}",
        "{{ products(filter: {{and: [{}]}}) {{ totalCount }} }}",
        "query ($f: ProductFilter = {}) {{ products(filter: $f) {{ totalCount }} }}",
        "{{ ...F }} fragment F on Query {{ products(filter: {}) {{ totalCount }} }}",
    ],
)
async def test_an_object_in_a_document_has_so_many_fields(engine: Engine, around: str) -> None:
    def holding(count: int) -> str:
        return around.format("{" + " ".join(f"a{n}: 1" for n in range(count)) + "}")

    code, _ = await code_of(engine, holding(limits.LITERAL_FIELDS_MAX))
    assert code is ErrorCode.GRAPHQL_VALIDATION_FAILED
    assert await code_of(engine, holding(limits.LITERAL_FIELDS_MAX + 1)) == (
        ErrorCode.OPERATION_TOO_LARGE,
        "An object may have at most 100 fields; one has 101.",
    )
