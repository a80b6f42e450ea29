"""An urgent tip wakes people at once, again and higher every ten minutes, until one says NHAN; without a word of the tip."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.msisdn import Msisdn
from gateway.domain.segments import segments_of
from gateway.services import duty
from gateway.services.alerts import BURST, NOBODY_MS, REPEAT_MS, Alerts, Taken, acknowledge, begins_like_a_taking, raise_alert, reached
from gateway.services.replies import load_replies
from gateway.storage.outbox import PRIORITY
from gateway.storage.schema import alert, mt, tally, tip
from gateway.storage.schema import duty as duty_table
from tests.services.people import NOW, deployment, route, rows
from tests.services.tip_rows import make_tip

DATA = deployment()
REPLIES = load_replies(DATA)
LAN, HUNG, MAI = Msisdn("+84300000201"), Msisdn("+84300000202"), Msisdn("+84300000203")
SECRET = "LS TN07 dang dao mong nha thay xuong nguoi, goi 0300000077"


def _alerts(database, routes=None) -> Alerts:
    return Alerts(database, DATA.villages, REPLIES, (route(),) if routes is None else routes)


async def _team(database, *people: tuple[str, Msisdn, int]) -> None:
    for name, msisdn, level in people or (("Lan", LAN, 1), ("Hùng", HUNG, 2), ("Mai", MAI, 5)):
        await duty.add(database, name, msisdn, level, "06577", NOW)


async def _urgent(database, why: str = "remains", at: int = NOW, **changes) -> str:
    id_ = await make_tip(database, SECRET, at=at, urgent=why, **changes)
    assert await database.write(lambda connection: raise_alert(connection, id_, why, at))
    return next(row.code for row in await rows(database, tip) if row.id == id_)


async def _texts(database, since: int = 0) -> list[tuple[str, str]]:
    return [(row.msisdn, row.body) for row in await rows(database, mt) if row.created_at >= since]


def _say(database, msisdn: Msisdn, text: str, at: int = NOW):
    return database.write(lambda connection: acknowledge(connection, database.keyring.blind(msisdn.e164, "msisdn"), text, at))


async def test_the_first_level_is_texted_at_once_without_the_words(database) -> None:
    await _team(database)
    code = await _urgent(database)
    assert await _alerts(database).mind(NOW + 900) == 1
    ((to, body),) = await _texts(database)
    assert to == LAN.e164
    assert body.startswith("KHAN: co tin bao thay hai cot, thon ")
    assert "(TN07)" in body
    assert code in body
    assert all(word not in body for word in ("mong nha", "xuong", "0300000077"))
    (row,) = await rows(database, mt)
    assert (row.lane, row.due_at, row.expires_at, row.segments, row.reply_to) == (PRIORITY, 0, NOW + 900 + REPEAT_MS, 1, None)


async def test_nothing_more_before_ten_minutes_then_the_next_level_too(database) -> None:
    await _team(database)
    code = await _urgent(database, "uxo")
    alerts = _alerts(database)
    await alerts.mind(NOW)
    assert await alerts.mind(NOW + REPEAT_MS - 1) == 0
    for round_, wanted in enumerate(([LAN, HUNG], [LAN, HUNG, MAI], [LAN, HUNG, MAI]), 1):
        at = NOW + round_ * REPEAT_MS
        assert await alerts.mind(at) == len(wanted)
        texts = await _texts(database, since=at)
        assert sorted(to for to, _ in texts) == sorted(each.e164 for each in wanted)
        assert all(f"nhac lan {round_}" in body and code in body and "vat no" in body for _, body in texts)
        (row,) = await rows(database, alert)
        assert (row.sent, row.next_at) == (round_ + 1, at + REPEAT_MS)
    assert row.level == 5


async def test_nhan_ends_it_and_a_second_one_learns_who_was_first(database) -> None:
    await _team(database)
    code = await _urgent(database)
    alerts = _alerts(database)
    await alerts.mind(NOW)
    taken = await _say(database, LAN, f"Nhận {code[:3].lower()} {code[3:]}", NOW + 5)
    assert taken == Taken((code,), NOW + 5)
    assert code in taken.words(REPLIES)
    again = await _say(database, HUNG, f"NHAN {code}", NOW + 9)
    assert again == Taken((code,), NOW + 5, "Lan")
    assert "co nguoi nhan: Lan" in again.words(REPLIES)
    assert await _say(database, LAN, f"NHAN{code}", NOW + 9) == Taken((code,), NOW + 5)  # the same text again is no surprise
    assert await alerts.mind(NOW + 10 * REPEAT_MS) == 0
    (row,) = await rows(database, alert)
    assert (row.acknowledged_at, row.next_at) == (NOW + 5, None)


@pytest.mark.parametrize("text", ["NHAN 7K3M9X", "nhan 123456", "NHAN abc", "NHAN"])
async def test_a_wrong_code_takes_nothing(database, text) -> None:
    await _team(database)
    await _urgent(database)
    await _urgent(database)
    assert await _say(database, LAN, text) == Taken()
    assert "Khong co tin khan nao" in Taken().words(REPLIES)
    assert all(row.acknowledged_at is None for row in await rows(database, alert))


async def test_nhan_alone_takes_the_only_one_and_nhan_het_all(database) -> None:
    await _team(database)
    first = await _urgent(database)
    assert await _say(database, LAN, "nhan.") == Taken((first,), NOW)
    codes = (await _urgent(database, "uxo"), await _urgent(database))
    taken = await _say(database, HUNG, "Nhận hết")
    assert taken == Taken(codes, NOW)
    assert "(2 tin)" in taken.words(REPLIES)


async def test_other_phones_and_other_words_are_read_like_any_text(database) -> None:
    """An informant who texts NHAN with the own tip code stops nothing."""
    await _team(database)
    code = await _urgent(database)
    assert await _say(database, Msisdn("+84300000011"), f"NHAN {code}") is None
    assert await _say(database, LAN, "nhan dan o thon bao co mo") is None
    assert await _say(database, LAN, "LS TN07 co mo") is None
    assert begins_like_a_taking(" Nhận 7K3M9P")
    assert not begins_like_a_taking("LS nhan")


async def test_without_a_list_it_waits_for_one(database) -> None:
    """The list is often written on the day of the first alarm."""
    await _urgent(database)
    alerts = _alerts(database)
    assert await alerts.mind(NOW) == 0
    await _team(database, ("Lan", LAN, 1))
    assert await alerts.mind(NOW + NOBODY_MS - 1) == 0
    assert await alerts.mind(NOW + NOBODY_MS) == 1
    assert "nhac lan" not in (await _texts(database))[0][1]


async def test_who_no_route_reaches_is_left_out_and_the_next_level_comes_at_once(database) -> None:
    await _team(database, ("Lan", Msisdn("+85620000000"), 1), ("Hùng", HUNG, 2))
    await _urgent(database)
    assert await _alerts(database, (route(prefixes=("+84",)),)).mind(NOW) == 1
    assert [to for to, _ in await _texts(database)] == [HUNG.e164]


async def test_only_the_own_commune_is_woken(database) -> None:
    await _team(database, ("Lan", LAN, 1))
    await duty.add(database, "Xa khác", HUNG, 1, "06580", NOW)
    await _urgent(database)
    await _alerts(database).mind(NOW)
    assert [to for to, _ in await _texts(database)] == [LAN.e164]


async def test_an_alert_is_raised_once_a_tip(database) -> None:
    id_ = await make_tip(database, urgent="uxo")
    assert [await database.write(lambda connection: raise_alert(connection, id_, "uxo", NOW)) for _ in range(2)] == [True, False]


async def test_a_flood_becomes_one_text_and_a_bounded_number_of_them(database) -> None:
    """Somebody tells of forty bombs in ten minutes."""
    await _team(database, ("Lan", LAN, 1))
    alerts = _alerts(database)
    for n in range(40):
        await _urgent(database, "uxo", at=NOW + n * 10_000)
        await alerts.mind(NOW + n * 10_000 + 500)
    texts = [body for _, body in await _texts(database)]
    assert len(texts) <= BURST
    assert any(body.startswith("KHAN: 4 tin khan chua ai nhan") for body in texts)
    await alerts.mind(NOW + 3 * REPEAT_MS)
    assert "KHAN: 40 tin khan" in (await _texts(database))[-1][1]
    assert (await _say(database, LAN, "NHAN HET")).codes == tuple(row.code for row in await rows(database, tip))


async def test_text_and_row_are_one_transaction(database) -> None:
    """Killed between the two: the next process finds the alert due and no text, and sends one."""
    await _team(database)
    await _urgent(database)

    class Killed(Exception):
        pass

    async def cut(connection) -> None:
        await _alerts(database)._round(connection, NOW)
        raise Killed

    with pytest.raises(Killed):
        await database.write(cut)
    assert (await rows(database, mt), [row.sent for row in await rows(database, alert)]) == ([], [0])
    assert await _alerts(database).mind(NOW) == 1
    assert len(await rows(database, mt)) == 1


async def test_two_processes_send_one_text(database) -> None:
    import asyncio

    await _team(database)
    await _urgent(database)
    assert sorted(await asyncio.gather(*(_alerts(database).mind(NOW) for _ in range(4)))) == [0, 0, 0, 1]


@pytest.mark.parametrize("village", sorted(DATA.villages))
def test_every_village_fits_one_segment(database_free_alerts, village) -> None:
    from gateway.storage.alerts import Alert

    one = Alert(1, "7K3M9P", "06577", village, "uxo", 0, NOW, NOW, None, None)
    for sent, open_ in ((0, 1), (99, 1), (3, 999)):
        (text,) = database_free_alerts._words([replace(one, sent=sent)], open_, one)
        assert segments_of(text) == 1, text


@pytest.fixture(scope="module")
def database_free_alerts() -> Alerts:
    return Alerts(None, DATA.villages, REPLIES, (route(),))  # type: ignore[arg-type] # words alone


@given(st.lists(st.integers(1, 9), max_size=6), st.integers(1, 20))
def test_levels_are_climbed_one_a_round_and_never_left(levels, round_) -> None:
    now, then = reached(levels, round_), reached(levels, round_ + 1)
    assert then[: len(now)] == now
    assert len(then) - len(now) == (1 if len(set(levels)) > round_ else 0)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 400_000), st.sampled_from(["beat", "tip", "taken"])), max_size=25))
async def test_the_clockwork(database, steps) -> None:
    """Whenever upkeep comes: nobody is texted twice for one alert within ten minutes, and none that is open is forgotten."""

    async def clean(connection) -> None:
        for table in (mt, alert, tally, duty_table):
            await connection.execute(table.delete())

    await database.write(clean)
    await _team(database)
    alerts, now, open_, said = _alerts(database), NOW, set(), {}
    for wait, act in steps:
        now += wait
        if act == "tip" and len(open_) < 3:
            open_.add(await _urgent(database, at=now))
        elif act == "taken" and open_:
            code = open_.pop()
            assert (await _say(database, LAN, f"NHAN {code}", now)).codes == (code,)
        before = await _texts(database)
        await alerts.mind(now)
        for to, body in (await _texts(database))[len(before) :]:
            (code,) = [each for each in open_ if each in body]
            assert now - said.get((to, code), -REPEAT_MS) >= REPEAT_MS
            said[to, code] = now
        for code in open_:
            assert now - said[LAN.e164, code] < REPEAT_MS
