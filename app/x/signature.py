"""X's webhook signatures: HMAC-SHA256 under the X app's consumer secret.

Source:
    X developer documentation, "Webhooks": securing webhooks and the challenge-response check.
"""

import hmac
from base64 import b64encode
from hashlib import sha256

from app.core.secrets import same

SIGNATURE_HEADER = "x-twitter-webhooks-signature"
SCHEME = "sha256="


def sign(secret: str, message: bytes) -> str:
    """The signature of a raw body, as it stands in the header."""
    return SCHEME + b64encode(hmac.digest(secret.encode(), message, sha256)).decode()


def is_signed(secret: str, body: bytes, signature: str | None) -> bool:
    """Whether *signature* is that of the raw *body*, compared in constant time."""
    if signature is None:
        return False
    return same(sign(secret, body).encode(), signature.encode("utf-8", "surrogateescape"))


def crc_answer(secret: str, token: str) -> str:
    """The `response_token` that proves to X that we hold the secret. *token* is percent-decoded."""
    return sign(secret, token.encode("utf-8", "surrogatepass"))
