"""50 kills of a real `tinbao serve` on both engines: nothing lost, nothing twice (`make chaos` runs 1,000), and the laws themselves."""

import os
from pathlib import Path

import pytest

from tests.chaos import laws
from tests.chaos.arena import CASES, new_database
from tests.chaos.laws import Broken, Row, Telco
from tests.chaos.rounds import run_round

KILLS = 25  # each engine


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_kill_9_loses_nothing_and_repeats_nothing(tmp_path: Path, engine: str) -> None:
    """25 SIGKILLs in a 2,500-MT wave, with a telco that drops, resets, stalls, is late and reports twice and in the wrong order."""
    database = None
    if engine == "postgresql":
        database = await new_database(os.environ["TINBAO_TEST_PG"], f"kill_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    found = await run_round(tmp_path / "d", CASES[0], database, KILLS, seed=279)
    assert (found.lost, found.twice) == (0, 0)


GOOD = {"A": Row("sent", "A"), "B": Row("delivered", "B"), "C": Row("uncertain", "C"), "D": Row("uncertain", "D")}
SEEN = Telco(frozenset("ABC"), twice=0, lost=0)


def test_the_laws_pass_what_is_right() -> None:
    laws.at_the_end(GOOD, 4, SEEN)
    laws.after_a_kill(GOOD | {"E": Row("queued", None), "F": Row("sending", "F")}, 6, SEEN)
    laws.bounded(3, on_wire=2, lost=1)


@pytest.mark.parametrize(
    ("rows", "accepted", "there", "words"),
    [
        (GOOD, 5, SEEN, "5 were accepted, the states add up to 4"),
        (GOOD | {"A": Row("gone", None)}, 4, SEEN, "nobody knows"),
        (GOOD, 4, Telco(SEEN.refs, twice=1, lost=0), "1 reached the telco twice"),
        (GOOD | {"A": Row("queued", None)}, 4, SEEN, "called \\['queued'\\], but the telco has them"),
        (GOOD | {"A": Row("failed", None)}, 4, SEEN, "called \\['failed'\\], but the telco has them"),
        (GOOD | {"D": Row("sent", "D")}, 4, SEEN, "the telco never had them"),
        (GOOD, 4, Telco(SEEN.refs | {"X"}, twice=0, lost=0), "does not know"),
        (GOOD | {"D": Row("sending", "D")}, 4, SEEN, "never ended"),
    ],
)
def test_the_laws_see_what_is_wrong(rows: laws.Rows, accepted: int, there: Telco, words: str) -> None:
    """Each breach alone is found."""
    with pytest.raises(Broken, match=words):
        laws.at_the_end(rows, accepted, there)


def test_requests_are_counted_once_however_many_mts_they_carry() -> None:
    """A batch of a hundred is one request on the wire."""
    rows = {f"M{at}": Row("sending", "B1") for at in range(100)} | {"X": Row("uncertain", "X"), "Y": Row("sent", "Y")}
    assert laws.newly_uncertain(rows, frozenset({"X"})) == {"B1"}
    with pytest.raises(Broken, match="3 requests are uncertain, 1 could be on the wire and the telco lost 1"):
        laws.bounded(3, on_wire=1, lost=1)
