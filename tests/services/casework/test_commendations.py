"""Commendations: with consent, for a case that came to something, signed by another person of the other office."""

import asyncio

import pytest

from gateway.domain.case_file import Outcome
from gateway.domain.permission import Elsewhere, Forbidden, Role
from gateway.services.casework import commendations
from gateway.services.casework.commendations import Proposal
from gateway.services.refusal import Refusal
from gateway.storage.database import Database
from tests.services.casework.people import THERE, ZONE, came_to, officer, opened, searched, told, verifier
from tests.services.people import NOW


async def ready(database: Database, actor, *, may_publish: bool | None = True) -> tuple[int, Proposal]:
    """A case that came to something, and a proposal for its tip."""
    code = await told(database, may_publish=may_publish)
    case = await opened(database, actor, code)
    await searched(database, actor, case)
    await came_to(database, actor, case, Outcome.RECOVERED)
    return case, Proposal(code, "Nông Văn Ví Dụ", "Báo nơi chôn cất", "may_publish")


async def test_the_other_office_signs(database: Database) -> None:
    proposer, chief = await verifier(database), await officer(database, "Hoàng Thị Duyệt", Role.APPROVER)
    case, wanted = await ready(database, proposer)
    made = await commendations.propose(database, proposer, case, wanted, ZONE, NOW)
    await commendations.sign(database, chief, made, 1, NOW + 5)
    found = await commendations.show_commendation(database, chief, made)
    assert (found.proposal.state, found.proposal.signer, found.proposal.signed_office) == ("signed", chief.name, "culture")
    assert found.told[0].tip.text == ""  # who signs reads no tips


@pytest.mark.parametrize("roles", [(Role.VERIFIER, Role.APPROVER), (Role.CUSTODIAN,), (Role.CUSTODIAN, Role.APPROVER)])
async def test_the_same_office_does_not_sign_twice(database: Database, roles) -> None:
    """Nor somebody who belongs to both."""
    proposer, other = await verifier(database), await officer(database, "Lý Thị Ví", *roles)
    case, wanted = await ready(database, proposer)
    made = await commendations.propose(database, proposer, case, wanted, ZONE, NOW)
    with pytest.raises(Refusal, match="cơ quan khác"):
        await commendations.sign(database, other, made, 1, NOW)


async def test_nobody_signs_their_own(database: Database) -> None:
    both = await officer(database, "Lý Thị Ví", Role.VERIFIER, Role.APPROVER)
    case, wanted = await ready(database, both)
    made = await commendations.propose(database, both, case, wanted, ZONE, NOW)
    with pytest.raises(Refusal, match="không tự ký"):
        await commendations.sign(database, both, made, 1, NOW)


@pytest.mark.parametrize(("may_publish", "consent", "note", "why"), [
    (None, "may_publish", "", "chưa đồng ý"), (False, "may_publish", "", "chưa đồng ý"), (None, "explicit", "", "khi nào"),
    (True, "", "", "sự đồng ý"), (False, "explicit", "Gọi ngày 20/11, đồng ý nêu tên", None)])  # fmt: skip
async def test_no_proposal_without_consent(database: Database, may_publish, consent, note, why) -> None:
    actor = await verifier(database)
    case, wanted = await ready(database, actor, may_publish=may_publish)
    asked = Proposal(wanted.code, wanted.person, wanted.merit, consent, note)
    if why is None:
        assert await commendations.propose(database, actor, case, asked, ZONE, NOW)
        return
    with pytest.raises(Refusal, match=why):
        await commendations.propose(database, actor, case, asked, ZONE, NOW)


async def test_a_case_without_a_result_commends_nobody(database: Database) -> None:
    actor = await verifier(database)
    code = await told(database, may_publish=True)
    case = await opened(database, actor, code)
    with pytest.raises(Refusal, match="chưa có kết quả"):
        await commendations.propose(database, actor, case, Proposal(code, "x", "x", "may_publish"), ZONE, NOW)


async def test_one_proposal_a_tip_and_one_decision(database: Database) -> None:
    """Two who propose at once make one; two who decide at once decide once."""
    one, two = await verifier(database), await verifier(database, "Lục Văn Tập")
    chiefs = [await officer(database, name, Role.APPROVER) for name in ("Hoàng Thị Duyệt", "Bế Văn Giả")]
    case, wanted = await ready(database, one)
    answers = await asyncio.gather(
        *(commendations.propose(database, each, case, wanted, ZONE, NOW) for each in (one, two)), return_exceptions=True
    )
    (made,) = [each for each in answers if isinstance(each, int)]
    assert [type(each) for each in answers if not isinstance(each, int)] == [Refusal]
    decisions = await asyncio.gather(
        commendations.sign(database, chiefs[0], made, 1, NOW),
        commendations.turn_down(database, chiefs[1], made, 1, "Chưa rõ", NOW),
        return_exceptions=True,
    )
    assert sum(each is None for each in decisions) == 1
    assert len((await commendations.show_commendation(database, one, made)).history) == 2


async def test_another_commune_has_no_commendations_here(database: Database) -> None:
    actor, stranger = await verifier(database), await officer(database, "Người xã khác", Role.APPROVER, commune=THERE)
    case, wanted = await ready(database, actor)
    made = await commendations.propose(database, actor, case, wanted, ZONE, NOW)
    assert await commendations.list_commendations(database, stranger) == []
    for ask in (commendations.show_commendation(database, stranger, made), commendations.sign(database, stranger, made, 1, NOW)):
        with pytest.raises(Elsewhere):
            await ask
    reporter = await officer(database, "Đàm Thị Lệ", Role.REPORTER)
    with pytest.raises(Forbidden):
        await commendations.list_commendations(database, reporter)
