"""Operations of mutations: documents of all shapes, scopes, refusals, fields in order, sockets."""

from typing import Any

import pytest

from app.core.ids import parse_global_id
from app.core.viewer import Scope
from app.graphql.limits import MUTATIONS_MAX
from tests.http.server import ALL, Running, TestBrand, token_of
from tests.live.sockets import acknowledged
from tests.mutations.asking import ADD, Api, events_of, triggers_of

TAKEN = "#AmazonCart is a trigger of the brand already; change that one."
BASKET = '{tag: "AmazonBasket", marketplace: "US"}'


async def test_the_payload_is_what_a_query_shows(api: Api) -> None:
    shown = "id tag marketplace action"
    done = await api.ask(
        f"mutation {{ addTrigger(input: {BASKET}) {{ ... on Trigger {{ {shown} }} }} }}"
    )

    query = f"query ($id: ID!) {{ node(id: $id) {{ ... on Trigger {{ {shown} }} }} }}"
    found = await api.ask(query, id=done["addTrigger"]["id"])

    assert done["addTrigger"] == found["node"]
    assert done["addTrigger"]["tag"] == "AmazonBasket"


async def test_a_payload_can_be_selected_as_deep_as_a_query(brand: TestBrand, api: Api) -> None:
    done = await api.ask(
        """mutation ($first: Int) { setPolicies(input: {resolveDepth: THREAD_ROOT}) {
          ... on Brand { slug resolveDepth
            triggers(first: $first) { nodes { tag } pageInfo { hasNextPage } } } } }""",
        first=1,
    )

    assert done == {
        "setPolicies": {
            "slug": brand.slug,
            "resolveDepth": "THREAD_ROOT",
            "triggers": {"nodes": [{"tag": "AmazonCart"}], "pageInfo": {"hasNextPage": False}},
        }
    }


async def test_fragments_aliases_and_interfaces_select_of_payloads_and_problems(api: Api) -> None:
    done = await api.ask(
        """mutation ($tag: String!, $problems: Boolean!) {
          first: addTrigger(input: {tag: $tag, marketplace: "US"}) { ...Result }
          second: addTrigger(input: {tag: $tag, marketplace: "US"}) { ...Result }
          third: addTrigger(input: {tag: $tag, marketplace: "US"}) {
            ...Why @include(if: $problems) ... on Problem @skip(if: $problems) { never: message }
          }
          __typename
        }
        fragment Result on AddTriggerResult {
          kind: __typename
          ... on Node { __typename }
          ... on Trigger { name: tag, again: tag }
          ...Why
        }
        fragment Why on Problem { why: message ... on TriggerTaken { tag triggerId } }""",
        tag="AmazonBasket",
        problems=True,
    )

    problem = done["third"]
    assert done == {
        "first": {
            "kind": "Trigger",
            "__typename": "Trigger",
            "name": "AmazonBasket",
            "again": "AmazonBasket",
        },
        "second": {"kind": "TriggerTaken", **problem},
        "third": problem,
        "__typename": "Mutation",
    }
    assert list(problem) == ["why", "tag", "triggerId"]
    assert problem["why"] == TAKEN.replace("AmazonCart", "AmazonBasket")


async def test_a_problem_leaves_nothing_behind_and_holds_up_no_other_field(
    running: Running, brand: TestBrand, api: Api
) -> None:
    done = await api.ask(
        f"""mutation {{
          a: addTrigger(input: {{tag: "amazoncart", marketplace: "US"}}) {{ __typename }}
          b: addTrigger(input: {{tag: "no tag", marketplace: "US"}}) {{ __typename }}
          c: addTrigger(input: {{tag: "Tag", marketplace: "DE"}}) {{ __typename }}
          d: addTrigger(input: {BASKET}) {{ __typename }}
        }}"""
    )

    kinds = {key: each["__typename"] for key, each in done.items()}
    assert kinds == {"a": "TriggerTaken", "b": "BadTrigger", "c": "BadTrigger", "d": "Trigger"}
    assert await triggers_of(running.resources, brand.id) == ["AmazonBasket", "AmazonCart"]
    assert await events_of(running.resources, brand.id) == [(1, "brand.updated")]


async def test_fields_run_in_the_order_of_the_document_each_seeing_the_one_before(api: Api) -> None:
    show = "{ ... on Brand { acceptQuotes } }"
    done = await api.ask(
        f"""mutation {{
          z: setPolicies(input: {{acceptQuotes: true}}) {show}
          a: setPolicies(input: {{acceptQuotes: false}}) {show}
          m: setPolicies(input: {{}}) {show}
        }}"""
    )

    assert list(done.items()) == [
        ("z", {"acceptQuotes": True}),
        ("a", {"acceptQuotes": False}),
        ("m", {"acceptQuotes": False}),
    ]


REFUSED: list[tuple[str, dict[str, Any], int, str, list[str]]] = [
    (
        "triggers(first: 501) { nodes { tag } }",
        {},
        400,
        "BAD_USER_INPUT",
        ["second", "triggers"],
    ),
    ('triggers(after: "x") { nodes { tag } }', {}, 400, "BAD_CURSOR", ["second", "triggers"]),
]


@pytest.mark.parametrize(("below", "variables", "status", "code", "path"), REFUSED)
async def test_a_page_that_cannot_be_is_refused_before_anything_runs(
    running: Running,
    brand: TestBrand,
    api: Api,
    below: str,
    variables: dict[str, Any],
    status: int,
    code: str,
    path: list[str],
) -> None:
    query = f"""mutation {{
      first: setPolicies(input: {{acceptQuotes: true}}) {{ __typename }}
      second: setPolicies(input: {{autoRegister: false}}) {{ ... on Brand {{ {below} }} }} }}"""

    assert await api.refused(query, **variables) == (status, code, path)
    assert await events_of(running.resources, brand.id) == []


@pytest.mark.parametrize(
    "given",
    [
        {"tag": "Amazon\0Basket", "marketplace": "US"},
        {"tag": "AmazonBasket", "marketplace": "\0"},
        {"tag": "x" * 30_001, "marketplace": "US"},
    ],
)
async def test_a_text_that_no_column_can_hold_is_refused_before_anything_runs(
    running: Running, brand: TestBrand, api: Api, given: dict[str, Any]
) -> None:
    status, code, path = await api.refused(ADD, input=given)

    assert (status, code, path[0]) == (400, "BAD_USER_INPUT", "addTrigger")
    assert await events_of(running.resources, brand.id) == []


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        (ADD, {}, "BAD_USER_INPUT"),
        (ADD, {"input": {"tag": "AmazonBasket"}}, "BAD_USER_INPUT"),
        (ADD, {"input": {"tag": 7, "marketplace": "US"}}, "BAD_USER_INPUT"),
        (ADD, {"input": {"tag": "A", "marketplace": "US", "brandId": "x"}}, "BAD_USER_INPUT"),
        ("mutation { addTrigger { __typename } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { __schema { queryType { name } } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        (f"mutation {{ addTrigger(input: {BASKET}) }}", {}, "GRAPHQL_VALIDATION_FAILED"),
        (
            'mutation { addTrigger(input: {tag: "\\uD800", marketplace: "US"}) { __typename } }',
            {},
            "GRAPHQL_PARSE_FAILED",
        ),
    ],
)
async def test_input_that_does_not_fit_is_refused_before_anything_runs(
    running: Running, brand: TestBrand, api: Api, query: str, variables: dict[str, Any], code: str
) -> None:
    answer = await api.post(query, **variables)

    assert answer.status_code == 400
    assert {each["extensions"]["code"] for each in answer.json()["errors"]} == {code}
    assert await events_of(running.resources, brand.id) == []


async def test_so_many_mutations_run_at_once_and_no_more(
    running: Running, brand: TestBrand, api: Api
) -> None:
    def many(count: int) -> str:
        fields = (
            f"m{number}: setPolicies(input: {{acceptQuotes: true}}) {{ __typename }}"
            for number in range(count)
        )
        return f"mutation {{ {' '.join(fields)} }}"

    status, code, _ = await api.refused(many(MUTATIONS_MAX + 1))
    assert (status, code) == (400, "OPERATION_TOO_LARGE")
    assert await events_of(running.resources, brand.id) == []

    assert len(await api.ask(many(MUTATIONS_MAX))) == MUTATIONS_MAX


async def test_payloads_may_ask_for_so_many_rows_together_and_no_more(
    running: Running, brand: TestBrand, api: Api
) -> None:
    below = "triggers(first: 500) { nodes { id } }"
    show = " ".join(f"t{number}: {below}" for number in range(101))
    fields = " ".join(
        f"m{number}: setPolicies(input: {{acceptQuotes: true}}) {{ ... on Brand {{ {show} }} }}"
        for number in range(2)
    )

    status, code, _ = await api.refused(f"mutation {{ {fields} }}")

    assert (status, code) == (400, "OPERATION_TOO_LARGE")
    assert await events_of(running.resources, brand.id) == []


@pytest.mark.parametrize(
    ("lacking", "path"),
    [(Scope.BRAND_WRITE, ["first"]), (Scope.BRAND_READ, ["second"])],
)
async def test_a_missing_scope_refuses_the_whole_operation_before_anything_runs(
    running: Running, brand: TestBrand, api: Api, lacking: Scope, path: list[str]
) -> None:
    token = await token_of(running.resources, brand.slug, ALL - {lacking})
    query = """mutation {
      first: setPolicies(input: {acceptQuotes: true}) { __typename }
      second: setPolicies(input: {acceptQuotes: true}) { ... on Brand { slug } } }"""

    refused = await Api(api.client, token).refused(query)

    assert refused == (403, "MISSING_SCOPE", path)
    assert await events_of(running.resources, brand.id) == []


async def test_a_token_that_may_only_write_learns_what_came_of_it(
    running: Running, brand: TestBrand, api: Api
) -> None:
    token = await token_of(running.resources, brand.slug, frozenset({Scope.BRAND_WRITE}))
    query = f"""mutation {{
      a: addTrigger(input: {BASKET}) {{ __typename ... on Problem {{ message }} }}
      b: addTrigger(input: {{tag: "AmazonCart", marketplace: "US"}}) {{
        __typename ... on Problem {{ message }} }} }}"""

    assert await Api(api.client, token).ask(query) == {
        "a": {"__typename": "Trigger"},
        "b": {"__typename": "TriggerTaken", "message": TAKEN},
    }
    assert await triggers_of(running.resources, brand.id) == ["AmazonBasket", "AmazonCart"]


async def test_a_socket_runs_mutations_as_a_post_does(
    running: Running, brand: TestBrand, api: Api
) -> None:
    given = {"tag": "AmazonBasket", "marketplace": "US", "idempotencyKey": "key"}
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", ADD, input=given)
        message = await socket.receive()
        assert await socket.receive() == {"type": "complete", "id": "1"}

    assert message["payload"]["data"] == {"addTrigger": await api.add("AmazonBasket", "key")}
    assert message["payload"]["data"]["addTrigger"]["__typename"] == "Trigger"
    assert await triggers_of(running.resources, brand.id) == ["AmazonBasket", "AmazonCart"]


async def test_a_socket_refuses_a_mutation_whose_scope_the_token_lacks(
    running: Running, brand: TestBrand
) -> None:
    token = await token_of(running.resources, brand.slug, ALL - {Scope.BRAND_WRITE})
    given = {"tag": "AmazonBasket", "marketplace": "US"}
    async with acknowledged(running.socket_address, token) as socket:
        await socket.subscribe("1", ADD, input=given)
        message = await socket.receive()

    assert message["type"] == "error"
    assert message["payload"][0]["extensions"] == {"code": "MISSING_SCOPE"}
    assert await triggers_of(running.resources, brand.id) == ["AmazonCart"]


async def test_what_was_changed_is_told_in_the_log_with_the_app_that_did_it(
    brand: TestBrand, api: Api
) -> None:
    await api.ask("mutation { setPolicies(input: {acceptQuotes: true}) { __typename } }")

    found = await api.ask(
        """{ events { nodes { seq type actor { kind id }
          ... on BrandEvent { changedFields currentBrand { slug acceptQuotes } } } }
          viewer { installation { id } } }"""
    )

    (told,) = found["events"]["nodes"]
    installation = parse_global_id(found["viewer"]["installation"]["id"])
    assert installation is not None
    assert told == {
        "seq": "1",
        "type": "BRAND_UPDATED",
        "actor": {"kind": "APP", "id": str(installation[1])},
        "changedFields": ["acceptQuotes"],
        "currentBrand": {"slug": brand.slug, "acceptQuotes": True},
    }
