"""69 communes on one gateway: each desk gets its own messages, each duty list its own alarms; what names no place is the province's."""

import asyncio
from random import Random

import pytest

from gateway.domain.msisdn import Msisdn
from gateway.domain.permission import Action, Actor, Forbidden, Role
from gateway.services import duty
from gateway.services.alerts import Alerts
from gateway.services.digest import Digest
from gateway.services.inbound import Inbound
from gateway.services.replies import load_replies
from gateway.storage.schema import dna_request, mt, tip
from tests.province import PROVINCE, province
from tests.province import rows as communes
from tests.services.people import NOW, arrive, route, rows, said


@pytest.fixture
def there(tmp_path):
    return province(tmp_path)


async def _read(database, there) -> None:
    inbound = Inbound(database, there, load_replies(there), (route(),), lambda: NOW, Random(7))
    while await inbound.process_once(NOW):
        pass


def _number(at: int) -> str:
    return f"+84300{at:06d}"


async def test_every_message_comes_to_the_commune_of_its_village(database, there) -> None:
    """One tip a commune, by the code of one of its villages; one without a village."""
    texts = [said(f"LS {row['letters']}02 co 2 ngoi mo o bia rung", _number(at)) for at, row in enumerate(communes())]
    await arrive(database, *texts, said("LS co 2 ngoi mo bo doi o bia rung", _number(900)))
    await _read(database, there)
    by_village = {row.village: row.commune for row in await rows(database, tip)}
    assert by_village == {f"{row['letters']}02": row["code"] for row in communes()} | {None: PROVINCE}


async def test_a_later_word_moves_the_tip_to_its_commune(database, there) -> None:
    first, second = communes()[0], communes()[41]
    await arrive(database, said("LS co 2 ngoi mo bo doi o bia rung", _number(1)))
    await _read(database, there)
    await arrive(database, said(f"{second['letters']}01", _number(1), at=NOW + 60_000))
    await _read(database, there)
    (row,) = await rows(database, tip)
    assert (row.village, row.commune) == (f"{second['letters']}01", second["code"])
    assert first["code"] != row.commune


async def test_a_request_for_sampling_stays_in_its_commune(database, there) -> None:
    home = communes()[12]
    await arrive(database, said(f"ADN {home['letters']}01 em trai liet si xin lay mau", _number(2)))
    await _read(database, there)
    assert [row.commune for row in await rows(database, dna_request)] == [home["code"]]


async def test_an_urgent_tip_wakes_its_own_commune_alone(database, there) -> None:
    here, elsewhere = communes()[3], communes()[4]
    for at, (name, commune) in enumerate((("An", here["code"]), ("Bình", elsewhere["code"]), ("Chi", PROVINCE))):
        await duty.add(database, name, Msisdn(_number(100 + at)), 1, commune, NOW)
    await arrive(database, said(f"LS {here['letters']}01 lam nuong gap xuong nguoi va dep cao su", _number(3)))
    await _read(database, there)
    await Alerts(database, there.villages, load_replies(there), (route(),)).mind(NOW)
    assert [row.msisdn for row in await rows(database, mt) if row.reply_to is None] == [_number(100)]


async def test_each_commune_gets_its_own_morning_counts(database, there) -> None:
    here, elsewhere = communes()[3], communes()[4]
    for at, commune in enumerate((here["code"], elsewhere["code"])):
        await duty.add(database, f"Người {'AB'[at]}", Msisdn(_number(200 + at)), 1, commune, NOW)
    texts = [said(f"LS {here['letters']}01 co {at + 1} ngoi mo o bia rung so {at}", _number(300 + at)) for at in range(3)]
    await arrive(database, *texts)
    await _read(database, there)
    morning = NOW - NOW % 86_400_000 + 86_400_000 + 30 * 60_000  # 07:30 in Hà Tĩnh
    digest = Digest(database, there.campaign.timezone, load_replies(there), (route(),))
    sent = sum(await asyncio.gather(digest.mind(morning), digest.mind(morning)))
    assert sent == 1  # nothing came to the other commune: no SMS
    (row,) = [row for row in await rows(database, mt) if row.reply_to is None]
    assert row.msisdn == _number(200)
    assert "3 tin moi" in row.body


def test_a_commune_sees_its_own_and_the_province_sees_all() -> None:
    here, elsewhere = communes()[0]["code"], communes()[1]["code"]
    reader = Actor(1, "An", frozenset({Role.READER}), here)
    over = Actor(2, "Bình", frozenset({Role.PROVINCE}), PROVINCE)
    reader.need(Action.TIP_READ, here)
    over.need(Action.NUMBERS_READ, elsewhere)
    for actor, action, commune in ((reader, Action.TIP_READ, elsewhere), (over, Action.NUMBER_REVEAL, here), (over, Action.TIP_READ, here)):
        with pytest.raises(Forbidden):
            actor.need(action, commune)
    assert (reader.communes, over.communes) == (here, None)
