"""The chain of custody: whatever is tried, it has no gap."""

import asyncio
from itertools import pairwise
from random import Random

import pytest

from gateway.domain.permission import Actor, Elsewhere, Forbidden, Role
from gateway.papers.custody import CustodySheet, CustodyStep, custody_pdf
from gateway.services.casework import evidence
from gateway.services.casework.evidence import HandOver, TakenOver
from gateway.services.refusal import Refusal
from gateway.storage.database import Database
from tests.services.casework.people import THERE, ZONE, officer, verifier
from tests.services.people import NOW

NEW = TakenOver("object", "Bi đông nhôm", "Khắc chữ “Hà Bắc”", "Bà Nông Thị Ví Dụ", "Nhà văn hóa thôn", "Gỉ một bên", "NP-0001")


async def custodian(database: Database, name: str = "Mã Thị Định", commune: str = "06577") -> Actor:
    return await officer(database, name, Role.CUSTODIAN, commune=commune)


async def give(database: Database, actor: Actor, piece: int, to: Actor | str, at: int = NOW) -> None:
    version = (await evidence.show_evidence(database, actor, piece)).piece.version
    who = HandOver(to.user, "", "Ban CHQS", "Như cũ", "NP-0002") if isinstance(to, Actor) else HandOver(None, to, "Viện", "Như cũ")
    await evidence.hand_over(database, actor, piece, version, who, at)


async def answer(database: Database, actor: Actor, piece: int, *, paper: str = "", refuse: str = "") -> None:
    version = (await evidence.show_evidence(database, actor, piece)).piece.version
    if refuse:
        await evidence.refuse(database, actor, piece, version, refuse, NOW)
    else:
        await evidence.confirm(database, actor, piece, version, paper, NOW)


async def test_the_chain_begins_with_who_brought_it(database: Database) -> None:
    holder = await custodian(database)
    piece = await evidence.take_over(database, holder, NEW, ZONE, NOW)
    found = await evidence.show_evidence(database, holder, piece)
    assert found.piece.number == "HV-2026-0001"
    (first,) = found.chain
    assert (first.giver, first.receiver, first.confirmed_by, first.seal) == (NEW.giver, holder.name, holder.user, "NP-0001")
    assert found.holder_user == holder.user


async def test_nothing_moves_while_a_hand_over_waits(database: Database) -> None:
    """Only the receiver confirms; until then the giver answers for the piece."""
    holder, receiver = await custodian(database), await verifier(database)
    piece = await evidence.take_over(database, holder, NEW, ZONE, NOW)
    await give(database, holder, piece, receiver)
    with pytest.raises(Refusal, match="chờ"):
        await give(database, holder, piece, "Viện Pháp y")
    with pytest.raises(Refusal, match="Chỉ Vi Văn Mẫu"):
        await answer(database, holder, piece)
    assert (await evidence.show_evidence(database, holder, piece)).holder == holder.name
    await answer(database, receiver, piece)
    assert (await evidence.show_evidence(database, holder, piece)).holder_user == receiver.user


async def test_only_the_holder_gives_it_on(database: Database) -> None:
    """The custodian neither, as long as somebody of the desk has it."""
    holder, receiver = await custodian(database), await verifier(database)
    piece = await evidence.take_over(database, holder, NEW, ZONE, NOW)
    await give(database, holder, piece, receiver)
    await answer(database, receiver, piece)
    with pytest.raises(Refusal, match="đang giữ"):
        await give(database, holder, piece, "Viện Pháp y")
    await give(database, receiver, piece, holder)
    await answer(database, holder, piece)


async def test_somebody_outside_confirms_on_paper(database: Database) -> None:
    """Without the number of the signed sheet nobody outside has it; it comes back by the custodian's hand."""
    holder = await custodian(database)
    piece = await evidence.take_over(database, holder, NEW, ZONE, NOW)
    await give(database, holder, piece, "Viện Pháp y Quân đội")
    with pytest.raises(Refusal, match="biên bản"):
        await answer(database, holder, piece)
    await answer(database, holder, piece, paper="12/BB")
    assert (await evidence.show_evidence(database, holder, piece)).holder == "Viện Pháp y Quân đội"
    await give(database, holder, piece, holder)
    await answer(database, holder, piece)
    chain = (await evidence.show_evidence(database, holder, piece)).chain
    assert [(each.giver, each.receiver) for each in chain] == [
        (NEW.giver, holder.name), (holder.name, "Viện Pháp y Quân đội"), ("Viện Pháp y Quân đội", holder.name),
    ]  # fmt: skip


async def test_what_is_not_taken_stays_with_the_giver(database: Database) -> None:
    holder, receiver = await custodian(database), await verifier(database)
    piece = await evidence.take_over(database, holder, NEW, ZONE, NOW)
    await give(database, holder, piece, receiver)
    await answer(database, receiver, piece, refuse="Niêm phong rách")
    found = await evidence.show_evidence(database, holder, piece)
    assert (found.holder, found.waiting) == (holder.name, None)
    await give(database, holder, piece, receiver)
    assert (await evidence.show_evidence(database, holder, piece)).chain[-1].giver == holder.name


async def test_whatever_people_try_the_chain_has_no_gap(database: Database) -> None:
    """200 random acts of three people: each step's giver is whoever held it, steps are numbered through, one waits at most."""
    people = [await custodian(database), await custodian(database, "Lý Thị Ví"), await verifier(database)]
    piece = await evidence.take_over(database, people[0], NEW, ZONE, NOW)
    random, refused = Random(11), 0
    for _ in range(200):
        who, other = random.choice(people), random.choice([*people, "Viện Pháp y"])
        kind = random.randrange(4)
        act = (
            give(database, who, piece, other) if kind < 2
            else answer(database, who, piece, paper="1/BB") if kind == 2
            else answer(database, who, piece, refuse="không đúng")
        )  # fmt: skip
        try:
            await act
        except (Refusal, Forbidden):
            refused += 1
    chain = (await evidence.show_evidence(database, people[0], piece)).chain
    assert [each.step for each in chain] == list(range(1, len(chain) + 1))
    for before, after in pairwise(chain):
        assert after.giver == before.holder
        assert not before.waits
    assert 0 < refused < 200
    assert len(chain) > 10


async def test_two_who_hand_it_over_at_once_make_one_step(database: Database) -> None:
    holder, one, two = await custodian(database), await verifier(database), await custodian(database, "Lý Thị Ví")
    piece = await evidence.take_over(database, holder, NEW, ZONE, NOW)
    tries = [evidence.hand_over(database, holder, piece, 1, HandOver(each.user, "", "x", "x"), NOW) for each in (one, two, one, two)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(each is None for each in answers) == 1
    assert all(each is None or isinstance(each, Refusal) for each in answers)
    assert len((await evidence.show_evidence(database, holder, piece)).chain) == 2


async def test_a_page_that_is_old_does_nothing(database: Database) -> None:
    """Also where the chain would allow it: somebody acted since the page was shown."""
    holder, receiver = await custodian(database), await verifier(database)
    piece = await evidence.take_over(database, holder, NEW, ZONE, NOW)
    await give(database, holder, piece, receiver)
    await answer(database, receiver, piece, refuse="Niêm phong rách")
    with pytest.raises(Refusal, match="vừa làm trước"):
        await evidence.hand_over(database, holder, piece, 1, HandOver(receiver.user, "", "x", "x"), NOW)
    await give(database, holder, piece, receiver)
    with pytest.raises(Refusal, match="vừa làm trước"):
        await evidence.confirm(database, receiver, piece, 2, "", NOW)


async def test_another_commune_has_no_evidence_here(database: Database) -> None:
    holder, stranger = await custodian(database), await custodian(database, "Người xã khác", THERE)
    piece = await evidence.take_over(database, holder, NEW, ZONE, NOW)
    assert await evidence.list_evidence(database, stranger) == []
    with pytest.raises(Elsewhere):
        await evidence.show_evidence(database, stranger, piece)
    with pytest.raises(Elsewhere):
        await evidence.hand_over(database, stranger, piece, 1, HandOver(None, "x", "x", "x"), NOW)
    with pytest.raises(Refusal):  # a receiver of another commune is nobody here
        await give(database, holder, piece, stranger)
    reader = await officer(database, "Đàm Thị Lệ", Role.READER)
    with pytest.raises(Forbidden):
        await evidence.take_over(database, reader, NEW, ZONE, NOW)


def test_the_sheet_tells_the_whole_chain():
    """Every name of the chain stands on the printed sheet, of however many steps."""
    from datetime import date

    import pypdfium2

    from gateway.papers.page import Letterhead

    steps = [CustodyStep(n, "09:41", f"Người {n}", f"Người {n + 1}", "Ban CHQS", f"NP-{n}", "Như cũ", "Đã nhận") for n in range(1, 30)]
    head = Letterhead("ỦY BAN NHÂN DÂN\nxã Thống Nhất", "BAN CHỈ HUY QUÂN SỰ", "Thống Nhất", date(2026, 11, 23))
    drawn = custody_pdf(CustodySheet(head, "HV-2026-0001", "Hiện vật", "Bi đông", "Khắc chữ", "hồ sơ HS-2026-0001", steps))
    document = pypdfium2.PdfDocument(drawn)
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    for n in range(1, 31):
        assert f"Người {n}" in text
    assert "HV-2026-0001" in text
