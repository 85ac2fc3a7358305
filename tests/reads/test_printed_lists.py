"""Lists that PostgreSQL prints, and moments that leave as its text: to the byte as elsewhere."""

from datetime import UTC, datetime

import asyncpg
import orjson
import pytest

from app.core.database import WriteSession
from app.core.read_pool import create_read_pool
from app.graphql.engine import Engine
from app.graphql.reads.runs import ANSWER_OPTIONS
from app.graphql.scalars import MOMENT, NUMBER, STRING, TEXT, global_id_of, moment_of
from app.reviews.models import AdvocateReview
from tests import golden_world
from tests.golden_world import FJORD
from tests.reads.conftest import Asker
from tests.reads.test_odd_values import MOMENTS, ODD_TEXTS, XIDS

PRINTED = "string_agg"
"""What a statement holds that prints a list."""

ENDS = [
    datetime.max.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=UTC),
    datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC),
]
"""PostgreSQL holds the first two as infinity and minus infinity."""

REVIEWS = """query ($first: Int, $after: String) {
  advocates(first: 5) { nodes {
    id
    reviews(first: $first, after: $after) {
      __typename totalCount
      pageInfo { __typename hasNextPage before: hasPreviousPage }
      nodes {
        __typename id rating title body language verifiedPurchase insider host submittedAt
        publishedAt
        product { title intents: cartIntents(first: 1) {
          pageInfo { hasNextPage }
          edges { __typename node { id status engagementXid timings { receivedAt queuedAt } } }
        } none: cartIntents(first: 1, filter: { receivedAt: { lt: "1990-01-01T00:00:00Z" } }) {
          nodes { id } totalCount
        }
          counted: cartIntents(first: 1) { totalCount } }
      }
    }
  } }
}"""


def _to_bytes(value: object) -> bytes:
    return orjson.dumps(value, option=ANSWER_OPTIONS)


def _review(position: int, text: str) -> AdvocateReview:
    moments = [*MOMENTS, *ENDS]
    return AdvocateReview(
        brand_id=FJORD.id,
        id=FJORD.key(0x7F, position),
        product_id=FJORD.key(0x20, position % 2),
        advocate_id=FJORD.key(0x70),
        host="BRAND_SITE",
        status="SUBMITTED",
        rating=1 + position % 5 if position % 3 else None,
        title=text if position % 4 else None,
        body=text,
        language=text[:8],
        verified_purchase=(True, False, None)[position % 3],
        insider=None,
        submitted_at=moments[position % len(moments)],
        published_at=moments[-1 - position % len(moments)] if position % 2 else None,
    )


@pytest.fixture
async def odd(
    session: WriteSession, engine_of_schema: Engine, reads: "asyncpg.Connection[asyncpg.Record]"
) -> Asker:
    """A world whose one advocate wrote a review with each odd text."""
    await golden_world.fill(session)
    session.add_all(_review(position, text) for position, text in enumerate(ODD_TEXTS))
    await session.flush()
    return Asker(engine_of_schema, reads)


@pytest.mark.parametrize("first", [1, 7, 100])
async def test_lists_in_lists_are_printed_as_the_reference_prints_them(
    odd: Asker, first: int
) -> None:
    answer = orjson.loads(await odd.both(REVIEWS, {"first": first}))

    assert PRINTED in odd.statements[0]
    found = [each["reviews"] for each in answer["data"]["advocates"]["nodes"]]
    written = [each for each in found if each["totalCount"] >= len(ODD_TEXTS)]
    assert len(written) == 1
    assert len(written[0]["nodes"]) == min(first, written[0]["totalCount"])
    assert written[0]["pageInfo"] == {
        "__typename": "PageInfo",
        "hasNextPage": first < written[0]["totalCount"],
        "before": False,
    }
    if first == 100:
        assert {each["body"] for each in written[0]["nodes"]} >= set(ODD_TEXTS)
        assert {each["submittedAt"] for each in written[0]["nodes"]} >= {
            "9999-12-31T23:59:59.999999Z",
            "0001-01-01T00:00:00Z",
            "2026-02-28T23:59:59Z",
            "2026-11-20T12:00:00.120000Z",
        }


async def test_a_later_page_of_a_printed_list_knows_what_lies_before(odd: Asker) -> None:
    cursors = "{ advocates { nodes { reviews(first: 4) { pageInfo { endCursor } } } } }"
    pages = orjson.loads(await odd.both(cursors, {}))["data"]["advocates"]["nodes"]
    cursor = pages[-1]["reviews"]["pageInfo"]["endCursor"]

    answer = orjson.loads(await odd.both(REVIEWS, {"first": 3, "after": cursor}))

    assert PRINTED in odd.statements[0]
    page = answer["data"]["advocates"]["nodes"][-1]["reviews"]
    assert page["pageInfo"]["before"] is True
    assert len(page["nodes"]) == 3


async def test_a_printed_object_and_a_printed_list_have_as_many_fields_as_any(odd: Asker) -> None:
    """A function of PostgreSQL takes 100 arguments."""
    titles = " ".join(f"t{number}: title" for number in range(130))
    counts = " ".join(f"c{number}: totalCount" for number in range(130))
    query = f"""{{ advocates {{ nodes {{ reviews(first: 3) {{ {counts} nodes {{
        {titles} product {{ cartIntents {{ {counts} nodes {{ id }} }} }} }} }} }} }} }}"""

    answer = orjson.loads(await odd.both(query, {}))

    assert PRINTED in odd.statements[0]
    reviews = answer["data"]["advocates"]["nodes"][-1]["reviews"]
    assert {f"c{number}" for number in range(130)} < set(reviews)
    assert [len(each) for each in reviews["nodes"]] == [131] * 3


@pytest.mark.parametrize(
    "inner",
    [
        "reviews(first: 3) { edges { cursor } nodes { product { cartIntents { totalCount } } } }",
        "reviews(last: 3) { nodes { product { cartIntents { totalCount } } } }",
        "reviews(first: 9) { nodes { product { cartIntents(first: 9) { edges { cursor } } } } }",
        "reviews(first: 9) { nodes { product { options { name } cartIntents { totalCount } } } }",
    ],
)
async def test_a_list_that_needs_this_process_comes_as_rows(odd: Asker, inner: str) -> None:
    query = f"{{ advocates {{ nodes {{ {inner} }} }} }}"

    await odd.both(query, {})

    assert PRINTED not in odd.statements[0]


async def test_flat_lists_come_as_columns(odd: Asker) -> None:
    query = "{ advocates { nodes { reviews { nodes { id title } } } } }"

    await odd.both(query, {})

    assert PRINTED not in odd.statements[0]
    assert "array_agg" in odd.statements[0]


async def test_every_global_id_is_made_in_sql_as_here(
    odd: Asker, reads: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    key = FJORD.key(0x20)
    for name in odd.engine.catalogue.node_types:
        codec = global_id_of(name)
        assert codec.sql is not None
        made = await reads.fetchval(f"SELECT {codec.sql.format('$1::uuid')}", key)
        assert made.encode() == _to_bytes(codec.apply(key))


def test_a_name_whose_ids_postgresql_would_break_into_lines_is_left_to_this_process() -> None:
    assert global_id_of("A" * 20).sql is not None
    assert global_id_of("A" * 21).sql is None


@pytest.mark.parametrize("moment", [*MOMENTS, *ENDS], ids=str)
async def test_moments_leave_alike_by_the_driver_by_text_and_by_sql(
    reads: "asyncpg.Connection[asyncpg.Record]", moment: datetime
) -> None:
    printed, text, value = await reads.fetchrow(  # type: ignore[misc]  # there is a row
        f"SELECT {(MOMENT.sql or '').format('$1::timestamptz')}, $1::text, $1", moment
    )

    assert printed.encode() == _to_bytes(moment_of(text)) == _to_bytes(value)


async def test_texts_and_numbers_are_printed_in_sql_as_here(
    reads: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    controls = "".join(chr(code) for code in range(1, 0x120))
    for kind, codec, values in (
        ("text", STRING, [*ODD_TEXTS, controls, "\u2028\u2029", "\\u0000"]),
        ("bigint", TEXT, [0, *XIDS]),
        ("integer", NUMBER, [0, -1, 2**31 - 1]),
        ("boolean", NUMBER, [True, False]),
    ):
        for value in values:
            assert codec.sql is not None
            made = await reads.fetchval(f"SELECT {codec.sql.format(f'$1::{kind}')}", value)
            assert made.encode() == _to_bytes(codec.apply(value))


async def test_what_reads_print_does_not_depend_on_the_settings_of_database_or_role(
    golden_database: str,
) -> None:
    admin = await asyncpg.connect(golden_database)
    name = await admin.fetchval("SELECT current_database()")
    await admin.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Kathmandu'")
    await admin.execute(f"ALTER DATABASE {name} SET datestyle = 'German'")
    try:
        async with await create_read_pool(golden_database, connections=1) as pool:
            text = await pool.fetchval("SELECT CAST($1::timestamptz AS TEXT)", MOMENTS[4])
    finally:
        await admin.execute(f"ALTER DATABASE {name} RESET ALL")
        await admin.close()

    assert moment_of(text) == "2026-11-20T12:00:00.100000Z"
