"""Tokens as hashes, personal data sealed, comparisons in constant time."""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ACCESS_TOKEN_PREFIX = "hc_at_"
TOKEN_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
TOKEN_CHARACTERS_MAX = 200
TOKEN_LENGTH = 43
"""43 characters out of 62 carry 256 bits."""

_SEAL_VERSION = b"\x01"
_NONCE_BYTES = 12


class CannotOpen(Exception):
    """A sealed value does not open: another secret key sealed it, or it was altered."""


def new_token(prefix: str = ACCESS_TOKEN_PREFIX) -> str:
    """A fresh opaque token with a readable *prefix* (which scanners of leaked secrets look for)."""
    return prefix + "".join(secrets.choice(TOKEN_CHARACTERS) for _ in range(TOKEN_LENGTH))


def hash_token(token: str) -> bytes:
    """What is stored of a token: SHA-256, enough for a secret of 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def access_token_hash(token: str) -> bytes | None:
    """That of a token for access; None for a text that cannot be one."""
    if not token.startswith(ACCESS_TOKEN_PREFIX) or len(token) > TOKEN_CHARACTERS_MAX:
        return None
    return hash_token(token)


def same(left: bytes, right: bytes) -> bool:
    """Whether two secrets are equal, in time that does not depend on where they differ."""
    return hmac.compare_digest(left, right)


@dataclass(frozen=True)
class Sealer:
    """Authenticated encryption (AES-256-GCM) under one key, bound to a context."""

    key: bytes = field(repr=False)

    @classmethod
    def from_secret(cls, secret: str) -> "Sealer":
        """The sealer of a secret text such as HASHCART_SECRET_KEY (HKDF, RFC 5869)."""
        return cls(derive(secret.encode(), "seal"))

    def seal(self, plain: bytes, context: str) -> bytes:
        """*plain*, readable again only with this key and the same *context*."""
        nonce = os.urandom(_NONCE_BYTES)
        return _SEAL_VERSION + nonce + AESGCM(self.key).encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """What was sealed.

        Raises:
            CannotOpen: another key, another context, or an altered value.
        """
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if sealed[:1] != _SEAL_VERSION:
                raise CannotOpen("The sealed value has an unknown version.")
            return AESGCM(self.key).decrypt(nonce, body, context.encode())
        except (InvalidTag, ValueError):
            raise CannotOpen("The sealed value does not open with this key.") from None


def derive(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose (HKDF-SHA256)."""
    return HKDF(SHA256(), 32, salt=None, info=f"hashcart:{purpose}".encode()).derive(key)


def keyed_hash(key: bytes, text: str) -> bytes:
    """A hash that only the holder of *key* can make (HMAC-SHA256)."""
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")
