"""Coming in, staying in, going out; and what an attacker tries at the door."""

import re

import pytest

from gateway.domain.permission import Role
from gateway.domain.totp import hotp, step_of
from gateway.services.access import factors, sessions
from gateway.services.access.signing_in import NETWORK_TRIES
from gateway.storage import web_sessions
from tests.services.staff import WORDS, make_user
from tests.web.desk.book import audited
from tests.web.desk.conftest import AGENT, token_in

NAME = "Nông Thị Thử"


async def sign_in(desk, browser, name: str = NAME, passphrase: str = WORDS, **more):
    """The first step; the answer where it leads."""
    form = {"name": name, "passphrase": passphrase, **more}
    async with browser.post(f"{desk.url}/desk/login", data=form, headers={"Origin": desk.url}) as answer:
        return answer.status, answer.url.path, await answer.text()


async def look(desk, browser, path: str = "/desk/"):
    async with browser.get(desk.url + path) as answer:
        return answer.status, answer.url.path, await answer.text(), answer.headers


async def send(desk, browser, path: str, **form):
    async with browser.post(desk.url + path, data=form, headers={"Origin": desk.url}) as answer:
        return answer.status, answer.url.path, await answer.text()


async def test_name_and_passphrase_open_the_desk(desk) -> None:
    await make_user(desk.database, NAME, Role.REPORTER)
    browser = desk.browser()
    assert (await look(desk, browser))[1] == "/desk/login"
    _, path, page = await sign_in(desk, browser, "nong thi thu")
    assert path == "/desk/"
    assert NAME in page
    assert (await send(desk, browser, "/desk/logout", csrf=token_in(page)))[1] == "/desk/login"
    assert (await look(desk, browser))[1] == "/desk/login"
    assert [each.action for each in await audited(desk.database)] == ["session.begin", "session.end"]


async def test_after_signing_out_nothing_can_be_looked_at_again(desk) -> None:
    """No page is kept, and a copy of the cookie is worth nothing."""
    officer = await desk.login(Role.REPORTER)
    page = await officer.get("/desk/")
    assert page.headers["Cache-Control"] == "no-store"
    await officer.post("/desk/logout")
    officer.session.cookie_jar.update_cookies({"tinbao_desk": officer.token})
    assert (await officer.get("/desk/", follow=False)).location == "/desk/login"


@pytest.mark.parametrize("typed", [("Nông Thị Thử", "sai rồi sai nữa"), ("Không Có Ai", WORDS), ("", "")])
async def test_a_wrong_name_and_a_wrong_passphrase_are_told_alike(desk, typed) -> None:
    await make_user(desk.database, NAME, Role.REPORTER)
    status, _, page = await sign_in(desk, desk.browser(), *typed)
    assert status == 422
    assert re.search(r'role="alert">([^<]+)', page)[1].startswith("Tên hoặc mật khẩu chưa đúng")
    assert "sai rồi" not in page


async def test_five_wrong_ones_lock_the_name_for_fifteen_minutes(desk) -> None:
    await make_user(desk.database, NAME, Role.REPORTER)
    browser = desk.browser()
    for _ in range(5):
        await sign_in(desk, browser, passphrase="sai rồi sai nữa")
    assert (await sign_in(desk, browser))[0] == 422
    desk.clock += 15 * 60_000 + 1
    assert (await sign_in(desk, browser))[1] == "/desk/"


async def test_a_network_that_tries_name_after_name_is_stopped(desk) -> None:
    """One passphrase with a thousand names locks no name; the network is what is counted."""
    from gateway.storage import limits

    await make_user(desk.database, NAME, Role.REPORTER)
    key = limits.network_key(desk.database.keyring, "127.0.0.1")
    for _ in range(NETWORK_TRIES):
        await desk.database.write(lambda c: limits.within(c, "desk.sign_in", key, 3_600_000, NETWORK_TRIES, desk.clock))
    status, _, page = await sign_in(desk, desk.browser())
    assert (status, "thử sai quá nhiều lần" in page) == (429, True)


# --- the second factor ---


def code_of(secret: str, now: int) -> str:
    from base64 import b32decode

    return hotp(b32decode(secret), step_of(now))


def secret_on(page: str) -> str:
    return re.search(r'class="num key">([^<]+)<', page)[1].replace(" ", "")


def sealed_on(page: str) -> str:
    return re.search(r'name="secret" value="([^"]+)"', page)[1]


async def enrolled(desk, browser) -> tuple[str, list[str]]:
    """A reader who set up a phone: the secret and the codes on paper."""
    await make_user(desk.database, NAME, Role.READER)
    _, path, page = await sign_in(desk, browser)
    assert path == "/desk/login/phone"
    secret = secret_on(page)
    form = {"csrf": token_in(page), "secret": sealed_on(page), "code": code_of(secret, desk.clock)}
    status, _, page = await send(desk, browser, "/desk/login/phone", **form)
    assert status == 200
    return secret, re.findall(r"<li>([A-Z0-9-]{14})</li>", page)


async def test_who_sees_numbers_sets_up_a_phone_first(desk) -> None:
    browser = desk.browser()
    secret, paper = await enrolled(desk, browser)
    assert len(paper) == factors.RECOVERY_CODES
    assert (await look(desk, browser))[1] == "/desk/"
    desk.clock += 60_000
    other = desk.browser()
    _, path, page = await sign_in(desk, other)
    assert path == "/desk/login/code"
    assert (await look(desk, other))[1] == "/desk/login"  # half in is not in
    _, path, page = await send(desk, other, "/desk/login/code", csrf=token_in(page), code=code_of(secret, desk.clock))
    assert path == "/desk/"


async def test_a_code_counts_once(desk) -> None:
    """Who looks over a shoulder can't use it again."""
    secret, _ = await enrolled(desk, desk.browser())
    browser = desk.browser()
    _, _, page = await sign_in(desk, browser)
    status, _, page = await send(desk, browser, "/desk/login/code", csrf=token_in(page), code=code_of(secret, desk.clock))
    assert (status, "đã dùng rồi" in page) == (422, True)


async def test_a_code_on_paper_counts_once_and_is_noted(desk) -> None:
    _, paper = await enrolled(desk, desk.browser())
    ends = []
    for _ in range(2):
        browser = desk.browser()
        _, _, page = await sign_in(desk, browser)
        ends.append((await send(desk, browser, "/desk/login/code", csrf=token_in(page), code=paper[0].lower()))[1])
    assert ends == ["/desk/", "/desk/login/code"]
    assert "factor.paper_code" in [each.action for each in await audited(desk.database)]


async def test_codes_can_not_be_tried_out(desk) -> None:
    """Five wrong ones lock the name; the right one then doesn't open."""
    secret, _ = await enrolled(desk, desk.browser())
    desk.clock += 60_000
    browser = desk.browser()
    _, _, page = await sign_in(desk, browser)
    for _ in range(5):
        _, _, page = await send(desk, browser, "/desk/login/code", csrf=token_in(page), code="000000")
    assert (await send(desk, browser, "/desk/login/code", csrf=token_in(page), code=code_of(secret, desk.clock)))[0] == 422


async def test_a_phone_is_set_up_with_this_sessions_secret_alone(desk) -> None:
    """A secret that an attacker knows can't be put under somebody's nose: the form's is sealed for the session."""
    await make_user(desk.database, NAME, Role.READER)
    await make_user(desk.database, "Vi Văn Mẫu", Role.READER)
    mine, theirs = desk.browser(), desk.browser()
    _, _, my_page = await sign_in(desk, mine, "Vi Văn Mẫu")
    _, _, page = await sign_in(desk, theirs)
    form = {"csrf": token_in(page), "secret": sealed_on(my_page), "code": code_of(secret_on(my_page), desk.clock)}
    assert (await send(desk, theirs, "/desk/login/phone", **form))[0] == 422


async def test_a_deployment_may_do_without_phones(desk_with) -> None:
    async for desk in desk_with(second_factor="nobody"):
        await make_user(desk.database, NAME, Role.READER)
        assert (await sign_in(desk, desk.browser()))[1] == "/desk/"


# --- sessions ---


async def test_signing_in_makes_a_new_session(desk) -> None:
    """Fixation: a cookie that was there before is not the one that is in afterwards, and it ends."""
    officer = await desk.login(Role.REPORTER)
    await make_user(desk.database, NAME, Role.REPORTER)
    status, path, _ = await sign_in(desk, officer.session, csrf=officer.csrf)
    assert (status, path) == (200, "/desk/")
    after = {cookie.key: cookie.value for cookie in officer.session.cookie_jar}["tinbao_desk"]
    assert after != officer.token
    assert await sessions.find(desk.database, officer.token, AGENT, desk.desk.settings.life, desk.clock) is None


async def test_a_made_up_cookie_opens_nothing(desk) -> None:
    browser = desk.browser()
    async with browser.get(f"{desk.url}/desk/", cookies={"tinbao_desk": "A" * 43}) as answer:
        assert answer.url.path == "/desk/login"


async def test_a_stolen_cookie_ends_the_session_and_is_noted(desk) -> None:
    officer = await desk.login(Role.REPORTER)
    thief = desk.browser("curl/8.0")
    async with thief.get(f"{desk.url}/desk/", cookies={"tinbao_desk": officer.token}) as answer:
        assert answer.url.path == "/desk/login"
    assert (await officer.get("/desk/", follow=False)).location == "/desk/login"
    last = (await audited(desk.database))[-1]
    assert (last.action, last.detail) == ("session.end", {"why": "other browser"})


@pytest.mark.parametrize(("minutes", "is_in"), [(29, True), (31, False)])
async def test_a_session_that_nobody_uses_ends(desk, minutes, is_in) -> None:
    officer = await desk.login(Role.REPORTER)
    desk.clock += minutes * 60_000
    assert ((await officer.get("/desk/", follow=False)).status == 200) is is_in


async def test_a_session_ends_after_twelve_hours_however_busy(desk) -> None:
    officer = await desk.login(Role.REPORTER)
    for _ in range(12 * 3 - 1):
        desk.clock += 20 * 60_000
        assert (await officer.get("/desk/", follow=False)).status == 200
    desk.clock += 20 * 60_000
    assert (await officer.get("/desk/", follow=False)).status == 303


async def test_ones_own_sessions_are_listed_and_ended(desk) -> None:
    officer = await desk.login(Role.REPORTER)
    other = await desk.sit(officer.user)
    page = await officer.get("/desk/me")
    assert page.text.count("Chrome, Windows") == 2
    done = await officer.post(f"/desk/me/sessions/{other.visit.session.id}/end", follow=True)
    assert "Đã kết thúc phiên đó." in done.text
    assert (await other.get("/desk/", follow=False)).status == 303
    stranger = await desk.login(Role.REPORTER)
    assert (await officer.post(f"/desk/me/sessions/{stranger.visit.session.id}/end")).status == 404
    assert (await stranger.get("/desk/", follow=False)).status == 200


async def test_a_disabled_user_is_out_at_once(desk) -> None:
    from gateway.storage import users

    officer = await desk.login(Role.REPORTER)
    await desk.database.write(lambda connection: users.disable(connection, officer.user.id, desk.clock))
    assert (await officer.get("/desk/", follow=False)).status == 303


async def test_another_passphrase_ends_the_other_sessions(desk) -> None:
    officer = await desk.login(Role.REPORTER, name=NAME)
    other = await desk.sit(officer.user)
    new = "cây đa bến nước sân đình"
    wrong = await officer.post("/desk/me/passphrase", {"old": "không phải thế đâu", "new": new, "again": new})
    assert (wrong.status, "Mật khẩu cũ chưa đúng" in wrong.text) == (422, True)
    weak = await officer.post("/desk/me/passphrase", {"old": WORDS, "new": "nông thị thử", "again": "nông thị thử"})
    assert (weak.status, "dễ đoán" in weak.text) == (422, True)
    assert (await officer.post("/desk/me/passphrase", {"old": WORDS, "new": new, "again": new})).status == 303
    assert (await other.get("/desk/", follow=False)).status == 303
    assert (await officer.get("/desk/", follow=False)).status == 200
    assert (await sign_in(desk, desk.browser(), passphrase=new))[1] == "/desk/"


async def test_a_dangerous_act_asks_for_the_passphrase_again(desk) -> None:
    """And carries the form along: nothing is typed twice."""
    officer = await desk.login(Role.REPORTER)
    desk.clock += 11 * 60_000
    asked = await officer.post("/desk/me/phone", {"why": "<b>điện thoại mới</b>"})
    assert (asked.status, 'value="&lt;b&gt;điện thoại mới&lt;/b&gt;"' in asked.text) == (200, True)
    assert "qr" not in asked.text
    wrong = await officer.post("/desk/me/phone", {"confirm_passphrase": "sai rồi sai nữa"})
    assert wrong.status == 422
    right = await officer.post("/desk/me/phone", {"confirm_passphrase": WORDS})
    assert 'class="qr"' in right.text
    assert 'class="qr"' in (await officer.post("/desk/me/phone")).text  # for ten minutes it isn't asked again


async def test_ended_sessions_are_forgotten_in_the_end(desk) -> None:
    officer = await desk.login(Role.REPORTER)
    await officer.post("/desk/logout")
    later = desk.clock + 31 * 86_400_000
    assert await desk.database.write(lambda connection: web_sessions.forget(connection, desk.clock)) == 0
    assert await desk.database.write(lambda connection: web_sessions.forget(connection, later)) == 1
