"""The vectors of the RFCs, and what a code is good for."""

import pytest

from gateway.domain.totp import hotp, matching_step, step_of, written

RFC4226 = b"12345678901234567890"  # Appendix D
CODES = ("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489")
RFC6238 = (  # Appendix B: seconds, digest, code of eight digits
    (59, "sha1", "94287082"),
    (59, "sha256", "46119246"),
    (59, "sha512", "90693936"),
    (1111111109, "sha1", "07081804"),
    (1111111109, "sha256", "68084774"),
    (1111111109, "sha512", "25091201"),
    (1111111111, "sha1", "14050471"),
    (1234567890, "sha1", "89005924"),
    (2000000000, "sha1", "69279037"),
    (20000000000, "sha1", "65353130"),
    (20000000000, "sha256", "77737706"),
    (20000000000, "sha512", "47863826"),
)
SEEDS = {
    "sha1": b"1234567890" * 2,
    "sha256": (b"1234567890" * 4)[:32],
    "sha512": (b"1234567890" * 7)[:64],
}


@pytest.mark.parametrize(("counter", "code"), list(enumerate(CODES)))
def test_rfc_4226(counter, code):
    assert hotp(RFC4226, counter) == code


@pytest.mark.parametrize(("seconds", "digest", "code"), RFC6238)
def test_rfc_6238(seconds, digest, code):
    assert hotp(SEEDS[digest], step_of(seconds * 1000), 8, digest) == code


def test_a_code_counts_once_and_a_clock_may_be_off_by_one_step():
    secret, now = written(RFC4226), 1_000_000 * 30_000
    codes = {step: hotp(RFC4226, step) for step in range(1_000_000 - 3, 1_000_000 + 4)}
    assert [step for step, code in codes.items() if matching_step(secret, code, now, 0) is not None] == [999_999, 1_000_000, 1_000_001]
    assert matching_step(secret, codes[1_000_000], now, 1_000_000) is None
    assert matching_step(secret, codes[1_000_001], now, 1_000_000) == 1_000_001


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６"])
def test_what_is_no_code(typed):
    assert matching_step(written(RFC4226), typed, 0, -5) is None
