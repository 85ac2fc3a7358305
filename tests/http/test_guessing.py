"""A tool that guesses names and reads errors, as clairvoyance does, learns nothing that is hidden.

It sends words as fields and as arguments. A word that no error denies counts as found, as does one
that an error names of itself. It is given every field's name, so that it need not guess.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from app.core.viewer import Scope, Viewer
from app.graphql.engine import Engine, GraphQLRequest, create_engine
from app.graphql.errors import DocumentRefused, RequestRefused
from app.graphql.reads.variables import ERRORS_TOLD_MAX
from app.graphql.visible import EVERY_SCOPE, visible_schema
from app.schema import schema
from tests.golden_world import CURSOR_KEY, FJORD

BUCKET = ERRORS_TOLD_MAX // 2
"""Words of one probe: so few that every error can be told."""

NO_FIELD = re.compile(r"""Cannot query field ['"](\w+)['"]""")
QUOTED = re.compile(r"""['"](?:\w+\.)?(\w+)(?: \{ \.\.\. \})?[!\]]*['"]""")

SCOPES = [
    frozenset({Scope.BRAND_READ}),
    EVERY_SCOPE - {Scope.INTENTS_READ, Scope.EVENTS_READ},
]


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The engine as it is in development: with suggestions."""
    return create_engine(schema, CURSOR_KEY, suggests=True)


def viewer_with(scopes: frozenset[Scope]) -> Viewer:
    """A viewer who holds these."""
    return FJORD.viewer(*(EVERY_SCOPE - scopes))


def field_names() -> list[str]:
    """Of all types."""
    found: set[str] = set()
    for named in schema._schema.type_map.values():
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            found.update(named.fields)
    return sorted(name for name in found if not name.startswith("__"))


WORDS = field_names()


class Tool:
    """Guesses on behalf of one token."""

    def __init__(self, engine: Engine, viewer: Viewer) -> None:
        self._engine = engine
        self._viewer = viewer
        self.said: set[str] = set()
        """Every name that an error quotes and that was not in the probe itself."""

    def probe(self, document: str) -> list[str]:
        """The messages that a document is answered with; none where it would run."""
        try:
            self._engine.prepare(GraphQLRequest(document, None, {}), self._viewer)
        except DocumentRefused as refused:
            messages = [error.message for error in refused.errors]
        except RequestRefused as refused:
            messages = [refused.message]
        else:
            return []
        sent = set(re.findall(r"\w+", document))
        for message in messages:
            self.said.update(set(QUOTED.findall(message)) - sent)
        return messages

    def found(self, around: Callable[[str], str]) -> set[str]:
        """The words that nothing denies."""
        found: set[str] = set()
        for at in range(0, len(WORDS), BUCKET):
            bucket = WORDS[at : at + BUCKET]
            messages = self.probe(around(" ".join(bucket)))
            denied = {word for message in messages for word in NO_FIELD.findall(message)}
            found |= set(bucket) - denied
        return found


def places_to_ask() -> Iterator[tuple[str, Callable[[str], str]]]:
    """Types by their names, with what leads to them."""
    yield "Query", lambda words: f"{{ {words} }}"
    yield "Mutation", lambda words: f"mutation {{ {words} }}"
    yield "Subscription", lambda words: f"subscription {{ {words} }}"
    yield "Brand", lambda words: f"{{ brand {{ {words} }} }}"
    yield "CartIntent", lambda words: f'{{ node(id: "") {{ ... on CartIntent {{ {words} }} }} }}'


@pytest.mark.parametrize("scopes", SCOPES, ids=lambda scopes: "+".join(sorted(scopes))[:60])
def test_no_field_is_found_that_the_token_may_not_see(
    engine: Engine, scopes: frozenset[Scope]
) -> None:
    tool = Tool(engine, viewer_with(scopes))
    shown = visible_schema(engine.catalogue, scopes)

    for name, around in places_to_ask():
        found = tool.found(around)
        owner = shown.type_map.get(name)
        if owner is None:
            continue  # every word counts as found where none is denied: nothing was said of it
        assert isinstance(owner, GraphQLObjectType)
        assert found <= set(owner.fields), name
    assert tool.said & set(WORDS) <= names_of(engine, scopes)


@pytest.mark.parametrize("scopes", SCOPES, ids=lambda scopes: "+".join(sorted(scopes))[:60])
def test_no_argument_is_found_of_what_the_token_may_not_see(
    engine: Engine, scopes: frozenset[Scope]
) -> None:
    tool = Tool(engine, viewer_with(scopes))
    whole = schema._schema.query_type
    shown = visible_schema(engine.catalogue, scopes).query_type
    assert whole is not None
    assert shown is not None

    hidden = [name for name in whole.fields if name not in shown.fields]
    assert hidden != []
    for field in hidden[:3]:
        for at in range(0, len(WORDS), BUCKET * 5):
            arguments = ", ".join(f"{word}: 7" for word in WORDS[at : at + BUCKET])
            messages = tool.probe(f"{{ {field}({arguments}) }}")
            assert len(messages) == 1
            assert NO_FIELD.match(messages[0]) is not None
    assert tool.said & set(WORDS) <= names_of(engine, scopes)


def names_of(engine: Engine, scopes: frozenset[Scope]) -> set[str]:
    """All names that the token may see."""
    found: set[str] = set()
    for named in visible_schema(engine.catalogue, scopes).type_map.values():
        found.add(named.name)
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            found.update(named.fields)
            found.update(name for field in named.fields.values() for name in field.args)
        elif isinstance(named, GraphQLInputObjectType):
            found.update(named.fields)
    return found


def test_the_tool_finds_what_is_there_to_find(engine: Engine) -> None:
    tool = Tool(engine, viewer_with(EVERY_SCOPE))

    found = tool.found(lambda words: f"{{ {words} }}")

    assert {"brand", "products", "cartIntents"} <= found
    assert "triggers" not in found
