"""Settings stop the start in daylight: each fault names its line and its remedy, and all come at once."""

import re
from pathlib import Path

import pytest

from gateway.carriers.protocol import needed_by
from gateway.carriers.registry import CARRIERS
from gateway.deployment import shipped_deployment
from gateway.domain.pace import Pace
from gateway.settings import BadSettings, Settings, data_dir_of, load_settings, split_listen

SECRETS = {"VIETTEL_PASSWORD": "pass-1f3a", "VIETTEL_HOOK": "hook-9c2b"}
SHIPPED = (shipped_deployment() / "gateway.toml").read_text("utf-8")
ON = SHIPPED.replace("enabled = false", "enabled = true ")


def load(folder: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    (folder / "gateway.toml").write_text(text, "utf-8")
    return load_settings(folder, SECRETS if environ is None else environ)


def with_options(text: str, **options: str) -> str:
    """`text` with `options` in the account of its first route."""
    more = "".join(f', {name} = "{value}"' for name, value in options.items())
    return re.sub(r"(account = \{[^}\n]*\$\{\w+\}\")", lambda account: account[1] + more, text, count=1)


def faults_of(folder: Path, text: str, environ: dict[str, str] | None = None):
    with pytest.raises(BadSettings) as why:
        load(folder, text, environ)
    assert str(why.value) == "\n".join(map(str, why.value.faults))
    return why.value.faults


def test_the_shipped_settings_work_without_any_secret():
    settings = load_settings(shipped_deployment(), {})
    assert [route.name for route in settings.need_routes()] == ["gia-lap"]
    assert [route.name for route in settings.disabled_routes] == ["viettel"]
    assert settings.routes[0].rehearsal
    assert settings.service.address == ("127.0.0.1", 8080)
    assert settings.desk.address == ("127.0.0.1", 8081)


def test_the_shipped_file_has_design_s_shape():
    """Scripts edit it by line: `listen` and `database` stand alone, a route's sub-tables are inline, no other file names a route."""
    lines = SHIPPED.splitlines()
    assert sum(line.startswith("listen = ") for line in lines) == 2
    assert sum(line.startswith("database = ") for line in lines) == 1
    assert not any(line.startswith("[routes") for line in lines)
    others = [path for path in shipped_deployment().iterdir() if path.name != "gateway.toml"]
    assert not any("viettel" in path.read_text("utf-8").lower() or "gia-lap" in path.read_text("utf-8") for path in others)


def test_routes_as_designed(tmp_path):
    settings = load(tmp_path, ON)
    viettel = settings.route("viettel")
    assert viettel is not None
    assert settings.routes[0] is viettel
    assert viettel.pace == Pace(100, 1, "segments")
    assert viettel.account.password.get_secret_value() == "pass-1f3a"
    assert (viettel.max_unapproved, viettel.on_lost_answer, viettel.price_vnd) == (20, "hold", 350)
    assert viettel.hook_networks == ()


def test_no_secret_in_any_repr(tmp_path):
    text = ON.replace('"sqlite:///var/tinbao.db"', '"postgresql://u:db-77aa@localhost/t"')
    settings = load(tmp_path, text)
    assert not any(secret in f"{settings!r}{settings}" for secret in (*SECRETS.values(), "db-77aa"))


def test_a_pace_spelt_out(tmp_path):
    text = ON.replace("tps = 100 ", 'pace = { limit = 30, per_s = 60, unit = "requests" } ')
    assert load(tmp_path, text).routes[0].pace == Pace(30, 60, "requests")


@pytest.mark.parametrize(
    ("before", "after", "field", "words"),
    [
        ("base_url =", "base_ulr =", "service.base_ulr", "unknown"),
        ("[desk]", "[dsk]", "dsk", "unknown"),
        ('listen = "127.0.0.1:8081"', 'hosts = ["http://tinbao.example/"]', "desk.hosts.1", "as it stands in the browser"),
        ('listen = "127.0.0.1:8081"', 'second_factor = "some"', "desk.second_factor", "everybody"),
        ('listen = "127.0.0.1:8081"', "session_idle_min = 0", "desk.session_idle_min", "greater"),
        ("tps = 100", "tsp = 100", "routes.1.tsp", "unknown"),
        ("tps = 100 ", "pace = { limit = 1, unti = 2 } ", "routes.1.pace.unti", "unknown"),
        ("tps = 100 ", "tps = -100 ", "routes.1.pace", "not negative"),
        ('"http://127.0.0.1:13013/cgi-bin/sendsms"', '"127.0.0.1:13013"', "routes.1.url", "http://"),
        ("prefixes = [] ", 'prefixes = ["84"] ', "routes.1.prefixes.1", "+ and digits"),
        ('sender_id = "8088"', 'sender_id = "UBND xã Thống Nhất"', "routes.1.sender_id", "at most 11"),
        ("concurrency = 64", "concurrency = 0", "routes.1.concurrency", "greater than or equal to 1"),
        ('on_lost_answer = "hold"', 'on_lost_answer = "retry"', "routes.1.on_lost_answer", "resend"),
        ('name = "viettel"', 'name = "gia-lap"', "routes.2.name", "Two routes"),
        ('carrier = "kannel"', 'carrier = "kanel"', "routes.1.carrier", "no carrier"),
        ('hook_secret = "${VIETTEL_HOOK}"', 'hook_secret = ""', "routes.1.hook_secret", "Anybody"),
        ("max_unapproved = 20", "max_unapproved = -1", "routes.1.max_unapproved", "greater"),
        ("max_unapproved = 20", 'ussd = "morse"\nmax_unapproved = 20', "routes.1.ussd", "no USSD convention"),
        ("price_vnd = 350", "price_vnd = -1", "routes.1.price_vnd", "greater"),
        ("price_vnd = 350", "priority = -1", "routes.1.priority", "greater"),
        ("price_vnd = 350", 'operators = ["Vietel"]', "routes.1.operators", "no operator “Vietel”"),
        ("price_vnd = 350", 'best_for = ["viettel"]', "routes.1.best_for", "no operator “viettel”"),
        ("price_vnd = 350", "price_by_operator_vnd = { Vina = 3 }", "routes.1.price_by_operator_vnd", "no operator “Vina”"),
        ("price_vnd = 350", "price_by_operator_vnd = { FPT = -3 }", "routes.1.price_by_operator_vnd.FPT", "greater"),
        ("price_vnd = 350", "look_up = true", "routes.1.look_up", "tells nobody whose number it is"),
        ("fallback = []", 'fallback = ["mobifone"]', "routes.1.fallback", "no other route"),
        ("fallback = []", 'fallback = ["viettel"]', "routes.1.fallback", "no other route"),
        ("max_unapproved = 0", 'fallback = ["viettel"]\nmax_unapproved = 0', "routes.2.fallback", "without approval"),
        ('listen = "127.0.0.1:8081"', 'listen = "127.0.0.1:8080"', "desk.listen", "listens there"),
        ('listen = "127.0.0.1:8080"', 'listen = "8080"', "service.listen", "host:port"),
        ('"sqlite:///var/tinbao.db"', '"mysql://x"', "service.database", "sqlite:///"),
        ('"sqlite:///var/tinbao.db"', '"sqlite:///:memory:"', "service.database", "sqlite:///"),
        ('"Asia/Ho_Chi_Minh"', '"Asia/Ha_Noi"', "service.timezone", "no time zone"),
        ("tps = 100 ", "tps = = ", "", "no TOML"),
    ],
)
def test_a_fault_names_line_field_and_remedy(tmp_path, before, after, field, words):
    assert before in ON
    fault = next(fault for fault in faults_of(tmp_path, ON.replace(before, after, 1)) if fault.field == field)
    line = ON[: ON.index(before)].count("\n") + 1
    assert fault.line == (line if field not in ("routes.2.name", "routes.1.pace") else fault.line)
    assert words in fault.text
    assert fault.remedy


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("viettel", {}, "viettel needs cp_code"),
        ("kannel", {"cp_code": "1"}, "kannel knows no “cp_code” in its account"),
        ("speedsms", {"sms_type": "99"}, "sms_type is none of the words that speedsms takes"),
    ],
)
def test_what_an_account_must_and_may_say(tmp_path, name, options, words):
    text = with_options(ON.replace('"kannel"', f'"{name}"'), **options)
    (fault,) = faults_of(tmp_path, text)
    assert fault.field == "routes.1.account"
    assert words in fault.text
    assert "99" not in str(fault)  # a secret may stand there


@pytest.mark.parametrize("choice", ["resend", "ask", "hold"])
@pytest.mark.parametrize("name", sorted(CARRIERS))
def test_what_a_carrier_can_t_keep_is_refused(tmp_path, name, choice):
    can = CARRIERS[name].CAPABILITIES
    kept = {"resend": can.dedupe_window_s > 0, "ask": can.status_by == "our_ref", "hold": True}[choice]
    needed = dict.fromkeys(needed_by(CARRIERS[name]), "1")
    text = with_options(ON.replace('"kannel"', f'"{name}"'), **needed).replace('"hold"', f'"{choice}"', 1)
    text = text.replace("max_unapproved = 20", "memory_ok = true\nmax_unapproved = 20", 1)
    if kept:
        assert load(tmp_path, text).routes[0].on_lost_answer == choice
    else:
        assert [fault.field for fault in faults_of(tmp_path, text)] == ["routes.1.on_lost_answer"]


def test_a_rehearsal_never_leaves_this_machine(tmp_path):
    text = ON.replace('carrier = "kannel"', 'carrier = "simulator"')
    assert any("stay on this machine" in fault.text for fault in faults_of(tmp_path, text.replace("127.0.0.1:13013", "203.0.113.7:13013")))
    here = load(tmp_path, text)
    assert here.routes[0].rehearsal
    assert [str(network) for network in here.routes[0].hook_networks] == ["127.0.0.0/8", "::1/128"]


def test_an_unset_secret_waits_until_routes_are_needed(tmp_path):
    settings = load(tmp_path, ON, {"VIETTEL_PASSWORD": "x"})
    assert settings.service.listen  # print, reading and desk go on
    with pytest.raises(BadSettings, match="export VIETTEL_HOOK") as why:
        settings.need_routes()
    assert [(fault.file, fault.field) for fault in why.value.faults] == [("gateway.toml", "routes.1.hook_secret")]
    assert ON.splitlines()[why.value.faults[0].line - 1].startswith("hook_secret")


def test_an_unset_name_outside_routes_stops_the_start(tmp_path):
    (fault,) = faults_of(tmp_path, ON.replace("user@host", "x").replace('"sqlite:///var/tinbao.db"', '"postgresql://u:${PG_PASSWORD}@h/d"'))
    assert (fault.field, fault.text) == ("service.database", "The environment has no PG_PASSWORD")


def test_all_faults_at_once(tmp_path):
    text = (
        ON.replace("base_url =", "base_ulr =")
        .replace("[desk]", "[desk]\nx = 1")
        .replace('"kannel"', '"kanel"')
        .replace("tps = 200", "tps = []")
    )
    files = {fault.field for fault in faults_of(tmp_path, text)}
    assert {"service.base_ulr", "service.base_url", "desk.x", "routes.1.carrier", "routes.2.pace.limit"} <= files


def test_no_enabled_route(tmp_path):
    settings = load(tmp_path, SHIPPED[: SHIPPED.index('[[routes]]\nname = "gia-lap"')])
    with pytest.raises(BadSettings, match="No route is enabled"):
        settings.need_routes()


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe[", b"\x00", b"\xc3\x28", b"service = 1"])
def test_a_missing_or_broken_file(tmp_path, content):
    if content is not None:
        (tmp_path / "gateway.toml").write_bytes(content)
    with pytest.raises(BadSettings) as why:
        load_settings(tmp_path, {})
    assert all(fault.file == "gateway.toml" and fault.remedy for fault in why.value.faults)


def test_relative_paths_are_the_deployment_s(tmp_path):
    settings = load(tmp_path, ON)
    assert settings.database == f"sqlite:///{(tmp_path / 'var/tinbao.db').resolve().as_posix()}"
    assert settings.key_file == tmp_path.resolve() / "var/tinbao.key"
    absolute = load(tmp_path, ON.replace("sqlite:///var/tinbao.db", "sqlite:////srv/tinbao.db"))
    assert absolute.database == "sqlite:////srv/tinbao.db"
    assert load(tmp_path, ON.replace("sqlite:///var/tinbao.db", "postgresql://u@h/d")).database == "postgresql://u@h/d"


def test_the_shipped_deployment_s_data_lie_in_the_state_folder(tmp_path):
    assert data_dir_of(shipped_deployment(), {"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "tinbao"
    assert data_dir_of(shipped_deployment(), {"HOME": str(tmp_path)}) == tmp_path / ".local" / "state" / "tinbao"


@pytest.mark.parametrize(("listen", "address"), [("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:8080", ("::1", 8080)), ("h:0", ("h", 0))])
def test_split_listen(listen, address):
    assert split_listen(listen) == address


def test_the_names_of_the_desk(tmp_path):
    """Where it listens and this machine's own names always go."""
    desk = load(tmp_path, ON.replace("[desk]", '[desk]\nhosts = ["Tinbao.example.vn", "desk:8443"]')).desk
    assert desk.names == ("tinbao.example.vn", "desk:8443", "127.0.0.1", "localhost", "[::1]")
    assert (desk.session_idle_min, desk.session_hours, desk.second_factor) == (30, 12, "sensitive")
