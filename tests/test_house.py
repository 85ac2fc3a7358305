"""The house rules that no linter states. Each failure says what to do."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import graphql
import pytest

from tests.tree import ROOT, command, files, name_of, python_files, texts

OWN_CODE = ("app", "tests", "migrations", "benchmarks", ".ci")
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
INIT_DOCSTRING_LINES_MAX = 5

MIGRATIONS = "migrations/versions/"
"""A migration is a list of statements, read once from top to bottom: its length is no maze."""

FEATURE_FILES = frozenset(
    {
        "models.py",
        "states.py",
        "rules.py",
        "problems.py",
        "facts.py",  # plain values that decisions look at, gathered beforehand
        "queries.py",
        "service.py",
        "access.py",
        "schema.py",
        "mutations.py",  # the mutations of a feature in the API
        "totals.py",  # numbers of a feature's rows in the API, where schema.py is full
        "routes.py",
    }
)
NO_FEATURES = frozenset({"core", "graphql", "cli", "pages", "explorer", "x"})
"""Folders of app that are built otherwise."""

ADDED_FILES = {
    "events": {
        "catalogue.py": "every event type with its data: the list a third party reads",
        "log.py": "collects and numbers events; everything that changes state calls it",
        "feed.py": "from the log to whoever waits: hint, tail, replay",
        "partitions.py": "the months of the event and attempt tables",
    },
    "oauth": {
        "scopes.py": "each scope with the sentence of the consent page",
        "server.py": "the one file that touches Authlib",
        "store.py": "the lookups that Authlib asks for",
        "viewer.py": "from a bearer token to who is asking",
    },
    "shoppers": {
        "consents.py": "the ledger of consents, and every version of what was agreed to",
        "leaving.py": "what happens to a person who opts out",
    },
    "webhooks": {
        "signing.py": "the Standard Webhooks signature",
        "payload.py": "from an event and a stored document to a body",
        "fan_out.py": "from an event to deliveries",
        "deliver.py": "claims, sends and records one delivery",
    },
    "carts": {
        "intents.py": "an intent in memory, written many at a time",
        "moves.py": "the one place that changes where an intent is, each time with its event",
        "answers.py": "rule 10, pure: what a retailer's answer means",
        "decisions.py": "notes of what a decision saw, for the trace",
        "replies.py": "which posts ask for which intents",
        "offers.py": "among which products an intent waits for a choice",
        "choices.py": "what a shopper, or the brand for her, decides: choose, withdraw, undo",
        "withdrawals.py": "what a deleted reply, a closed account or an opt-out takes back",
        "waits.py": "what ends a wait: its time, a link, a consent",
        "claims.py": "leases on intents whose retailer is to be asked",
        "express.py": "the short way to the retailer: claimed by the insert, passed on in memory",
        "asking.py": "one call to a retailer, and what its failure means",
        "dispatch.py": "asks retailers while no transaction is open, and records the answers",
        "removals.py": "the same for taking out what was added",
        "explain.py": "the ordered trace of an intent, pure",
        "traces.py": "reads what a trace is made of",
    },
    "engagements": {"counts.py": "how often people asked in ways that cannot work, for the API"},
    "ingest": {
        "inbox.py": "the door's side: what arrives together is one insert",
        "lanes.py": "one author's posts in order: leases with a fencing token",
        "desk.py": "decides accepted payloads in batches, and puts aside what keeps failing",
        "lag.py": "how long payloads wait to be decided, for /metrics",
        "lookup.py": "gathers what a batch refers to, in a fixed number of statements",
        "batch.py": "what the desk decides of one batch, in the order of its kinds",
        "aftermath.py": "what became of posts and accounts: marked, withdrawn, remembered",
        "standings.py": "what X told of posts and accounts, so that order does not matter",
        "spread.py": "what holds of an account comes to all its engagements",
        "near_misses.py": "which hashtags are nearly a trigger",
        "resume.py": "replies go on once the post they answer is registered",
        "hand_over.py": "a reply that waited at one brand asks another one",
        "purge.py": "what is too old to be kept goes, in bounded steps",
    },
    "tweets": {
        "moves.py": "moves of a tweet, which its links decide, and what the log is told of them",
        "reading.py": "from the links of a post to verdicts, without a look outside",
        "resolver.py": "the looks outside: short links followed, retailers asked, answers recorded",
        "unsold.py": "edits that sell nothing, kept while an older version may still arrive",
    },
    "products": {"links.py": "which product a URL means: hosts, path forms, look-alikes"},
    "retailers": {
        "adapter.py": "the seam: what every adapter offers",
        "registry.py": "the adapters of this deployment by name",
        "sandbox.py": "the adapter whose every answer can be produced",
        "amazon.py": "the adapter that hands off by link",
    },
}
"""Files beyond the fixed names, by feature, each with the reason why it is one."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file, read once."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def places(pattern: str, *, suffix: str = "") -> list[str]:
    """Where a pattern stands: `file:line` for each line of the files that end in *suffix*."""
    return [
        f"{name}:{number}"
        for name, text in texts().items()
        if name.endswith(suffix) and re.search(pattern, text)
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]


def test_no_file_is_longer_than_400_lines() -> None:
    long = [
        f"{name_of(path)} ({lines})"
        for path in python_files(*OWN_CODE)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES_MAX
    ]
    assert long == [], f"Split by what the parts do; {FILE_LINES_MAX} lines are the ceiling: {long}"


def test_no_function_is_longer_than_50_lines() -> None:
    long = [
        f"{name_of(path)}:{node.lineno} {node.name} ({lines})"
        for path in python_files(*OWN_CODE)
        if not name_of(path).startswith(MIGRATIONS)
        for node in ast.walk(parsed(path))
        if isinstance(node, Function)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert long == [], f"Take a step out of each and name it; 50 lines are the ceiling: {long}"


def test_the_folder_graphql_holds_no_python() -> None:
    shadows = [name_of(path) for path in python_files("graphql")]
    assert shadows == [], f"These shadow graphql-core; move them below app/graphql: {shadows}"


def test_graphql_is_graphql_core() -> None:
    home = Path(graphql.__file__).parent
    assert home.parent.name == "site-packages", f"`import graphql` found {home}, not graphql-core."


def test_a_feature_holds_only_the_files_that_every_feature_may_hold() -> None:
    strange = [
        name_of(path)
        for path in python_files("app")
        for feature, *rest in [path.relative_to(ROOT / "app").parts]
        if rest and feature not in NO_FEATURES
        if rest != ["__init__.py"]
        if rest[0] not in FEATURE_FILES | ADDED_FILES.get(feature, {}).keys()
    ]
    assert strange == [], (
        "Put these into the file whose name says it, or add the name with its reason to "
        f"ADDED_FILES in tests/test_house.py: {strange}"
    )


def test_only_schemas_name_what_lies_above_them_and_for_the_type_checker_alone() -> None:
    upward = [
        f"{name_of(path)}:{node.lineno} {node.module}"
        for path in python_files("app")
        for branch in ast.walk(parsed(path))
        if isinstance(branch, ast.If) and ast.unparse(branch.test).endswith("TYPE_CHECKING")
        for node in ast.walk(branch)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app.")
        if path.name != "schema.py" or not str(node.module).endswith(".schema")
        if not name_of(path).startswith(
            "app/cli/"
        )  # stands above all; it starts fast by late imports
    ]
    assert upward == [], (
        "Import these openly, where the contracts see it; under TYPE_CHECKING a schema.py may name "
        f"the types of another schema, and nothing else may: {upward}"
    )


def test_every_public_thing_of_app_has_a_docstring() -> None:
    silent = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in python_files("app")
        for node in public_definitions(parsed(path))
        if ast.get_docstring(node) is None
    ]
    assert silent == [], f"Say what these mean, their units, limits and errors: {silent}"


def test_every_module_of_app_says_what_it_is_for() -> None:
    silent = [
        name_of(path) for path in python_files("app") if ast.get_docstring(parsed(path)) is None
    ]
    assert silent == [], f"Begin each with a docstring that says what is found in it: {silent}"


def public_definitions(tree: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    """The classes, functions and methods that others may use; an override has its base's words."""
    for node in tree.body:
        if not isinstance(node, Definition) or node.name.startswith("_") or is_override(node):
            continue
        yield node
        if isinstance(node, ast.ClassDef):
            yield from public_definitions(node)


def is_override(node: Definition) -> bool:
    """Whether it is decorated as an override or an overload."""
    names = {ast.unparse(decorator) for decorator in node.decorator_list}
    return bool(names & {"override", "overload", "typing.override", "typing.overload"})


def test_a_package_init_is_a_short_docstring_and_nothing_else() -> None:
    loud = [
        name_of(path)
        for path in python_files(*OWN_CODE)
        if path.name == "__init__.py" and not is_short_docstring(parsed(path))
    ]
    assert loud == [], (
        f"Leave one docstring of at most {INIT_DOCSTRING_LINES_MAX} lines that says what the thing "
        f"is, and move the rest into a module: {loud}"
    )


def is_short_docstring(tree: ast.Module) -> bool:
    """Whether the module is one docstring within the limit."""
    docstring = ast.get_docstring(tree)
    fits = docstring is not None and len(docstring.splitlines()) <= INIT_DOCSTRING_LINES_MAX
    return fits and len(tree.body) == 1


def test_no_file_names_a_package_host() -> None:
    parts = (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("deb.debian", "org"),
        ("crates.io/", "api"),
    )
    hosts = "|".join(re.escape(".".join(part)).replace(r"/\.", "/") for part in parts)
    named = places(hosts)
    assert named == [], f"Name the package, not its host; a mirror must serve as well: {named}"


def test_no_file_names_a_folder_of_one_machine() -> None:
    owners = "|".join(("work", "root", "farm", "home/[a-z]+", "Users/[A-Za-z]+", "tmp/bash_jobs"))
    named = places(rf"(?<![\w.])/(?:{owners})(?:/|\b(?=_jobs))")
    assert named == [], f"Start from the repository's top or from a setting: {named}"


def test_an_ignored_warning_names_its_code_and_reason() -> None:
    ignore, silence = "type: " + "ignore", "no" + "qa"
    bare = places(
        rf"#\s*({ignore}(?!\[[a-z, -]+\]\s+#\s*\S)|{silence}(?!: [A-Z]+\d+.*\s\S))", suffix=".py"
    )
    assert bare == [], f"Give the code in the ignore and the reason behind it: {bare}"


def test_nothing_is_left_undone_or_skipped() -> None:
    words = (
        "TO" + "DO",
        "FIX" + "ME",
        "XX" + "X",
        "NotImplemented" + "Error",
        "assert " + r"True\b",
    )
    marks = (r"pytest\.skip\(", r"mark\.skip", r"mark\.xfail", "pragma: no " + "cover")
    undone = places("|".join((*words, *marks)), suffix=".py")
    assert undone == [], f"Finish these, or take them out: {undone}"


def test_no_lock_file_records_an_address() -> None:
    named = [name_of(path) for path in files() if path.name == "uv.lock"]
    named += places(r'"resolved"', suffix="package-lock.json")
    assert named == [], f"Take the addresses out; uv.lock is not committed at all: {named}"


def test_the_printed_schema_and_the_openapi_document_are_current() -> None:
    check = [sys.executable, "-c", command(), "schema", "--check"]

    finished = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)

    assert finished.returncode == 0, (
        f"Run `make schema` and read what changed. {finished.stdout}{finished.stderr}"
    )


def test_without_git_the_rules_read_no_file_less(monkeypatch: pytest.MonkeyPatch) -> None:
    with_git = set(files.__wrapped__())
    monkeypatch.setenv("PATH", "")

    without_git = set(files.__wrapped__())

    assert with_git <= without_git, "Let .gitignore name files and folders alone, without a path."
