"""`tinbao serve` as a real process: what keeps it from starting, what it bears while it runs, how it ends."""

import asyncio
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import ClientSession

from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import Telco, telco
from gateway.storage.files import dispatcher_lock
from tests.cli.refused import refusal
from tests.harness import ROOT, Gateway, contacts_csv, deployment, eventually, route, wait_for_port
from tests.story import ROUTE, is_ready, serving

OTHER_KEY = b64encode(bytes(32)).decode()
NOWHERE = "http://127.0.0.1:9/cgi-bin/sendsms"


@pytest.fixture
def idle(tmp_path: Path) -> Gateway:
    """A deployment whose telco is not there."""
    return deployment(tmp_path / "d", routes=route(ROUTE, "kannel", NOWHERE))


@asynccontextmanager
async def with_telco(folder: Path, behaviour: Behaviour | None = None, **more: object) -> AsyncIterator[tuple[Gateway, Telco]]:
    async with telco(behaviour=behaviour) as there:
        yield deployment(folder, routes=route(ROUTE, "kannel", f"{there.url}/cgi-bin/sendsms", **more)), there


def mo_url(number: str, text: str, ident: str) -> str:
    return f"/hooks/{ROUTE}/mo?secret=s3cret&from={quote(number)}&to=8088&text={quote(text)}&id={ident}&ts=1795000000"


def people(first: int, count: int) -> dict[str, str]:
    """Invented numbers and what each texts."""
    return {f"+84300000{first + at}": f"LS TN{at % 30 + 1:02d} co {at} ngoi mo o chan doi" for at in range(count)}


async def replies_to(there: Telco, numbers: dict[str, str]) -> dict[str, int]:
    """How many texts each phone received; waits until each has one, then until the telco is quiet."""

    def counts() -> dict[str, int]:
        return {number: sum(not sms.mine for sms in there.handsets.of(number)) for number in numbers}

    async def all_answered() -> bool:
        return all(counts().values())

    await eventually(all_answered)
    await there.quiet()
    return counts()


def states(gateway: Gateway) -> Counter[str]:
    """MTs by state, as a stranger reads the file."""
    connection = sqlite3.connect(gateway.folder / "var" / "tinbao.db", timeout=10)
    try:
        return Counter(state for (state,) in connection.execute("SELECT state FROM mt"))
    finally:
        connection.close()


# --- what keeps it from starting ---


@pytest.mark.parametrize("setting", ["service.listen", "desk.listen"])
def test_a_port_in_use_is_named_with_its_setting(idle: Gateway, setting: str) -> None:
    """Exit 1, the address and where it is set; nothing is left running."""
    port = idle.public if setting == "service.listen" else idle.desk
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = idle.run("serve")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"127.0.0.1:{port} can't be listened on" in done.stderr.splitlines()[-1]
    assert f"change {setting} in gateway.toml" in done.stderr.splitlines()[-1]


def test_a_wrong_key_stops_the_start(idle: Gateway) -> None:
    """Rows sealed with two keys could never be read together again: exit 78, the database untouched."""
    assert idle.run("migrate").returncode == 0
    other = Gateway(idle.folder, idle.public, idle.desk, environ={"TINBAO_KEY": OTHER_KEY})
    assert "key" in refusal(other.run("serve"), 78).lower()
    assert idle.run("wave", "list").returncode == 0


def test_a_missing_key_stops_the_start(idle: Gateway) -> None:
    """Exit 78; the sentence says where a key may be."""
    (idle.folder / "var" / "tinbao.key").unlink()
    other = Gateway(idle.folder, idle.public, idle.desk, environ={"TINBAO_KEY": ""})
    sentence = refusal(other.run("serve"), 78)
    assert "TINBAO_KEY" in sentence


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('hook_secret = "${NO_SUCH_SECRET}"', ("NO_SUCH_SECRET", "export")),
        ("tsp = 100", ("tsp", "tps")),
        ("concurrency = many", ("gateway.toml",)),  # no TOML
    ],
)
def test_wrong_settings_stop_the_start_with_their_line(idle: Gateway, line: str, words: tuple[str, ...]) -> None:
    """Exit 78, gateway.toml:LINE."""
    settings = idle.folder / "gateway.toml"
    kept = [each for each in settings.read_text("utf-8").splitlines() if not each.startswith(line.partition("=")[0])]
    settings.write_text("\n".join([*kept, line]) + "\n", "utf-8")
    sentence = refusal(idle.run("serve"), 78)
    assert sentence.startswith(f"gateway.toml:{len(kept) + 1}:")
    assert [word for word in words if word not in sentence] == []


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    done = Gateway(tmp_path / "nowhere", 0, 0).run("serve")
    assert "nowhere" in refusal(done, 78) or "gateway.toml" in done.stderr


# --- what it bears ---


@contextmanager
def locked(gateway: Gateway) -> Iterator[None]:
    """Another process holds the database's write lock."""
    connection = sqlite3.connect(gateway.folder / "var" / "tinbao.db", isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


async def test_a_locked_database_costs_no_message(tmp_path: Path) -> None:
    """Messages are answered from the spool, pages from memory; when the lock is gone each gets its one reply."""
    asked = people(701, 8)
    async with with_telco(tmp_path / "d") as (gateway, there), serving(gateway) as process, ClientSession(gateway.url) as calls:
        await is_ready(calls)
        with locked(gateway):

            async def bring(ident: int, number: str, text: str) -> tuple[int, bytes]:
                async with calls.get(mo_url(number, text, f"id-{ident}")) as answer:
                    return answer.status, await answer.read()

            answers = await asyncio.gather(*(bring(at, *each) for at, each in enumerate(asked.items())))
            assert set(answers) == {(200, b"")}
            async with calls.post("/V/TN07", data={"story": "co 2 nam mo sau truong cu", "phone": ""}) as answer:
                assert (answer.status, "giữ an toàn" in await answer.text()) == (200, True)
            assert process.poll() is None
        assert await replies_to(there, asked) == dict.fromkeys(asked, 1)

        async def are_listed() -> bool:
            done = await asyncio.to_thread(gateway.run, "tips", "list", "--json")
            return len(done.stdout.splitlines()) == len(asked) + 1

        await eventually(are_listed)


async def test_a_successor_waits_for_a_locked_database(tmp_path: Path) -> None:
    """It may become the dispatcher just while another process holds the write lock: it bears that, and goes on when it can."""
    async with with_telco(tmp_path / "d") as (gateway, there):
        assert (await asyncio.to_thread(gateway.run, "send", "--route", ROUTE, "--to", "0300000710", "--text", "Chao")).returncode == 0
        with ExitStack() as before:
            before.enter_context(dispatcher_lock(gateway.folder / "var" / "tinbao.db"))
            async with serving(gateway) as process:
                with locked(gateway):
                    before.close()
                    with pytest.raises(subprocess.TimeoutExpired):
                        await asyncio.to_thread(process.wait, 4)
                assert await replies_to(there, {"+84300000710": ""}) == {"+84300000710": 1}


async def test_sigterm_while_the_database_is_locked_ends_all_the_same(tmp_path: Path) -> None:
    """What the end could not hand back, the next start finds: each message arrives once."""
    async with with_telco(tmp_path / "d", Behaviour(dlr="never", delay_s=0.2), concurrency=4) as (gateway, there):
        await _started(gateway, tmp_path / "list.csv", 60)
        process = gateway.start()
        try:
            await eventually(lambda: _taken(there, 10), pause=0.01)
            with locked(gateway):
                process.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):  # it may wait for the lock to settle what came back
                    await asyncio.to_thread(process.wait, 4)
            assert await asyncio.to_thread(process.wait, 15) in (0, 1)
        finally:
            process.kill()
            await asyncio.to_thread(process.wait)
        assert "Traceback" not in (gateway.folder / "serve.log").read_text("utf-8")
        async with serving(gateway):
            await eventually(lambda: _settled(gateway))
        found = states(gateway)
        assert set(found) <= {"sent", "uncertain"}
        assert there.counts.taken == 60
        assert there.counted()["twice"] == 0


async def test_a_spooled_message_outlives_kill_9(tmp_path: Path) -> None:
    """Answered means safe, wherever it lay."""
    asked = people(711, 3)
    async with with_telco(tmp_path / "d") as (gateway, there):
        process = gateway.start()
        try:
            await asyncio.to_thread(wait_for_port, gateway.desk, process)
            async with ClientSession(gateway.url) as calls:
                await is_ready(calls)
                with locked(gateway):
                    for at, (number, text) in enumerate(asked.items()):
                        async with calls.get(mo_url(number, text, f"id-{at}")) as answer:
                            assert answer.status == 200
                    process.kill()
                    await asyncio.to_thread(process.wait)
        finally:
            process.kill()
        async with serving(gateway):
            assert await replies_to(there, asked) == dict.fromkeys(asked, 1)


def _own_mounts() -> bool:
    """Whether this machine lets a process mount a disk of its own."""
    return (
        sys.platform == "linux"
        and shutil.which("unshare") is not None
        and subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.skipif(not _own_mounts(), reason="needs user namespaces, for a small disk of the process's own")
async def test_a_full_disk_refuses_and_loses_nothing(tmp_path: Path) -> None:
    """What was answered 200 is kept; what can't be kept is answered 503 in one sentence, and taken when there is room again."""
    asked = people(721, 150)
    small_disk = ("unshare", "-Urm", "sh", "-c", 'mount -t tmpfs -o size=6m tmpfs "$0" && exec "$@"', str(tmp_path / "d" / "var"))
    async with with_telco(tmp_path / "d") as (gateway, there):
        gateway = Gateway(gateway.folder, gateway.public, gateway.desk, tinbao=(*small_disk, *gateway.tinbao))
        async with serving(gateway) as process, ClientSession(gateway.url) as calls:
            await is_ready(calls)
            fill = Path(f"/proc/{process.pid}/root") / str(tmp_path / "d" / "var" / "fill").lstrip("/")
            _fill(fill)
            refused = [each for each in enumerate(asked.items()) if await _brought(calls, *each) == 503]
            assert refused
            assert process.poll() is None
            fill.unlink()
            for each in refused:
                assert await _brought(calls, *each) == 200
            assert await replies_to(there, asked) == dict.fromkeys(asked, 1)


def _fill(file: Path) -> None:
    """Write until the disk takes no more."""
    with file.open("wb", buffering=0) as there, suppress(OSError):
        while there.write(bytes(4096)):
            pass


async def _brought(calls: ClientSession, ident: int, mo: tuple[str, str]) -> int:
    async with calls.get(mo_url(*mo, f"id-{ident}")) as answer:
        assert (await answer.text()).count("\n") == (answer.status == 503)
        return answer.status


# --- how it ends ---


async def test_sigterm_drains(tmp_path: Path) -> None:
    """What is on the wire comes back, what was claimed goes back to the queue, nothing is left sending; the next start sends the rest."""
    async with with_telco(tmp_path / "d", Behaviour(dlr="never", delay_s=0.1), concurrency=8) as (gateway, there):
        await _started(gateway, tmp_path / "list.csv", 200)
        async with serving(gateway):  # its end is a SIGTERM, and exit 0
            await eventually(lambda: _taken(there, 40), pause=0.01)
        found = states(gateway)
        assert set(found) == {"sent", "queued"}
        assert found["sent"] == there.counts.taken < 200
        there.behaviour = Behaviour(dlr="never")
        async with serving(gateway):
            await eventually(lambda: _taken(there, 200))
        assert states(gateway) == {"sent": 200}
        assert there.counted()["twice"] == 0


async def test_an_answer_that_never_comes_holds_up_no_end(tmp_path: Path) -> None:
    """After `drain_s` the process ends all the same, and says of those messages that they may have arrived."""
    async with with_telco(tmp_path / "d", Behaviour(dlr="never", stall_every=1), concurrency=4) as (gateway, there):
        settings = gateway.folder / "gateway.toml"
        settings.write_text(settings.read_text("utf-8").replace("[service]", "[service]\ndrain_s = 1", 1), "utf-8")
        await _started(gateway, tmp_path / "list.csv", 20)
        process = gateway.start()
        try:
            await eventually(lambda: _taken(there, 4), pause=0.01)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 15) == 0
        finally:
            process.kill()
            await asyncio.to_thread(process.wait)
        assert states(gateway) == {"uncertain": 4, "queued": 16}


async def _started(gateway: Gateway, contacts: Path, count: int) -> None:
    contacts.write_text(contacts_csv(count))
    plan = (
        "wave",
        "plan",
        "--id",
        "w",
        "--route",
        ROUTE,
        "--text",
        "{{ ma_thon }} tri an",
        "--contacts",
        str(contacts),
        "--window",
        "00:00-00:00",
    )
    for words in (plan, ("wave", "start", "w")):
        done = await asyncio.to_thread(gateway.run, *words)
        assert done.returncode == 0, done.stderr


async def _taken(there: Telco, count: int) -> bool:
    return there.counts.taken >= count


async def _settled(gateway: Gateway) -> bool:
    return not {"queued", "claimed", "sending"} & set(await asyncio.to_thread(states, gateway))


def test_nobodys_message_waits_for_what_draws() -> None:
    """Papers, posters and their libraries are loaded with the desk, after the hooks and the dispatcher are up."""
    heavy = ("collateral", "docx", "openpyxl", "pikepdf", "reportlab")
    asked = f"import sys, gateway.serve; print([name for name in {heavy} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
