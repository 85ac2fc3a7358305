"""Documents that a request names instead of sending them.

Automatic persisted queries (Apollo's protocol): a client names a document by its SHA-256; where
that is not known it sends the document once beside its hash. What was sent so is kept in this
process, for this app alone. Trusted documents: an app's own, written down by its operator in the
database and known in every process; an app may be held to those.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from app.core.viewer import Viewer
from app.graphql.engine import Engine, GraphQLRequest, PersistedId
from app.graphql.errors import ErrorCode, RequestRefused

FindTrusted: TypeAlias = Callable[[UUID, str], Awaitable[str | None]]
"""The trusted document of an app under an id, or with that SHA-256 in hexadecimal; or None."""

APPS_KEPT = 100
TEXTS_PER_APP = 1_000
CHARACTERS_PER_APP = 1_000_000
TRUSTED_CACHED = 2_000
TRUSTED_SECONDS = 60.0
"""How long a trusted document runs on after it was taken back, at most."""


@dataclass
class _Texts:
    """What one app had kept, the least recently used first."""

    known: OrderedDict[str, str] = field(default_factory=OrderedDict)
    characters: int = 0

    def keep(self, key: str, text: str) -> None:
        """Remember a text; the least recently used leave for it."""
        if self.known.setdefault(key, text) is text:
            self.characters += len(text)
        self.known.move_to_end(key)
        while len(self.known) > TEXTS_PER_APP or self.characters > CHARACTERS_PER_APP:
            _, left = self.known.popitem(last=False)
            self.characters -= len(left)

    def find(self, key: str) -> str | None:
        """The text with that hash, if it is still known."""
        text = self.known.get(key)
        if text is not None:
            self.known.move_to_end(key)
        return text


class PersistedDocuments:
    """The documents that requests may name, for all who serve in one process."""

    def __init__(self, engine: Engine, find_trusted: FindTrusted) -> None:
        self._engine = engine
        self._find_trusted = find_trusted
        self._apps: OrderedDict[UUID, _Texts] = OrderedDict()
        self._trusted: OrderedDict[tuple[UUID, str], tuple[float, str]] = OrderedDict()

    async def resolve(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLRequest:
        """The request with its document.

        Raises:
            RequestRefused: nothing is known by that name, the hash is another document's, or the
                app runs trusted documents only and this is none.
            DocumentRefused: a document that came with its hash is not valid; it is not kept.
        """
        named = request.persisted
        if named is not None and named.version != 1:
            # In these words clients understand that they must send documents whole.
            raise RequestRefused(
                ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED, "PersistedQueryNotSupported"
            )
        if not request.query:
            assert named is not None  # the form was checked
            return request._replace(query=await self._named(named, viewer))
        if named is not None and (not named.is_hash or named.key != hash_of(request.query)):
            raise RequestRefused(
                ErrorCode.BAD_REQUEST,
                "`query` and the hash beside it differ: hash the document as it is sent, in UTF-8.",
            )
        if viewer.trusted_documents_only:
            if await self._trusted_text(hash_of(request.query), viewer) is None:
                raise _not_trusted()
        elif named is not None:
            self._engine.prepare(request, viewer)
            self._keep(named.key, request.query, viewer)
        return request

    def has(self, text: str, viewer: Viewer) -> bool:
        """Whether the viewer's app had this very text kept here."""
        texts = self._apps.get(viewer.app_id)
        return texts is not None and texts.find(hash_of(text)) is not None

    async def _named(self, named: PersistedId, viewer: Viewer) -> str:
        text = None
        if named.is_hash and not viewer.trusted_documents_only:
            texts = self._apps.get(viewer.app_id)
            text = None if texts is None else texts.find(named.key)
        if text is None:
            text = await self._trusted_text(named.key, viewer)
        if text is None:
            # In these words clients understand that they must send the document.
            raise RequestRefused(ErrorCode.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
        return text

    def _keep(self, key: str, text: str, viewer: Viewer) -> None:
        texts = self._apps.setdefault(viewer.app_id, _Texts())
        self._apps.move_to_end(viewer.app_id)
        texts.keep(key, text)
        if len(self._apps) > APPS_KEPT:
            self._apps.popitem(last=False)

    async def _trusted_text(self, key: str, viewer: Viewer) -> str | None:
        place = (viewer.app_id, key)
        found = self._trusted.get(place)
        if found is not None and time.monotonic() - found[0] < TRUSTED_SECONDS:
            self._trusted.move_to_end(place)
            return found[1]
        asked = time.monotonic()
        text = await self._find_trusted(viewer.app_id, key)
        if text is None:
            self._trusted.pop(place, None)
            return None
        self._trusted[place] = (asked, text)
        self._trusted.move_to_end(place)
        if len(self._trusted) > TRUSTED_CACHED:
            self._trusted.popitem(last=False)
        return text


def hash_of(text: str) -> str:
    """The SHA-256 of a document in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _not_trusted() -> RequestRefused:
    return RequestRefused(
        ErrorCode.DOCUMENT_NOT_TRUSTED,
        "This app runs trusted documents only, and this is none of them. Its operator adds it with "
        "`hashcart app trust`.",
    )
