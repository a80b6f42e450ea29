"""`tinbao send` as a real process: counts, opt-outs, limits, and one sentence for each thing that can be wrong."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import Telco, telco
from tests.cli.refused import refusal
from tests.harness import Gateway, deployment, eventually, route
from tests.story import ROUTE, serving

NOWHERE = "http://127.0.0.1:9/cgi-bin/sendsms"
REAL = "that-su"  # leads to subscribers


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """A deployment that nobody serves: what is sent without --wait stays in the queue."""
    routes = route(ROUTE, "kannel", NOWHERE) + route(REAL, "kannel", NOWHERE, max_unapproved=3)
    return deployment(tmp_path_factory.mktemp("send") / "d", routes=routes.replace("prefixes = []", 'prefixes = ["+84"]'))


def heard(there: Telco) -> list[tuple[str, str]]:
    return [(sms.number, sms.text) for sms in there.handsets.since(0)[1]]


async def sent(gateway: Gateway, *words: str) -> dict[str, Any]:
    return await asyncio.to_thread(gateway.json, "send", "--route", ROUTE, *words)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--route", ROUTE, "--text", "Chao"], 2, "there is no number to send to; name it with --to or --to-file"),
        (["--route", "nope", "--to", "0300000801", "--text", "Chao"], 1, f"there is no enabled route nope; enabled are: {ROUTE}, {REAL}"),
        (["--route", ROUTE, "--to", "0300000801", "--text", "  "], 1, "the text is empty; write it after --text"),
        (["--route", ROUTE, "--to-file", "none.txt", "--text", "Chao"], 2, "none.txt can't be read (No such file or directory)"),
        (["--route", REAL, "--to", "+85620000001", "--text", "Chao"], 1, f"route {REAL} does not reach +856…01"),
        (["--route", REAL, *(f"--to=030000080{at}" for at in range(4)), "--text", "Chao"], 1, f"route {REAL} takes at most 3 recipients"),
    ],
)  # fmt: skip
def test_what_can_not_be_sent_is_said(idle: Gateway, words: list[str], code: int, said: str) -> None:
    """Place and remedy in one sentence; a number in it is masked."""
    sentence = refusal(idle.run("send", *words), code)
    assert sentence.startswith(said)


def test_bad_numbers_are_named_and_the_good_rest_goes(idle: Gateway, tmp_path: Path) -> None:
    """A file as offices save it (BOM, blank lines): each bad line by its number, exit 1, the others queued."""
    numbers = tmp_path / "so.txt"
    numbers.write_text("0300 000 811\n\nmười hai\n+84300000812\n0300000811\n12\n", "utf-8-sig")
    done = idle.run("send", "--route", ROUTE, "--to-file", str(numbers), "--text", "Chao", "--json")
    assert done.returncode == 1
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == ["so.txt:3", "so.txt:6"]
    assert "Traceback" not in done.stderr
    assert '"accepted": 2' in done.stdout  # 811 stands there twice and goes once


def test_the_limit_without_an_approved_wave_counts_small_sends_together(idle: Gateway) -> None:
    """Three a day may go out of hand; a fourth is a wave."""
    assert (
        idle.run("send", "--route", REAL, "--to", "0300000821", "--to", "0300000822", "--to", "0300000823", "--text", "Chao").returncode
        == 0
    )
    assert "3 are used; plan a wave" in refusal(idle.run("send", "--route", REAL, "--to", "0300000829", "--text", "Chao"), 1)


def test_the_same_id_goes_to_the_same_person_once(idle: Gateway) -> None:
    counts = [idle.json("send", "--route", ROUTE, "--id", "nhac-1", "--to", "0300000831", "--text", "Chao") for _ in range(2)]
    assert [each["accepted"] for each in counts] == [1, 0]
    assert [each["queued"] for each in counts] == [1, 1]


async def test_wait_sends_by_itself_where_nobody_serves(tmp_path: Path) -> None:
    """It stays until all has left; reports are not waited for."""
    async with telco(behaviour=Behaviour(dlr="never")) as there:
        gateway = deployment(tmp_path / "d", routes=route(ROUTE, "simulator", f"{there.url}/sms"))
        counts = await sent(gateway, "--to", "0300000841", "--to", "0300000842", "--text", "Xin cảm ơn", "--wait")
        assert {name: counts[name] for name in ("accepted", "sent", "queued", "failed", "uncertain", "segments")} == {
            "accepted": 2, "sent": 2, "queued": 0, "failed": 0, "uncertain": 0, "segments": 2,
        }  # fmt: skip
        assert sorted(heard(there)) == [("+84300000841", "Xin cảm ơn"), ("+84300000842", "Xin cảm ơn")]


async def test_a_running_serve_sends_what_others_queue(tmp_path: Path) -> None:
    """Without --wait the command is done at once; with it, it watches the other process at work."""
    async with telco() as there:
        gateway = deployment(tmp_path / "d", routes=route(ROUTE, "kannel", f"{there.url}/cgi-bin/sendsms"))
        async with serving(gateway):
            queued = await sent(gateway, "--to", "0300000851", "--text", "Mot")
            assert queued["accepted"] == 1
            waited = await sent(gateway, "--to", "0300000852", "--text", "Hai", "--wait")
            assert (waited["sent"], waited["queued"]) == (1, 0)

            async def both() -> bool:
                return len(heard(there)) == 2

            await eventually(both)
        assert sorted(heard(there)) == [("+84300000851", "Mot"), ("+84300000852", "Hai")]


@pytest.mark.parametrize(
    ("behaviour", "counted"),
    [(Behaviour(dlr="never", refuse_every=1), "failed"), (Behaviour(dlr="never", reset_after_read_every=1), "uncertain")],
)
async def test_wait_ends_with_1_when_a_message_failed_or_may_be_lost(tmp_path: Path, behaviour: Behaviour, counted: str) -> None:
    async with telco(behaviour=behaviour) as there:
        gateway = deployment(tmp_path / "d", routes=route(ROUTE, "kannel", f"{there.url}/cgi-bin/sendsms"))
        done = await asyncio.to_thread(gateway.run, "send", "--route", ROUTE, "--to", "0300000861", "--text", "Chao", "--wait", "--json")
        assert done.returncode == 1
        assert f'"{counted}": 1' in done.stdout
        assert there.counted()["requests"] == 1
