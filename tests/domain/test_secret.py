"""A secret leaves by name only."""

from gateway.domain.secret import Secret


def test_a_secret_shows_nowhere_but_by_name():
    secret = Secret("mat-khau")
    assert secret.reveal() == "mat-khau"
    assert "mat-khau" not in f"{secret} {secret!r} {[secret]} %s" % secret
    assert repr(Secret("a")) == repr(Secret("a long one"))


def test_an_empty_secret_is_none():
    assert (bool(Secret("")), bool(Secret("x"))) == (False, True)


def test_secrets_compare_and_hash_by_their_text():
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
