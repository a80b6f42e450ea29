"""`/desk/registers`: witnesses, who is to be visited first stands first; and battles, written by hand or taken in as a list."""

from aiohttp import web

from gateway.domain.permission import Action
from gateway.services.casework import battles, witnesses
from gateway.services.casework.common import a_day
from gateway.services.casework.witnesses import Visit
from gateway.services.refusal import Refusal
from gateway.storage.registers import NewBattle, NewWitness
from gateway.web.desk.casework.common import keep_terms, today, version_of, villages, whole
from gateway.web.desk.kit import Form, actor, desk, form, needs, page, see_other

_WITNESS = "/desk/registers/witnesses/{}"
_BATTLE = "/desk/registers/battles/{}"


def add_registers(app: web.Application) -> None:
    """Put the pages of both registers on `app`."""
    keep_terms(app)
    app.router.add_get("/desk/registers", show_witnesses)
    app.router.add_get("/desk/registers/witnesses/new", ask_witness)
    app.router.add_post("/desk/registers/witnesses/new", add_witness)
    one = r"/desk/registers/witnesses/{witness:\d+}"
    app.router.add_get(one, show_witness)
    app.router.add_post(f"{one}/correct", correct_witness)
    app.router.add_post(f"{one}/visit", plan_visit)
    app.router.add_post(f"{one}/visited", visited)
    app.router.add_post(f"{one}/gone", gone)
    app.router.add_post(f"{one}/link", link_witness)
    app.router.add_post(f"{one}/contact", reveal)
    app.router.add_get("/desk/registers/battles", show_battles)
    app.router.add_get("/desk/registers/battles/new", ask_battle)
    app.router.add_post("/desk/registers/battles/new", add_battle)
    app.router.add_post("/desk/registers/battles/import", take_list)
    app.router.add_get("/desk/registers/battles/for", suggest)
    one = r"/desk/registers/battles/{battle:\d+}"
    app.router.add_get(one, show_battle)
    app.router.add_post(f"{one}/correct", correct_battle)
    app.router.add_post(f"{one}/link", link_battle)


# --- witnesses ---


@needs(Action.REGISTER_WORK)
async def show_witnesses(request: web.Request) -> web.StreamResponse:
    """The register of witnesses."""
    here, day = desk(request), today(request)
    found = await witnesses.list_witnesses(here.database, actor(request), day)
    pressing = {each.id for each in found if each.state == "waiting" and witnesses.is_pressing(each, day)}
    names = here.deployment.villages
    return page(request, "registers/witnesses", witnesses=found, pressing=pressing, year=day.year, villages=names, today=day.isoformat())


@needs(Action.REGISTER_WORK)
async def ask_witness(request: web.Request) -> web.StreamResponse:
    """A form for a new witness."""
    here, who = desk(request), actor(request)
    return page(request, "registers/witness_new", tip=request.query.get("tip", "")[:20], villages=villages(here, who.commune))


@needs(Action.REGISTER_WORK)
async def add_witness(request: web.Request) -> web.StreamResponse:
    """Write the witness into the register."""
    here, who, filled = desk(request), actor(request), await form(request)
    new, codes = _witness(filled, who.commune), filled.text("codes").replace(",", " ").split()
    made = await witnesses.add_witness(here.database, who, new, today(request), here.clock(), codes=codes)
    return see_other(request, _WITNESS.format(made), say="Đã ghi vào sổ người biết chuyện")


@needs(Action.REGISTER_WORK)
async def show_witness(request: web.Request) -> web.StreamResponse:
    """One witness."""
    return await _witness_page(request, "")


async def _witness_page(request: web.Request, contact: str) -> web.Response:
    here, day = desk(request), today(request)
    found = await witnesses.show_witness(here.database, actor(request), whole(request, "witness"))
    values = {"pressing": witnesses.is_pressing(found.witness, day), "age": witnesses.age(found.witness, day), "revealed": contact}
    names = here.deployment.villages
    listed = villages(here, found.witness.commune)
    answer = page(request, "registers/witness", file=found, witness=found.witness, villages=names, choices=listed, **values)
    if contact:
        answer.headers["Cache-Control"] = "no-store"
    return answer


def _witness(filled: Form, commune: str) -> NewWitness:
    village = filled.text("village") or None
    return NewWitness(
        commune,
        filled.text("name"),
        filled.text("knows"),
        filled.number("birth_year"),
        village,
        filled.text("urgency"),
        filled.text("contact"),
    )


def _to_witness(request: web.Request, say: str) -> web.Response:
    return see_other(request, _WITNESS.format(whole(request, "witness")), say=say)


@needs(Action.REGISTER_WORK)
async def correct_witness(request: web.Request) -> web.StreamResponse:
    """Correct what is known."""
    here, who, filled = desk(request), actor(request), await form(request)
    id_, new = whole(request, "witness"), _witness(filled, who.commune)
    await witnesses.change_witness(here.database, who, id_, version_of(filled), new, today(request), here.clock())
    return _to_witness(request, "Đã lưu")


@needs(Action.REGISTER_WORK)
async def plan_visit(request: web.Request) -> web.StreamResponse:
    """Who goes, by when."""
    here, filled = desk(request), await form(request)
    visit = Visit(filled.text("visitor"), a_day(filled.text("by"), "gặp trước ngày"))
    await witnesses.plan_visit(here.database, actor(request), whole(request, "witness"), version_of(filled), visit, here.clock())
    return _to_witness(request, "Đã hẹn người đến gặp")


@needs(Action.REGISTER_WORK)
async def visited(request: web.Request) -> web.StreamResponse:
    """What was told."""
    here, filled = desk(request), await form(request)
    id_, told = whole(request, "witness"), filled.text("told")
    await witnesses.visited(here.database, actor(request), id_, version_of(filled), told, here.clock())
    return _to_witness(request, "Đã ghi lần gặp")


@needs(Action.REGISTER_WORK)
async def gone(request: web.Request) -> web.StreamResponse:
    """The witness has died."""
    here, filled = desk(request), await form(request)
    await witnesses.gone(here.database, actor(request), whole(request, "witness"), version_of(filled), here.clock())
    return _to_witness(request, "Đã ghi")


@needs(Action.REGISTER_WORK)
async def link_witness(request: web.Request) -> web.StreamResponse:
    """A tip or a case that the witness knows of."""
    here, filled = desk(request), await form(request)
    id_, code, case = whole(request, "witness"), filled.text("code"), filled.number("case")
    await witnesses.link(here.database, actor(request), id_, version_of(filled), code, case, here.clock())
    return _to_witness(request, "Đã nối")


@needs(Action.NUMBER_REVEAL)
async def reveal(request: web.Request) -> web.StreamResponse:
    """The contact in full, on this one answer."""
    here, filled, id_ = desk(request), await form(request), whole(request, "witness")
    contact = await witnesses.reveal_contact(here.database, actor(request), id_, filled.text("why"), here.clock())
    return await _witness_page(request, contact or "chưa ghi liên hệ")


# --- battles ---


@needs(Action.REGISTER_WORK)
async def show_battles(request: web.Request) -> web.StreamResponse:
    """The register of battles."""
    found = await battles.list_battles(desk(request).database, actor(request))
    return page(request, "registers/battles", battles=found, as_said=battles.as_said, taken=None)


@needs(Action.REGISTER_WORK)
async def ask_battle(request: web.Request) -> web.StreamResponse:
    """A form for a battle."""
    return page(request, "registers/battle_new")


@needs(Action.REGISTER_WORK)
async def add_battle(request: web.Request) -> web.StreamResponse:
    """Write it into the register."""
    here, who, filled = desk(request), actor(request), await form(request)
    made = await battles.add_battle(here.database, who, _battle(filled, who.commune), here.clock())
    return see_other(request, _BATTLE.format(made), say="Đã ghi vào sổ trận đánh")


def _battle(filled: Form, commune: str) -> NewBattle:
    names = ("name", "first", "last", "place", "units", "sources")
    return NewBattle(commune, *(filled.text(name) for name in names))


@needs(Action.REGISTER_WORK)
async def take_list(request: web.Request) -> web.StreamResponse:
    """A list of Hội Cựu chiến binh: good rows are in, bad ones are named by their lines."""
    here, who, filled = desk(request), actor(request), await form(request)
    upload = filled.file("list")
    if upload is None:
        raise Refusal("Chưa chọn tệp. Xin chọn tệp CSV hoặc XLSX.")
    taken = await battles.import_battles(here.database, who, upload.read(), upload.name, here.clock())
    found = await battles.list_battles(here.database, who)
    return page(request, "registers/battles", battles=found, as_said=battles.as_said, taken=taken)


@needs(Action.REGISTER_WORK)
async def show_battle(request: web.Request) -> web.StreamResponse:
    """One battle."""
    found = await battles.show_battle(desk(request).database, actor(request), whole(request, "battle"))
    return page(request, "registers/battle", file=found, battle=found.battle, as_said=battles.as_said)


@needs(Action.REGISTER_WORK)
async def correct_battle(request: web.Request) -> web.StreamResponse:
    """Correct it."""
    here, who, filled = desk(request), actor(request), await form(request)
    id_ = whole(request, "battle")
    await battles.change_battle(here.database, who, id_, version_of(filled), _battle(filled, who.commune), here.clock())
    return see_other(request, _BATTLE.format(id_), say="Đã lưu; lời cũ còn trong lịch sử")


@needs(Action.REGISTER_WORK)
async def link_battle(request: web.Request) -> web.StreamResponse:
    """A tip or a case that tells of it."""
    here, filled, id_ = desk(request), await form(request), whole(request, "battle")
    await battles.link(here.database, actor(request), id_, filled.text("code"), filled.number("case"), here.clock())
    return see_other(request, _BATTLE.format(id_), say="Đã nối")


@needs(Action.REGISTER_WORK)
async def suggest(request: web.Request) -> web.StreamResponse:
    """The battles that a tip may tell of."""
    code = request.query.get("tip", "")
    found = await battles.suggested_for(desk(request).database, actor(request), code)
    return page(request, "registers/battles_for", code=code[:20], suggested=found, as_said=battles.as_said)
