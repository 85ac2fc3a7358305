"""Commands: results on standard output, the rest on standard error, failures in one sentence."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import typer

from app.cli.main import app
from tests.cli.commands import Commands
from tests.cli.worlds import small_world
from tests.databases import with_database

BRAND = (
    "brand",
    "create",
    "--slug",
    "acme",
    "--name",
    "Acme Boots",
    "--x-user-id",
    "1510000000000000001",
    "--x-handle",
    "AcmeBoots",
)
OTHER_KEY = "another-secret-key-of-more-than-32-characters"


def ask(url: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    async def asked() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    return asyncio.run(asked())


def every_command(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if not hasattr(group, "commands"):
        yield " ".join(words), group
        return
    for name, command in group.commands.items():
        yield from every_command(command, (*words, name))


def test_every_command_and_option_says_what_it_does() -> None:
    silent = [
        f"hashcart {name} {parameter.name if parameter else ''}"
        for name, command in every_command(typer.main.get_command(app))
        for parameter in [None, *command.params]
        if not (parameter or command).help
    ]
    assert silent == []


def test_the_commands_are_these() -> None:
    assert {name for name, _ in every_command(typer.main.get_command(app))} >= {
        "demo",
        "serve",
        "worker",
        "migrate",
        "brand create",
        "token create",
        "seed",
        "simulate",
        "ingest retry",
        "keys rotate",
        "db dump",
        "db restore",
        "explain",
        "schema",
    }


def test_a_brand_is_created_and_its_id_printed(commands: Commands, own_database: str) -> None:
    done = commands.run(
        *BRAND, "--marketplace", "US", "--marketplace", "UK", "--trigger", "AmazonBasket:UK"
    )

    assert done.code == 0
    assert ask(own_database, "SELECT id::text, slug, status FROM brand") == [
        (done.out.strip(), "acme", "ACTIVE")
    ]
    assert ask(own_database, "SELECT tag, marketplace FROM trigger") == [("AmazonBasket", "UK")]
    assert "hashcart token create --brand acme" in done.err


def test_a_brand_has_one_marketplace_and_trigger_unless_told(
    commands: Commands, own_database: str
) -> None:
    assert commands.run(*BRAND).code == 0

    assert ask(own_database, "SELECT tag, marketplace FROM trigger") == [("AmazonCart", "US")]


def test_a_brand_that_cannot_be_made_is_told_in_a_sentence(
    commands: Commands, own_database: str
) -> None:
    commands.run(*BRAND)

    again = commands.run(*BRAND)

    assert (again.code, again.out) == (1, "")
    assert again.err == ("hashcart: There is a brand with the slug acme already; choose another.\n")
    assert ask(own_database, "SELECT count(*) FROM brand") == [(1,)]


@pytest.mark.parametrize("trigger", ["AmazonCart", ""])
def test_a_trigger_without_a_marketplace_is_wrong_usage(commands: Commands, trigger: str) -> None:
    done = commands.run(*BRAND, "--trigger", trigger)

    assert done.code == 2
    assert "must be TAG:MARKETPLACE" in done.err


def test_a_token_alone_goes_to_standard_output_and_its_hash_to_the_database(
    commands: Commands, own_database: str
) -> None:
    commands.run(*BRAND)

    done = commands.run("token", "create", "--brand", "acme", "--days", "7", "--label", "crm")

    token = done.out.removesuffix("\n")
    assert (done.code, len(token), token[:6]) == (0, 49, "hc_at_")
    assert token not in done.err
    assert ask(
        own_database,
        "SELECT token_hash, kind, label, scopes, expires_at - created_at BETWEEN"
        " interval '7 days' - interval '1 minute' AND interval '7 days' + interval '1 minute'"
        " FROM token",
    ) == [
        (
            hashlib.sha256(token.encode()).digest(),
            "PERSONAL",
            "crm",
            '["advocates:read", "brand:read", "events:read", "intents:read", "reviews:read",'
            ' "tweets:read"]',
            True,
        )
    ]


def test_tokens_of_a_brand_share_an_installation_whose_scopes_grow(
    commands: Commands, own_database: str
) -> None:
    commands.run(*BRAND)

    for scopes in ("brand:read", "intents:read, shoppers:identify"):
        assert commands.run("token", "create", "--brand", "acme", "--scopes", scopes).code == 0

    assert ask(
        own_database,
        "SELECT client_id, installation.status, scopes"
        " FROM installation JOIN app ON app.id = app_id",
    ) == [("command-line", "ACTIVE", '["brand:read", "intents:read", "shoppers:identify"]')]
    tokens = ask(own_database, "SELECT scopes, expires_at FROM token ORDER BY created_at")
    assert tokens == [('["brand:read"]', None), ('["intents:read", "shoppers:identify"]', None)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--brand", "acmee"), "There is no brand 'acmee'; known are acme."),
        (("--brand", "acme", "--scopes", "brand:reed"), "Unknown scope brand:reed; known are "),
        (("--brand", "acme", "--scopes", ","), "Name at least one scope; known are brand:read"),
    ],
)
def test_a_token_that_cannot_be_made_is_told_with_what_can(
    commands: Commands, own_database: str, words: tuple[str, ...], told: str
) -> None:
    commands.run(*BRAND)

    done = commands.run("token", "create", *words)

    assert (done.code, done.out) == (1, "")
    assert told in done.err
    assert ask(own_database, "SELECT count(*) FROM token") == [(0,)]
    assert ask(own_database, "SELECT count(*) FROM installation") == [(0,)]


def test_a_world_is_seeded_from_a_file(
    commands: Commands, own_database: str, tmp_path: Path
) -> None:
    file = tmp_path / "world.json"
    file.write_text(json.dumps(small_world()))

    first = commands.run("seed", str(file))
    again = commands.run("seed", str(file))

    assert (first.code, again.code) == (0, 0)
    assert "1 brands, 1 products, 1 tweets, 1 shoppers, 1 advocates, 1 reviews" in first.err
    assert again.err.endswith("Rows new or changed: 0.\n")
    assert ask(own_database, "SELECT slug FROM brand") == [("acme",)]


def test_a_bad_world_changes_nothing_and_names_the_place(
    commands: Commands, own_database: str, tmp_path: Path
) -> None:
    file = tmp_path / "world.json"
    file.write_text(json.dumps({**small_world(), "products": []}))

    done = commands.run("seed", str(file))

    assert done.code == 1
    assert f"mend {file} at\n  reviews[0].product: " in done.err
    assert "Traceback" not in done.err
    assert ask(own_database, "SELECT count(*) FROM brand") == [(0,)]


def test_migrate_says_where_it_ended_and_makes_the_logs_months(
    commands: Commands, own_database: str, server_url: str
) -> None:
    name = f"{urlsplit(own_database).path[1:]}_empty"
    url = with_database(own_database, name)
    ask(server_url, f"CREATE DATABASE {name}")
    try:
        without = commands.run("token", "create", "--brand", "x", HASHCART_DATABASE_URL=url)
        done = commands.run("migrate", HASHCART_DATABASE_URL=url)
        [(revision,)] = ask(url, "SELECT version_num FROM alembic_version")
        [(months,)] = ask(
            url, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'event'::regclass"
        )
    finally:
        ask(server_url, f"DROP DATABASE {name} WITH (FORCE)")

    assert without.code == 1
    assert "run `hashcart migrate` first" in without.err
    assert done.code == 0
    assert f"The database is at {revision}." in done.err
    assert months == 3


def test_keys_are_rotated_and_the_old_key_opens_nothing_any_more(commands: Commands) -> None:
    commands.run(*BRAND)
    old = "development-only-secret-key-not-for-production"

    too_early = commands.run("token", "create", "--brand", "acme", HASHCART_SECRET_KEY=OTHER_KEY)
    without = commands.run("keys", "rotate", HASHCART_SECRET_KEY=OTHER_KEY)
    done = commands.run(
        "keys", "rotate", HASHCART_SECRET_KEY=OTHER_KEY, HASHCART_OLD_SECRET_KEY=old
    )
    with_new = commands.run("token", "create", "--brand", "acme", HASHCART_SECRET_KEY=OTHER_KEY)
    with_old = commands.run("token", "create", "--brand", "acme")

    assert too_early.code == 1
    assert "HASHCART_SECRET_KEY does not open the keys of this database" in too_early.err
    assert without.code == 1
    assert "Set HASHCART_OLD_SECRET_KEY" in without.err
    assert (done.code, with_new.code, with_old.code) == (0, 0, 1)
    assert OTHER_KEY not in done.err + too_early.err


QUARANTINE = (
    "INSERT INTO inbox (id, dedupe_key, lane, body, received_at, attempts, next_attempt_at,"
    " quarantined_at, error_id)"
    " VALUES (gen_random_uuid(), $1, 1, '{}', now(), 5, now(), now(), $2)"
)


def test_quarantined_payloads_are_put_back_in_line(commands: Commands, own_database: str) -> None:
    for number in range(3):
        ask(own_database, QUARANTINE, bytes([number]), f"error-{number}")

    one = commands.run("ingest", "retry", "--error-id", "error-1")
    rest = commands.run("ingest", "retry")
    none = commands.run("ingest", "retry")

    assert (one.out, rest.out, none.out) == ("1\n", "2\n", "0\n")
    assert [line.split()[0] for line in one.err.splitlines()[:-1]] == ["error-1"]
    assert {line.split()[0] for line in rest.err.splitlines()[:-1]} == {"error-0", "error-2"}
    assert "Put back in line: 2." in rest.err
    assert none.err == "Nothing waits in quarantine.\n"
    assert ask(
        own_database,
        "SELECT DISTINCT attempts, quarantined_at, error_id, body FROM inbox"
        " WHERE next_attempt_at <= now()",
    ) == [(0, None, None, b"{}")]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"HASHCART_PORT": "eighty"}, "HASHCART_PORT: "),
        ({"HASHCART_DATABASE_URL": "mysql://x/y"}, "HASHCART_DATABASE_URL: must start with"),
        (
            {"HASHCART_DATABASE_URL": "postgresql://127.0.0.1:1/none"},
            "Cannot connect to PostgreSQL",
        ),
        (
            {"HASHCART_ENV": "production"},
            "production needs HASHCART_SECRET_KEY, HASHCART_X_CONSUMER_SECRET to be set",
        ),
    ],
)
def test_a_bad_environment_is_told_by_its_variable(
    commands: Commands, changes: dict[str, str], told: str
) -> None:
    done = commands.run("token", "create", "--brand", "acme", **changes)

    assert (done.code, done.out) == (1, "")
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_database_that_does_not_exist_is_told(commands: Commands, own_database: str) -> None:
    url = with_database(own_database, "nothing_here")

    done = commands.run("migrate", HASHCART_DATABASE_URL=url)

    assert done.code == 1
    assert 'database "nothing_here" does not exist' in done.err


@pytest.mark.parametrize(
    "words", [(), ("nothing",), ("simulate",), ("simulate", "--rate", "5"), ("seed",)]
)
def test_wrong_usage_ends_with_two(commands: Commands, words: tuple[str, ...]) -> None:
    assert commands.run(*words).code == 2


def test_the_version_is_printed(commands: Commands) -> None:
    done = commands.run("--version")

    assert done.code == 0
    assert done.out.strip()


def test_a_dump_is_restored_whole(
    commands: Commands, own_database: str, server_url: str, tmp_path: Path
) -> None:
    commands.run(*BRAND)
    file = tmp_path / "copy.dump"
    name = f"{urlsplit(own_database).path[1:]}_copy"
    url = with_database(own_database, name)
    ask(server_url, f"CREATE DATABASE {name}")
    try:
        dumped = commands.run("db", "dump", str(file))
        restored = commands.run("db", "restore", str(file), HASHCART_DATABASE_URL=url)
        slugs = ask(url, "SELECT slug FROM brand")
        onto_full = commands.run("db", "restore", str(file))
    finally:
        ask(server_url, f"DROP DATABASE {name} WITH (FORCE)")

    assert (dumped.code, restored.code, onto_full.code) == (0, 0, 1)
    assert slugs == [("acme",)]
    assert "is not empty, and nothing in it was changed" in onto_full.err
