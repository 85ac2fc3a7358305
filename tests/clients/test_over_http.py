"""GraphQL over HTTP beyond a query by POST: the reference audits, GET by hash, event streams."""

import pytest

from tests.clients.programs import Served, lines_of, steps_of
from tests.golden_world import FJORD

pytestmark = [pytest.mark.once, pytest.mark.needs("node")]

AUDITS = 61
NAME = f"{FJORD.name} Ltd"
MISSED, HIT = 400, 200


async def test_every_audit_of_graphql_over_http_is_passed(served: Served) -> None:
    audits = await lines_of("audit", **served.environment())

    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == AUDITS


async def test_a_document_is_sent_once_and_then_by_its_hash(served: Served) -> None:
    told = await steps_of("persisted", TAG="OfPersisted", **served.environment())

    mutation = [["POST", "extensions", MISSED], ["POST", "query and extensions", HIT]]
    by_hash = ["GET", "extensions", HIT]
    unknown = ["GET", "extensions", MISSED]
    assert told == {
        "apollo": {
            "names": [NAME, NAME, NAME],
            "requests": [unknown, ["POST", "query and extensions", HIT], by_hash, *mutation],
        },
        "urql": {
            "names": [NAME, NAME, NAME],
            "requests": [unknown, ["GET", "query and extensions", HIT], by_hash, *mutation],
        },
    }


async def test_who_has_no_websocket_follows_by_an_event_stream(served: Served) -> None:
    told = await steps_of("streams", **served.environment())

    followed = ["LogHeartbeat", "BRAND_UPDATED"]
    assert told == {"apollo": followed, "urql": followed}
