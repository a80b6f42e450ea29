"""The list of users as the desk keeps it: who may come, with which roles, of which commune; every change noted."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.passphrase import LEAST_CHARACTERS, LEAST_WORDS, cleaned, weakness
from gateway.domain.permission import MAY, Action, Actor, Role
from gateway.services import users as books
from gateway.services.access import factors as second
from gateway.services.refusal import Refusal
from gateway.storage import audit, factors, users, web_sessions
from gateway.storage.database import Database
from gateway.storage.users import User

_SAME_PERSON = "Không ai vừa soạn vừa duyệt đợt nhắn: người soạn phải nhờ người khác duyệt. Xin bỏ một trong hai vai trò."

_WEAK = (
    f"Mật khẩu này dễ đoán. Xin chọn ít nhất {LEAST_CHARACTERS} ký tự hoặc {LEAST_WORDS} từ khác nhau, không có tên mình, "
    "không phải dãy phím hay chữ ai cũng thử trước."
)
_NAME = (
    "Tên này không dùng được, hoặc đã có người mang (chỉ khác dấu, khác chữ hoa vẫn là trùng). "
    "Xin ghi họ tên bằng chữ, thêm chức danh nếu trùng."
)


@dataclass(frozen=True, slots=True)
class Person:
    """A user as the list shows them. `sessions`: browsers they are in with now."""

    user: User
    has_factor: bool
    sessions: int


async def everybody(database: Database, actor: Actor, now: int) -> list[Person]:
    """All users whose commune `actor` sees. Raises Forbidden."""
    actor.need(Action.USER_MANAGE)
    async with database.read() as connection:
        known = [each for each in await users.everybody(connection) if actor.sees(each.commune)]
        with_factor = await factors.have_one(connection)
        return [Person(each, each.id in with_factor, len(await web_sessions.of_user(connection, each.id, now))) for each in known]


async def find(database: Database, actor: Actor, id_: int) -> User:
    """One of them. Raises Forbidden, Refusal."""
    actor.need(Action.USER_MANAGE)
    async with database.read() as connection:
        return _seen(await users.by_id(connection, id_), actor)


async def person(database: Database, actor: Actor, id_: int, now: int) -> Person:
    """One of them, as the list shows them. Raises Forbidden, Refusal."""
    user = await find(database, actor, id_)
    async with database.read() as connection:
        has_factor = await factors.of_user(connection, id_) is not None
        return Person(user, has_factor, len(await web_sessions.of_user(connection, id_, now)))


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to add, as the form says it."""

    name: str
    roles: frozenset[Role]
    commune: str
    passphrase: str


async def add(database: Database, actor: Actor, new: NewPerson, now: int) -> User:
    """A new user with a first passphrase. Raises Forbidden, Refusal."""
    actor.need(Action.USER_MANAGE, new.commune)
    _together(actor, new.roles)
    _strong(new.passphrase, new.name)
    try:
        user = await books.add(database, new.name, new.roles, new.passphrase, None, new.commune, now)
    except Refusal:
        raise Refusal(_NAME) from None
    detail = {"roles": sorted(new.roles), "commune": new.commune}
    await database.write(lambda connection: audit.note(connection, audit.Entry(actor, "user.add", f"user:{user.id}", detail), now))
    return user


async def set_roles(database: Database, actor: Actor, id_: int, roles: Collection[Role], now: int) -> User:
    """Other roles, in the place of all before; the user's sessions end, so that nobody works on with what was taken away.

    An administrator who gives themselves the reading of tips is noted as that (`user.own_roles`). Raises Forbidden, Refusal.
    """
    actor.need(Action.USER_MANAGE)
    given = frozenset(roles)
    _together(actor, given)

    async def unit(connection: AsyncConnection) -> User:
        user = _seen(await users.by_id(connection, id_), actor)
        _still_managed(actor, user, given)
        await users.set_roles(connection, id_, given)
        if user.id != actor.user:
            await web_sessions.end_all(connection, id_, now, "by an administrator")
        detail = {"before": sorted(user.roles), "after": sorted(given), "reads_tips": bool(MAY[Action.TIP_READ] & given)}
        action = "user.own_roles" if user.id == actor.user else "user.roles"
        await audit.note(connection, audit.Entry(actor, action, f"user:{id_}", detail, user.commune), now)
        return user

    return await database.write(unit)


async def switch(database: Database, actor: Actor, id_: int, *, off: bool, now: int) -> User:
    """Disable a user and end their sessions, or enable them again. Raises Forbidden, Refusal."""
    actor.need(Action.USER_MANAGE)
    if id_ == actor.user:
        raise Refusal("Không tự khóa tên của chính mình được. Xin nhờ một người quản trị khác.")

    async def unit(connection: AsyncConnection) -> User:
        user = _seen(await users.by_id(connection, id_), actor)
        await users.disable(connection, id_, now if off else None)
        if off:
            await web_sessions.end_all(connection, id_, now, "by an administrator")
        await audit.note(connection, audit.Entry(actor, "user.disable" if off else "user.enable", f"user:{id_}", {}, user.commune), now)
        return user

    return await database.write(unit)


async def reset_factor(database: Database, actor: Actor, id_: int, now: int) -> User:
    """Who lost the phone and the paper sets up a new one at the next sign-in. Raises Forbidden, Refusal."""
    user = await find(database, actor, id_)
    await second.take_away(database, actor, id_, now)
    return user


async def reset_passphrase(database: Database, actor: Actor, id_: int, passphrase: str, now: int) -> User:
    """Another first passphrase; a lock and all sessions end. Raises Forbidden, Refusal."""
    user = await find(database, actor, id_)
    _strong(passphrase, user.name)
    await books.change_passphrase(database, user.name, passphrase)

    async def unit(connection: AsyncConnection) -> None:
        await web_sessions.end_all(connection, id_, now, "by an administrator")
        await audit.note(connection, audit.Entry(actor, "user.passphrase", f"user:{id_}", {}, user.commune), now)

    await database.write(unit)
    return user


async def change_own_passphrase(database: Database, actor: Actor, old: str, new: str, session: int, now: int) -> None:
    """The old one is asked for; every session but `session` ends. Raises Refusal."""
    try:
        await books.check(database, actor.name, old, now)
    except Refusal:
        raise Refusal("Mật khẩu cũ chưa đúng. Sai năm lần liền thì tên này bị khóa 15 phút.") from None
    _strong(new, actor.name)
    await books.change_passphrase(database, actor.name, new)

    async def unit(connection: AsyncConnection) -> None:
        await web_sessions.end_all(connection, actor.user, now, "another passphrase", besides=session)
        await audit.note(connection, audit.Entry(actor, "user.own_passphrase", f"user:{actor.user}"), now)

    await database.write(unit)


async def by_command(database: Database, action: str, user: User, now: int) -> None:
    """Note what a command on the machine did to `user`; their sessions end."""

    async def unit(connection: AsyncConnection) -> None:
        await web_sessions.end_all(connection, user.id, now, "by an administrator")
        await audit.note(connection, audit.Entry(None, action, f"user:{user.id}", {"roles": sorted(user.roles)}, user.commune), now)

    await database.write(unit)


def _seen(user: User | None, actor: Actor) -> User:
    """Raises Forbidden: whether there is a user of another commune is nobody's business."""
    actor.need(Action.USER_MANAGE, user.commune if user else "")
    if user is None:
        raise Refusal("Không có người dùng này. Xin tải lại danh sách.")
    return user


def _strong(passphrase: str, name: str) -> None:
    if weakness(cleaned(passphrase), name):
        raise Refusal(_WEAK)


def _together(actor: Actor, roles: frozenset[Role]) -> None:
    """Raises Refusal: roles that nobody may have at once, or that only a province gives."""
    if not roles:
        raise Refusal("Chưa chọn vai trò nào. Xin chọn ít nhất một.")
    if {Role.PLANNER, Role.APPROVER} <= roles:
        raise Refusal(_SAME_PERSON)
    if Role.PROVINCE in roles and actor.communes is not None:
        raise Refusal("Vai trò tỉnh do người quản trị của tỉnh trao. Xin bỏ vai trò đó.")


def _still_managed(actor: Actor, user: User, roles: frozenset[Role]) -> None:
    if user.id == actor.user and Role.ADMINISTRATOR not in roles:
        raise Refusal("Không tự bỏ vai trò quản trị của chính mình được. Xin nhờ một người quản trị khác.")
