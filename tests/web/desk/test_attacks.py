"""What an attacker tries at the desk; each is refused, and nothing of it shows."""

import asyncio
import socket
from dataclasses import replace
from io import BytesIO

import pytest

from gateway.domain.permission import Role
from gateway.storage import audit, users
from gateway.web.desk.gate import is_our_host
from gateway.web.desk.login import next_of
from tests.services.staff import make_user
from tests.web.desk.book import audited
from tests.web.desk.conftest import AGENT

PLACE = "/desk/users"  # a form of an administrator: what it changes is seen in the list of users
FORM = {"name": "Trần Thị Mới", "role": "reader", "commune": "06577"} | dict.fromkeys(("passphrase", "again"), "cây đa bến nước sân đình")


async def count(desk) -> int:
    async with desk.database.read() as connection:
        return len(await users.everybody(connection))


# --- forged forms ---

FORGED = {
    "from another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "from a sister host": {"Origin": "http://localhost:1", "Sec-Fetch-Site": "same-site"},
    "by a lie about the site alone": {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    "without an origin": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "from a file": {"Origin": "null", "Sec-Fetch-Site": "none"},
}


@pytest.mark.parametrize("how", FORGED)
async def test_a_form_from_elsewhere_is_refused_even_with_a_right_token(desk, how) -> None:
    boss = await desk.login(Role.ADMINISTRATOR)
    before = await count(desk)
    assert (await boss.post(PLACE, FORM, headers=FORGED[how])).status == 403
    assert await count(desk) == before


async def test_a_form_without_a_word_on_its_origin_is_refused(desk) -> None:
    """No browser of today sends a form without saying where from."""
    boss = await desk.login(Role.ADMINISTRATOR)
    async with boss.session.post(desk.url + PLACE, data={"csrf": boss.csrf, **FORM}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("token", ["", "00" * 64, "zz", "é", "a" * 100_000])
async def test_a_form_without_this_sessions_token_is_refused(desk, token) -> None:
    boss = await desk.login(Role.ADMINISTRATOR)
    async with boss.session.post(desk.url + PLACE, data={**FORM, "csrf": token}, headers={"Origin": desk.url}) as answer:
        assert answer.status == 403


async def test_another_sessions_token_is_none(desk) -> None:
    boss, other = await desk.login(Role.ADMINISTRATOR), await desk.login(Role.ADMINISTRATOR)
    async with boss.session.post(desk.url + PLACE, data={**FORM, "csrf": other.csrf}, headers={"Origin": desk.url}) as answer:
        assert answer.status == 403
    assert boss.csrf != boss.csrf  # and no page tells it twice alike


@pytest.mark.parametrize("extra", [{"headers": {"X-HTTP-Method-Override": "POST"}}, {"params": {"_method": "POST"}}])
async def test_a_method_can_not_be_overridden(desk, extra) -> None:
    """A GET stays one, whatever it says of itself."""
    boss = await desk.login(Role.ADMINISTRATOR)
    before = await count(desk)
    async with boss.session.get(desk.url + PLACE, **{"params": FORM, **extra}) as answer:
        assert answer.status == 200
    assert await count(desk) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_other_methods_are_refused(desk, method) -> None:
    boss = await desk.login(Role.ADMINISTRATOR)
    assert (await boss.ask(method, PLACE, headers={"X-CSRF": boss.csrf})).status == 405


# --- addresses ---


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8081", "127.0.0.1.evil.example", "", "localhost@evil.example"])
async def test_another_host_name_reads_nothing(desk, host) -> None:
    """DNS rebinding: a page of another name that leads here."""
    boss = await desk.login(Role.ADMINISTRATOR)
    answer = await boss.ask("GET", "/desk/", headers={"Host": host})
    assert answer.status in (400, 421)
    assert boss.user.name not in answer.text


def test_which_hosts_are_ours() -> None:
    hosts = ("tinbao.example", "desk.example:8443", "[::1]")
    assert [is_our_host(each, hosts) for each in ("tinbao.example", "TINBAO.example:80", "desk.example:8443", "[::1]:8081")] == [True] * 4
    assert [is_our_host(each, hosts) for each in ("desk.example", "desk.example:1", "x.tinbao.example", "tinbao.example.x")] == [False] * 4


@pytest.mark.parametrize(
    "path",
    [
        "/desk/static/../base.html.j2",
        "/desk/static/..%2f..%2f..%2fetc%2fpasswd",
        "/desk/static/%2e%2e/%2e%2e/gateway/settings.py",
        "/desk/static/....//....//etc/passwd",
        "/desk/static//etc/passwd",
        "/desk/static/desk.css%00.js",
        "/desk/static/..\\..\\gateway.toml",
    ],
)
async def test_no_path_leads_out_of_the_static_files(desk, path) -> None:
    with socket.create_connection(("127.0.0.1", int(desk.url.rpartition(":")[2]))) as raw:  # a client library would tidy the path
        head = await asyncio.to_thread(_raw, raw, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert head.split()[1] in (b"303", b"404")


def _raw(raw: socket.socket, request: bytes) -> bytes:
    raw.sendall(request)
    raw.settimeout(20)
    found = b""
    while piece := raw.recv(65536):
        found += piece
    return found


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example", "/desk/\\evil", "/desk//evil.example", "javascript:x", "/desk/\n"]
)
def test_signing_in_leads_nowhere_else(path) -> None:
    assert next_of(path) == "/desk/"
    assert next_of("/desk/tips/7K3M9P") == "/desk/tips/7K3M9P"


# --- bodies ---


async def test_a_huge_form_is_refused_before_it_is_read(desk) -> None:
    boss = await desk.login(Role.ADMINISTRATOR)
    async with boss.session.post(
        desk.url + PLACE, data=BytesIO(b"x" * 5_000_000), headers={"Origin": desk.url, "Content-Type": "application/x-www-form-urlencoded"}
    ) as answer:
        assert answer.status == 413


async def test_a_huge_form_that_hides_its_size_is_refused(desk) -> None:
    boss = await desk.login(Role.ADMINISTRATOR)

    async def pieces():
        for _ in range(80):
            yield b"x" * 65_536

    own = {"Origin": desk.url, "Content-Type": "application/x-www-form-urlencoded"}
    try:
        async with boss.session.post(desk.url + PLACE, data=pieces(), headers=own) as answer:
            assert answer.status == 413
    except ConnectionError:  # refused and closed while the rest was still on its way
        pass


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_who_is_not_signed_in_sends_little_and_no_files(desk, kind) -> None:
    async with desk.browser().post(
        f"{desk.url}/desk/login", data="x" * 20_000, headers={"Origin": desk.url, "Content-Type": kind}
    ) as answer:
        assert answer.status in (403, 413)


async def test_a_body_that_trickles_is_given_up(desk_with) -> None:
    """Slowloris: the form isn't waited for without end."""
    async for desk in desk_with(body_s=0.05):
        head = (
            "POST /desk/login HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nname="
        )
        with socket.create_connection(("127.0.0.1", int(desk.url.rpartition(":")[2]))) as raw:
            assert (await asyncio.to_thread(_first, raw, head.encode())).split()[1] == b"408"


def _first(raw: socket.socket, request: bytes) -> bytes:
    raw.sendall(request)
    raw.settimeout(20)
    return raw.recv(4096)


@pytest.mark.parametrize("body", [b"\xff\xfe=\x00", b"a" * 1000, b"--x\r\n\r\nbroken", b"=&=&==&"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x"])
async def test_a_form_that_is_none_breaks_nothing(desk, body, kind) -> None:
    boss = await desk.login(Role.ADMINISTRATOR)
    answer = await boss.ask("POST", PLACE, data=body, headers={"Content-Type": kind, "X-CSRF": boss.csrf})
    assert answer.status in (303, 400, 403, 413, 422)


# --- words ---

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"


async def test_a_name_full_of_html_stays_words(desk) -> None:
    """Such a name can't be given; one that got in by another way is shown as it is written."""
    user = await make_user(desk.database, EVIL, Role.ADMINISTRATOR)
    boss = await desk.sit(user)
    entry = audit.Entry(boss.actor, "tip.read", EVIL, {EVIL: EVIL})
    await desk.database.write(lambda connection: audit.note(connection, entry, desk.clock))
    for path in ("/desk/", "/desk/users", f"/desk/users/{user.id}", "/desk/audit", f"/desk/audit?object={EVIL}", "/desk/me"):
        page = (await boss.get(path)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "49" not in page.partition("<main")[2].partition("</main")[0] or "{{7*7}}" in page


async def test_a_name_full_of_html_at_the_door(desk) -> None:
    async with desk.browser().post(
        f"{desk.url}/desk/login", data={"name": EVIL, "passphrase": EVIL, "next": EVIL}, headers={"Origin": desk.url}
    ) as answer:
        page = await answer.text()
    assert "<script>alert" not in page
    assert "<img" not in page


async def test_what_was_said_can_not_be_made_up(desk) -> None:
    """The note of the last act is sealed for its session: neither a forged one nor another's shows."""
    boss, other = await desk.login(Role.ADMINISTRATOR), await desk.login(Role.ADMINISTRATOR)
    await boss.post(PLACE, FORM)
    said = {cookie.key: cookie.value for cookie in boss.session.cookie_jar}["tinbao_said"]
    for value in ("AAAA", said):
        async with other.session.get(f"{desk.url}/desk/", cookies={"tinbao_said": value}) as answer:
            assert "Đã thêm" not in await answer.text()
    assert "Đã thêm Trần Thị Mới." in (await boss.get("/desk/")).text
    assert "Đã thêm" not in (await boss.get("/desk/")).text  # once


# --- answers ---


async def test_every_answer_bears_the_strict_headers(desk) -> None:
    boss = await desk.login(Role.ADMINISTRATOR)
    for path in ("/desk/", "/desk/nowhere", "/desk/static/desk.css", "/desk/login", "/desk/users"):
        headers = (await boss.get(path, follow=False)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "same-origin")
        assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
        assert "Strict-Transport-Security" not in headers
        assert headers["Server"] == "tinbao"


async def test_by_tls_the_cookie_is_the_hosts_alone(desk_with) -> None:
    """Behind a trusted proxy that says https; a stranger's word on that counts nothing."""
    from ipaddress import ip_network

    form = {"name": "Nông Thị Thử", "passphrase": "con trâu đen gặm cỏ"}
    async for desk in desk_with(proxies=(ip_network("127.0.0.0/8"),)):
        await make_user(desk.database, "Nông Thị Thử", Role.REPORTER)
        own = {"Origin": desk.url.replace("http:", "https:"), "X-Forwarded-Proto": "https"}
        async with desk.browser().post(f"{desk.url}/desk/login", data=form, headers=own, allow_redirects=False) as answer:
            cookie = answer.headers["Set-Cookie"]
            assert cookie.startswith("__Host-tinbao_desk=")
            assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
            assert "max-age" in answer.headers["Strict-Transport-Security"]


async def test_a_strangers_word_on_tls_counts_nothing(desk) -> None:
    async with desk.browser().get(f"{desk.url}/desk/login", headers={"X-Forwarded-Proto": "https"}) as answer:
        assert "Strict-Transport-Security" not in answer.headers


async def test_a_bug_shows_nothing_and_is_told_to_nobody_outside(desk) -> None:
    """A 500 is a page of ours: no word of the row that broke it."""
    boss = await desk.login(Role.ADMINISTRATOR)
    bugs: list[Exception] = []
    desk.desk = replace(desk.desk, on_bug=bugs.append)

    async def unit(connection) -> None:
        from sqlalchemy import text

        await connection.execute(text("UPDATE \"user\" SET roles = 'quetoimuoilam 0300555123'"))

    await desk.database.write(unit)
    async with boss.session.get(f"{desk.url}/desk/", headers={"User-Agent": AGENT}) as answer:
        page = await answer.text()
    desk.bugs.clear()
    assert answer.status == 500
    assert "Có lỗi ở phía máy" in page
    assert "quetoimuoilam" not in page


async def test_what_is_refused_is_noted_by_the_pattern_not_by_the_words(desk) -> None:
    reader = await desk.login(Role.READER)
    await reader.get("/desk/users/0300555123")
    assert (await audited(desk.database))[-1].object == "page:/desk/users/{id}"
