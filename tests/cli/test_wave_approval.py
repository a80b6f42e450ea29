"""`tinbao wave approve`: what is shown, the passphrase after it, and the answer by SMS through a running gateway."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.sending import now_ms, routes_of
from gateway.services import waves
from gateway.services.inbound import HOUR_MS
from gateway.services.refusal import Refusal
from gateway.settings import load_settings
from gateway.simulator.telco import Hook, telco
from gateway.storage.database import open_database
from gateway.storage.schema import wave
from gateway.storage.seal import Keyring
from gateway.storage.users import Role
from tests.cli.test_users import tinbao
from tests.conftest import TEST_KEY
from tests.harness import Gateway, deployment, eventually, route
from tests.services.staff import HUNG, HUNGS_PHONE, LAN, LANS_PHONE, WORDS, make_user, waiting_wave
from tests.story import TelcoHandsets, _received, apart, serving

RULE = {"villages": ["TN01", "TN02"], "list": {"name": "to-dan.csv", "sha256": "00"}, "found": {"audience": 25}, "expected": None}
PAPER = ("--document", "238/KH-UBND", "--document-date", "15/6/2026")


def _database(gateway: Gateway):
    return open_database(f"sqlite:///{gateway.folder}/var/tinbao.db", Keyring.of(TEST_KEY), migrate=True)


def prepare(gateway: Gateway, **changes: Any) -> None:
    """Two users and a wave of 25 that waits, in the deployment's own database."""

    async def rows() -> None:
        async with _database(gateway) as database:
            planner = await make_user(database, LAN, Role.PLANNER, phone=LANS_PHONE)
            await make_user(database, HUNG, Role.APPROVER, phone=HUNGS_PHONE)
            await waiting_wave(database, planner, people=25, **({"route": "tuyen", "audience_rule": RULE} | changes))

    asyncio.run(rows())


def state(gateway: Gateway) -> str:
    async def ask() -> str:
        async with _database(gateway) as database, database.read() as connection:
            found: str = (await connection.execute(wave.select())).one().state
            return found

    return asyncio.run(ask())


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    made = deployment(tmp_path / "d", routes=route("tuyen", "kannel", "http://127.0.0.1:9/", max_unapproved=3, price_vnd=350))
    prepare(made)
    return made


def test_it_shows_all_that_is_approved_then_asks(gateway: Gateway) -> None:
    """Texts, a sample, audience, segments, cost, hours, pace, ramp, route, document, fingerprint: on stderr, stdout has the result."""
    done = tinbao(gateway, "wave", "approve", "dot-1", "--as", "hoang van hung", *PAPER, typed=f"{WORDS}\n")
    assert (done.exit_code, done.stdout) == (0, f"dot-1 is approved by {HUNG}; next: tinbao wave start dot-1\n")
    lines = done.stderr.splitlines()
    assert lines[:-1] == [
        f"wave dot-1, own, planned by {LAN}",
        "text [vi]: Tri an",
        "e.g. [vi]: Tri an (1 segments)",
        "audience: 25 people; villages TN01, TN02; list to-dan.csv",
        "segments: 25, at most 1 a message; cost 8.750 đ, no ceiling",
        "hours: 00:00-00:00, from its start; pace: the contract's; no ramp",
        "route: tuyen, from 8088, 350 đ a segment",
        "document: 238/KH-UBND 2026-06-15",
    ]
    assert lines[-1].startswith("fingerprint: ")
    assert state(gateway) == "approved"


def test_as_json(gateway: Gateway) -> None:
    done = tinbao(gateway, "wave", "approve", "dot-1", "--as", HUNG, *PAPER, "--json", typed=f"{WORDS}\n")
    result = json.loads(done.stdout)
    assert {key: result[key] for key in ("wave", "approver", "way", "document", "document_date")} == {
        "wave": "dot-1", "approver": HUNG, "way": "passphrase", "document": "238/KH-UBND", "document_date": "2026-06-15",
    }  # fmt: skip
    assert f"fingerprint: {result['fingerprint'][:4]} " in done.stderr


@pytest.mark.parametrize(
    ("words", "typed", "code", "said"),
    [
        (("dot-1",), "", 2, "name the approver: --as NAME"),
        (("dot-1", "--as", HUNG, "--by-sms", HUNG), "", 2, "name the approver: --as NAME"),
        (("dot-1", "--as", HUNG, "--document", "238/KH-UBND"), "", 2, "a document has a number and a day"),
        (("dot-1", "--as", HUNG, "--document", "x", "--document-date", "2026-06-15"), "", 2, "“x” is no number of a document"),
        (("dot-9", "--as", HUNG), WORDS, 1, "there is no wave dot-9"),
        (("dot-1", "--as", HUNG), "sai rồi sai nữa\n", 1, "the name or the passphrase is wrong"),
        (("dot-1", "--as", "Ai Đó"), f"{WORDS}\n", 1, "the name or the passphrase is wrong"),
        (("dot-1", "--as", LAN), f"{WORDS}\n", 1, f"{LAN} is no approver"),
        (("dot-1", "--by-sms", "Ai Đó"), "", 1, "there is no user Ai Đó"),
    ],
)
def test_what_approves_nothing(gateway: Gateway, words: tuple[str, ...], typed: str, code: int, said: str) -> None:
    done = tinbao(gateway, "wave", "approve", *words, typed=typed)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr
    assert state(gateway) == "planned"


def test_a_doubtful_number_is_remarked_on(gateway: Gateway) -> None:
    done = tinbao(
        gateway, "wave", "approve", "dot-1", "--as", HUNG, "--document", "kế hoạch 238", "--document-date", "2026-06-15", typed=f"{WORDS}\n"
    )
    assert done.exit_code == 0
    assert "does not look like a document's number" in done.stderr


def test_by_sms_a_code_is_queued(gateway: Gateway) -> None:
    """The phone is shown masked, and the code nowhere."""
    done = tinbao(gateway, "wave", "approve", "dot-1", "--by-sms", HUNG)
    assert (done.exit_code, done.stdout) == (0, f"{HUNG} was asked at +843…02; the answer may come within 24 hours\n")
    assert "DUYET" not in done.stderr
    assert state(gateway) == "planned"


@pytest.mark.parametrize(("carrier", "path"), [("kannel", "/cgi-bin/sendsms"), ("simulator", "/sms")])
async def test_duyet_over_the_air(tmp_path: Path, carrier: str, path: str) -> None:
    """A code to the approver's handset, a wrong answer, the right one; then, and only then, the wave reaches its people."""
    async with telco() as there:
        gateway = deployment(tmp_path / "d", routes=route("tuyen", carrier, there.url + path, max_unapproved=3, price_vnd=350))
        there.hook = Hook(f"{gateway.url}/hooks/tuyen/mo?secret=s3cret", carrier)
        await asyncio.to_thread(prepare, gateway, mt={"expires_at": now_ms() + HOUR_MS})
        handsets, approver = TelcoHandsets(there), HUNGS_PHONE.e164
        async with serving(gateway):
            with pytest.raises(Refusal, match="wave dot-1 is not approved"):
                await _start(gateway)
            asked = await apart(gateway.run, "wave", "approve", "dot-1", "--by-sms", HUNG)
            assert asked.returncode == 0, asked.stderr
            (question,) = await _received(handsets, approver, 1)
            code = question.partition("DUYET dot-1 ")[2][:6]
            await handsets.write("+84300000299", f"DUYET dot-1 {code}")  # who looked over a shoulder
            assert (await _received(handsets, "+84300000299", 1))[0].startswith("Cu phap")
            await handsets.write(approver, f"DUYET dot-1 {'000000' if code != '000000' else '000001'}")
            assert "Con 2 lan" in (await _received(handsets, approver, 2))[1]
            await handsets.write(approver, f"duyet Dot 1 {code}")
            assert (await _received(handsets, approver, 3))[2].startswith("Da duyet dot dot-1: 25 tin.")
            await _start(gateway)

            async def has_left() -> bool:
                return len([sms for sms in there.handsets.since(0)[1] if sms.text == "Tri an"]) == 25

            await eventually(has_left)


async def _start(gateway: Gateway) -> None:
    """What `wave start` does, with the routes of the deployment."""
    async with _database(gateway) as database:
        await waves.start(database, routes_of(load_settings(gateway.folder, {})), "dot-1", now_ms())
