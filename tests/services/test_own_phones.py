"""Test-sends: the real text in each language, to a few phones, within the rules of direct sends."""

from dataclasses import replace

import pytest

from gateway.domain.msisdn import Msisdn
from gateway.domain.wave import WaveState
from gateway.services.own_phones import send_tests
from gateway.services.preview import preview
from gateway.services.refusal import Refusal
from gateway.storage.database import Database
from gateway.storage.schema import mt
from tests.services.people import NOW, deployment, route, rows
from tests.services.test_planning import change, known, people, planned, to_list, wanted
from tests.services.wave_rows import make_wave

OWN = (Msisdn("+84300000801"), Msisdn("+84300000802"))
TEXTS = {"vi": "Chao {{ ten }} o {{ thon|khong_dau }}", "en": "Dear {{ ten }} of {{ thon|khong_dau }}"}


async def try_out(database: Database, *phones: Msisdn, now: int = NOW, **changes: object):
    routes = [replace(route(), price_vnd=350, **changes)]  # type: ignore[arg-type]
    return await send_tests(database, routes, deployment().campaign, "tri-an", phones, now)


async def a_wave(database: Database) -> None:
    text = "msisdn,village,language,tags,legal_basis,ho ten,ngay\n" + people(2, village="TN01") + people(1, language="en", first=5)
    await planned(database, to_list(text, texts=TEXTS))


async def test_each_language_goes_out_under_an_id_of_its_own(database: Database) -> None:
    """The village is a real one, the name is masked; no wave is named, so no cap counts it."""
    await a_wave(database)
    done = await try_out(database, *OWN, OWN[0])
    assert (done.send_ids, done.languages, done.sent) == (("test:tri-an:1", "test:tri-an:2"), ("vi", "en"), 4)
    sent = [row for row in await rows(database, mt) if row.send_id]
    assert {row.body for row in sent} == {"Chao Xx Xx 0 o Thon Na Lai", "Dear Xx Xx 0 of Thon Na Lai"}
    assert {row.wave for row in sent} == {0}
    later = await try_out(database, OWN[0], now=NOW + 9)
    assert later.send_ids == ("test:tri-an:3", "test:tri-an:4")
    found = await preview(database, [route()], deployment().campaign, "tri-an", NOW)
    assert found.tested_at == (NOW, NOW, NOW + 9, NOW + 9)


async def test_the_rules_of_direct_sends_bind(database: Database) -> None:
    """Opt-outs are respected, and so is `max_unapproved`: a test is no way round the second person."""
    await a_wave(database)
    await known(database, people(1, first=801))
    await change(database, 801, opted_out_at=1)
    done = await try_out(database, *OWN)
    assert (done.sent, done.opted_out) == (2, 2)
    with pytest.raises(Refusal, match="takes at most 3 recipients in 24 hours without an approved wave"):
        await try_out(database, *OWN[1:], max_unapproved=3)
    assert len([row for row in await rows(database, mt) if row.send_id]) == 2  # all languages or none


@pytest.mark.parametrize("count", [0, 6])
async def test_one_to_five_phones(database: Database, count: int) -> None:
    with pytest.raises(Refusal, match="a test goes to one to 5 phones"):
        await try_out(database, *(Msisdn(f"+8430000080{at}") for at in range(count)))


async def test_only_a_planned_wave_is_tested(database: Database) -> None:
    with pytest.raises(Refusal, match="there is no wave tri-an"):
        await try_out(database, *OWN)
    await make_wave(database, state=WaveState.PLANNING)
    with pytest.raises(Refusal, match="is not planned to its end"):
        await try_out(database, *OWN)


async def test_a_wave_is_tested_so_often_and_no_more(database: Database) -> None:
    await known(database, people(1))
    await planned(database, wanted())
    for at in range(99):
        await try_out(database, OWN[0], now=NOW + at)
    with pytest.raises(Refusal, match="was tested 99 times"):
        await try_out(database, OWN[0])
