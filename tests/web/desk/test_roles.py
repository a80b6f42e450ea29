"""Role × action × commune: docs/security.md, the table in the code, and what the desk answers over HTTP say the same."""

import re
from functools import cache
from pathlib import Path
from re._constants import BRANCH, CATEGORY, IN, LITERAL, MAX_REPEAT, MIN_REPEAT, POSSESSIVE_REPEAT, RANGE, SUBPATTERN
from re._parser import parse

import aiohttp
import pytest
from aiohttp import web

from gateway.domain.permission import MAY, NOT_FOR_THE_PROVINCE, Action, Actor, Elsewhere, Forbidden, Role
from gateway.web.desk.kit import needed

ROOT = Path(__file__).parents[3]
HERE, THERE = "06577", "06580"


@cache
def documented() -> dict[str, set[str]]:
    """Roles by action, as docs/security.md says."""
    block = re.search(r"<!-- roles -->\n(.*?)<!-- end -->", (ROOT / "docs" / "security.md").read_text("utf-8"), re.DOTALL)
    assert block, "docs/security.md has no table between <!-- roles --> and <!-- end -->"
    rows = [[cell.strip().strip("`") for cell in line.strip()[1:-1].split("|")] for line in block[1].splitlines() if line.startswith("|")]
    head, cells = rows[0][1:], rows[2:]
    assert head == list(Role)
    return {row[0]: {role for role, cell in zip(head, row[1:], strict=True) if cell} for row in cells}


def test_the_table_in_the_docs_is_the_one_in_the_code() -> None:
    assert documented() == {action.value: {role.value for role in roles} for action, roles in MAY.items()}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("place", [HERE, THERE])
def test_every_cell(role, action, place) -> None:
    """One role at a time: what the docs allow is allowed in one's own commune; in another one only to the province."""
    who = Actor(1, "Nông Thị Thử", frozenset({role}), HERE)
    allowed = role.value in documented()[action.value]
    near = place == HERE or role is Role.PROVINCE
    if allowed and near:
        who.need(action, place)
    else:
        with pytest.raises(Elsewhere if allowed else Forbidden):
            who.need(action, place)


@pytest.mark.parametrize("action", sorted(NOT_FOR_THE_PROVINCE))
def test_who_sees_all_communes_sees_no_numbers_whatever_their_other_roles(action) -> None:
    everything = frozenset(Role) - {Role.PLANNER}
    assert Actor(1, "Nông Thị Thử", everything - {Role.PROVINCE}, HERE).may(action)
    assert not Actor(1, "Nông Thị Thử", everything, HERE).may(action)


# --- over HTTP ---


def routes(app: web.Application) -> list[web.AbstractRoute]:
    """Every handler of the desk; HEAD goes with its GET."""
    return [each for each in app.router.routes() if each.method != "HEAD" and each.resource and each.resource.canonical.startswith("/desk")]


async def test_every_handler_says_who_may_call_it(desk) -> None:
    """One without a mark is for nobody; and only signing in, and style and script, are for everybody."""
    unmarked = [
        f"{each.method} {each.resource.canonical}" for each in routes(desk.app) if needed(each.handler) is None and not is_open(each)
    ]
    assert unmarked == []
    free = {each.resource.canonical for each in routes(desk.app) if is_open(each)}
    assert free <= {
        "/desk/offline/app.webmanifest",
        "/desk/offline/worker.js",
        "/desk",
        "/desk/login",
        "/desk/login/code",
        "/desk/login/phone",
        "/desk/logout",
        "/desk/static/{name}",
    }


def is_open(route: web.AbstractRoute) -> bool:
    return bool(getattr(route.handler, "is_open", False))


async def test_who_is_not_signed_in_gets_to_no_page(desk) -> None:
    browser = desk.browser()
    for each in routes(desk.app):
        if not is_open(each):
            own = {"Origin": desk.url, "Sec-Fetch-Mode": "navigate"}
            async with browser.request(each.method, desk.url + made_up(each), headers=own, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"].partition("?")[0]) == (303, "/desk/login"), each


@pytest.mark.parametrize("role", Role)
async def test_every_page_and_form_by_role(desk, role) -> None:
    """Each registered handler, asked by somebody of one role: 403 exactly where the docs leave the cell empty."""
    if desk.database.dialect == "postgresql":
        pytest.skip("the gate asks no database who may do what")
    officer, table, wrong = await desk.login(role), documented(), []
    for each in routes(desk.app):
        actions = needed(each.handler)
        if not actions:
            continue
        allowed = any(role.value in table[action.value] for action in actions)
        if allowed and each.method != "GET":
            continue  # each area tries its own forms; here nothing is to be done by chance
        status = await status_of(officer, each)
        desk.bugs.clear()
        if (status == 403) is allowed or status == 500:
            wrong.append(f"{each.method} {each.resource.canonical}: {status}, {'allowed' if allowed else 'refused'} by the docs")
    assert wrong == []


async def status_of(officer, route: web.AbstractRoute) -> int:
    """The status alone: a stream of events never ends."""
    own = {"Origin": officer.desk.url, "X-CSRF": officer.csrf, "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    goal = officer.desk.url + made_up(route)
    timeout = aiohttp.ClientTimeout(sock_read=20)
    async with officer.session.request(route.method, goal, headers=own, allow_redirects=False, timeout=timeout) as answer:
        return answer.status


def made_up(route: web.AbstractRoute) -> str:
    """An address of the route with something in each place that its pattern takes, and that is nothing."""
    pattern = route.resource.get_info().get("pattern")
    return route.resource.canonical if pattern is None else example(parse(pattern.pattern))


def example(pattern) -> str:
    """The first text that a parsed pattern takes: of several ways the first, of signs a digit or the first one."""
    found = ""
    for kind, given in pattern:
        if kind is LITERAL:
            found += chr(given)
        elif kind is IN:
            found += sign_of(*given[0])
        elif kind in (MAX_REPEAT, MIN_REPEAT, POSSESSIVE_REPEAT):
            found += example(given[2]) * max(1, given[0])
        elif kind is SUBPATTERN:
            found += example(given[-1])
        elif kind is BRANCH:
            found += example(given[1][0])
        else:
            found += "x"
    return found


def sign_of(kind, given) -> str:
    """One of a class of signs."""
    return chr(given if kind is LITERAL else given[0]) if kind in (LITERAL, RANGE) else "1" if kind is CATEGORY else "x"


def test_the_checklist_names_tests_that_are_there() -> None:
    """ASVS: each line says what holds it; a file that went away must not be named on."""
    block = re.search(r"<!-- asvs -->\n(.*?)<!-- end -->", (ROOT / "docs" / "security.md").read_text("utf-8"), re.DOTALL)
    assert block
    rows = [line.strip("| ").split(" | ") for line in block[1].splitlines()[2:]]
    assert [row for row in rows if len(row) != 4 or row[2] not in ("yes", "no", "partly", "by TLS") or not row[3]] == []
    named = set(re.findall(r"`([\w/]+\.py)`", block[1]))
    assert [name for name in named if not (ROOT / "tests" / name).is_file() and not (ROOT / name).is_file()] == []
