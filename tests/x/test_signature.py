"""X's signatures: the vectors of the corpus, and what is no signature."""

from base64 import b64decode
from typing import Any

import pytest

from app.x.signature import crc_answer, is_signed, sign
from tests.walk import SECRET, read_corpus

VECTORS = read_corpus("bad_requests.json")


def _body(vector: dict[str, Any]) -> bytes:
    encoded = vector.get("body_base64")
    return b64decode(encoded) if encoded is not None else str(vector["body"]).encode()


@pytest.mark.parametrize("vector", VECTORS["crc_vectors"], ids=lambda vector: vector["token"])
def test_a_crc_token_is_answered_by_its_hmac(vector: dict[str, str]) -> None:
    assert crc_answer(SECRET, vector["token"]) == vector["response_token"]


@pytest.mark.parametrize("vector", VECTORS["signature_vectors"], ids=range(4))
def test_a_body_is_signed_over_its_raw_bytes(vector: dict[str, Any]) -> None:
    body = _body(vector)

    assert sign(SECRET, body) == vector["signature"]
    assert is_signed(SECRET, body, vector["signature"])
    assert not is_signed(SECRET, body + b" ", vector["signature"])
    assert not is_signed(SECRET + "x", body, vector["signature"])


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "eB+ICRuCSmsCudjn8jX2WJLoKWHinYFAgN7Mq84mJPo=",
        "sha1=eB+ICRuCSmsCudjn8jX2WJLoKWHinYFAgN7Mq84mJPo=",
        "SHA256=eB+ICRuCSmsCudjn8jX2WJLoKWHinYFAgN7Mq84mJPo=",
        "sha256=eB+ICRuCSmsCudjn8jX2WJLoKWHinYFAgN7Mq84mJPo",
        " sha256=eB+ICRuCSmsCudjn8jX2WJLoKWHinYFAgN7Mq84mJPo=",
        "sha256=\xe9\xff\udcff",
    ],
)
def test_anything_but_the_whole_signature_is_refused(signature: str | None) -> None:
    assert not is_signed(SECRET, b'{"data":{"event_uuid":"1"}}', signature)
