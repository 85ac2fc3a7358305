"""Decisions about scopes."""

from app.core.viewer import Scope
from app.oauth.problems import NoScopes, UnknownScopes
from app.oauth.rules import parse_scopes, sorted_scopes


def test_words_become_scopes_each_once() -> None:
    assert parse_scopes(["brand:read", "", "brand:read", "events:read"]) == frozenset(
        {Scope.BRAND_READ, Scope.EVENTS_READ}
    )


def test_an_unknown_scope_is_named_beside_the_known() -> None:
    problem = parse_scopes(["brand:read", "brand:reed"])

    assert problem == UnknownScopes(unknown=["brand:reed"])
    assert isinstance(problem, UnknownScopes)
    assert "brand:reed" in problem.message
    assert "events:read" in problem.message


def test_no_scope_is_a_problem() -> None:
    assert parse_scopes([" ".strip()]) == NoScopes()


def test_scopes_are_stored_in_one_order() -> None:
    assert sorted_scopes([Scope.TWEETS_READ, "brand:read", Scope.BRAND_READ]) == [
        "brand:read",
        "tweets:read",
    ]
