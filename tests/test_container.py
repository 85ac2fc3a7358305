"""The container image and the compose file, as far as they can be judged without an engine."""

import re
import shlex
from typing import Any

import pytest
import yaml

from app.core.settings import PREFIX, Settings
from tests.tree import ROOT, texts

SECRETS = ("HASHCART_SECRET_KEY", "HASHCART_X_CONSUMER_SECRET", "HASHCART_POSTGRES_PASSWORD")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their arguments, continued lines joined."""
    joined = texts()["Dockerfile"].replace("\\\n", " ")
    lines = (line.strip() for line in joined.splitlines())
    words = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return [(name, argument.strip()) for name, _, argument in words]


def final_stage() -> dict[str, str]:
    """The last stage's instructions; of repeated ones the last."""
    *_, start = (place for place, (name, _) in enumerate(instructions()) if name == "FROM")
    return dict(instructions()[start:])


def compose() -> dict[str, Any]:
    """The compose file as its engine would read it, before it fills in the variables."""
    document = yaml.safe_load(texts()["compose.yaml"])
    assert isinstance(document, dict)
    return document


def test_the_image_is_made_in_two_stages_of_which_the_last_keeps_only_the_environment() -> None:
    stages = [argument for name, argument in instructions() if name == "FROM"]
    copies = [argument for name, argument in instructions() if name == "COPY"]

    assert stages == ["python:3.13-slim AS build", "python:3.13-slim"]
    assert copies[-1] == "--from=build /opt/hashcart /opt/hashcart"


def test_the_image_runs_as_an_ordinary_user_by_number() -> None:
    assert final_stage()["USER"] == "10001:10001"


def test_the_image_tells_whether_it_is_alive() -> None:
    check = final_stage()["HEALTHCHECK"]
    code = re.findall(r'"([^"]*)"', check)[-1]

    assert "/livez" in code
    compile(code, "HEALTHCHECK", "exec")


def test_the_image_serves_unless_another_command_is_given() -> None:
    assert (final_stage()["ENTRYPOINT"], final_stage()["CMD"]) == ('["hashcart"]', '["serve"]')


def test_the_image_copies_only_what_is_there_and_is_sent_to_the_builder() -> None:
    sources = {
        source
        for name, argument in instructions()
        if name == "COPY" and not argument.startswith("--from")
        for source in shlex.split(argument)[:-1]
    }
    sent = {line[1:] for line in texts()[".dockerignore"].splitlines() if line.startswith("!")}

    assert sources == sent
    assert [source for source in sorted(sources) if not (ROOT / source).exists()] == []


def test_the_image_cuts_the_lock_at_headings_that_it_has() -> None:
    cuts = re.findall(r"/\^(# == .+? ==)\$/", texts()["Dockerfile"])

    assert cuts == ["# == embedded PostgreSQL ==", "# == build ==", "# == development =="]
    assert [cut for cut in cuts if f"\n{cut}\n" not in texts()["requirements.lock"]] == []


def test_image_and_compose_set_only_settings_that_exist() -> None:
    names = set(re.findall(r"\bHASHCART_[A-Z_]+(?==)", final_stage()["ENV"]))
    for service in compose()["services"].values():
        names |= {name for name in service["environment"] if name.startswith(PREFIX)}

    unknown = {
        name for name in names if name.removeprefix(PREFIX).lower() not in Settings.model_fields
    }
    assert unknown == set()


def test_compose_starts_server_and_worker_after_the_migration_and_that_after_the_database() -> None:
    services = compose()["services"]
    waits = {name: service.get("depends_on") for name, service in services.items()}
    migrated = {"migrate": {"condition": "service_completed_successfully"}}

    assert waits == {
        "server": migrated,
        "worker": migrated,
        "migrate": {"postgres": {"condition": "service_healthy"}},
        "postgres": None,
    }
    assert "healthcheck" in services["postgres"]


@pytest.mark.parametrize("secret", SECRETS)
def test_compose_refuses_to_start_without_a_secret_and_says_what_to_set(secret: str) -> None:
    lines = [line for line in texts()["compose.yaml"].splitlines() if not line.startswith("#")]
    uses = re.findall(rf"\${{{secret}(.)", "\n".join(lines))
    refusals = re.findall(rf"\${{{secret}:\?set it in \.env, see the top of", "\n".join(lines))

    assert len(refusals) == len(uses) >= 1


def test_the_database_is_not_published_and_keeps_its_files() -> None:
    postgres = compose()["services"]["postgres"]

    assert "ports" not in postgres
    assert postgres["image"] == "postgres:18"
    assert postgres["volumes"] == ["postgres:/var/lib/postgresql"]
