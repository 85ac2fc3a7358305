"""Plans that are made while nothing waits, and kept."""

from app.core.bulk import run
from app.core.database import WriteSession
from app.ingest.queries import WAITING


async def test_what_waits_is_found_by_its_own_index_also_by_a_plan_made_when_nothing_did(
    session: WriteSession,
) -> None:
    await run(session, f"PREPARE waiting (smallint[], integer) AS {WAITING}")

    lines = await run(session, "EXPLAIN EXECUTE waiting ('{1,2}', 200)")

    plan = "\n".join(line for (line,) in lines)
    assert "Index Scan using ix_inbox_waiting" in plan
    assert "pk_inbox" not in plan
