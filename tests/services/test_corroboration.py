"""Different people's like words are linked, never merged; unlike ones are not; the cost stays bounded."""

import json
from itertools import combinations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.fold import unaccent
from gateway.services.corroboration import LIKENESS, SHARED, hashes_of, likeness, link, mind_corroboration, pairs_of
from gateway.storage import corroboration
from gateway.storage.schema import mo, tip, tip_link, tip_shingle
from gateway.storage.sqlite_writer import driver_of
from tests.services.people import ALICE, BINH, NOW, rows
from tests.services.tip_rows import make_tip

STORY = "LS TN07 Ong Nong Van Vi Du que Cao Loc ke chon ba nguoi duoi goc cay nghien dau ban Lung Vai thang 3 nam 1979"
AGAIN = "Nghe noi ông Nông Văn Ví Dụ quê Cao Lộc kể chôn ba người dưới gốc cây nghiến đầu bản Lũng Vài, goi 0300000013"
SAMPLE = [json.loads(line) for line in Path("tests/reading/sample_mo.jsonl").read_text("utf-8").splitlines()]
TIPS = [row["text"] for row in SAMPLE if row["expect"]["kind"] == "tip"]


async def _tell(database, *told: tuple[str, str]) -> None:
    for sender, text in told:
        await make_tip(database, text, sender)
    while await mind_corroboration(database, NOW + 1):
        pass


async def test_two_people_are_linked_and_both_tips_stay(database) -> None:
    await _tell(database, (ALICE, STORY), (BINH, AGAIN))
    first, second = await rows(database, tip)
    (found,) = await rows(database, tip_link)
    assert (found.tip, found.other, found.at) == (second.id, first.id, NOW + 1)
    assert found.likeness >= LIKENESS
    assert (first.text, second.text, first.linked_at) == (STORY, AGAIN, NOW + 1)
    async with database.read() as connection:
        assert await corroboration.beside(connection, first.id) == [(second.code, found.likeness)]
        assert await corroboration.beside(connection, second.id) == [(first.code, found.likeness)]


async def test_one_person_does_not_corroborate_himself(database) -> None:
    await _tell(database, (ALICE, STORY), (ALICE, AGAIN))
    assert await rows(database, tip_link) == []
    assert len(await rows(database, tip)) == 2


async def test_unlike_and_short_words_are_not_linked(database) -> None:
    await _tell(database, (ALICE, STORY), (BINH, "LS TN07 mo bo doi o doi che nha toi, co bia mo"), (BINH, "LS TN07 mo o bo suoi"),
                (ALICE, "LS TN09 mo o bo suoi"))  # fmt: skip
    assert await rows(database, tip_link) == []


async def test_linking_twice_changes_nothing(database) -> None:
    await _tell(database, (ALICE, STORY), (BINH, AGAIN))
    before = await rows(database, tip_link)
    (_, second) = await rows(database, tip)
    assert await database.write(lambda connection: link(connection, second.id, AGAIN, NOW + 5)) == 1
    assert await rows(database, tip_link) == before
    assert await database.write(lambda connection: link(connection, 999, AGAIN, NOW + 5)) == 0


async def test_no_words_are_stored(database) -> None:
    """Nor does the same pair have the same hash under another key."""
    await _tell(database, (ALICE, STORY))
    stored = {row.hash for row in await rows(database, tip_shingle)}
    assert stored == set(hashes_of(database.keyring, pairs_of(STORY)))
    other = type(database.keyring).of(bytes(32))
    assert not stored & set(hashes_of(other, pairs_of(STORY)))


def _variants(text: str) -> dict[str, str]:
    words, random = text.split(), Random(len(text))
    return {
        "tail": f"{text} nghe cac cu ke lai nhu the",
        "head": f"Kinh gui Uy ban, {text}",
        "capitals": unaccent(text).upper(),
        "slips": " ".join(w[1:] if len(w) > 4 and random.random() < 0.1 else w for w in words),
        "left out": " ".join(w for w in words if random.random() > 0.05),
    }


def test_no_two_tips_of_the_sample_are_linked() -> None:
    """4,095 pairs that tell of different things."""
    found = [(one, other) for one, other in combinations(TIPS, 2) if likeness(pairs_of(one), pairs_of(other)) >= LIKENESS]
    assert (len(TIPS), found) == (91, [])


@pytest.mark.parametrize("kind", ["tail", "head", "capitals", "slips", "left out"])
def test_copied_words_are_found(kind) -> None:
    """Of every text that says enough to be known again."""
    telling = [text for text in TIPS if len(pairs_of(text)) >= SHARED + 3]
    found = sum(likeness(pairs_of(text), pairs_of(_variants(text)[kind])) >= LIKENESS for text in telling)
    assert len(telling) >= 55
    assert found >= 0.96 * len(telling)


@given(st.text(max_size=300), st.text(max_size=300))
def test_likeness_is_symmetric_and_bounded(one, other) -> None:
    a, b = pairs_of(one), pairs_of(other)
    assert likeness(a, b) == likeness(b, a)
    assert 0 <= likeness(a, b) <= 1
    assert len(a) < SHARED or likeness(a, a) == 1


async def _crowd(database, size: int) -> None:
    """So many tips, each by another person, that share every pair of words with STORY."""
    hashes = hashes_of(database.keyring, pairs_of(STORY))
    first = (await rows(database, tip))[-1].id + 1_000
    many = range(first, first + size)

    async def unit(connection) -> None:
        values = dict((await connection.execute(tip.select().limit(1))).one()._mapping)
        one = dict((await connection.execute(mo.select().limit(1))).one()._mapping)
        await connection.execute(mo.insert(), [one | {"id": n, "carrier_id": f"~{n}"} for n in many])
        await connection.execute(tip.insert(), [values | {"id": n, "code": f"C{n}", "mo": n, "bidx": n.to_bytes(8, "big")} for n in many])
        await connection.execute(tip_shingle.insert(), [{"hash": each, "tip": n} for n in many for each in hashes])

    await database.write(unit)


async def _steps(database, tip_id: int) -> int:
    """Thousands of instructions of SQLite's machine that one comparison takes."""
    taken = [0]

    def count() -> None:
        taken[0] += 1

    async def unit(connection) -> None:
        driver = driver_of(connection)
        driver.set_progress_handler(count, 100)
        await link(connection, tip_id, STORY, NOW)
        driver.set_progress_handler(None, 0)

    await database.write(unit)
    return taken[0]


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_what_thousands_write_costs_no_more(database) -> None:
    """A comparison looks at a bounded number of like tips, however many there are."""
    await _tell(database, (ALICE, STORY))
    (only,) = await rows(database, tip)
    await _crowd(database, 400)
    few = await _steps(database, only.id)
    await _crowd(database, 3_000)
    assert await _steps(database, only.id) < 1.3 * few


async def test_the_likest_are_linked_and_no_more_than_a_dozen(database) -> None:
    await _tell(database, (ALICE, STORY))
    (only,) = await rows(database, tip)
    await _crowd(database, 300)
    assert await database.write(lambda connection: link(connection, only.id, STORY, NOW)) == corroboration.CANDIDATES
