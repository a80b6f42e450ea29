"""Whoever has a code learns the state; whoever guesses learns nothing, soon not even that."""

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.code import check_character
from gateway.services.status import DAY_MS, NETWORK, SENDER, Limited, Public, Standing, Unknown, look_up
from gateway.storage.limits import network_key
from gateway.storage.schema import tally, tip
from tests.services.people import NOW, rows
from tests.services.tip_rows import make_tip

ME, OTHER = b"me", b"somebody else"


async def _told(database) -> str:
    await make_tip(database)
    (found,) = await rows(database, tip)
    return found.code


def _ask(database, typed, by=ME, now=NOW, allowance=SENDER):
    return database.write(lambda connection: look_up(connection, typed, by, now, allowance))


async def test_the_code_tells_the_state_and_the_day(database) -> None:
    code = await _told(database)
    assert await _ask(database, code.lower()) == Standing(code, "new", NOW)
    assert await _ask(database, ["den dau", f"{code[:3]}-{code[3:]}"], by=OTHER) == Standing(code, "new", NOW)


@pytest.mark.parametrize(("state", "shown"), [
    ("new", Public.NEW), ("dna", Public.DNA), ("verifying", Public.UNDER_WAY), ("rejected", Public.UNDER_WAY),
    ("quarantined", Public.UNDER_WAY),
])  # fmt: skip
def test_what_the_desk_thinks_of_a_tip_is_not_shown(state, shown) -> None:
    """ "Rejected" or "false" would be a verdict on a person who can't answer it."""
    assert Standing("7K3M9P", state, NOW).public is shown


async def test_a_wrong_a_free_and_a_nearly_right_code_get_one_answer(database) -> None:
    """No "did you mean": it would say what exists."""
    code = await _told(database)
    slip = next(c for c in string.digits if c != code[0])
    free = next(p + check_character(p) for p in ("22222", "33333", "44444") if check_character(p) in "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    for typed in (slip + code[1:], code[1] + code[0] + code[2:], free, "", "x" * 500, "TN07"):
        assert await _ask(database, typed, by=typed.encode()[:20]) == Unknown()


async def test_who_guesses_is_soon_told_nothing_even_of_a_right_code(database) -> None:
    code = await _told(database)
    for n in range(SENDER.misses):
        assert await _ask(database, "22222Z", now=NOW + n) == Unknown()
    assert await _ask(database, code, now=NOW + 10) == Limited()
    assert await _ask(database, "22222Z", now=NOW + 11) == Limited()
    assert await _ask(database, code, by=OTHER, now=NOW + 12) == Standing(code, "new", NOW)
    assert await _ask(database, code, now=NOW + DAY_MS * 9 // 8) == Standing(code, "new", NOW)


async def test_an_information_day_behind_one_address_gets_through(database) -> None:
    """300 people in a morning, one in twelve mistypes once."""
    code = await _told(database)
    door = network_key(database.keyring, "203.0.113.7")
    for n in range(300):
        at = NOW + n * 20_000
        if n % 12 == 0:
            assert await _ask(database, "22222Z", door, at, NETWORK) == Unknown()
        assert isinstance(await _ask(database, code, door, at + 5_000, NETWORK), Standing)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(waits=st.lists(st.integers(0, DAY_MS // 4), min_size=1, max_size=40))
async def test_nobody_guesses_faster_than_the_allowance(database, waits) -> None:
    """Answered guesses in any day."""
    await database.write(lambda connection: connection.execute(tally.delete()))
    answered: list[int] = []
    now = NOW
    for wait in waits:
        now += wait
        if await _ask(database, "22222Z", now=now) == Unknown():
            answered.append(now)
    assert all(sum(at - DAY_MS < each <= at for each in answered) <= SENDER.misses for at in answered)
