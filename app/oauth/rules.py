"""Decisions about scopes, and about manifests of documents."""

import re
from collections.abc import Iterable, Mapping

from app.core.viewer import Scope
from app.oauth.problems import BadDocumentId, NoManifest, NoScopes, UnknownScopes

APOLLO_FORMAT = "apollo-persisted-query-manifest"
DOCUMENT_ID_CHARACTERS_MAX = 200

_DOCUMENT_ID = re.compile(r"[A-Za-z0-9._~-]+")


def parse_scopes(words: Iterable[str]) -> frozenset[Scope] | UnknownScopes | NoScopes:
    """The scopes that *words* name; the same word twice counts once."""
    named = list(dict.fromkeys(word for word in words if word))
    unknown = [word for word in named if word not in list(Scope)]
    if unknown:
        return UnknownScopes(unknown=unknown)
    if not named:
        return NoScopes()
    return frozenset(Scope(word) for word in named)


def default_scopes() -> frozenset[Scope]:
    """All that a brand's own software may want; never who a shopper is on X."""
    return frozenset(Scope) - {Scope.SHOPPERS_IDENTIFY}


def reading_scopes() -> frozenset[Scope]:
    """Those of them that change nothing: what a token gets that nobody said more of."""
    return frozenset(scope for scope in default_scopes() if scope.endswith(":read"))


def sorted_scopes(scopes: Iterable[str]) -> list[str]:
    """Scopes as they are stored: each once, in alphabetical order."""
    return sorted({str(scope) for scope in scopes})


def documents_of(manifest: object) -> Mapping[str, str] | NoManifest | BadDocumentId:
    """The documents of a manifest by their ids.

    Two forms are known: that of Apollo's generator, with `format` and a list of `operations`; and
    an object of documents by their ids, as the compiler of Relay and the client preset of
    graphql-codegen write it.
    """
    if not isinstance(manifest, dict):
        return NoManifest()
    found = manifest
    if manifest.get("format") == APOLLO_FORMAT:
        operations = manifest.get("operations")
        if not isinstance(operations, list) or not all(isinstance(it, dict) for it in operations):
            return NoManifest()
        found = {operation.get("id"): operation.get("body") for operation in operations}
    if not found or not all(isinstance(each, str) for pair in found.items() for each in pair):
        return NoManifest()
    bad = [key for key in found if not _is_document_id(key)]
    return BadDocumentId(key=bad[0]) if bad else found


def _is_document_id(key: str) -> bool:
    """Whether a request may name a document so (GraphQL over HTTP, "Persisted Documents")."""
    return len(key) <= DOCUMENT_ID_CHARACTERS_MAX and bool(_DOCUMENT_ID.fullmatch(key))
