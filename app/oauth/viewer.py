"""Bearer token → viewer, with a cache that forgets within a second.

So a revocation reaches every process within a second, and a steady client costs one look-up a
second. What was never looked up, or longer ago, is asked of the database; when that does not
answer, nobody is let in.
"""

import time
from collections import OrderedDict

from app.core import clock
from app.core.secrets import ACCESS_TOKEN_PREFIX, hash_token
from app.core.viewer import Viewer
from app.oauth.queries import ReadsOneRow, find_viewer

SECONDS_TRUSTED = 1.0
TOKENS_REMEMBERED = 10_000
TOKEN_CHARACTERS_MAX = 200


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
        if not token.startswith(ACCESS_TOKEN_PREFIX) or len(token) > TOKEN_CHARACTERS_MAX:
            return None
        key = hash_token(token)
        known = self._known.get(key)
        if known is None or time.monotonic() - known[0] > SECONDS_TRUSTED:
            asked = time.monotonic()
            viewer = await find_viewer(self._reads, token=token, moment=clock.now())
            known = (asked, viewer)
            self._known[key] = known
            self._known.move_to_end(key)
            if len(self._known) > TOKENS_REMEMBERED:
                self._known.popitem(last=False)
        viewer = known[1]
        if (
            viewer is not None
            and viewer.expires_at is not None
            and viewer.expires_at <= clock.now()
        ):
            return None
        return viewer
