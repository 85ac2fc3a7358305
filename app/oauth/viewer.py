"""Bearer token → viewer, with a cache that forgets within a second.

So a revocation reaches every process within a second, and a steady client costs one look-up a
second. What was never looked up, or longer ago, is asked of the database; when that does not
answer, nobody is let in.
"""

import time
from collections import OrderedDict

from app.core import clock
from app.core.secrets import access_token_hash
from app.core.viewer import Viewer
from app.oauth.queries import ReadsOneRow, find_viewer

SECONDS_TRUSTED = 1.0
TOKENS_REMEMBERED = 10_000


class ViewerCache:
    """Who tokens speak for, as of at most `SECONDS_TRUSTED` ago. Holds hashes, never tokens."""

    def __init__(self, reads: ReadsOneRow) -> None:
        self._reads = reads
        self._known: OrderedDict[bytes, tuple[float, Viewer | None]] = OrderedDict()

    async def authenticate(self, token: str) -> Viewer | None:
        """Who *token* speaks for, or None where it is not (or no longer) good.

        Raises:
            Exception: the database does not answer.
        """
        token_hash = access_token_hash(token)
        if token_hash is None:
            return None
        known = self._known.get(token_hash)
        if known is None or time.monotonic() - known[0] > SECONDS_TRUSTED:
            asked = time.monotonic()
            viewer = await find_viewer(self._reads, token=token, moment=clock.now())
            known = (asked, viewer)
            self._known[token_hash] = known
            self._known.move_to_end(token_hash)
            if len(self._known) > TOKENS_REMEMBERED:
                self._known.popitem(last=False)
        return _unless_expired(known[1])

    def recall(self, token_hash: bytes) -> Viewer | None:
        """Who the token with this hash speaks for, if it was asked within `SECONDS_TRUSTED`."""
        known = self._known.get(token_hash)
        if known is None or time.monotonic() - known[0] > SECONDS_TRUSTED:
            return None
        return _unless_expired(known[1])


def _unless_expired(viewer: Viewer | None) -> Viewer | None:
    if viewer is None or viewer.expires_at is None or viewer.expires_at > clock.now():
        return viewer
    return None
