"""The second person: what they are shown, their yes, their no with a reason. Each decision is one transaction with its line in the log."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.audience import FOUND, AudienceRule, LeftOut, Tally
from gateway.domain.permission import Action, Actor, Elsewhere, Forbidden
from gateway.domain.wave import WaveKind, WaveState
from gateway.services import approvals, users, waves
from gateway.services.approvals import PARTS
from gateway.services.preview import Preview, preview
from gateway.services.refusal import Refusal
from gateway.services.routes import Route, route_named
from gateway.services.wave_desk.composition import LANGUAGES, OF_EVERYBODY, Composition
from gateway.services.wave_desk.counting import SAID
from gateway.services.wave_desk.words import PARTS as PART_WORDS
from gateway.services.wave_desk.words import spoken
from gateway.storage import audit, wave_mts
from gateway.storage import users as user_rows
from gateway.storage import wave_desk as rows
from gateway.storage import waves as wave_rows
from gateway.storage.approvals import Approval
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.wave_desk import Draft, Event
from gateway.storage.waves import Wave

_GROUP: Final = 4  # characters of a fingerprint that stand together
SENTENCES: Final = (
    "Đã đọc hết lời nhắn, đúng tên cơ quan, đúng đầu số",
    "Không hứa thưởng, không xin tiền, không giật gân",
    "Đúng người nhận, đúng ngày giờ",
)


@dataclass(frozen=True, slots=True)
class Words:
    """A language's text: as it arrives for one person, cut into (piece, whether it differs by person), and as its planner wrote it."""

    language: str
    arrives: tuple[tuple[str, bool], ...] = field(repr=False)
    written: str = field(repr=False)
    segments: int
    people: int


@dataclass(frozen=True, slots=True)
class Case:
    """All that the second person sees. `fingerprint`: of what is shown; `parts`: of each of its parts, hex, to tell later what changed."""

    wave: Wave
    draft: Draft | None
    planner: str
    texts: tuple[Words, ...]
    left_out: tuple[tuple[str, int], ...]
    for_whom: tuple[str, ...]
    cost_vnd: int
    price_vnd: int
    worst: int
    ends_at: int | None
    tested_at: tuple[int, ...]
    fingerprint: bytes
    parts: tuple[str, ...]
    events: tuple[Event, ...]
    approved: tuple[str, int] | None

    @property
    def mark(self) -> str:
        """The beginning of the fingerprint in groups that can be read aloud: "4F2A-91C7-D05B"."""
        shown = self.fingerprint.hex().upper()[: 3 * _GROUP]
        return "-".join(shown[at : at + _GROUP] for at in range(0, len(shown), _GROUP))

    @property
    def seen(self) -> str:
        """What the form carries back: the fingerprint and its parts."""
        return ".".join((self.fingerprint.hex(), *self.parts))


async def wave_named(database: Database, actor: Actor, id_: int) -> str:
    """The name of wave `id_`, for those who may read waves of its commune. Raises Forbidden."""
    actor.need(Action.WAVE_READ)
    async with database.read() as connection:
        found = await rows.name_of(connection, id_)
    if found is None:
        raise Elsewhere("there is no such wave")
    actor.need(Action.WAVE_READ, found[1])
    return found[0]


async def case_of(database: Database, actor: Actor, deployment: Deployment, routes: Sequence[Route], id_: int, now: int) -> Case:
    """What there is to decide on. Raises Refusal, Forbidden."""
    name = await wave_named(database, actor, id_)
    with spoken():
        async with database.read() as connection:
            wave = await wave_rows.find(connection, name)
            draft = await rows.of_wave(connection, name)
            planner = await user_rows.by_id(connection, wave.planner) if wave and wave.planner else None
            events = await rows.events(connection, draft.id if draft else None, id_)
            approved = await rows.approver_of(connection, id_)
        if wave is None:
            raise Refusal("there is no wave ")
        seen = await preview(database, routes, deployment.campaign, name, now) if wave.kind is WaveKind.OWN else None
        digests = approvals.digests(wave, routes)
        fingerprint = approvals.fingerprint(wave, routes)
        price = route_named(routes, wave.route).price_vnd
    tally = Tally.of_json(wave.audience_rule.get(FOUND, {}))
    return Case(
        wave, draft, planner.name if planner else "", tuple(_words(wave, draft, seen, tally)),
        tuple((SAID[why], tally.left_out[why]) for why in LeftOut if tally.left_out[why]),
        tuple(for_whom(wave, deployment)), wave.segments * price, price, tally.worst or 1, seen.ends_at if seen else None,
        seen.tested_at if seen else (), fingerprint, tuple(each.hex()[:16] for each in digests), tuple(events), approved,
    )  # fmt: skip


def _words(wave: Wave, draft: Draft | None, seen: Preview | None, tally: Tally) -> list[Words]:
    composed = Composition.of_json(draft.body) if draft else Composition()
    found = []
    for language, template in sorted(wave.texts.items(), key=lambda each: (each[0] != wave.language, each[0])):
        sample = next((each for each in seen.samples if each.language == language), None) if seen else None
        text = sample.text if sample else template
        segments = sample.segments if sample else 1
        people = tally.languages[language] or wave.audience
        found.append(Words(language, pieces(template, text), composed.texts.get(language, template), segments, people))
    return found


def pieces(template: str, text: str) -> tuple[tuple[str, bool], ...]:
    """`text` cut at the fields of `template` that made it; what differs by person is True. One piece where that can't be told."""
    fixed, names = re.split(r"\{\{.*?\}\}", template), re.findall(r"\{\{\s*(\w+).*?\}\}", template)
    if "{%" in template or len(fixed) == 1 or len(names) != len(fixed) - 1:
        return ((text, False),)
    pattern = "(.*?)".join(re.escape(each) for each in fixed)
    found = re.fullmatch(pattern, text, re.DOTALL)
    if found is None:
        return ((text, False),)
    made: list[tuple[str, bool]] = []
    for at, words in enumerate(fixed):
        made.append((words, False))
        if at < len(fixed) - 1:
            made.append((found[at + 1], names[at] not in OF_EVERYBODY))
    return tuple(each for each in made if each[0])


def for_whom(wave: Wave, deployment: Deployment) -> list[str]:
    """The audience rule in short Vietnamese phrases."""
    rule = AudienceRule.of_json(wave.audience_rule)
    found = [f"danh sách {rule.list.name}"] if rule.list else []
    if rule.villages:
        titles = [deployment.villages[each].name if each in deployment.villages else each for each in rule.villages]
        found.append(f"{len(titles)} thôn: {', '.join(titles[:6])}{' …' if len(titles) > 6 else ''}")
    else:
        communes = [deployment.communes[each].title for each in rule.communes if each in deployment.communes]
        found.append(f"mọi thôn của {', '.join(communes)}" if communes else "mọi thôn")
    found += [f"nhóm {', '.join(rule.tags)}"] if rule.tags else []
    found += [", ".join(LANGUAGES.get(each, each).lower() for each in rule.languages)] if rule.languages else []
    found += [f"biết từ giai đoạn {rule.phase}"] if rule.phase is not None else []
    found += [f"chưa trả lời đợt “{rule.not_answered}”"] if rule.not_answered else []
    return found


# --- yes ---


@dataclass(frozen=True, slots=True)
class Yes:
    """What the second person typed. `seen`: as `Case.seen` gave it; `count`: recipients, by hand; `sentences`: how many are ticked."""

    seen: str
    count: int | None
    sentences: int
    passphrase: str = field(repr=False)


async def approve(database: Database, actor: Actor, routes: Sequence[Route], id_: int, yes: Yes, now: int) -> Approval:
    """Approve wave `id_`. Raises Refusal: not all ticked, another number, a wrong passphrase, something changed; Forbidden."""
    actor.need(Action.WAVE_APPROVE)
    name = await wave_named(database, actor, id_)
    async with database.read() as connection:
        wave = await wave_rows.find(connection, name)
    _mind(wave, actor, yes)
    with spoken():
        user = await users.check(database, actor.name, yes.passphrase, now)
        if user.id != actor.user:
            raise Refusal(users.NOT_YOU)
        fingerprint, _, parts = yes.seen.partition(".")

        async def unit(connection: AsyncConnection) -> Approval:
            wave = await approvals.proposed(connection, routes, name, actor.user)
            _mind_change(wave, routes, fingerprint, parts.split("."))
            done = await approvals.record(connection, wave, routes, user, now, approvals.PASSPHRASE, None)
            await rows.note(connection, wave.commune, actor.user, "approve", now, wave_id=wave.id)
            detail = {"fingerprint": done.hash.hex(), "audience": wave.audience}
            await audit.note(connection, Entry(actor, Action.WAVE_APPROVE, f"wave:{wave.id}", detail, wave.commune), now)
            return done

        return await database.write(unit)


def _mind(wave: Wave | None, actor: Actor, yes: Yes) -> None:
    if wave is None:
        raise Refusal("Không có đợt này.")
    if wave.planner == actor.user:
        raise Refusal("Người soạn không tự duyệt đợt của mình. Xin nhờ người duyệt khác.")
    if yes.sentences < len(SENTENCES):
        raise Refusal("Xin xem và đánh dấu đủ ba điều trước khi duyệt.")
    if yes.count != wave.audience:
        raise Refusal("Số người nhận gõ vào chưa đúng. Xin nhìn lại ô “Người nhận” rồi gõ đúng số đó.")


def _mind_change(wave: Wave, routes: Sequence[Route], fingerprint: str, parts: Sequence[str]) -> None:
    """Refuse what is not what was shown, and say what changed."""
    if fingerprint == approvals.fingerprint(wave, routes).hex():
        return
    now = [each.hex()[:16] for each in approvals.digests(wave, routes)]
    other = [PART_WORDS[name] for name, then, here in zip(PARTS, parts, now, strict=False) if then != here]
    what = ", ".join(other) if other and len(parts) == len(now) else "nội dung"
    raise Refusal(f"Đợt đã thay đổi trong lúc xem: {what}. Chưa duyệt gì. Xin xem lại từ đầu.")


# --- no ---


async def send_back(database: Database, actor: Actor, id_: int, why: str, now: int) -> int | None:
    """Give the wave back to its planner with a reason; it is written on as a draft, whose id is returned. Raises Refusal, Forbidden.

    Its planner may take it back too. The wave of this try ends: what was approved or refused once is never changed behind its name.
    """
    name = await wave_named(database, actor, id_)
    if not why.strip():
        raise Refusal("Xin ghi lý do trả lại, để người soạn biết phải sửa gì.")

    async def unit(connection: AsyncConnection) -> int | None:
        await wave_mts.lock(connection, name)
        wave, draft = await wave_rows.find(connection, name), await rows.of_wave(connection, name)
        if wave is None or wave.state is not WaveState.PLANNED:
            raise Refusal("Đợt này không còn chờ duyệt nữa nên không trả lại được. Xin tải lại trang.")
        if not (actor.may(Action.WAVE_APPROVE) or wave.planner == actor.user):
            raise Forbidden("only the approver or its planner sends a wave back")
        await wave_rows.move(connection, wave.id, WaveState.CANCELLED, now, "sent back")
        if draft is not None:
            await rows.move(connection, draft.id, rows.RETURNED, (rows.ASKED,), wave=None, tries=draft.tries + 1, asked_at=None)
        await rows.note(
            connection, wave.commune, actor.user, "back", now, draft=draft.id if draft else None, wave_id=wave.id, words=why.strip()
        )
        await audit.note(connection, Entry(actor, "wave.back", f"wave:{wave.id}", {"why": why.strip()[:500]}, wave.commune), now)
        return draft.id if draft else None

    draft_id = await database.write(unit)
    with spoken():
        await waves.cancel(database, name, now)  # its messages, which the next round of upkeep would end too
    return draft_id


def outcome(states: Mapping[str, int]) -> str:
    """What became of test messages."""
    whole, arrived, failed = sum(states.values()), states.get("delivered", 0), states.get("failed", 0)
    if arrived == whole:
        return "đã nhận đủ"
    words = [f"{arrived} máy đã nhận"] if arrived else []
    words += [f"{failed} máy không nhận được"] if failed else []
    waiting = whole - arrived - failed
    return ", ".join(words + ([f"{waiting} tin chưa có báo phát"] if waiting else []))
