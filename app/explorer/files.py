"""Files that a browser is given: read once, tagged by what they hold, compressed when asked."""

import asyncio
import gzip
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".graphql": "text/plain; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
}
COMPRESSED_BYTES_MIN = 1024
COMPRESSION_LEVEL = 6
FOREVER = "public, max-age=31536000, immutable"
CHECKED = "no-cache"
"""Kept, but asked for anew each time; the answer is 304 unless it changed."""
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass
class File:
    """What one address answers; `caching` is its `Cache-Control`."""

    body: bytes
    media_type: str
    caching: str = CHECKED
    policy: str = NOTHING
    """Its `Content-Security-Policy`."""
    _compressed: bytes | None = None

    def __post_init__(self) -> None:
        self._digest = sha256(self.body).hexdigest()[:16]

    @classmethod
    def read(cls, path: Path, caching: str = CHECKED, policy: str = NOTHING) -> "File":
        """The file at a path, its type told by its suffix."""
        return cls(path.read_bytes(), MEDIA_TYPES[path.suffix], caching, policy)

    def is_compressed_for(self, accepted: str) -> bool:
        """Whether a client that sent this `Accept-Encoding` gets it by gzip."""
        return len(self.body) >= COMPRESSED_BYTES_MIN and _takes_gzip(accepted)

    def etag(self, *, compressed: bool) -> str:
        """The entity tag of one form (RFC 9110 section 8.8.3)."""
        return f'"{self._digest}-gzip"' if compressed else f'"{self._digest}"'

    async def compressed(self) -> bytes:
        """The body by gzip; made once, beside what else is served meanwhile."""
        if self._compressed is None:
            self._compressed = await asyncio.to_thread(
                gzip.compress, self.body, COMPRESSION_LEVEL, mtime=0
            )
        return self._compressed


def _takes_gzip(accepted: str) -> bool:
    for offer in accepted.lower().split(","):
        name, _, weight = offer.replace(" ", "").partition(";q=")
        if name == "gzip":
            return weight.strip("0.") != "" or not weight
    return False


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether a client that sent this `If-None-Match` holds the form with that tag."""
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return bool({etag, "*"} & known)
