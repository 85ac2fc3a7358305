"""The commands about the documents that an app may run."""

import hashlib
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.oauth import service
from app.oauth.problems import BadDocumentId, NoManifest
from app.oauth.rules import documents_of
from tests.cli.commands import Commands

APP = "command-line"
BRAND, PRODUCTS = "query Brand { brand { slug } }", "query Products { products { totalCount } }"
ADDS = "subscription Adds { cartAdds { __typename } }"

APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [
        {"id": "a" * 64, "name": "Brand", "type": "query", "body": BRAND},
        {"id": "b" * 64, "name": "Products", "type": "query", "body": PRODUCTS},
    ],
}
BY_ID = {hashlib.md5(BRAND.encode()).hexdigest(): BRAND}


def test_the_manifests_of_three_generators_are_read() -> None:
    assert documents_of(APOLLO) == {"a" * 64: BRAND, "b" * 64: PRODUCTS}
    assert documents_of(BY_ID) == BY_ID


@pytest.mark.parametrize(
    "manifest",
    [
        None,
        [],
        {},
        {"x": 7},
        {"x": None},
        {**APOLLO, "operations": None},
        {**APOLLO, "operations": [7]},
        {**APOLLO, "operations": []},
        {**APOLLO, "operations": [{"id": "x"}]},
        {**APOLLO, "operations": [{"body": BRAND}]},
        {**APOLLO, "format": "another"},
    ],
)
def test_what_is_no_manifest_is_told_so(manifest: Any) -> None:
    assert documents_of(manifest) == NoManifest()


@pytest.mark.parametrize("key", ["", "a:b", "a b", "é", "x" * 201, "a\n"])
def test_an_id_that_no_request_could_name_is_refused(key: str) -> None:
    assert documents_of({key: BRAND}) == BadDocumentId(key=key)


@pytest.fixture
def app(commands: Commands) -> Commands:
    """Commands over a database that knows the app `command-line`."""
    for words in (
        *(("brand", "create", "--slug", "acme", "--name", "Acme", "--x-user-id", "15100001"),),
        ("token", "create", "--brand", "acme"),
    ):
        extra = ("--x-handle", "AcmeBoots") if words[0] == "brand" else ()
        assert commands.run(*words, *extra).code == 0
    return commands


def manifest(folder: Path, content: Any, name: str = "manifest.json") -> str:
    """The path of a file with that content."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
    return str(path)


def test_documents_are_trusted_listed_and_taken_back(app: Commands, tmp_path: Path) -> None:
    apollo = manifest(tmp_path, APOLLO)
    relay = manifest(tmp_path, BY_ID, "relay.json")

    first = app.run("app", "trust", APP, apollo, relay)
    again = app.run("app", "trust", APP, apollo, manifest(tmp_path, {"adds": ADDS}, "more.json"))
    listed = app.run("app", "documents", APP)
    taken = app.run("app", "distrust", APP, "adds", "nobodys")
    left = app.run("app", "documents", APP)

    assert (first.code, first.out) == (0, "3\n")
    assert (again.code, again.out) == (0, "1\n")
    assert listed.out.split() == sorted(["a" * 64, "b" * 64, *BY_ID, "adds"])
    assert taken.out == "1\n"
    assert left.out.split() == sorted(["a" * 64, "b" * 64, *BY_ID])


def test_an_app_is_held_to_its_trusted_documents_and_let_go(app: Commands, tmp_path: Path) -> None:
    app.run("app", "trust", APP, manifest(tmp_path, APOLLO))

    on = app.run("app", "trusted-only", APP, "--on")
    off = app.run("app", "trusted-only", APP, "--off")

    assert (on.code, off.code) == (0, 0)
    assert on.err == f"{APP} runs its trusted documents only, of which there are 2.\n"
    assert off.err == f"{APP} runs any document.\n"


def test_what_cannot_run_is_told_and_nothing_is_kept(app: Commands, tmp_path: Path) -> None:
    bad = {"good": BRAND, "typo": "{ brand { sluk } }", "torn": "{ brand {"}

    refused = app.run("app", "trust", APP, manifest(tmp_path, bad))

    assert refused.code == 1
    assert "typo: Cannot query field 'sluk' on type 'Brand'. Did you mean 'slug'?" in refused.err
    assert "torn: Syntax Error" in refused.err
    assert "hashcart: 2 of 3 documents cannot run; none is kept." in refused.err
    assert app.run("app", "documents", APP).out == ""


def test_an_id_never_changes_its_document(app: Commands, tmp_path: Path) -> None:
    app.run("app", "trust", APP, manifest(tmp_path, {"mine": BRAND}))

    refused = app.run("app", "trust", APP, manifest(tmp_path, {"new": ADDS, "mine": PRODUCTS}))

    assert refused.code == 1
    assert refused.err.startswith("hashcart: The id 'mine' stands for another document already.")
    assert app.run("app", "documents", APP).out == "mine\n"


def test_an_app_has_so_many_documents_and_no_more(
    app: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "TRUSTED_DOCUMENTS_MAX", 2)

    refused = app.run(
        "app", "trust", APP, manifest(tmp_path, {"a": BRAND, "b": ADDS, "c": PRODUCTS})
    )

    assert refused.code == 1
    assert refused.err.startswith("hashcart: An app has at most 2 trusted documents.")


@pytest.mark.parametrize(
    "words",
    [
        ("trust", "nobody"),
        ("distrust", "nobody", "x"),
        ("documents", "nobody"),
        ("trusted-only", "nobody", "--on"),
    ],
)
def test_an_app_that_nobody_knows_is_told_so(
    app: Commands, tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = (manifest(tmp_path, APOLLO),) if words[0] == "trust" else ()

    refused = app.run("app", *words, *file)

    assert refused.code == 1
    assert refused.err == (
        "hashcart: There is no app 'nobody'. `viewer.app.clientId` tells a token's own.\n"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"{", "is no JSON."), (b"[]", "This is no manifest"), (b'{"a:b":"{x}"}', "The id 'a:b'")],
)
def test_a_file_that_is_no_manifest_is_told_so(
    commands: Commands, tmp_path: Path, content: bytes, sentence: str
) -> None:
    refused = commands.run("app", "trust", APP, manifest(tmp_path, content))

    assert refused.code == 1
    assert sentence in refused.err
