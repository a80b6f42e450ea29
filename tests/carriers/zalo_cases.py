"""What Zalo is documented to say, and what it means: the table that `test_contract.py` loops over."""

import json

from gateway.carriers.protocol import Accepted
from tests.carriers.carrier_cases import BY_STATUS, Case, M, P, R, T, no, says


def error(code: object, status: int = 200, **headers: str):
    return says(status, json.dumps({"error": code, "message": "…"}), **headers)


ZALO: list[Case] = [
    ("ok", says(200, '{"data":{"message_id":"a2c40","user_id":"222"},"error":0,"message":"Success"}'), Accepted("a2c40")),
    ("ok, quoted", says(200, '{"data":{"message_id":"a2c40"},"error":" 0"}'), Accepted("a2c40")),
    ("ok, bare", error(0), Accepted()),
    ("ok, an odd id", says(200, '{"error":0,"data":{"message_id":"a b"}}'), Accepted()),
    ("ok, data is a list", says(200, '{"error":0,"data":[1]}'), Accepted()),
    ("ok under another status", error(0, 500), Accepted()),  # the body decides
    *[(f"permanent {code}", error(code), no(P, str(code))) for code in (-204, -207, -213, -217, -227, -230, -233, -244)],
    *[(f"for the operator {code}", error(code), no(M, str(code)))
      for code in (-201, -202, -203, -205, -206, -208, -209, -210, -216, -124, -240, -1241)],
    ("too fast", error(-32), no(T, "-32")),
    ("too fast, and for how long", error(-32, 429, retry_after="7"), no(T, "-32", 7.0)),
    ("a code of no table", error(-9999), no(R, "-9999", unknown=True)),
    ("an error that is a word", error("no"), no(R, "http-200", maybe_sent=True)),
    ("an error that is true", error(True), no(R, "http-200", maybe_sent=True)),
    ("an endless error", error(10**50), no(R, "http-200", maybe_sent=True)),
    ("half a body", says(200, '{"error":'), no(R, "http-200", maybe_sent=True)),
    ("a list", says(200, '[{"error":0}]'), no(R, "http-200", maybe_sent=True)),
    ("a thousand brackets", says(200, "[" * 100_000), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]  # fmt: skip
