"""Words are found with and without marks, in what was told, added and noted; the memory is bounded, and forgets."""

import pytest

from gateway.services.desk_tips import edits
from gateway.services.desk_tips.queue import Filters
from gateway.services.desk_tips.search import SearchMemory, bare_words, search
from gateway.services.refusal import Refusal
from gateway.storage.schema import audit, mo, tip, tip_event
from gateway.storage.tips import add_event
from tests.harness import eventually
from tests.services.desk_tips.desk import DEPLOYMENT, NOW, READER, STRANGER, code_of, tell
from tests.services.people import ALICE, BINH, rows


@pytest.fixture
async def memory():
    made = SearchMemory()
    yield made
    made.forget()


async def _codes(database, memory, said: str, actor=READER, **more) -> set[str]:
    return {item.code for item in (await search(database, memory, DEPLOYMENT, actor, said, NOW, **more)).items}


@pytest.mark.parametrize("said", ["miếu thổ", "MIEU THO", "mieu", "thổ MIẾU", "  mieu   tho "])
async def test_words_are_found_with_marks_or_without(database, memory, said) -> None:
    one = await code_of(database, await tell(database, "Mộ cạnh Miếu Thổ Công"))
    other = await code_of(database, await tell(database, "ls tn07 mo canh mieu tho cong", BINH))
    await tell(database, "ls tn07 mo canh suoi", BINH)
    assert await _codes(database, memory, said) == {one, other}


async def test_what_comes_later_and_what_staff_note_is_found_too(database, memory) -> None:
    tip_id = await tell(database)
    code = await code_of(database, tip_id)
    assert await _codes(database, memory, "hòn đá") == set()
    await database.write(lambda connection: add_event(connection, tip_id, "added", "gần hòn đá khắc chữ", NOW))
    await edits.note(database, READER, code, "Cụ Bế Văn Mẫu chỉ chỗ", NOW)
    assert await _codes(database, memory, "hon da khac") == {code}
    assert await _codes(database, memory, "be van mau") == {code}
    assert await _codes(database, memory, "hon da mieu") == {code}  # one word here, one there
    assert await _codes(database, memory, code.lower()) == {code}


async def test_lao_and_emoji_are_found_as_they_are(database, memory) -> None:
    code = await code_of(database, await tell(database, "ມີຂຸມຝັງສົບ 2 ຂຸມ cạnh suối 😀"))
    assert await _codes(database, memory, "ຂຸມຝັງສົບ") == {code}
    assert await _codes(database, memory, "suoi") == {code}


def test_folding_many_at_once_is_folding_each() -> None:
    texts = ["Đồi Sim – “miếu”", "ascii", "", "Nà Lải\u0301", "ĐÔNG"]
    assert bare_words([text.encode() for text in texts]) == ["doi sim  mieu", "ascii", "", "na lai", "dong"]
    assert bare_words([text.encode() for text in ("Miếu", "a\0B", "ຂຸມ", "Đ")]) == ["mieu", "a\0b", "ຂຸມ", "d"]
    assert bare_words([]) == []


async def test_nothing_is_kept_beyond_the_bound_and_everything_is_still_found(database) -> None:
    small = SearchMemory(kept_chars=60)
    codes = {await code_of(database, await tell(database, f"mo canh mieu so {number}", ALICE)) for number in range(9)}
    assert await _codes(database, small, "mieu") == codes
    assert small.chars <= 60
    small.forget()
    assert small.chars == 0
    assert await _codes(database, small, "mieu") == codes
    small.forget()


async def test_words_are_forgotten_after_a_while(database) -> None:
    brief = SearchMemory(idle_s=0.01)
    await tell(database)
    await _codes(database, brief, "mieu")

    async def is_empty() -> bool:
        return brief.chars == 0

    await eventually(is_empty, pause=0.005)


async def test_words_are_read_ahead_of_a_search_and_reading_ends_with_the_desk(database) -> None:
    ahead = SearchMemory()
    await tell(database)
    ahead.prepare(database, READER.communes)

    async def is_read() -> bool:
        return ahead.chars > 0

    await eventually(is_read, pause=0.005)
    ahead.prepare(database, None)
    await ahead.close()
    assert ahead.chars == 0


async def test_erased_tips_are_gone_from_the_memory(database, memory) -> None:
    first = await tell(database, "mo canh mieu cu")
    code = await code_of(database, await tell(database, "mo canh mieu moi", BINH))
    assert len(await _codes(database, memory, "mieu")) == 2

    async def erase(connection) -> None:
        await connection.execute(tip_event.delete().where(tip_event.c.tip == first))
        await connection.execute(tip.delete().where(tip.c.id == first))
        await connection.execute(mo.delete().where(mo.c.id == first))

    await database.write(erase)
    assert await _codes(database, memory, "mieu") == {code}
    assert await _codes(database, memory, "mieu cu") == set()


async def test_another_communes_words_are_not_found(database, memory) -> None:
    await tell(database)
    assert await _codes(database, memory, "mieu", STRANGER) == set()
    assert await _codes(database, memory, "0300000011", STRANGER) == set()


async def test_filters_hold_beside_the_words(database, memory) -> None:
    code = await code_of(database, await tell(database, "LS TN07 canh mieu"))
    await tell(database, "LS TN08 canh mieu", BINH)
    assert await _codes(database, memory, "mieu", filters=Filters(queue="all", village="TN07")) == {code}


async def test_a_number_is_found_by_its_blind_index_and_noted(database, memory) -> None:
    code = await code_of(database, await tell(database, "mo canh suoi", sender=BINH))
    assert await _codes(database, memory, "0300 000 012") == {code}
    assert [entry.action for entry in await rows(database, audit)] == ["number.search"]


@pytest.mark.parametrize("said", ["", " ", "a", "a b c"])
async def test_too_little_to_search_for_is_refused(database, memory, said) -> None:
    with pytest.raises(Refusal):
        await search(database, memory, DEPLOYMENT, READER, said, NOW)
