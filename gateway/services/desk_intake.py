"""What stands beside a tip at the desk: the map with its candidates, where it came from, what came with it, what was asked about it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.code import read_placement_code
from gateway.domain.fold import fold
from gateway.domain.media import Form, Media
from gateway.domain.permission import Action, Actor
from gateway.domain.placement import Placement
from gateway.domain.tip import Channel
from gateway.domain.village import Village
from gateway.services import asking
from gateway.services.asking import Said, Template
from gateway.services.commune_map import ZOOMS, Candidate, Drawing, Fix, Scene, Spot, Zoom, distance_km, draw
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.storage import attachments as attachment_rows
from gateway.storage import audit, corroboration, entries, questions, tip_sides, tips
from gateway.storage.attachments import KEPT, QUARANTINED, Attachment
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.entries import Entered
from gateway.storage.tip_sides import Origin

CHANNELS: Final[Mapping[str, str]] = {
    Channel.SMS: "Tin nhắn SMS",
    Channel.USSD: "Bấm số USSD",
    Channel.ZALO: "Zalo",
    Channel.WEB: "Trang mã QR",
    Channel.PHONE: "Gọi điện, cán bộ ghi",
    Channel.PAPER: "Phiếu giấy, cán bộ nhập",
    Channel.WALK_IN: "Kể trực tiếp, cán bộ ghi",
}
PIECES: Final[Mapping[str, str]] = {
    "poster": "Áp phích", "banner": "Băng rôn", "leaflet": "Tờ rơi", "card": "Thẻ", "panel": "Pa-nô", "board": "Pa-nô", "flag": "Phướn",
    "led": "Màn hình LED", "decal": "Đề can", "standee": "Standee", "sticker": "Đề can",
}  # fmt: skip
_PHOTO_M: Final = 50.0  # how far a phone's position in a photo may be off, where it says nothing of it
_AROUND_KM: Final = 40  # how far a known place may lie to stand on the map of the region
_MOST_CANDIDATES: Final = 6


@dataclass(frozen=True, slots=True)
class Source:
    """Where a tip came from. `after_ms`: how long after the wave reached its sender; `placement`: of the printed code that was scanned."""

    channel: str
    label: str
    received_at: int
    told_at: int | None
    wave: str | None
    after_ms: int | None
    placement: Placement | None
    piece: str
    place: str
    entered: Entered | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What came with a tip. `path`: where it is shown, "" where it is not; `has_position`: the file said where it was made."""

    id: int
    number: int
    form: str
    bytes: int
    path: str
    is_quarantined: bool
    has_position: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """All that stands beside one tip."""

    tip: int
    code: str
    map: Drawing | None
    candidates: tuple[Candidate, ...]
    source: Source
    attachments: tuple[Shown, ...]
    thread: tuple[Said, ...] = field(repr=False)
    templates: tuple[Template, ...] = ()
    obstacle: str = ""
    may_ask: bool = False
    zooms: tuple[tuple[str, str], ...] = ()


async def beside(
    database: Database,
    deployment: Deployment,
    tip_id: int,
    actor: Actor,
    *,
    now: int = 0,
    routes: Sequence[Route] = (),
    zoom: Zoom = Zoom.COMMUNE,
) -> Beside:
    """What stands beside the tip of that id. `now`: epoch ms; `routes`: by which may be asked. Raises Forbidden, Refusal."""
    actor.need(Action.TIP_READ)
    async with database.read() as connection:
        found = await tip_sides.origin(connection, tip_id)
        if found is None:
            raise Refusal("Không có tin này.")
        actor.need(Action.TIP_READ, found.commune)
        kept = await attachment_rows.of_tip(connection, tip_id)
        like = await corroboration.beside(connection, tip_id)
        asked, events = await questions.of_tip(connection, tip_id), await tips.events_of(connection, tip_id)
        source = await _source(connection, deployment, found)
        why = await _obstacle(connection, actor, found, routes, now)
    fields: dict[str, Any] = json.loads(found.fields or "{}")  # Any: JSON
    candidates = candidates_of(deployment, found, fields, [code for code, _ in like])
    scene = scene_of(deployment, found.commune, candidates, tuple(fixes_of(fields, kept)))
    meant = [deployment.villages[each.spot.code] for each in candidates if not any(one.is_chosen for one in candidates)]
    return Beside(
        tip=tip_id,
        code=found.code,
        map=draw(scene, zoom),
        candidates=candidates,
        source=source,
        attachments=tuple(_shown(found.code, number, each) for number, each in enumerate(kept, 1)),
        thread=tuple(asking.thread(asked, events, now)),
        templates=tuple(asking.templates(deployment, meant)),
        obstacle=why,
        may_ask=actor.may(Action.TIP_ASK),
        zooms=tuple((each.value, words) for each, words in ZOOMS.items()),
    )


# --- the map ---


def candidates_of(deployment: Deployment, found: Origin, fields: Mapping[str, Any], like: Sequence[str]) -> tuple[Candidate, ...]:
    """The villages that a tip may mean, A first, with what speaks for each. Pure. `like`: codes of tips that tell of the like."""
    codes = [found.village] if found.village else list(fields.get("village_candidates", ()))
    printed = _printed_village(found)
    if printed and printed not in codes:
        codes.append(printed)
    villages = [deployment.villages[code] for code in codes if code in deployment.villages]
    placed = [village for village in villages if village.lat is not None and village.lon is not None]
    return tuple(
        Candidate(
            letter=chr(ord("A") + at),
            spot=_spot(village),
            households=village.households,
            reasons=tuple(_reasons(village, villages, found, printed, like)),
            is_chosen=village.code == found.village,
        )
        for at, village in enumerate(placed[:_MOST_CANDIDATES])
    )


def _printed_village(found: Origin) -> str | None:
    """The village of the printed code that was scanned; what staff chose is no scan."""
    if found.placement is None or found.channel in (Channel.PHONE, Channel.PAPER, Channel.WALK_IN):
        return None
    code = read_placement_code(found.placement)
    return code[0] if code else found.placement


def _reasons(village: Village, all_of_them: Sequence[Village], found: Origin, printed: str | None, like: Sequence[str]) -> Iterator[str]:
    if village.code == printed:
        yield "Người báo quét mã treo ở thôn này"
    if village.code == found.village:
        yield "Tin đã gắn với thôn này"
    elif any(other is not village and fold(other.name) == fold(village.name) for other in all_of_them):
        yield "Trùng tên khi bỏ dấu"
    elif village.code != printed:
        yield "Tên trong lời tin gần giống"
    if village.code == found.village and like:
        yield f"{'Tin' if len(like) == 1 else 'Các tin'} {', '.join(like[:3])} kể giống"


def _spot(village: Village) -> Spot:
    return Spot(village.code, village.name, village.lat or 0.0, village.lon or 0.0)


def fixes_of(fields: Mapping[str, Any], kept: Sequence[Attachment]) -> Iterator[Fix]:  # Any: JSON
    """Coordinates of a tip: what the words give, what the phone gave, what photos say of themselves. Pure."""
    coords = fields.get("coords")
    if isinstance(coords, dict):
        yield from _fix(coords.get("lat"), coords.get("lon"), coords.get("accuracy_m"), f"đọc từ lời tin ({coords.get('system', '')})")
    if "latitude" in fields:
        yield from _fix(fields.get("latitude"), fields.get("longitude"), fields.get("accuracy_m"), "điện thoại của người báo")
    for number, each in enumerate(kept, 1):
        meta = json.loads(each.meta or "{}")
        if each.state == KEPT and "latitude" in meta:
            yield from _fix(meta["latitude"], meta.get("longitude"), _PHOTO_M, f"ảnh {number} nói nơi chụp")


def _fix(latitude: object, longitude: object, accuracy: object, source: str) -> Iterator[Fix]:
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return
    radius = float(accuracy) if isinstance(accuracy, int | float) else 1_000.0
    if abs(latitude) <= 90 and abs(longitude) <= 180 and 0 <= radius < 1e6:
        yield Fix(float(latitude), float(longitude), max(1.0, radius), source)


def scene_of(deployment: Deployment, commune: str, candidates: tuple[Candidate, ...] = (), fixes: tuple[Fix, ...] = ()) -> Scene:
    """The land round a commune, from what the deployment knows. Pure."""
    own = [v for v in deployment.villages.values() if v.commune == commune and v.lat is not None and v.lon is not None]
    listed = deployment.communes.get(commune)
    others = [c for c in deployment.communes.values() if c.code != commune and c.lat is not None and c.lon is not None]
    middle = (sum(v.lat or 0.0 for v in own) / len(own), sum(v.lon or 0.0 for v in own) / len(own)) if own else None
    near = [p for p in deployment.known_places if middle and distance_km(middle, (p.latitude, p.longitude)) < _AROUND_KM]
    around = [Spot(c.code, c.name, c.lat or 0.0, c.lon or 0.0, is_own=False) for c in others]
    return Scene(
        commune=listed.title if listed else commune,
        villages=tuple(map(_spot, own)),
        around=(*around, *(Spot("", p.name, p.latitude, p.longitude, is_own=False) for p in near)),
        candidates=candidates,
        fixes=fixes,
    )


# --- the source ---


async def _source(connection: AsyncConnection, deployment: Deployment, found: Origin) -> Source:
    reached = await tip_sides.reached_at(connection, found)
    placement = _placement(deployment, found.placement)
    village = deployment.villages.get(placement.village if placement else found.placement or "")
    return Source(
        channel=found.channel,
        label=CHANNELS.get(found.channel, found.channel),
        received_at=found.received_at,
        told_at=found.told_at if found.channel in (Channel.PHONE, Channel.PAPER, Channel.WALK_IN) else None,
        wave=found.wave,
        after_ms=max(0, found.received_at - reached) if reached else None,
        placement=placement,
        piece=piece_name(placement.piece) if placement else "",
        place=", ".join(filter(None, (placement.spot if placement else "", village.title if village else ""))),
        entered=await entries.by_tip(connection, found.id),
    )


def _placement(deployment: Deployment, code: str | None) -> Placement | None:
    if code is None or (read := read_placement_code(code)) is None:
        return None
    return next((each for each in deployment.placements if (each.village, each.number) == read), None)


def piece_name(piece: str) -> str:
    """What officers call a piece: "Áp phích A3"."""
    kind, _, size = piece.partition("-")
    return f"{PIECES.get(kind, kind)} {size.upper()}".strip()


# --- attachments ---


def _shown(code: str, number: int, each: Attachment) -> Shown:
    form = Media(each.media).form
    is_shown = each.state == KEPT
    path = f"/desk/attachments/{code}/{each.id}" if is_shown else ""
    has_position = "latitude" in json.loads(each.meta or "{}")
    return Shown(each.id, number, _FORMS[form], each.bytes, path, each.state == QUARANTINED, has_position)


_FORMS: Final = {Form.IMAGE: "ảnh", Form.AUDIO: "ghi âm", Form.VIDEO: "phim"}


async def attachment_to_show(database: Database, actor: Actor, code: str, id_: int, now: int) -> Attachment:
    """An attachment that `actor` may see, its view noted. Raises Forbidden, Refusal: there is none, or it is not to be shown."""
    actor.need(Action.TIP_READ)

    async def unit(connection: AsyncConnection) -> Attachment:
        tip = await tip_sides.of_code(connection, code)
        if tip is None:
            raise Refusal("Không có tệp này.")
        actor.need(Action.TIP_READ, tip[1])
        found = await attachment_rows.by_id(connection, id_)
        if found is None or found.tip != tip[0] or found.state != KEPT:
            raise Refusal("Không có tệp này, hoặc tệp được giữ kín mà không mở.")
        await audit.note(connection, Entry(actor, "attachment.view", f"tip:{code}", {"attachment": id_}, tip[1]), now)
        return found

    return await database.write(unit)


async def _obstacle(connection: AsyncConnection, actor: Actor, found: Origin, routes: Sequence[Route], now: int) -> str:
    if not actor.may(Action.TIP_ASK):
        return ""
    informant = await tips.informant(connection, found.code)
    return await asking.obstacle(connection, informant, routes, now) if informant else ""
