"""`tinbao routes add`: what a clerk types at a real terminal, what a script hands over, and that nothing is ever left half."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import tomllib
from collections import UserDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.carriers.contracts import CONTRACTS
from gateway.carriers.protocol import needed_by, options_of
from gateway.carriers.registry import CARRIERS
from gateway.cli.routes import add_commands
from gateway.deployment import shipped_deployment
from gateway.route_file import NewRoute, add_route
from gateway.settings import BadSettings, load_settings
from tests.cli.door import Ran, run
from tests.harness import KEY, TINBAO

SECRET = "s3cret-of-the-contract"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_deployment(), tmp_path / "xa"))


def add(folder: Path, *words: str, stdin: str = f"{SECRET}\n", json: bool = True) -> Ran:
    return run(add_commands, folder, "routes", "add", *words, json=json, stdin=stdin)


ESMS = ("--carrier", "esms", "--username", "KEY1", "--sender-id", "UBNDXA", "--pace", "30 segments/s", "--price-vnd", "350")


# --- a script ---


def test_a_route_of_flags_and_a_line_of_stdin(folder: Path) -> None:
    before = (folder / "gateway.toml").read_bytes()
    ran = add(folder, *ESMS, "--prefixes", "+8496, +8497", stdin=f"{SECRET}\nmo-key\n")
    assert ran.exit_code == 0, ran.stderr
    after = (folder / "gateway.toml").read_bytes()
    assert after.startswith(before)  # the rest byte for byte
    assert (folder / ran.json["kept"]).read_bytes() == before
    route = load_settings(folder, {}).route("esms")
    assert route is not None
    assert (route.url, route.account.username) == (CONTRACTS["esms"].url, "KEY1")
    assert route.account.password.get_secret_value() == SECRET
    assert route.account.options == {"hook_key": "mo-key"}
    assert (route.pace.limit, route.pace.unit, route.price_vnd, route.prefixes) == (30, "segments", 350, ("+8496", "+8497"))
    assert len(route.hook_secret.get_secret_value()) == 32


def test_no_secret_stands_in_the_settings_nor_in_what_is_said(folder: Path) -> None:
    ran = add(folder, *ESMS, stdin=f"{SECRET}\nmo-key\n")
    assert SECRET not in (folder / "gateway.toml").read_text("utf-8") + ran.stdout + ran.stderr
    assert "mo-key" not in (folder / "gateway.toml").read_text("utf-8") + ran.stdout + ran.stderr
    secrets = folder / "var" / "secrets.env"
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert f"ESMS_PASSWORD={SECRET}\n" in secrets.read_text("utf-8")
    assert ran.json["variables"] == ["ESMS_HOOK", "ESMS_HOOK_KEY", "ESMS_PASSWORD"]


def test_the_environment_is_asked_first_and_never_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESMS_PASSWORD", "from-the-environment")
    assert add(folder, *ESMS, stdin="\n").exit_code == 0
    assert "from-the-environment" not in (folder / "var" / "secrets.env").read_text("utf-8")
    assert load_settings(folder, os.environ).route("esms").account.password.get_secret_value() == "from-the-environment"  # type: ignore[union-attr]


def test_the_addresses_for_the_telco(folder: Path) -> None:
    ran = add(folder, "--carrier", "speedsms", "--sender-id", "UBNDXA", "--option", "sms_type=3")
    secret = load_settings(folder, {}).route("speedsms").hook_secret.get_secret_value()  # type: ignore[union-attr]
    base = "https://tinbao.example.vn/hooks/speedsms"
    assert [(each["kind"], each["url"]) for each in ran.json["callbacks"]] == [
        ("mo", f"{base}/mo?secret={secret}"),
        ("dlr", f"{base}/dlr?secret={secret}"),
    ]
    assert [each["note"] for each in ran.json["callbacks"]] == ["give it to the carrier"] * 2
    notes = {each["kind"]: each["note"] for each in add(folder, *ESMS, stdin=f"{SECRET}\n\n").json["callbacks"]}
    assert notes["dlr"] == "travels with each message: nothing to do"


def test_ussd_has_an_address_too(folder: Path) -> None:
    ran = add(folder, "--carrier", "vmg", "--ussd", "hubtel")
    assert [each["kind"] for each in ran.json["callbacks"]] == ["ussd"]  # vmg brings neither MOs nor reports
    assert "/hooks/vmg/ussd?secret=" in ran.json["callbacks"][0]["url"]
    assert load_settings(folder, {}).route("vmg").ussd == "hubtel"  # type: ignore[union-attr]


def test_two_routes_of_one_carrier_get_two_names_and_two_secrets(folder: Path) -> None:
    first, second = (add(folder, *ESMS, stdin=f"{word}\n\n").json["route"] for word in ("one", "two"))
    assert (first, second) == ("esms", "esms-2")
    passwords = [load_settings(folder, {}).route(name).account.password.get_secret_value() for name in (first, second)]  # type: ignore[union-attr]
    assert passwords == ["one", "two"]


WRONG = [
    (("--carrier", "esmz"), "--carrier: take one of: "),
    ((*ESMS, "--name", "gia-lap"), "--name: a route of that name is there already"),
    ((*ESMS, "--name", "Ế"), "--name: a name has a-z, 0-9 and dashes"),
    ((*ESMS, "--sender-id", "ỦY BAN"), "--sender-id: a sender id is a number, or at most 11"),
    ((*ESMS, "--pace", "fast"), "--pace: write it like 30, 30 segments/s"),
    ((*ESMS, "--price-vnd", "3.5"), "--price-vnd: write a number"),
    ((*ESMS, "--prefixes", "096"), "--prefixes: a prefix is + and digits"),
    ((*ESMS, "--option", "cp_code=1"), "--option cp_code: esms knows hook_key"),
    ((*ESMS, "--option", "hook_key=x"), "--option hook_key: a secret"),
    ((*ESMS, "--option", "hook_key"), "--option hook_key: write it as NAME=VALUE"),
    ((*ESMS, "--test-to", "12"), "--test-to: "),
    (("--carrier", "esms"), "--username is missing: ApiKey"),
    (("--carrier", "viettel", "--username", "u"), "--option cp_code is missing: cp_code: CPCode of the contract"),
    (("--carrier", "speedsms", "--option", "sms_type=9"), "--option sms_type: take one of: 2, 3"),
    ((*ESMS, "--ussd", "arkesel"), "What is known of arkesel rests on memory alone"),
    ((*ESMS, "--ussd", "morse"), "--ussd: take one of: "),
    (("--carrier", "traccar", "--username", "u"), "What is known of traccar rests on memory alone"),
    (("--carrier", "custom", "--description", "../x.toml"), "--description: write the name of a file beside gateway.toml"),
    (("--carrier", "simulator", "--username", "u", "--url", "http://192.0.2.1/sms"), "--url: a simulator route must stay on this machine"),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_a_wrong_answer_of_a_script_ends_it_and_writes_nothing(folder: Path, words: Sequence[str], said: str) -> None:
    before = state_of(folder)
    ran = add(folder, *words, stdin=f"{SECRET}\n\n")
    assert ran.exit_code == 2
    assert said in ran.stderr.splitlines()[-1]
    assert state_of(folder) == before


def state_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# --- addresses: with a path, without scheme, with credentials; carrier by carrier ---

ADDRESSED = {name: contract for name, contract in CONTRACTS.items() if contract.url and name in CARRIERS}


def flags_of(name: str) -> tuple[str, ...]:
    carrier = CARRIERS[name]
    plain = [key for key in needed_by(carrier) if not re.search(r"(^|_)(key|secret|token|password|pass)$", key)]
    return ("--carrier", name, "--username", "AC1", "--memory-ok", *(word for key in plain for word in ("--option", f"{key}=1")))


@pytest.mark.parametrize("name", ADDRESSED)
def test_an_address_without_scheme_or_with_credentials_is_named_and_refused(folder: Path, name: str) -> None:
    host = "127.0.0.1:9" if name == "simulator" else "gw.example.vn"
    for typed, said in [
        (f"{host}/sms", "no http:// or https:// in front"),
        (f"https://u:{SECRET}@{host}/sms", "holds a user name or password"),
        (f"ftp://{host}/sms", "leads nowhere"),
        ("https:///sms", "leads nowhere"),
        (f"https://{host}:99999/sms", "can't be read"),
        (f"https://{host}/sms#x", "a sign that none may hold"),
        (f"https://{host}/s ms", "a sign that none may hold"),
        (f"https://{host}/tin báo", "a sign that none may hold"),
    ]:
        ran = add(folder, *flags_of(name), "--url", typed, stdin="x\n" * 6)
        assert ran.exit_code == 2, typed
        assert said in ran.stderr
        assert SECRET not in ran.stderr + ran.stdout
    assert not (folder / "var").exists()


@pytest.mark.parametrize("name", [name for name, each in ADDRESSED.items() if each.url.count("/") > 2])
def test_a_bare_host_gets_the_vendors_path_and_another_path_stays(folder: Path, name: str) -> None:
    from gateway.carriers.contracts import address_of

    contract = ADDRESSED[name]
    ending = contract.path or contract.url.replace("{username}", "AC1").partition("://")[2].partition("/")[2]
    bare = address_of(contract, "https://gw.example.vn", "AC1")
    assert bare.url == f"https://gw.example.vn/{ending.lstrip('/')}"
    assert "was added" in bare.remark
    assert address_of(contract, bare.url, "AC1").remark == ""
    proxied = f"https://gw.example.vn/telco/{ending.lstrip('/')}"
    assert address_of(contract, proxied, "AC1") == type(bare)(proxied)
    other = address_of(contract, "https://gw.example.vn/elsewhere/9", "AC1")
    assert other.url == "https://gw.example.vn/elsewhere/9"
    assert "doesn't end in" in other.remark


def test_every_carrier_has_its_contract() -> None:
    assert set(CARRIERS) <= set(CONTRACTS)
    assert not [name for name, contract in CONTRACTS.items() if not contract.password]


@pytest.mark.parametrize("name", [name for name in CARRIERS if CARRIERS[name].CAPABILITIES.addresses == "+"])
def test_each_carrier_can_be_added_with_what_it_needs_and_no_more(folder: Path, name: str) -> None:
    url = () if CONTRACTS[name].url else ("--url", "https://gw.example.vn/sms")
    ran = add(folder, *flags_of(name), *url, "--sender-id", "8088", stdin="secret\n" * (1 + len(options_of(CARRIERS[name]))))
    assert ran.exit_code == 0, ran.stderr
    assert load_settings(folder, {}).route_faults == ()


# --- the file ---


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "# the end"])
def test_whatever_the_file_ends_with(folder: Path, end: str) -> None:
    path = folder / "gateway.toml"
    path.write_text(path.read_text("utf-8").rstrip("\n") + end, "utf-8")
    before = path.read_bytes()
    assert add(folder, *ESMS, stdin=f"{SECRET}\n\n").exit_code == 0
    assert path.read_bytes().startswith(before)
    assert load_settings(folder, {}).route("esms") is not None


def test_windows_line_ends_and_a_link_stay(folder: Path, tmp_path: Path) -> None:
    path, real = folder / "gateway.toml", tmp_path / "etc.toml"
    real.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    real.chmod(0o640)
    path.unlink()
    path.symlink_to(real)
    assert add(folder, *ESMS, stdin=f"{SECRET}\n\n").exit_code == 0
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert b"\n" not in real.read_bytes().replace(b"\r\n", b"")
    assert tomllib.loads(real.read_text("utf-8"))["routes"][-1]["name"] == "esms"


def test_a_broken_file_is_not_added_to(folder: Path) -> None:
    path = folder / "gateway.toml"
    path.write_text(path.read_text("utf-8") + "\n[[routes]\n", "utf-8")
    before = state_of(folder)
    with pytest.raises(Exception, match=r"gateway\.toml:\d+: This is no TOML"):
        add(folder, *ESMS)
    assert state_of(folder) == before


def test_a_folder_that_cannot_be_written_is_named(folder: Path) -> None:
    (folder / "var").write_text("a file where a folder should be")
    before = state_of(folder)
    ran = add(folder, *ESMS, stdin=f"{SECRET}\n\n")
    assert ran.exit_code == 1
    assert "can't be written" in ran.stderr
    assert state_of(folder) == before


def test_the_shipped_example_takes_no_route() -> None:
    ran = add(shipped_deployment(), *ESMS)
    assert ran.exit_code == 1
    assert "tinbao init DIR" in ran.stderr


def test_without_a_key_nothing_can_be_sent_and_nothing_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TINBAO_KEY", raising=False)
    before = state_of(folder)
    with pytest.raises(Exception, match="There is no key"):
        add(folder, *ESMS, "--test-to", "0300000101", stdin=f"{SECRET}\n\n")
    assert state_of(folder) == before


def test_a_file_that_somebody_changed_meanwhile_is_not_written_over(folder: Path) -> None:
    """Two people at once: the one who comes second begins anew."""
    path = folder / "gateway.toml"

    class Meddler(UserDict[str, str]):
        """An environment that changes the file when it is asked, which is while the new one is tried out."""

        def __getitem__(self, key: str) -> str:
            path.write_bytes(before + b"# a colleague\n")
            return super().__getitem__(key)

    account = {"username": "", "password": "${N_P}"}
    new = NewRoute({"name": "n", "carrier": "vmg", "url": "https://gw.example.vn/s", "account": account, "tps": 1})
    before = path.read_bytes()
    with pytest.raises(BadSettings, match="Somebody changed the file meanwhile"):
        add_route(folder, new, Meddler({"N_P": "x"}))
    assert path.read_bytes() == before + b"# a colleague\n"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_secrets_file_that_others_may_read_stops_the_start(folder: Path, mode: int) -> None:
    from gateway.cli.check import add_commands as check

    add(folder, *ESMS, stdin=f"{SECRET}\n\n")
    (folder / "var" / "secrets.env").chmod(mode)
    ran = run(check, folder, "check")
    assert ran.exit_code == 78
    assert "chmod 600" in ran.stdout
    assert SECRET not in ran.stdout


# --- a person at a terminal ---


class Terminal:
    """`tinbao` at a pseudo-terminal: what it shows, and what is typed when it has asked."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.shown = ""
        ours, theirs = pty.openpty()
        self.at = ours
        self.process = subprocess.Popen(
            (*TINBAO, "--config", str(folder), *words),
            stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TINBAO_KEY": KEY, "COLUMNS": "200"}, start_new_session=True,
            preexec_fn=lambda: _owns(theirs),
        )  # fmt: skip
        os.close(theirs)

    def until(self, question: str, seconds: float = 60) -> str:
        """Read until `question` is shown; what came since the last one."""
        fresh = ""
        while question not in fresh:
            assert select.select([self.at], [], [], seconds)[0], f"“{question}” was not asked:\n{self.shown}"
            try:
                read = os.read(self.at, 4096).decode("utf-8", "replace")
            except OSError:
                read = ""
            assert read, f"it ended before “{question}”:\n{self.shown}"
            fresh += read
            self.shown += read
        return fresh

    def types(self, question: str, answer: str) -> str:
        said = self.until(question)
        os.write(self.at, answer.encode() + b"\n")
        return said

    def interrupts(self) -> None:
        """Ctrl-C, and once more when nothing but its echo is seen: one that comes just before a program reads waits for the next key."""
        fresh = ""
        while not fresh.replace("^C", "").strip() and self.process.poll() is None:
            os.write(self.at, b"\x03")
            while select.select([self.at], [], [], 5)[0] and not fresh.replace("^C", "").strip():
                try:
                    read = os.read(self.at, 4096).decode("utf-8", "replace")
                except OSError:
                    read = ""
                if not read:
                    return
                fresh, self.shown = fresh + read, self.shown + read

    def ends(self) -> int:
        with suppress(OSError):
            while select.select([self.at], [], [], 60)[0] and (read := os.read(self.at, 4096)):
                self.shown += read.decode("utf-8", "replace")
        code = self.process.wait(60)
        os.close(self.at)
        return code


def _owns(terminal: int) -> None:
    """Make the terminal the child's own, so that Ctrl-C reaches it."""
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal(folder: Path):
    opened: list[Terminal] = []

    def open_(*words: str) -> Terminal:
        opened.append(Terminal(folder, *words))
        return opened[-1]

    yield open_
    for each in opened:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def test_what_a_clerk_types_with_slips_that_are_mended(folder: Path, terminal: Callable[..., Terminal]) -> None:
    at = terminal("routes", "add")
    at.types("Carrier: ", "esmz")
    assert "take one of" in at.types("Carrier: ", "esms")
    at.types("Name of the route", "")
    at.types("ApiKey: ", "KEY1")
    at.types("Address ", "rest.esms.vn")
    assert "no http:// or https://" in at.types("Address ", "https://rest.esms.vn/MainService.svc/json")
    assert "was added" in at.types("SecretKey: ", SECRET)
    at.types("which signs its calls: ", "")
    at.types("Sender id", "ỦY BAN NHÂN DÂN")
    assert "at most 11" in at.types("Sender id", "UBNDXA")
    at.types("Pace of the contract", "30 segments/s")
    at.types("Numbers that it reaches", "")
    at.types("Price of one segment", "350")
    at.types("Most it may cost a day", "")
    at.types("USSD of this contract", "")
    at.types("Number for a test SMS", "")
    at.types("Write route esms", "y")
    at.types("Ask the carrier now", "n")
    assert at.ends() == 0, at.shown
    assert SECRET not in at.shown  # typed hidden
    assert "/hooks/esms/mo?secret=" in at.shown
    assert load_settings(folder, {}).route("esms").url == CONTRACTS["esms"].url  # type: ignore[union-attr]


@pytest.mark.parametrize("question", ["SecretKey: ", "Write route esms"])
def test_ctrl_c_leaves_nothing_half(folder: Path, terminal: Callable[..., Terminal], question: str) -> None:
    before = state_of(folder)
    plain = ("--prefixes", "", "--daily-budget-vnd", "0", "--ussd", "", "--test-to", "")
    given = ("--name", "esms", "--url", CONTRACTS["esms"].url, *plain)
    at = terminal("routes", "add", *ESMS, *given)
    if question != "SecretKey: ":
        at.types("SecretKey: ", SECRET)
        at.types("which signs its calls: ", "")
    at.until(question)
    at.interrupts()
    assert at.ends() != 0
    assert "Traceback" not in at.shown
    assert state_of(folder) == before


def test_json_never_asks(folder: Path, terminal: Callable[..., Terminal]) -> None:
    """Even at a terminal a script's words are all there is."""
    at = terminal("--json", "routes", "add", "--carrier", "esms")
    assert at.ends() == 2
    assert "--username is missing" in at.shown


def test_the_last_thing_said_is_json(folder: Path) -> None:
    assert json.loads(add(folder, *ESMS, stdin=f"{SECRET}\n\n").stdout)["route"] == "esms"
