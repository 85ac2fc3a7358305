"""The demo: everything at once, live, and gone without a trace of a process."""

import re
import signal
from pathlib import Path

import pytest

from app.cli.ports import free_port
from tests.cli.commands import Commands
from tests.cli.processes import Running, answers, await_that, log_of, running
from tests.cli.test_running import ask
from tests.core.postgres_fixtures import data_folder

pytestmark = pytest.mark.once

ADD = re.compile(
    r"\d\d:\d\d:\d\d  #(\d+) +Tarn .+ \d+\.\d\d (?:USD|GBP)  shopper \S+  "
    r"x\.com/TarnOutdoor/status/\d+"
)


def variables(folder: Path, **more: str) -> dict[str, str]:
    return {"HASHCART_DATA_DIR": str(folder), "HASHCART_PORT": str(free_port()), **more}


@pytest.mark.database
def test_the_demo_shows_live_adds_stops_cleanly_and_goes_on_the_next_time(tmp_path: Path) -> None:
    with data_folder(tmp_path / "a folder") as folder:
        with running("demo", "--replies", "1", "--seed", "1", **variables(folder)) as first:
            assert first.end() == 0, first.output
        values = variables(folder)
        port = values["HASHCART_PORT"]
        with running("demo", "--seed", "2", **values) as second:
            second.await_said("Live adds")
            await_that(lambda: adds_of(second), second.lines)
            picture = answers(f"http://127.0.0.1:{port}/demo/pictures/enamel-mug.svg")

            code = second.end(signal.SIGINT)
        logs = log_of(folder, "serve") + log_of(folder, "worker")

    assert len(adds_of(first)) == 1, first.output
    assert adds_of(second)[0] > adds_of(first)[-1]
    assert (code, picture) == (0, True), second.output
    assert first.lines[-1] == second.lines[-1] == "The demo has stopped; its data stays."
    assert not answers(f"http://127.0.0.1:{port}/livez")
    assert "Traceback" not in logs
    told = second.output
    assert f"Explorer   http://127.0.0.1:{port}/graphql\n" in told
    assert re.search(r"Token +hc_at_[A-Za-z0-9]{43} ", told)
    assert f"curl -s http://127.0.0.1:{port}/graphql" in told
    assert "subscription { cartAdds" in told


def adds_of(demo: Running) -> list[int]:
    """The numbers of the adds that it showed."""
    return [int(match[1]) for line in demo.lines if (match := ADD.search(line))]


def test_killed_with_9_the_demo_takes_its_processes_along(
    own_database: str, tmp_path: Path
) -> None:
    values = variables(tmp_path, HASHCART_DATABASE_URL=own_database)
    port = values["HASHCART_PORT"]
    with running("demo", "--seed", "1", **values) as demo:
        demo.await_said("Live adds")

        demo.end(signal.SIGKILL)

    await_that(lambda: not answers(f"http://127.0.0.1:{port}/livez"))
    _await_nobody_connected(own_database)


def _await_nobody_connected(url: str) -> None:
    others = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await_that(lambda: ask(url, others) == 0)


def test_the_demo_does_not_run_in_production(commands: Commands, own_database: str) -> None:
    refused = commands.run(
        "demo",
        HASHCART_ENV="production",
        HASHCART_SECRET_KEY="a-secret-key-of-production-with-32-or-more",
        HASHCART_X_CONSUMER_SECRET="a-consumer-secret-of-production",
    )

    assert refused.code == 1
    assert "unset HASHCART_ENV=production" in refused.err
    assert ask(own_database, "SELECT count(*) FROM brand") == 0
