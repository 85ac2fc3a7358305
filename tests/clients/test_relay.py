"""Relay: its compiler takes every list of the schema, and its run time turns their pages."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import orjson
import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
)

from app.core.viewer import Scope
from app.events.log import write_transaction
from app.oauth import service
from app.oauth.models import Installation
from app.oauth.rules import documents_of
from tests.clients.programs import HERE, Served, printed, steps_of
from tests.golden_world import FJORD
from tests.tree import ROOT

PRINTED_SCHEMA = ROOT / "graphql" / "schema.graphql"
COMPILER = HERE / "node_modules" / "relay-compiler" / "cli.js"
CUSTOM_SCALARS = ("BigInt", "Date", "DateTime", "UUID", "XID")

PAGED = """\
graphql`
  fragment lists_{name} on {type}
  @argumentDefinitions({count}: {{ type: "Int", defaultValue: 5 }}, {cursor}: {{ type: "String" }})
  @refetchable(queryName: "lists{name}Query") {{
    list: {field}({count}: ${count}, {cursor}: ${cursor}) @connection(key: "lists_list") {{
      edges {{
        node {{
          __typename
        }}
      }}
    }}
  }}
`;
"""
PROGRAM = HERE / "relay" / "program.js"
GOLDEN_APP = "golden-app"
TITLES = [f"{FJORD.name} product {number} ✓" for number in (2, 1, 0)]
TOLD = {
    "titles forward": TITLES,
    "titles backward": TITLES,
    "tags": [f"{FJORD.name}Basket", f"{FJORD.name}Cart"],
    "changed": True,
    "followed": "BRAND_UPDATED",
}
DIRECTIONS = {"Forward": ("first", "after"), "Backward": ("last", "before")}


def lists(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Type and field of every connection that Relay can page: of the root, or of a node."""
    node = schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    for parent in schema.type_map.values():
        if not isinstance(parent, GraphQLObjectType):
            continue
        if parent is schema.query_type or node in parent.interfaces:
            for name, field in parent.fields.items():
                if get_named_type(field.type).name.endswith("Connection"):
                    yield parent.name, name


def documents_of_every_list(schema: GraphQLSchema) -> str:
    """A fragment for each direction of each list, as a component that pages it would have."""
    return "\n".join(
        PAGED.format(
            name=f"{type_name}{field[0].upper()}{field[1:]}{direction}",
            type=type_name,
            field=field,
            count=count,
            cursor=cursor,
        )
        for type_name, field in lists(schema)
        for direction, (count, cursor) in DIRECTIONS.items()
    )


async def compiled(folder: Path, **sources: str) -> Path:
    """The folder of what relay-compiler makes of these files of a program."""
    made, source = folder / "made", folder / "source"
    made.mkdir()
    source.mkdir()
    shutil.copy(PRINTED_SCHEMA, folder / "schema.graphql")
    for name, text in sources.items():
        (source / f"{name}.js").write_text(text)
    (made / "persisted.json").write_text("{}")
    config = {
        "src": "source",
        "schema": "schema.graphql",
        "language": "javascript",
        "eagerEsModules": False,
        "artifactDirectory": "made",
        "persistConfig": {"file": "made/persisted.json"},
        "customScalarTypes": dict.fromkeys(CUSTOM_SCALARS, "string"),
    }
    (folder / "relay.config.json").write_bytes(orjson.dumps(config))
    node = shutil.which("node")
    assert node is not None
    quietly = ("--output", "quiet-with-errors")
    await printed(node, str(COMPILER), *quietly, "relay.config.json", folder=folder)
    return made


@pytest.mark.needs("node")
async def test_the_compiler_takes_every_list_in_both_directions(tmp_path: Path) -> None:
    schema = build_schema(PRINTED_SCHEMA.read_text())
    found = list(lists(schema))

    made = await compiled(tmp_path, lists=documents_of_every_list(schema))

    assert ("Query", "products") in found
    assert ("Brand", "triggers") in found
    assert len(list(made.glob("lists_*.graphql.js"))) == 2 * len(found)


@pytest.mark.once
@pytest.mark.needs("node")
async def test_the_run_time_pages_both_ways_and_follows_a_change(
    served: Served, tmp_path: Path
) -> None:
    made = await compiled(tmp_path, program=PROGRAM.read_text())

    told = await steps_of("relay", MADE=str(made), **served.environment())

    assert told == TOLD


@pytest.mark.once
@pytest.mark.needs("node")
async def test_an_app_held_to_what_the_compiler_wrote_down_runs_that_by_its_ids_alone(
    served: Served, tmp_path: Path
) -> None:
    made = await compiled(tmp_path, program=PROGRAM.read_text())
    token = await held_to(served, orjson.loads((made / "persisted.json").read_bytes()))

    environment = served.environment() | {"TOKEN": token}
    told = await steps_of("relay", MADE=str(made), BY_ID="yes", **environment)
    async with httpx.AsyncClient(trust_env=False) as client:
        other = await client.post(
            served.endpoint,
            json={"query": "query Other { brand { name } }"},
            headers={"authorization": f"Bearer {token}"},
        )

    assert told == TOLD
    assert [error["extensions"]["code"] for error in other.json()["errors"]] == [
        "DOCUMENT_NOT_TRUSTED"
    ]
    assert "data" not in other.json()


async def held_to(served: Served, manifest: object) -> str:
    """A token of the golden app, from now on held to the documents of a manifest."""
    documents = documents_of(manifest)
    assert isinstance(documents, Mapping)
    async with write_transaction(served.resources.sessions) as session:
        installation = await session.get_one(Installation, (FJORD.id, FJORD.key(0x11)))
        issued = await service.issue_personal_token(
            session,
            installation=installation,
            scopes=frozenset(Scope),
            label=None,
            expires_at=None,
        )
        app = {"client_id": GOLDEN_APP}
        new = await service.trust_documents(session, documents=documents, **app)
        assert new == len(documents)
        await service.hold_to_trusted_documents(session, only=True, **app)
    return issued.token
