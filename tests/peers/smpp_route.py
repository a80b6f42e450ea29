"""Our side of docs/smpp.md: a gateway with the route `smpp`, names and secrets those of the shipped files; what both bridges must carry."""

import asyncio
from pathlib import Path

from tests.harness import Gateway, contacts_csv, deployment, eventually, route
from tests.peers.smpp import Smsc
from tests.story import rows

ROUTE = "smpp"
ACCOUNT = 'account = { username = "tinbao", password = "CHANGE-SEND" }'
LONG = "Xã Thống Nhất xin nhắc bà con: ai biết nơi yên nghỉ của liệt sĩ, xin báo tin; không tự ý đào bới, để bộ đội chuyên trách làm."
TEXTS = {
    "+84300000701": "UBND xa: ai biet mo liet si, soan LS [ma thon] {noi dung} gui 8088 ~ 0 dong @ xa",
    "+84300000702": "Xã Thống Nhất xin cảm ơn bà con.",
    "+84300000703": "UBND xa Thong Nhat xin cam on ba con." * 8,
    "+84300000704": LONG * 2,
}
PARTS = (
    "LS TN07 có 2 ngôi mộ bộ đội ở chân đồi sau trường học cũ, người già trong bản "
    "kể chôn năm 1979, gần cây đa to, cạnh suối, có ba tảng đá xếp"
)


def gateway_for(folder: Path, carrier: str, url: str) -> Gateway:
    """A deployment with the one route, as docs/smpp.md has it."""
    table = route(ROUTE, carrier, url, hook_secret="CHANGE-HOOK")
    return deployment(folder, routes=table.replace('account = { username = "u", password = "p" }', ACCOUNT))


async def every_alphabet_and_length(gateway: Gateway, phones: Smsc) -> None:
    """GSM 7 with its escapes, UCS-2, and both in several parts: each phone reads what was sent."""
    for number, text in TEXTS.items():
        (sent,) = await rows(gateway, "send", "--route", ROUTE, "--to", number, "--text", text, "--wait")
        assert (sent["accepted"], sent["sent"]) == (1, 1)
    for number, text in TEXTS.items():

        async def has_it(number: str = number) -> list[str]:
            return await phones.texts_of(number)

        assert await eventually(has_it) == [text]
    assert phones.codings == {0, 8}


async def a_wave_is_sent_and_reported(gateway: Gateway, phones: Smsc, count: int) -> None:
    """Every phone has its text once; the telco's reports make all delivered, but for the one that it could not reach."""
    path = gateway.folder / "list.csv"
    path.write_text(contacts_csv(count, first=10_000))
    numbers = [line.split(",")[0] for line in path.read_text().splitlines()[1:]]
    phones.undelivered.add(numbers[1])
    plan = ("wave", "plan", "--id", "w", "--route", ROUTE, "--text", "{{ ma_thon }} tri an 27/7", "--contacts", str(path))
    await rows(gateway, *plan, "--window", "00:00-00:00")
    assert (await asyncio.to_thread(gateway.run, "wave", "start", "w")).returncode == 0

    async def is_told() -> bool:
        (wave,) = await rows(gateway, "wave", "show", "w")
        return bool((wave["messages"]["delivered"], wave["messages"]["failed"]) == (count - 1, 1))

    await eventually(is_told, seconds=120, pause=0.5)
    texts = phones.by_number()
    assert {number: len(texts[number]) for number in numbers} == dict.fromkeys(numbers, 1)


async def each_text_is_answered_once(gateway: Gateway, phones: Smsc, people: range) -> None:
    """GSM 7 and UCS-2 by turns: as many tips as people, one reply each."""
    told = {f"+84300{at:06d}": f"LS TN{at % 30 + 1:02d} {'có' if at % 2 else 'co'} {at} ngoi mo o chan doi" for at in people}
    before = len(await rows(gateway, "tips", "list"))
    for number, text in told.items():
        await phones.write(number, text)
    await all_answered(phones, list(told))
    tips = await rows(gateway, "tips", "list")
    assert len(tips) - before == len(told)
    assert sorted(tip["text"] for tip in tips if tip["text"] in told.values()) == sorted(told.values())


async def all_answered(phones: Smsc, numbers: list[str]) -> None:
    """Until each phone has its reply; none has two."""

    async def are_answered() -> bool:
        return phones.by_number().keys() >= set(numbers)

    await eventually(are_answered, seconds=120)
    texts = phones.by_number()
    assert {number: len(texts[number]) for number in numbers} == dict.fromkeys(numbers, 1)


async def parts_are_one_tip(gateway: Gateway, phones: Smsc, *orders: tuple[int, int, int]) -> None:
    """A UCS-2 text in three parts, as they come."""
    for at, order in enumerate(orders):
        number, text = f"+8430000071{at}", f"{PARTS} ({at})"
        await phones.write(number, text, order)
        await all_answered(phones, [number])
        assert [tip["village"] for tip in await rows(gateway, "tips", "list") if tip["text"] == text] == ["TN07"]
