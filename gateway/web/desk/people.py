"""`/desk/users`: who may come, with which roles. Every change is a dangerous act: the passphrase is asked for again."""

from aiohttp import web

from gateway.domain.permission import Action, Role
from gateway.services.access import people
from gateway.services.access.people import NewPerson
from gateway.services.refusal import Refusal
from gateway.web.desk.form import Form
from gateway.web.desk.kit import actor, desk, form, needs, page, see_other
from gateway.web.desk.wording import ROLES


def add_people(app: web.Application) -> None:
    """Put it on `app`."""
    app.router.add_get("/desk/users", show)
    app.router.add_post("/desk/users", add)
    app.router.add_get("/desk/users/{id:[0-9]{1,18}}", one)
    app.router.add_post("/desk/users/{id:[0-9]{1,18}}/roles", set_roles)
    app.router.add_post("/desk/users/{id:[0-9]{1,18}}/{switch:disable|enable}", switch)
    app.router.add_post("/desk/users/{id:[0-9]{1,18}}/factor", reset_factor)
    app.router.add_post("/desk/users/{id:[0-9]{1,18}}/passphrase", reset_passphrase)


@needs(Action.USER_MANAGE)
async def show(request: web.Request) -> web.StreamResponse:
    """The list, and the form for one more."""
    return await _list(request)


async def _list(request: web.Request, status: int = 200, error: str = "", given: Form | None = None) -> web.Response:
    here, who = desk(request), actor(request)
    listed = await people.everybody(here.database, who, here.clock())
    communes = {code: each.title for code, each in here.deployment.communes.items() if who.sees(code)}
    typed = {"name": given.text("name"), "roles": given.all("role"), "commune": given.text("commune")} if given else {}
    values = {"people": listed, "roles": _roles(who.communes is None), "names": ROLES, "communes": communes}
    return page(request, "users/list", status, **values, error=error, typed={"name": "", "roles": [], "commune": who.commune, **typed})


def _roles(is_province: bool) -> list[tuple[Role, str, str]]:
    """The roles that may be given here, with their words."""
    return [(role, *words) for role, words in ROLES.items() if is_province or role is not Role.PROVINCE]


def _chosen(given: Form) -> frozenset[Role]:
    """The ticked roles; what is none was never on the page."""
    return frozenset(Role(each) for each in given.all("role") if each in list(Role))


@needs(Action.USER_MANAGE, confirmed=True)
async def add(request: web.Request) -> web.StreamResponse:
    """One more."""
    given, here = await form(request), desk(request)
    try:
        if given.text("passphrase") != given.text("again"):
            raise Refusal("Hai lần gõ mật khẩu không giống nhau. Xin gõ lại.")
        if given.text("commune") not in here.deployment.communes:
            raise Refusal("Chưa chọn xã. Xin chọn lại.")
        new = NewPerson(given.text("name"), _chosen(given), given.text("commune"), given.text("passphrase")[:400])
        user = await people.add(here.database, actor(request), new, here.clock())
    except Refusal as refusal:
        return await _list(request, 422, str(refusal), given)
    return see_other(request, "/desk/users", say=f"Đã thêm {user.name}.")


@needs(Action.USER_MANAGE)
async def one(request: web.Request) -> web.StreamResponse:
    """One person."""
    return await _one(request)


async def _one(request: web.Request, status: int = 200, error: str = "") -> web.Response:
    here, who = desk(request), actor(request)
    person = await people.person(here.database, who, _id(request), here.clock())
    commune = here.deployment.communes.get(person.user.commune)
    place = commune.title if commune else person.user.commune
    return page(request, "users/one", status, person=person, roles=_roles(who.communes is None), home=place, error=error)


def _id(request: web.Request) -> int:
    return int(request.match_info["id"])


@needs(Action.USER_MANAGE, confirmed=True)
async def set_roles(request: web.Request) -> web.StreamResponse:
    """Other roles."""
    here = desk(request)
    try:
        user = await people.set_roles(here.database, actor(request), _id(request), _chosen(await form(request)), here.clock())
    except Refusal as refusal:
        return await _one(request, 422, str(refusal))
    return see_other(request, f"/desk/users/{user.id}", say=f"Đã đổi vai trò của {user.name}. Người này phải đăng nhập lại.")


@needs(Action.USER_MANAGE, confirmed=True)
async def switch(request: web.Request) -> web.StreamResponse:
    """Locked out, or let in again."""
    here, is_off = desk(request), request.match_info["switch"] == "disable"
    try:
        user = await people.switch(here.database, actor(request), _id(request), off=is_off, now=here.clock())
    except Refusal as refusal:
        return await _one(request, 422, str(refusal))
    return see_other(request, f"/desk/users/{user.id}", say=f"{user.name} {'không vào được nữa' if is_off else 'vào lại được'}.")


@needs(Action.USER_MANAGE, confirmed=True)
async def reset_factor(request: web.Request) -> web.StreamResponse:
    """The lost phone counts no more."""
    here = desk(request)
    user = await people.reset_factor(here.database, actor(request), _id(request), here.clock())
    return see_other(request, f"/desk/users/{user.id}", say=f"Đã gỡ điện thoại của {user.name}. Lần đăng nhập tới phải gắn lại.")


@needs(Action.USER_MANAGE, confirmed=True)
async def reset_passphrase(request: web.Request) -> web.StreamResponse:
    """Another first passphrase."""
    here, given = desk(request), await form(request)
    try:
        if given.text("passphrase") != given.text("again"):
            raise Refusal("Hai lần gõ mật khẩu không giống nhau. Xin gõ lại.")
        typed = given.text("passphrase")[:400]
        user = await people.reset_passphrase(here.database, actor(request), _id(request), typed, here.clock())
    except Refusal as refusal:
        return await _one(request, 422, str(refusal))
    return see_other(request, f"/desk/users/{user.id}", say=f"Đã đặt mật khẩu mới cho {user.name}. Xin báo tận tay, đừng nhắn tin.")
