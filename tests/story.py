"""The one story that every door must tell unchanged (issue: what it must show, 2): a wave out, reports and tips back, each answered once,
a poster whose printed code leads to a page that takes a tip.
"""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from subprocess import Popen
from typing import Any, Protocol, TypeVar

from aiohttp import ClientSession

from gateway.domain.code import read_placement_code, read_tip_code
from gateway.simulator.telco import Telco
from tests.harness import Gateway, contacts_csv, eventually, wait_for_port

T = TypeVar("T")
ROUTE = "tuyen"
AUDIENCE = 45  # people over all 30 villages
WORDS = "UBND xa Thong Nhat: Ai biet mo liet si, soan: LS {{ ma_thon }} noi dung gui {{ dau_so }} ({{ gia }}). Khong tu y dao boi."
HEARD = "UBND xa Thong Nhat: Ai biet mo liet si, soan: LS %s noi dung gui 8088 (1000d/tin). Khong tu y dao boi."
ACCENTED = "Xã Thống Nhất xin cảm ơn. Xin không tự ý đào bới."  # one UCS-2 segment
STORY = "Sau trường cũ có 2 nấm mộ, nghe các cụ kể chôn bộ đội năm 1979"
DIG = "khong tu y dao boi"
_CODE = re.compile(r"\bma (?:tin )?([0-9A-Z]{6})\b", re.IGNORECASE)
_FIELD = re.compile(r'name="token" value="([^"]+)"')


class Handsets(Protocol):
    """The residents' phones, whatever stands between them and the gateway. Numbers are E.164."""

    async def write(self, sender: str, text: str) -> None:
        """Text `text` to the short code."""

    async def texts_of(self, number: str) -> list[str]:
        """What that phone received, oldest first."""


@dataclass(frozen=True)
class TelcoHandsets:
    """The phones of the fake telco."""

    telco: Telco

    async def write(self, sender: str, text: str) -> None:
        self.telco.send_mo(sender, text)

    async def texts_of(self, number: str) -> list[str]:
        return [sms.text for sms in self.telco.handsets.of(number) if not sms.mine]


async def apart(act: Callable[..., T], *arguments: str) -> T:
    """Run a command while this loop goes on answering: the phones live in it."""
    return await asyncio.to_thread(act, *arguments)


@asynccontextmanager
async def serving(gateway: Gateway) -> AsyncIterator[Popen[bytes]]:
    """A running `tinbao serve`; ended by SIGTERM it must end well, and its log hold no traceback."""
    process = gateway.start()
    try:
        await asyncio.to_thread(wait_for_port, gateway.desk, process)  # the desk's listener is the last to open
        yield process
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0
    except BaseException as error:
        if process.poll() is not None:
            error.add_note(f"serve had ended with {process.returncode}: {(gateway.folder / 'serve.log').read_text('utf-8')[-2000:]}")
        raise
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)
    assert "Traceback" not in (gateway.folder / "serve.log").read_text("utf-8")


async def rows(gateway: Gateway, *arguments: str) -> list[dict[str, Any]]:
    """What a command prints with --json: an object a line."""
    done = await apart(gateway.run, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


async def story(gateway: Gateway, handsets: Handsets) -> None:
    """Tell it. `gateway` has a rehearsal route `ROUTE` to the phones of `handsets`; nothing of it runs yet."""
    async with serving(gateway), ClientSession(gateway.url) as visitor:
        await is_ready(visitor)
        await _a_wave_reaches_everybody(gateway, handsets)
        code = await _a_tip_is_thanked_and_read(gateway, handsets)
        await _each_keyword_has_its_answer(gateway, handsets, code)
        await _who_says_stop_is_left_alone(gateway, handsets)
        await _a_poster_leads_to_a_tip(gateway, visitor)
        await _nobody_heard_anything_twice(handsets)


async def is_ready(visitor: ClientSession) -> None:
    """Until the gateway says that it lives, and that it sends."""
    for path in ("/healthz", "/readyz"):

        async def is_well(path: str = path) -> bool:
            async with visitor.get(path) as answer:
                return answer.status == 200

        await eventually(is_well)


async def _a_wave_reaches_everybody(gateway: Gateway, handsets: Handsets) -> None:
    contacts = gateway.folder / "contacts.csv"
    contacts.write_text(contacts_csv(AUDIENCE), "utf-8")
    plan = ("wave", "plan", "--id", "dot-1", "--route", ROUTE, "--text", WORDS, "--contacts", str(contacts), "--window", "00:00-00:00")
    (planned,) = await rows(gateway, *plan)
    assert (planned["audience"], planned["segments"], planned["left_out"]) == (AUDIENCE, AUDIENCE, 0)
    started = await apart(gateway.run, "wave", "start", "dot-1")
    assert started.returncode == 0, started.stderr

    people = {number: village for number, village, _ in (line.split(",") for line in contacts.read_text("utf-8").splitlines()[1:])}
    for number in people:
        await _received(handsets, number, 1)

    async def is_delivered() -> dict[str, Any] | None:
        (wave,) = await rows(gateway, "wave", "show", "dot-1")
        return wave if wave["messages"]["delivered"] == AUDIENCE else None

    wave = await eventually(is_delivered)
    assert sum(wave["messages"].values()) == AUDIENCE
    for number, village in people.items():
        assert await handsets.texts_of(number) == [HEARD % village]


async def _a_tip_is_thanked_and_read(gateway: Gateway, handsets: Handsets) -> str:
    """Returns the tip's code."""
    resident = "+84300000501"
    await handsets.write(resident, "LS TN07 co 1 ngoi mo liet si o chan doi sau truong hoc cu")
    reply = await _one_reply(handsets, resident)
    code = _code_in(reply)
    assert DIG in reply
    (tip,) = await rows(gateway, "tips", "list")
    assert (tip["code"], tip["village"], tip["channel"]) == (code, "TN07", "sms")
    return code


async def _each_keyword_has_its_answer(gateway: Gateway, handsets: Handsets, code: str) -> None:
    asked = {
        "+84300000502": "ADN TN18 con gai cua em gai liet si, xin lay mau",
        "+84300000503": "HOI lay mau ADN o dau, may gio",
        "+84300000504": f"tt {code.lower()}",
        "+84300000505": "DK",
    }
    for number, text in asked.items():
        await handsets.write(number, text)
    dna, question, status, optin = [await _one_reply(handsets, number) for number in asked]
    assert _code_in(dna) != code
    assert [reply for reply in (dna, question, status, optin) if DIG not in reply.lower()] == []
    assert f"Ma {code}: da nhan" in status
    assert "dang ky" in optin
    assert [tip["code"] for tip in await rows(gateway, "tips", "list")] == [code]  # an ADN registration is no tip


async def _who_says_stop_is_left_alone(gateway: Gateway, handsets: Handsets) -> None:
    resident = "+84300000506"
    await handsets.write(resident, "TC")
    assert "ngung" in await _one_reply(handsets, resident)
    send = ("send", "--route", ROUTE, "--to", resident, "--text", ACCENTED, "--wait")
    (stopped,) = await rows(gateway, *send)
    assert (stopped["accepted"], stopped["sent"], stopped["queued"]) == (0, 0, 0)
    await handsets.write(resident, "DK")
    replies = await _received(handsets, resident, 2)
    (sent,) = await rows(gateway, *send)
    assert (sent["accepted"], sent["sent"], sent["segments"]) == (1, 1, 1)
    await _received(handsets, resident, 3)
    assert await handsets.texts_of(resident) == [*replies, ACCENTED]


async def _a_poster_leads_to_a_tip(gateway: Gateway, visitor: ClientSession) -> None:
    out = gateway.folder / "print"
    posters = await rows(gateway, "print", "make", "--village", "TN07", "--piece", "poster-a3", "--out", str(out))
    assert posters
    assert all((out / Path(poster["file"]).name).read_bytes().startswith(b"%PDF-") for poster in posters)
    payload = posters[0]["qr"][0]
    assert payload.startswith(gateway.url.upper() + "/Q/")
    placement = payload.rpartition("/")[2]
    assert (read_placement_code(placement) or ("", 0))[0] == "TN07"
    async with visitor.get(payload) as answer:
        page = unescape(await answer.text())
        assert answer.status == 200
    assert "TN07" in page
    assert "Xã Thống Nhất".lower() in page.lower()
    async with visitor.get(f"{payload}/ke") as answer:
        token = _FIELD.search(unescape(await answer.text()))
    form = {"story": STORY, "phone": "0300 000 507", "name": "Hứa Thị Ví Dụ", "token": token[1] if token else ""}
    for _ in range(2):  # an old hand presses twice: the same tip
        async with visitor.post(f"{payload}/ke", data=form) as answer:
            thanks = unescape(await answer.text())
            assert answer.status == 200
        assert "không tự ý đào bới" in thanks.lower()
    codes = {code for code in re.findall(r"<b>([0-9A-Z]{6})</b>", thanks) if read_tip_code(code)}
    tips = [tip for tip in await rows(gateway, "tips", "list") if tip["channel"] == "web"]
    assert {tip["code"] for tip in tips} == codes
    assert [(tip["village"], tip["placement"]) for tip in tips] == [("TN07", placement)]


async def _nobody_heard_anything_twice(handsets: Handsets) -> None:
    """Looked at last, when a second copy would have come; the visitor of the page gets no text."""
    counts = {number: len(await handsets.texts_of(f"+84300000{number}")) for number in range(501, 508)}
    assert counts == {501: 1, 502: 1, 503: 1, 504: 1, 505: 1, 506: 3, 507: 0}


def _code_in(reply: str) -> str:
    found = _CODE.search(reply)
    assert found, reply
    assert read_tip_code(found[1]) == found[1]
    return found[1]


async def _received(handsets: Handsets, number: str, count: int) -> list[str]:
    """The texts of a phone, as soon as it has so many; never more."""

    async def has_them() -> list[str] | None:
        texts = await handsets.texts_of(number)
        return texts if len(texts) >= count else None

    texts: list[str] = await eventually(has_them)
    assert len(texts) == count
    return texts


async def _one_reply(handsets: Handsets, number: str) -> str:
    (reply,) = await _received(handsets, number, 1)
    return reply
