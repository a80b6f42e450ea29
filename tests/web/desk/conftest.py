"""The desk's listener on a real port over either engine, and officers who sit at it with a browser of their own."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from gateway.domain.permission import Role
from gateway.services.access import sessions
from gateway.services.attachments import Attachments
from gateway.storage.database import Database
from gateway.storage.users import User
from gateway.web.desk.app import desk_app
from gateway.web.desk.gate import COOKIE
from gateway.web.desk.kit import Desk, DeskRules
from gateway.web.runner import web_runner
from tests.services.people import NOW, deployment
from tests.services.staff import make_user

AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
NAMES = ("Hoàng Văn Thí Dụ", "Nông Thị Thử", "Vi Văn Mẫu", "Lý Thị Ví", "Bế Văn Giả", "Đàm Thị Lệ", "Lục Văn Tập", "Mã Thị Định")


@dataclass(slots=True)
class Answer:
    """What came back. `headers` are case-blind."""

    status: int
    text: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")


@dataclass(slots=True)
class Officer:
    """Somebody signed in, in a browser of their own."""

    desk: "TestDesk"
    user: User
    session: aiohttp.ClientSession
    token: str
    visit: sessions.Visit

    @property
    def actor(self):
        return self.user.actor

    async def get(self, path: str, *, follow: bool = True, **more: Any) -> Answer:
        """A page, as a browser asks for it."""
        return await self.ask("GET", path, follow=follow, **more)

    async def post(
        self, path: str, data: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None, *, follow: bool = False, **more: Any
    ) -> Answer:
        """A form with this session's token; `follow`: go where a 303 leads. Values may be lists; bytes or files make it multipart."""
        pairs = list(data.items()) if isinstance(data, Mapping) else list(data or ())
        flat = [(name, each) for name, value in pairs for each in (value if isinstance(value, (list, tuple)) else [value])]
        form = aiohttp.FormData(default_to_multipart=any(isinstance(value, bytes) or hasattr(value, "read") for _, value in flat))
        for name, value in (("csrf", self.csrf), *flat):
            if isinstance(value, bytes):
                form.add_field(name, value, filename=f"{name}.bin", content_type="application/octet-stream")
            elif hasattr(value, "read"):
                form.add_field(name, value, filename=Path(str(getattr(value, "name", name))).name)
            else:
                form.add_field(name, str(value))
        return await self.ask("POST", path, follow=follow, data=form, **more)

    async def ask(self, method: str, path: str, *, follow: bool = False, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
        """A request with the headers of a browser; `headers` change or add some."""
        own = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
        if method != "GET":
            own["Origin"] = self.desk.url
        async with self.session.request(
            method, self.desk.url + path, headers=own | dict(headers or {}), allow_redirects=follow, **more
        ) as answer:
            body = await answer.read()
            self.desk.raise_bugs()
            text = body.decode("utf-8", "replace") if answer.content_type.startswith(("text/", "application/json")) else ""
            return Answer(answer.status, text, answer.headers, body)

    @property
    def csrf(self) -> str:
        """A token that forms of this session carry."""
        return self.visit.csrf(self.desk.database.keyring)


@dataclass(slots=True)
class TestDesk:
    """What a test needs of a running desk. `now`: what its clock shows (epoch ms), to be set; `desk`: what the handlers work with."""

    __test__ = False
    url: str
    database: Database
    desk: Desk
    app: web.Application
    now: list[int]
    bugs: list[Exception]
    officers: list[Officer] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))

    @property
    def clock(self) -> int:
        return self.now[0]

    @clock.setter
    def clock(self, moment: int) -> None:
        self.now[0] = moment

    async def login(self, *roles: Role, commune: str = "06577", name: str = "") -> Officer:
        """A new officer with `roles`, signed in."""
        at = next(self._numbers)
        called = name or f"{NAMES[at % len(NAMES)]} {at}"
        return await self.sit(await make_user(self.database, called, *roles, commune=commune))

    async def sit(self, user: User, agent: str = AGENT) -> Officer:
        """A session of `user` in a browser of its own."""
        browser = sessions.Browser(agent, "Chrome, Windows")
        token = await sessions.begin(self.database, user.actor, browser, sessions.IN, self.desk.settings.life, self.clock)
        visit = await sessions.find(self.database, token, agent, self.desk.settings.life, self.clock)
        assert visit is not None
        officer = Officer(self, user, self.browser(agent), token, visit)
        officer.session.cookie_jar.update_cookies({COOKIE: token}, URL(self.url))
        self.officers.append(officer)
        return officer

    def browser(self, agent: str = AGENT) -> aiohttp.ClientSession:
        """A browser that nobody signed in with; closed with the fixture."""
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"User-Agent": agent})
        self._open.append(session)
        return session

    _open: list[aiohttp.ClientSession] = field(default_factory=list)

    def raise_bugs(self) -> None:
        """What a handler raised comes through to the test that asked; a test that expects a 500 clears `bugs` itself."""
        if self.bugs:
            raise self.bugs.pop()


def token_in(page: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[TestDesk]:
    now, bugs = [NOW], list[Exception]()
    made = Desk(
        database=database,
        deployment=deployment(),
        routes=(),
        clock=lambda: now[0],
        attachments=Attachments(database, tmp_path / "attachments"),
        settings=DeskRules(),
        folder=tmp_path,
        on_bug=bugs.append,
    )
    async for found in running(made, now, bugs):
        yield found


async def running(made: Desk, now: list[int], bugs: list[Exception]) -> AsyncIterator[TestDesk]:
    """`made` on a port of its own."""
    app = desk_app(made)
    runner = web_runner(app, drain_s=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found = TestDesk(f"http://127.0.0.1:{runner.addresses[0][1]}", made.database, made, app, now, bugs)
    yield found
    for session in found._open:
        await session.close()
    await runner.cleanup()


@pytest.fixture
async def desk_with(database: Database, tmp_path: Path):
    """A desk with other rules: `async for found in desk_with(second_factor="nobody")`."""

    def make(routes=(), **rules):
        now, bugs = [NOW], list[Exception]()
        made = Desk(
            database=database, deployment=deployment(), routes=routes, clock=lambda: now[0],
            attachments=Attachments(database, tmp_path / "attachments"), settings=replace(DeskRules(), **rules), folder=tmp_path,
            on_bug=bugs.append,
        )  # fmt: skip
        return running(made, now, bugs)

    return make
