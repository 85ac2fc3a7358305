"""What a process counts and measures of itself, and the port where Prometheus reads it.

Labels are few and come from lists that stand in the code: never an id, a name, a brand or a word
that somebody wrote. Counters belong to one process and begin at 0 when it starts.
"""

from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from app.core.settings import Settings

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library left it untyped

DOOR_ANSWERS = Counter(
    "hashcart_door_answers", "Answers of the X webhook door.", ["status"], registry=REGISTRY
)
PAYLOADS_ACCEPTED = Counter(
    "hashcart_payloads_accepted",
    "Payloads of use that were kept, or had been kept before.",
    registry=REGISTRY,
)
PAYLOADS_DECIDED = Counter(
    "hashcart_payloads_decided", "Payloads that this worker decided.", registry=REGISTRY
)
PAYLOADS_FAILED = Counter(
    "hashcart_payloads_failed", "Tries of one payload alone that failed.", registry=REGISTRY
)
PAYLOADS_QUARANTINED = Counter(
    "hashcart_payloads_quarantined",
    "Payloads put aside after their last try; `hashcart ingest retry` puts them back.",
    registry=REGISTRY,
)
INBOX_LAG = Gauge(
    "hashcart_inbox_lag_seconds",
    "Age of the oldest payload that is not decided; 0 where there is none.",
    registry=REGISTRY,
)
EVENTS = Counter(
    "hashcart_events",
    "Events that this process committed to the logs, by type, and by the reason of a failure or "
    "of misuse.",
    ["type", "reason"],
    registry=REGISTRY,
)
RETAILER_CALL_SECONDS = Histogram(
    "hashcart_retailer_call_seconds",
    "How long calls to retailers took.",
    ["retailer"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
RETAILER_ANSWERS = Counter(
    "hashcart_retailer_answers",
    "What retailers said of single lines: taken, or the reason why not.",
    ["retailer", "answer"],
    registry=REGISTRY,
)
FEED_SECONDS = Histogram(
    "hashcart_feed_lag_seconds",
    "From hearing that a log grew until its events stand in the queues of subscribers.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
    registry=REGISTRY,
)
POINTS_SPENT = Counter(
    "hashcart_points_spent",
    "Points that operations cost, as leases were settled with the database.",
    registry=REGISTRY,
)
THROTTLED = Counter(
    "hashcart_operations_throttled",
    "Operations that were refused because their app's bucket was empty.",
    registry=REGISTRY,
)
SOCKETS = Gauge("hashcart_sockets_open", "WebSockets that are open now.", registry=REGISTRY)
EVENT_STREAMS = Gauge(
    "hashcart_event_streams_open",
    "Subscriptions over POST that are open now.",
    registry=REGISTRY,
)


def count_events(events: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Count events that were committed, each by its type, and by its reason where it has one."""
    alike = Tally((event_type, _reason(event_type, data)) for event_type, data in events)
    for labels, number in alike.items():
        EVENTS.labels(*labels).inc(number)


def count_retailer_call(retailer: str, seconds: float, answers: Iterable[str]) -> None:
    """Count a call to a retailer: how long it took, and the answer for each line."""
    RETAILER_CALL_SECONDS.labels(retailer).observe(seconds)
    for answer in answers:
        RETAILER_ANSWERS.labels(retailer, answer).inc()


@contextmanager
def exposed(settings: Settings) -> Iterator[None]:
    """Answer `GET /metrics` at `HASHCART_METRICS_PORT` meanwhile; nowhere where that is 0.

    A thread of its own answers, also while the process is busy.

    Raises:
        OSError: somebody listens there already.
    """
    if settings.metrics_port == 0:
        yield
        return
    server, thread = start_http_server(settings.metrics_port, settings.host, REGISTRY)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _reason(event_type: str, data: Mapping[str, Any]) -> str:
    """Empty where there is none: what was committed must not fail by being counted."""
    found = None
    if event_type == "cart_intent.failed":
        found = ((data.get("cartIntent") or {}).get("failure") or {}).get("reason")
    if event_type == "engagement.misuse_detected":
        found = (data.get("engagement") or {}).get("misuseReason")
    return "" if found is None else str(found)
