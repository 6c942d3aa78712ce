"""The signer's own test: it asks what the published vectors answer."""

import json
from pathlib import Path

from interlock.protocol.crypto_com.self_test import ANSWERS, KEY, SECRET, signs_as_documented

VECTORS = Path(__file__).parents[2] / "foreign" / "exchange" / "sign_vectors.json"


def test_our_signer_signs_as_documented_and_the_answers_are_the_published_ones() -> None:
    published = json.loads(VECTORS.read_bytes())
    known = {(vector["method"], vector["sig"]) for vector in published["valid"]}

    assert signs_as_documented()
    for n, (method, params, _) in enumerate(ANSWERS):
        assert not signs_as_documented((*ANSWERS[:n], (method, params, "0" * 64)))
    assert (KEY, SECRET.reveal()) == (published["api_key"], published["secret"])
    assert {(method, sig) for method, _, sig in ANSWERS} <= known
