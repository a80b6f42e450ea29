"""What all use cases of casework share: words that must be there, days, places in figures, and what to say to who came second."""

import asyncio
import json
import re
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.fold import fold, nfc
from gateway.domain.permission import Action, Actor, Elsewhere
from gateway.reading.coordinates import read_points
from gateway.reading.pipelines import meridian_of
from gateway.services.refusal import Refusal
from gateway.services.tips import mask
from gateway.storage import audit, work_events
from gateway.storage.work_events import Done, What

STALE: Final = "Có người vừa làm trước ở đây. Chưa ghi gì; xin xem lại trang rồi làm tiếp."
MOST: Final = 4_000  # characters of a note
_DAY: Final = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")
_FAR_M: Final = 100_000  # an accuracy beyond that is a slip of the finger


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the ground. WGS84 degrees, radius in metres; `system`: the datum it was given in; `as_written`: the words."""

    latitude: float = field(repr=False)
    longitude: float = field(repr=False)
    accuracy_m: int
    system: str
    as_written: str = field(repr=False)

    @property
    def stored(self) -> str:
        """As it is sealed."""
        return json.dumps(asdict(self), ensure_ascii=False)


def spot_of(stored: str | None) -> Spot | None:
    """What `Spot.stored` gave."""
    return None if stored is None else Spot(**json.loads(stored))


def none_such() -> Elsewhere:
    """There is nothing of this name: said alike whether it is another commune's or nobody's."""
    return Elsewhere("there is nothing of this name in your commune")


def words(text: str, what: str, *, most: int = MOST) -> str:
    """`text`, which must be there. `what`: its name on the page. Raises Refusal."""
    said = nfc(text).strip()
    if not said:
        raise Refusal(f"Còn thiếu: {what}. Xin ghi vào rồi lưu lại.")
    if len(said) > most:
        raise Refusal(f"{what}: dài quá {most} chữ. Xin ghi gọn lại.")
    return said


def words_if_any(text: str, what: str, *, most: int = MOST) -> str | None:
    """`text`, None where nothing was written. Raises Refusal."""
    return words(text, what, most=most) if text.strip() else None


def a_day(text: str, what: str) -> date:
    """A day as the browser sends it (2026-11-23) or as people write it (23/11/2026). Raises Refusal."""
    said = text.strip()
    try:
        if found := _DAY.fullmatch(said):
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(said)
    except ValueError:
        raise Refusal(f"{what}: “{said[:20]}” không phải là ngày. Xin ghi như 23/11/2026.") from None


def local_day(at_ms: int, timezone: str) -> date:
    """The day that an epoch ms falls on there."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(timezone)).date()


async def read_spot(text: str, accuracy_m: int | None, deployment: Deployment) -> Spot:
    """The place that `text` gives, in whatever notation; `accuracy_m`: what the receiver showed, never taken for better than the notation.

    Raises Refusal: no position, or more than one that it may be.
    """
    written = words(text, "tọa độ", most=300)
    meridian = meridian_of(fold(deployment.campaign.province_name))
    points = await asyncio.to_thread(read_points, written, meridian)  # the first one loads PROJ's tables
    if len(points) != 1:
        raise Refusal(_which(len(points)))
    (point,) = points
    if point.latitude is None or point.longitude is None or point.accuracy_m is None:
        systems = ", ".join(dict.fromkeys(each.system for each in point.candidates))
        told = f" Có thể là: {systems}." if systems else ""
        raise Refusal(f"Chưa rõ tọa độ thuộc hệ nào.{told} Xin ghi kèm hệ, ví dụ: VN-2000 2395421 660123, hoặc WGS84 21.65, 106.85.")
    if accuracy_m is not None and not 0 <= accuracy_m <= _FAR_M:
        raise Refusal("Sai số phải từ 0 đến 100.000 mét. Xin xem lại số trên máy.")
    radius = max(round(point.accuracy_m), accuracy_m or 0)
    return Spot(point.latitude, point.longitude, radius, point.system, written)


def _which(found: int) -> str:
    if found:
        return "Ô này có nhiều tọa độ. Xin ghi mỗi lần một chỗ."
    return "Không đọc ra tọa độ. Xin ghi như 21.6512, 106.8533 hoặc XJ 912 945 hoặc VN-2000 2395421 660123."


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done: to what, by whom, under which right; `note` is sealed in the history, never in the audit's clear part."""

    actor: Actor
    action: Action
    what: What
    object: int
    commune: str
    kind: str
    name: str
    note: str | None = field(default=None, repr=False)


async def told_of(connection: AsyncConnection, what: What, object_: int) -> tuple[Done, ...]:
    """The history of one thing, the first act first, with numbers in its words masked."""
    found = await work_events.history(connection, what, object_)
    return tuple(replace(each, note=mask(each.note) if each.note else None) for each in found)


async def done(connection: AsyncConnection, act: Act, now: int) -> None:
    """Write an act into the history and into the audit log, in the transaction that does it."""
    await work_events.note_done(connection, Done(act.what, act.object, act.commune, act.kind, act.actor.user, now, act.note))
    entry = audit.Entry(act.actor, act.action, f"{act.what}:{act.name}", {"step": act.kind}, act.commune)
    await audit.note(connection, entry, now)
