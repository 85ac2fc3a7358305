"""The examples that the explorer opens."""

import orjson
import pytest
from graphql import parse, validate

from app.explorer.examples import READY, Example, example_operations, examples_json
from app.schema import schema

EXAMPLES = example_operations()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_is_valid_and_is_told_as_it_stands(example: Example) -> None:
    [definition, *_] = parse(example.document).definitions

    assert validate(schema._schema, parse(example.document)) == []
    assert example.document.find(f"{example.kind} {example.name}") >= 0
    assert definition.kind == "operation_definition"
    if example.variables is not None:
        assert isinstance(orjson.loads(example.variables), dict)


def test_the_ready_ones_come_first_in_their_order_and_need_no_variables() -> None:
    first = EXAMPLES[: len(READY)]

    assert [example.ready for example in EXAMPLES].count(True) == len(READY)
    assert [(example.feature, example.ready, example.variables) for example in first] == [
        (name.partition("/")[0], True, None) for name in READY
    ]
    assert "subscription" in {example.kind for example in first}
    assert "mutation" not in {example.kind for example in first}


def test_no_two_examples_share_a_name() -> None:
    names = [example.name for example in EXAMPLES]

    assert len(set(names)) == len(names)


def test_an_example_without_a_name_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("feature") / "nameless.graphql"
    file.write_text("{ brand { name } }\n")

    with pytest.raises(ValueError, match=r"Name the operation of .*nameless"):
        Example.read(file)


def test_the_page_is_told_what_is_known_of_each() -> None:
    told = {example["name"]: example for example in orjson.loads(examples_json())}

    intents = told["CartIntents"]
    assert intents["about"].startswith("The newest intents: who asked for what")
    assert intents["sql"].startswith(("SELECT", "WITH"))
    assert told["ExplainCartIntent"]["variables"] is not None
    assert len(told) == len(EXAMPLES)
