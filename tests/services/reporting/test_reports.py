"""Reports: made, frozen, corrected, signed, sent; a month without tips; whose they are; what somebody types stays words."""

import asyncio
from datetime import date

import pytest

from gateway.domain.figures import Count
from gateway.domain.paper_text import Heading, Item, Text
from gateway.domain.period import Kind, Reading, month, quarter_of, span, week_of
from gateway.domain.permission import Forbidden, Role
from gateway.services.refusal import Refusal
from gateway.services.reporting.book import list_reports, read_report, send_report, sign_report
from gateway.services.reporting.content import Words
from gateway.services.reporting.making import Order, make_report
from tests.services.numbers_rows import COMMUNE, NOVEMBER, OTHER, PROVINCE, REPORTER, at, campaign, conclude, person, rules
from tests.services.people import deployment
from tests.services.tip_rows import make_tip

NOW = at(date(2026, 11, 25))
SIGNER = person(Role.APPROVER, user=2)


def order(period=NOVEMBER, **more) -> Order:
    return Order(period, rules(), {"gia-lap": 350}, **more)


async def make(database, actor=REPORTER, now=NOW, **more):
    return await make_report(database, deployment(), actor, order(**more), now)


def said(made) -> str:
    return "\n".join(each.text for each in made.content.blocks if isinstance(each, Heading | Item | Text)).replace("\u00a0", " ")


async def test_a_report_is_frozen_when_it_is_made(database) -> None:
    tips = await campaign(database)
    row = await make(database)
    assert (row.version, row.state, row.first, row.last, row.due, row.reading) == (
        1,
        "draft",
        "2026-10-26",
        "2026-11-25",
        "2026-11-25",
        "cut",
    )
    before = await read_report(database, REPORTER, row.id)
    figures = {each.name: (each.value, each.of) for each in before.figures}
    assert figures["tips:now"] == (4, None)
    assert figures["answers-sent:now"] == (2, 9)
    assert figures["concluded-received:now"] == (2, 4)
    assert figures["tips:before"] == (1, None)
    assert figures["tips:total"] == (5, None)
    assert figures["tips:other"] == (4, None)  # 1 to 30 November: without the one of 26 October, with the one of 26 November
    await conclude(database, tips["last"], "true")
    await make_tip(database, at=at(date(2026, 11, 24)))
    assert await read_report(database, REPORTER, row.id) == before


async def test_every_figure_is_the_sum_of_its_sources(database) -> None:
    await campaign(database)
    made = await read_report(database, REPORTER, (await make(database)).id)
    from gateway.domain.figures import BY_NAME

    totals = {each.name: each.total for each in made.sources}
    for each in made.figures:
        name, _, column = each.name.partition(":")
        assert each.value == sum(totals.get(f"{count}:{column}", 0) for count in BY_NAME[name].value)
        if each.of is not None:
            assert each.of == sum(totals.get(f"{count}:{column}", 0) for count in BY_NAME[name].of)


async def test_made_again_it_is_a_new_version_that_says_what_it_corrects(database) -> None:
    tips = await campaign(database)
    first = await make(database)
    await conclude(database, tips["last"], "true")
    second = await make(database, now=NOW + 1)
    assert (first.version, second.version) == (1, 2)
    made = await read_report(database, REPORTER, second.id)
    changed = {each.name: (each.was, each.value) for each in made.figures if each.was is not None}
    assert changed["concluded-received:now"] == (2, 3)
    assert "tips:now" not in changed
    assert "đính chính" in said(made)
    assert "đã báo cáo 50,0 % (2 / 4), nay là 75,0 % (3 / 4)" in said(made)


async def test_the_next_report_corrects_what_the_last_one_said(database) -> None:
    await campaign(database)
    await make(database)
    await make_tip(database, at=at(date(2026, 11, 3)))  # from a paper list that came late
    december = await make(database, period=month(2026, 12, Reading.CUT), now=at(date(2026, 12, 25)))
    made = await read_report(database, REPORTER, december.id)
    (row,) = [each for each in made.figures if each.name == "tips:before"]
    assert (row.was, row.value) == (4, 5)
    assert "Số lượng tin báo, kỳ trước: đã báo cáo 4, nay là 5" in said(made)


@pytest.mark.parametrize(
    "period",
    [
        NOVEMBER, month(2026, 11, Reading.CALENDAR), week_of(date(2026, 11, 18)), quarter_of(date(2026, 11, 18)),
        span(Kind.AD_HOC, date(2026, 11, 1), date(2026, 11, 20)), span(Kind.MID_TERM, date(2026, 3, 14), date(2026, 11, 20)),
        span(Kind.CLOSING, date(2026, 3, 14), date(2026, 11, 24)),
    ],
    ids=lambda period: f"{period.kind}-{period.reading or ''}",
)  # fmt: skip
async def test_a_report_of_days_without_a_tip_reads_decently(database, period) -> None:
    made = await read_report(database, REPORTER, (await make(database, period=period)).id)
    text = said(made)
    assert "Trong kỳ không có tin báo nào được gửi đến." in text
    assert "Trong kỳ không bắt đầu đợt nhắn tin nào." in text
    assert "không có khó khăn" in text
    assert text.endswith("./.")
    assert not any(word in text for word in ("None", "{", "}", "\\", "nan"))
    assert [each.text.partition(".")[0] for each in made.content.blocks if isinstance(each, Heading) and each.level == 1] == [
        "I",
        "II",
        "III",
    ]


async def test_both_readings_of_the_25th_are_said(database) -> None:
    await campaign(database)
    cut = said(await read_report(database, REPORTER, (await make(database)).id))
    assert "Kỳ báo cáo được tính từ ngày 26 tháng trước đến hết ngày 25." in cut
    assert "(01/11/2026 - 30/11/2026) thì số tin báo là 4" in cut
    calendar = await make(database, period=month(2026, 11, Reading.CALENDAR), now=at(date(2026, 12, 25)))
    assert calendar.due == "2026-12-25"
    assert "theo tháng dương lịch" in said(await read_report(database, REPORTER, calendar.id))


async def test_a_25th_on_a_weekend_is_said(database) -> None:
    july = await make(database, period=month(2027, 4, Reading.CUT), now=at(date(2027, 4, 25)))
    text = said(await read_report(database, REPORTER, july.id))
    assert "Ngày 25/04/2027 là Chủ nhật; nên gửi từ thứ Sáu, ngày 23/04/2027." in text


async def test_what_somebody_types_steers_nothing(database) -> None:
    nasty = ("# I. GIẢ", "@figures", "= Căn cứ giả\n# II. KHÁC", "<w:p/>&amp;\x00\ud800", "{{ campaign }}", "- một ý")
    row = await make(database, words=Words(nasty, nasty, nasty))
    made = await read_report(database, REPORTER, row.id)
    blocks = made.content.blocks
    assert [each.text for each in blocks if isinstance(each, Heading) and each.level == 1] == [
        "I. KẾT QUẢ THỰC HIỆN", "II. KHÓ KHĂN, VƯỚNG MẮC", "III. PHƯƠNG HƯỚNG, KIẾN NGHỊ",
    ]  # fmt: skip
    texts = [each.text for each in blocks if isinstance(each, Item | Text)]
    for expected in ("# I. GIẢ", "@figures", "= Căn cứ giả # II. KHÁC", "{{ campaign }}", "- một ý"):
        assert texts.count(expected) == 3


async def test_two_who_make_the_same_report_at_once_make_two_versions(database) -> None:
    rows = await asyncio.gather(*(make(database, now=NOW + each) for each in range(4)))
    assert sorted(row.version for row in rows) == [1, 2, 3, 4]


async def test_signed_once_by_somebody_else_then_sent(database) -> None:
    row = await make(database)
    with pytest.raises(Refusal, match="đã ký"):
        await send_report(database, REPORTER, row.id, NOW)
    with pytest.raises(Forbidden):
        await sign_report(database, REPORTER, row.id, "12/BC-UBND", "2026-11-25", NOW)
    with pytest.raises(Refusal, match="Người lập"):
        await sign_report(database, person(Role.APPROVER, Role.REPORTER), row.id, "12/BC-UBND", "2026-11-25", NOW)
    for number, day in (("", "2026-11-25"), ("12/BC-UBND", ""), ("12/BC-UBND", "25/11/2026")):
        with pytest.raises(Refusal):
            await sign_report(database, SIGNER, row.id, number, day, NOW)
    await sign_report(database, SIGNER, row.id, " 12/BC-UBND ", "2026-11-25", NOW)
    with pytest.raises(Refusal, match="đã được ký"):
        await sign_report(database, SIGNER, row.id, "13/BC-UBND", "2026-11-25", NOW)
    made = await read_report(database, REPORTER, row.id)
    assert (made.number, made.day, made.is_draft) == ("12/BC-UBND", date(2026, 11, 25), False)
    await send_report(database, REPORTER, row.id, NOW)
    with pytest.raises(Refusal):
        await send_report(database, REPORTER, row.id, NOW)
    assert (await read_report(database, REPORTER, row.id)).row.state == "sent"


async def test_a_commune_sees_only_its_own_reports(database) -> None:
    await campaign(database)
    row = await make(database)
    stranger = person(Role.REPORTER, Role.APPROVER, commune=OTHER, user=5)
    for act in (
        lambda: read_report(database, stranger, row.id),
        lambda: sign_report(database, stranger, row.id, "1/BC", "2026-11-25", NOW),
        lambda: send_report(database, stranger, row.id, NOW),
        lambda: make(database, actor=stranger, commune=COMMUNE),
        lambda: make(database, actor=person(Role.READER)),
        lambda: read_report(database, stranger, 999_999),
    ):
        with pytest.raises(Forbidden):
            await act()
    assert await list_reports(database, stranger) == []
    assert [each.id for each in await list_reports(database, PROVINCE)] == [row.id]
    theirs = await make(database, actor=stranger)
    made = await read_report(database, stranger, theirs.id)
    assert {each.name: each.value for each in made.figures}["tips:now"] == 1


async def test_a_period_to_come_is_refused(database) -> None:
    with pytest.raises(Refusal, match="chưa bắt đầu"):
        await make(database, period=month(2027, 3, Reading.CUT))


async def test_registrations_for_sampling_are_counted_and_never_named(database) -> None:
    await campaign(database)
    made = await read_report(database, REPORTER, (await make(database)).id)
    assert {name for each in made.sources if each.kind == "dna" for name, _ in each.lines} <= {"sổ ADN"}
    assert Count.DNA_REQUESTS
