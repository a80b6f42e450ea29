"""The life of a hand-over: prepared, decided by another person, taken out as the same bytes each time, receipted, answered.

A number goes along only of who agreed to be called; numbers inside the words are masked; pictures go as they are shown, without what the
file says of place and person. DNA requests are no tips and can't be named here; a tip that was sorted to their book is refused too.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.caps import DAY_MS
from gateway.domain.code import read_tip_code
from gateway.domain.fold import fold
from gateway.domain.hand_over import FORMAT, Format, Package, Part, Receiver, State, Status, TipSheet, Way
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.permission import Action, Actor, Elsewhere
from gateway.domain.table import Column, read_table
from gateway.domain.tip_work import Result, Sort
from gateway.services.attachments import SUFFIX, Attachments, NotShown
from gateway.services.desk_tips import words as told
from gateway.services.hand_over.container import seal
from gateway.services.refusal import Refusal
from gateway.storage import audit, tip_queue, tips
from gateway.storage import hand_overs as rows
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.hand_overs import Event, HandOver, Item, New
from gateway.storage.tip_queue import Held

MOST_TIPS: Final = 500
MOST_BYTES: Final = 16_000_000
RECEIPT: Final = "hand_over.receipt"  # what the keyed hash of a slip's code is for
HANDED: Final = "handed over"  # kinds of tip_event
ANSWERED: Final = "receiver answered"
_MANIFEST: Final = "package.json"
_NAME: Final = re.compile(r"(?:dinh-kem/)?[A-Za-z0-9][A-Za-z0-9-]{0,40}\.[a-z0-9]{1,5}")
_ZIP_DATE: Final = (2000, 1, 1, 0, 0, 0)  # the same content gives the same bytes
_GONE: Final = "there is no such hand-over in your commune"
_TRIES: Final = 3
_CHANNELS: Final = {
    "sms": "tin nhắn", "ussd": "USSD", "zalo": "Zalo", "web": "trang mã QR", "phone": "điện thoại", "paper": "phiếu giấy",
    "walk_in": "đến tận nơi",
}  # fmt: skip
STATUSES: Final[Mapping[Status, str]] = {Status.ACCEPTED: "đã tiếp nhận", Status.NEEDS_MORE: "cần bổ sung", Status.DONE: "đã xử lý xong"}
ANSWERS: Final = (
    Column("code", ("Mã tin", "Mã", "tip")),
    Column("status", ("Tình trạng", "Trạng thái", "Kết quả")),
    Column("words", ("Ý kiến", "Ghi chú", "Nội dung"), required=False),
)
Chance = Callable[[int], bytes]  # random bytes, so many
Render = Callable[[Package, Format, Mapping[str, bytes]], bytes]  # the list as PDF or XLSX; what is enclosed, by name


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants to hand over. `parts`: what of each tip; `corrects`: id of the package that this one replaces, 0: none."""

    receiver: Receiver
    way: Way
    format: Format
    codes: tuple[str, ...]
    parts: frozenset[Part]
    note: str = field(default="", repr=False)
    corrects: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A package as its page has it. `package`: what was, or is to be, decided on."""

    row: HandOver
    package: Package = field(repr=False)
    items: tuple[Item, ...]
    events: tuple[Event, ...] = field(repr=False)


# --- what is chosen ---


async def candidates(database: Database, actor: Actor, codes: Iterable[str]) -> list[Held]:
    """The tips of these codes, in their order. Raises Refusal where one is none of this commune's, or belongs to the DNA book."""
    actor.need(Action.HAND_OVER_READ)
    wanted = list(dict.fromkeys(read_tip_code(code) or code.upper() for code in codes))
    if not wanted:
        raise Refusal("Chưa chọn tin nào. Xin ghi mã tin, hoặc chọn một hồ sơ vụ việc.")
    if len(wanted) > MOST_TIPS:
        raise Refusal(f"Một gói có nhiều nhất {MOST_TIPS} tin. Xin chia làm nhiều gói.")
    async with database.read() as connection:
        found = [await _tip(connection, actor, code) for code in wanted]
    if len({tip.commune for tip in found}) > 1:
        raise Refusal("Các tin thuộc nhiều xã. Xin làm cho mỗi xã một gói.")
    return found


async def _tip(connection: AsyncConnection, actor: Actor, code: str) -> Held:
    found = await tip_queue.held(connection, code)
    if found is None or not actor.sees(found.commune):  # whether another commune has it is nobody's business
        raise Refusal(f"Không có tin mang mã {code[:12]} trong xã. Xin xem lại từng chữ của mã.")
    if found.kind == Sort.KIN:
        raise Refusal(f"Tin {code} thuộc sổ thân nhân, mẫu ADN. Sổ đó không đi cùng gói chuyển giao. Xin bỏ tin này ra.")
    return found


def may_name(tip: Held) -> bool:
    """Whether the informant's number may go along: who agreed to be called, at a number."""
    return tip.may_call is True and tip.sender.startswith("+")


async def codes_of_case(database: Database, actor: Actor, case: int) -> list[str]:
    """The tips of a case. Those of another commune's case are refused when they are looked up."""
    actor.need(Action.HAND_OVER_PREPARE)
    async with database.read() as connection:
        return await rows.codes_of_case(connection, case)


# --- prepared ---


async def prepare(
    database: Database, deployment: Deployment, files: Attachments, actor: Actor, choice: Choice, receipt: str, now: int
) -> int:
    """Put a package together as it is to be decided on; its id. `receipt`: the code for its slip, drawn by the caller."""
    actor.need(Action.HAND_OVER_PREPARE)
    if choice.way is Way.SEALED and not choice.receiver.public_key:
        raise Refusal(f"{choice.receiver.title} chưa có khóa công khai trong hand_over.toml, nên chỉ chuyển trên giấy.")
    found = await candidates(database, actor, choice.codes)
    commune = found[0].commune
    actor.need(Action.HAND_OVER_PREPARE, commune)
    before = await _replaced(database, actor, choice)
    enclosed = await _enclosed(database, files, found) if Part.ATTACHMENTS in choice.parts else {}
    sheets = tuple(_sheet(deployment, tip, choice.parts, enclosed) for tip in found)
    day = datetime.fromtimestamp(now / 1000, ZoneInfo(deployment.campaign.timezone)).date()
    for _ in range(_TRIES):
        number, version = await _number(database, commune, day.year, before)
        package = Package(
            number, version, _title(deployment, commune), choice.receiver.title, actor.name, day.isoformat(), receipt, choice.note, sheets
        )
        content = packed(package, {name: data for each in enclosed.values() for name, data in each})
        row = New(
            commune, number, version, (before.series or before.id) if before else None, choice.receiver.name, choice.way, choice.format,
            tuple(sorted(choice.parts)), choice.note, hashlib.sha256(content).hexdigest(), database.keyring.blind(receipt, RECEIPT),
            choice.receiver.term_days, actor.user, now,
        )  # fmt: skip
        id_ = await _store(database, actor, row, [(tip.id, may_name(tip) and Part.INFORMANT in choice.parts) for tip in found], content)
        if id_ is not None:
            return id_
    raise Refusal("Có người khác cũng đang lập gói. Xin bấm lại.")


async def _replaced(database: Database, actor: Actor, choice: Choice) -> HandOver | None:
    """The package that a corrected one replaces."""
    return await _mine(database, actor, Action.HAND_OVER_PREPARE, choice.corrects) if choice.corrects else None


async def _number(database: Database, commune: str, year: int, before: HandOver | None) -> tuple[str, int]:
    async with database.read() as connection:
        if before is not None:
            return before.number, await rows.versions(connection, before.commune, before.number) + 1
        return f"CG-{year}-{await rows.count_of_year(connection, commune, year) + 1:04}", 1


async def _store(database: Database, actor: Actor, new: New, found: Sequence[tuple[int, bool]], content: bytes) -> int | None:
    """None: somebody else took the number in between."""

    async def unit(connection: AsyncConnection) -> int | None:
        if await rows.versions(connection, new.commune, new.number) != new.version - 1:
            return None
        id_ = await rows.add(connection, new, found, content)
        if id_ is None:
            return None
        await rows.note(connection, id_, new.commune, "prepared", "", actor.user, new.prepared_at)
        detail = {"tips": len(found), "receiver": new.receiver, "parts": list(new.parts), "hash": new.content_sha256}
        entry = Entry(actor, Action.HAND_OVER_PREPARE, f"hand_over:{id_}", detail, new.commune)
        await audit.note(connection, entry, new.prepared_at)
        return id_

    return await database.write(unit)


async def _enclosed(database: Database, files: Attachments, found: Sequence[Held]) -> dict[int, list[tuple[str, bytes]]]:
    """(name in the package, content) of what is shown of each tip's attachments, by tip."""
    enclosed: dict[int, list[tuple[str, bytes]]] = {}
    size = 0
    for tip in found:
        for number, each in enumerate(await files.of_tip(tip.id), 1):
            try:
                media, pieces = await files.shown(each)
            except NotShown:
                continue
            data = b"".join([piece async for piece in pieces])
            size += len(data)
            if size > MOST_BYTES:
                raise Refusal("Tệp kèm nặng quá 16 MB. Xin chia gói, hoặc bỏ ảnh và tệp tiếng ra rồi chuyển riêng.")
            enclosed.setdefault(tip.id, []).append((f"dinh-kem/{tip.code}-{number}{SUFFIX[media]}", data))
    return enclosed


def _sheet(deployment: Deployment, tip: Held, parts: frozenset[Part], enclosed: Mapping[int, Sequence[tuple[str, bytes]]]) -> TipSheet:
    read, village, workflow = (
        told.told(tip.text, tip.fields, tip.corrected),
        deployment.villages.get(tip.village or ""),
        deployment.workflow,
    )
    received = datetime.fromtimestamp(tip.received_at / 1000, ZoneInfo(deployment.campaign.timezone))
    return TipSheet(
        tip.code,
        received.isoformat(timespec="minutes"),
        _CHANNELS.get(tip.channel, tip.channel),
        village.title if village else "",
        workflow.sort(tip.kind),
        workflow.results[Result(tip.result)] if tip.result in list(Result) else "",
        "".join(piece.text for piece in read.pieces) if Part.WORDS in parts else "",
        tuple((line.label, line.value) for line in read.lines) if Part.FIELDS in parts else (),
        _in_full(tip.sender) if Part.INFORMANT in parts and may_name(tip) else "",
        tuple(name for name, _ in enclosed.get(tip.id, ())),
    )


def _in_full(sender: str) -> str:
    try:
        return Msisdn.parse(sender).national
    except BadMsisdn:
        return ""


def _title(deployment: Deployment, commune: str) -> str:
    found = deployment.communes.get(commune)
    return found.title if found else deployment.campaign.commune_title


# --- what it is made of ---


def packed(package: Package, enclosed: Mapping[str, bytes]) -> bytes:
    """The content: a ZIP of package.json and what is enclosed. The same values, the same bytes."""
    body = json.dumps({"format": FORMAT, **asdict(package)}, ensure_ascii=False, indent=1, sort_keys=True).encode()
    return _zip({_MANIFEST: body, **enclosed})


def _zip(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(parts.items()):
            info = zipfile.ZipInfo(name, _ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return out.getvalue()


def unpacked(content: bytes) -> tuple[Package, dict[str, bytes]]:
    """A content's package and what is enclosed, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    said = json.loads(parts.pop(_MANIFEST))
    sheets = tuple(
        TipSheet(**{**each, "fields": tuple(map(tuple, each["fields"])), "attachments": tuple(each["attachments"])})
        for each in said["tips"]
    )
    values = {name: said[name] for name in ("number", "version", "sender", "receiver", "prepared_by", "day", "receipt", "note")}
    return Package(**values, tips=sheets), parts


def files_of(content: bytes) -> dict[str, bytes]:
    """What lies in an opened package, by a name that leads nowhere but into its own folder. Raises Refusal."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if any(not _NAME.fullmatch(name) for name in names):
                raise Refusal("The package holds a name that leads out of its folder: it was not made by this program")
            return {name: archive.read(name) for name in names}
    except zipfile.BadZipFile:
        raise Refusal("What is inside the package is no archive: ask for it again") from None


def leaving(content: bytes, way: Way, format_: Format, public_key: str, render: Render, chance: Chance) -> bytes:
    """The bytes that leave: a paper with its pictures, or a sealed container. CPU work: call it in a thread."""
    package, enclosed = unpacked(content)
    if way is Way.SEALED and not public_key:
        raise Refusal("Nơi nhận không có khóa công khai trong hand_over.toml. Xin hỏi khóa, hoặc lập gói trên giấy.")
    if way is Way.PAPER:
        return render(package, Format.PDF, enclosed)
    if format_ is not Format.JSON:
        enclosed[f"danh-sach.{format_}"] = render(package, format_, enclosed)
        content = packed(package, enclosed)
    return seal(content, public_key, chance)


# --- seen ---


async def _mine(database: Database, actor: Actor, action: Action, id_: int) -> HandOver:
    """A package that `actor` may do `action` to. Raises Forbidden, Elsewhere."""
    actor.need(action)
    async with database.read() as connection:
        found = await rows.by_id(connection, id_)
    if found is None or not actor.sees(found.commune):
        raise Elsewhere(_GONE)
    return found


async def listed(database: Database, actor: Actor) -> list[HandOver]:
    """The newest packages."""
    actor.need(Action.HAND_OVER_READ)
    async with database.read() as connection:
        return await rows.listed(connection, actor.communes)


async def late(database: Database, actor: Actor, now: int) -> int:
    """How many receipts are overdue."""
    actor.need(Action.HAND_OVER_READ)
    async with database.read() as connection:
        return await rows.late(connection, actor.communes, now)


async def waiting(database: Database, actor: Actor) -> int:
    """How many packages wait for this person's word."""
    if not actor.may(Action.HAND_OVER_DECIDE):
        return 0
    async with database.read() as connection:
        return await rows.waiting(connection, actor.communes, actor.user)


async def show(database: Database, actor: Actor, id_: int, now: int) -> Shown:
    """One package, with what is in it; numbers are masked here too, in full they stand in the package alone. That it was seen is noted."""
    row = await _mine(database, actor, Action.HAND_OVER_READ, id_)
    async with database.read() as connection:
        content = _there(await rows.content(connection, id_))
        found = Shown(
            row, _masked(unpacked(content)[0]), tuple(await rows.items(connection, id_)), tuple(await rows.events(connection, id_))
        )
    entry = Entry(actor, "hand_over.view", f"hand_over:{id_}", {}, row.commune)
    await database.write(lambda connection: audit.note(connection, entry, now))
    return found


def _there(content: bytes | None) -> bytes:
    """Raises Refusal where what was in a package was erased since."""
    if content is None:
        raise Refusal("Nội dung gói này đã được xóa theo hạn lưu giữ. Chỉ còn số gói, ngày và mã kiểm.")
    return content


def _masked(package: Package) -> Package:
    return replace(
        package, tips=tuple(replace(each, informant=told.phone(each.informant) if each.informant else "") for each in package.tips)
    )


# --- decided ---


async def release(database: Database, actor: Actor, row: HandOver, seen: str, data: bytes, now: int) -> None:
    """The second person's yes to the content of hash `seen`; `data`: the bytes made from it. From here the receipt's clock runs."""
    actor.need(Action.HAND_OVER_DECIDE, row.commune)
    if row.prepared_by == actor.user:
        raise Refusal("Người lập gói không tự quyết được. Xin mời người thứ hai xem và quyết.")
    if seen != row.content_sha256:
        raise Refusal("Gói đã khác lúc mở trang. Xin tải lại trang rồi xem lại.")
    sha256 = hashlib.sha256(data).hexdigest()

    async def unit(connection: AsyncConnection) -> bool:
        if not await rows.release(connection, row.id, sha256, data, actor.user, now + row.term_days * DAY_MS, now):
            return False
        await rows.note(connection, row.id, row.commune, "released", "", actor.user, now)
        for each in await rows.items(connection, row.id):
            await tips.add_event(connection, each.tip, HANDED, f"{row.number}, lần {row.version}", now)
        detail = {"hash": sha256, "content": row.content_sha256, "receiver": row.receiver}
        await audit.note(connection, Entry(actor, Action.HAND_OVER_DECIDE, f"hand_over:{row.id}", detail, row.commune), now)
        return True

    if not await database.write(unit):
        raise Refusal("Gói này đã có người quyết. Xin tải lại trang.")


async def content_to_decide(database: Database, actor: Actor, id_: int) -> tuple[HandOver, bytes]:
    """What a decision is on, for whoever may decide."""
    row = await _mine(database, actor, Action.HAND_OVER_DECIDE, id_)
    if row.state is not State.PREPARED:
        raise Refusal("Gói này đã có người quyết. Xin tải lại trang.")
    async with database.read() as connection:
        return row, _there(await rows.content(connection, id_))


async def refuse(database: Database, actor: Actor, id_: int, why: str, now: int) -> None:
    """The second person's no, with its reason."""
    row = await _mine(database, actor, Action.HAND_OVER_DECIDE, id_)
    if not why.strip():
        raise Refusal("Xin ghi lý do không chuyển, để người lập sửa lại.")

    async def unit(connection: AsyncConnection) -> bool:
        if not await rows.refuse(connection, id_, actor.user, now):
            return False
        await rows.note(connection, id_, row.commune, "refused", why, actor.user, now)
        await audit.note(connection, Entry(actor, Action.HAND_OVER_DECIDE, f"hand_over:{id_}", {"refused": True}, row.commune), now)
        return True

    if not await database.write(unit):
        raise Refusal("Gói này đã có người quyết, hoặc do chính mình lập. Xin tải lại trang.")


async def take(database: Database, actor: Actor, id_: int, now: int) -> tuple[str, bytes]:
    """(file name, the bytes that leave): the same at every time. Refused before the decision; each time is noted."""
    row = await _mine(database, actor, Action.HAND_OVER_READ, id_)
    if row.state not in (State.RELEASED, State.RECEIVED):
        raise Refusal("Gói này chưa được quyết nên chưa rời cơ quan. Xin chờ người thứ hai.")
    async with database.read() as connection:
        data = await rows.package(connection, id_)
        seen = any(event.what in ("taken", "sent_again") for event in await rows.events(connection, id_))
    if data is None or hashlib.sha256(data).hexdigest() != row.sha256:
        raise Refusal("Gói trên máy chủ không còn đúng như lúc quyết. Xin lập bản thay thế và báo người quản trị.")

    async def unit(connection: AsyncConnection) -> None:
        await rows.note(connection, id_, row.commune, "sent_again" if seen else "taken", "", actor.user, now)
        await audit.note(connection, Entry(actor, "hand_over.taken", f"hand_over:{id_}", {"hash": row.sha256}, row.commune), now)

    await database.write(unit)
    return f"{row.number}-lan-{row.version}.{'pdf' if row.way is Way.PAPER else 'tbho'}", data


# --- what comes back ---


async def receive(database: Database, actor: Actor, code: str, on: date, by: str, now: int, today: date) -> HandOver:
    """The slip is back: by its code, with the day and who signed. Returns the package."""
    actor.need(Action.HAND_OVER_PREPARE)
    exact = read_tip_code(code)
    async with database.read() as connection:
        row = await rows.by_receipt(connection, database.keyring.blind(exact, RECEIPT)) if exact else None
    if row is None or not actor.sees(row.commune):
        raise Refusal("Không có gói nào mang mã biên nhận này. Xin xem lại từng chữ trên phiếu.")
    if not by.strip() or on > today:
        raise Refusal("Xin ghi tên người ký nhận và ngày đã nhận (không sau hôm nay).")

    async def unit(connection: AsyncConnection) -> bool:
        if not await rows.receive(connection, row.id, on, by):
            return False
        await rows.note(connection, row.id, row.commune, "receipt", by, actor.user, now)
        await audit.note(connection, Entry(actor, "hand_over.receipt", f"hand_over:{row.id}", {"on": on.isoformat()}, row.commune), now)
        return True

    if not await database.write(unit):
        raise Refusal("Biên nhận của gói này đã ghi rồi, hoặc gói chưa được quyết. Xin xem lại gói.")
    return row


async def answer(database: Database, actor: Actor, id_: int, answers: Mapping[str, tuple[Status, str]], now: int) -> int:
    """What the receiver says of tips, by code; all of it or nothing. It goes into each tip's history. How many."""
    row = await _mine(database, actor, Action.HAND_OVER_PREPARE, id_)
    if row.state not in (State.RELEASED, State.RECEIVED):
        raise Refusal("Gói này chưa rời cơ quan nên chưa có trả lời. Xin xem lại số gói.")
    async with database.read() as connection:
        known = {each.code: each.tip for each in await rows.items(connection, id_)}
    strange = [code for code in answers if code not in known]
    if strange:
        raise Refusal(f"Mã {strange[0][:12]} không có trong gói {row.number}. Chưa ghi dòng nào. Xin xem lại.")

    async def unit(connection: AsyncConnection) -> None:
        await rows.answer(connection, id_, {known[code]: said for code, said in answers.items()}, now)
        for code, (status, said) in answers.items():
            await tips.add_event(connection, known[code], ANSWERED, f"{row.number}: {STATUSES[status]}. {said}".strip(), now)
        await rows.note(connection, id_, row.commune, "answered", "", actor.user, now)
        await audit.note(connection, Entry(actor, "hand_over.answer", f"hand_over:{id_}", {"tips": len(answers)}, row.commune), now)

    await database.write(unit)
    return len(answers)


def read_answers(data: bytes, name: str) -> dict[str, tuple[Status, str]]:
    """A list (CSV, XLSX) that the receiver sent back: code, status, words. Raises Refusal, for all of it or nothing counts."""
    table = read_table(data, file=name, columns=ANSWERS)
    said = {fold(words): status for status, words in STATUSES.items()} | {status.value: status for status in Status}
    found: dict[str, tuple[Status, str]] = {}
    for row in table.rows:
        code, status = read_tip_code(row["code"]), said.get(fold(row["status"])) or said.get(row["status"])
        if code is None or status is None:
            raise Refusal(f"Dòng {row.line}: mã tin hoặc tình trạng chưa đúng. Tình trạng là một trong: {', '.join(STATUSES.values())}.")
        found[code] = (status, row["words"][:1000])
    if table.faults or not found:
        raise Refusal(f"Chưa đọc được bảng trả lời. {'; '.join(str(each) for each in table.faults[:3])}")
    return found


def as_plain(row: HandOver, now: int) -> dict[str, Any]:  # Any: JSON
    """A package as the command's JSON has it: codes and days, no words."""
    return {
        "id": row.id, "number": row.number, "version": row.version, "receiver": row.receiver, "way": row.way, "state": row.state,
        "tips": row.tips, "late": row.is_late(now), "sha256": row.sha256,
    }  # fmt: skip
