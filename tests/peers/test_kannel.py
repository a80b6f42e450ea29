"""The story and its volume through a real, independent SMS gateway: Kannel 1.4.5 (issue: what it must show, 2 and 3)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.domain.segments import segments_of
from tests.harness import Gateway, contacts_csv, deployment, eventually, free_ports, route
from tests.peers.kannel import FakeSmsc, kannel, kannel_with_parts
from tests.story import ROUTE, rows, serving, story

MTS, MOS = 5_000, 5_000
LONG = "Xã Thống Nhất xin nhắc bà con: ai biết nơi yên nghỉ của liệt sĩ, xin báo tin; không tự ý đào bới, để bộ đội chuyên trách làm."
MIX = (
    "LS TN{village:02d} co {at} ngoi mo o chan doi",
    "ADN TN{village:02d} con liet si, lay mau so {at}",
    "HOI lay mau ADN o dau, cau {at}",
    "TC",
    "DK",
)


@asynccontextmanager
async def _through_kannel(folder: Path) -> AsyncIterator[tuple[Gateway, FakeSmsc]]:
    (sendsms,) = free_ports(1)
    gateway = deployment(folder / "d", routes=route(ROUTE, "kannel", f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms"))
    async with kannel(folder / "kannel", f"{gateway.url}/hooks/{ROUTE}/mo?secret=s3cret", sendsms) as phones:
        yield gateway, phones
        assert phones.unread == []


async def test_the_story_through_kannel(tmp_path: Path) -> None:
    """The same story; Kannel's fake SMSC is the network."""
    async with _through_kannel(tmp_path) as (gateway, phones):
        await story(gateway, phones)


async def test_5000_mts_arrive_once_each_and_are_reported(tmp_path: Path) -> None:
    """Every handset gets its text once; Kannel's reports make all of them delivered."""
    async with _through_kannel(tmp_path) as (gateway, phones), serving(gateway):
        (tmp_path / "list.csv").write_text(contacts_csv(MTS))
        plan = (
            "wave",
            "plan",
            "--id",
            "w",
            "--route",
            ROUTE,
            "--text",
            "{{ ma_thon }} tri an 27/7",
            "--contacts",
            str(tmp_path / "list.csv"),
        )
        (planned,) = await rows(gateway, *plan, "--window", "00:00-00:00")
        assert planned["audience"] == MTS
        assert (await asyncio.to_thread(gateway.run, "wave", "start", "w")).returncode == 0
        await eventually(lambda: _lines(phones, MTS), seconds=150)

        async def is_delivered() -> bool:
            (wave,) = await rows(gateway, "wave", "show", "w")
            return bool(wave["messages"]["delivered"] == MTS)

        await eventually(is_delivered, seconds=150, pause=0.5)
        assert phones.lines == MTS
        wanted = {
            number: [f"{village} tri an 27/7"] for number, village, _ in map(_cells, (tmp_path / "list.csv").read_text().splitlines()[1:])
        }
        assert phones.by_number() == wanted


async def test_5000_mos_become_5000_actions_and_5000_replies(tmp_path: Path) -> None:
    """Each by another person; what each became is counted, and each phone has one answer."""
    people = {f"+84300{at:06d}": MIX[at % len(MIX)].format(village=at % 30 + 1, at=at) for at in range(MOS)}
    async with _through_kannel(tmp_path) as (gateway, phones), serving(gateway):
        for number, text in people.items():
            await phones.write(number, text)
        await eventually(lambda: _lines(phones, MOS), seconds=150)
        replies = phones.by_number()
        assert {number: len(texts) for number, texts in replies.items()} == dict.fromkeys(people, 1)
        assert Counter(_kind(text) for (text,) in replies.values()) == dict.fromkeys(
            ("tip", "dna", "question", "optout", "optin"), MOS // 5
        )
        tips = await rows(gateway, "tips", "list")
        assert len(tips) == len({tip["code"] for tip in tips}) == MOS // 5
        author = {text: number for number, text in people.items()}
        assert all(tip["code"] in replies[author[tip["text"]]][0] for tip in tips)
        assert phones.lines == MOS  # nothing came after


async def test_messages_that_come_while_we_are_away_are_answered_when_we_are_back(tmp_path: Path) -> None:
    """Kannel knocks again, as the recipe's http-request-retry tells it to: a restart costs no message and repeats no reply."""
    people = {f"+84300000{at:03d}": f"LS TN{at % 30 + 1:02d} co {at} ngoi mo o chan doi" for at in range(60)}
    async with _through_kannel(tmp_path) as (gateway, phones):
        async with serving(gateway):
            for number, text in list(people.items())[:30]:
                await phones.write(number, text)
        for number, text in list(people.items())[30:]:
            await phones.write(number, text)
        async with serving(gateway):
            await eventually(lambda: _lines(phones, 60), seconds=60)
            assert {number: len(texts) for number, texts in phones.by_number().items()} == dict.fromkeys(people, 1)
            assert len(await rows(gateway, "tips", "list")) == 60


async def test_a_long_accented_text_arrives_whole_both_ways(tmp_path: Path) -> None:
    """Two UCS-2 segments leave as one request and one delivered MT; an accented MO is read like any other."""
    async with _through_kannel(tmp_path) as (gateway, phones), serving(gateway):
        (sent,) = await rows(gateway, "send", "--route", ROUTE, "--to", "+84300000601", "--text", LONG, "--wait")
        assert (sent["sent"], sent["segments"]) == (1, segments_of(LONG))
        assert segments_of(LONG) == 2
        await eventually(lambda: phones.texts_of("+84300000601"))
        assert await phones.texts_of("+84300000601") == [LONG]
        await phones.write("+84300000602", "LS TN07 có một ngôi mộ ở chân đồi Pò Mạ")
        await eventually(lambda: phones.texts_of("+84300000602"))
        (tip,) = await rows(gateway, "tips", "list")
        assert (tip["village"], tip["text"]) == ("TN07", "LS TN07 có một ngôi mộ ở chân đồi Pò Mạ")


_PARTS = (
    "LS TN07 có 2 ngôi mộ bộ đội ở chân đồi sau trường học cũ, người già ",
    "trong bản kể chôn năm 1979, gần cây đa ",
    "to, cạnh suối",
)


@pytest.mark.parametrize("reply_by", ["mt", "response"])
@pytest.mark.parametrize("combine", [False, True])
async def test_a_text_in_three_ucs2_parts_is_one_tip_with_one_reply(tmp_path: Path, reply_by: str, combine: bool) -> None:
    """Out of order, joined by us or by Kannel; the reply goes in our answer to the call that completes it, or as an MT."""
    (sendsms,) = free_ports(1)
    routes = route(ROUTE, "kannel", f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms", reply_by=reply_by)
    gateway = deployment(tmp_path / "d", routes=routes)
    hook = f"{gateway.url}/hooks/{ROUTE}/mo?secret=s3cret"
    most = 1 if reply_by == "response" else 0
    number = "+84300000603"
    async with kannel_with_parts(tmp_path / "kannel", hook, sendsms, most=most, combine=combine) as phones, serving(gateway):
        for at in (3, 1, 2):
            await phones.write_part(number, at, len(_PARTS), _PARTS[at - 1])

        async def is_told() -> bool:
            return bool(phones.texts_of(number))

        await eventually(is_told)
        (tip,) = await rows(gateway, "tips", "list")
        assert (tip["village"], tip["text"]) == ("TN07", "".join(_PARTS))
        (reply,) = phones.texts_of(number)
        assert tip["code"] in reply


async def _lines(phones: FakeSmsc, count: int) -> bool:
    return phones.lines >= count


def _cells(line: str) -> list[str]:
    return line.split(",")


def _kind(reply: str) -> str:
    signs = {
        "da nhan tin, ma": "tip",
        "dang ky lay mau ADN": "dna",
        "da nhan cau hoi": "question",
        "da ngung": "optout",
        "da dang ky": "optin",
    }
    return next((kind for sign, kind in signs.items() if sign in reply), reply)
