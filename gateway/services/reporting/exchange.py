"""Figures between installations: a commune with one of its own exports a report's figures, signed; the province checks and takes them.

The file is JSON in UTF-8: {"format", "commune", "kind", "first", "last", "version", "made_at", "figures": {name: [value, of]}, "key",
"signature"}. `signature`: Ed25519 (RFC 8032), hex, over the same object without it, as JSON with sorted keys and no blanks. The key is
derived from the installation's own; its public half (`tinbao report key`) stands in the province's numbers.toml. No tip or name is in it.
"""

import json
import re
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.figures import BY_NAME
from gateway.domain.period import Kind
from gateway.domain.permission import Action, Actor
from gateway.number_rules import NumberRules
from gateway.services.refusal import Refusal
from gateway.services.reporting.book import Made
from gateway.storage import audit, report_book
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.report_book import ForeignFigures
from gateway.storage.seal import Keyring

FORMAT: Final = "tinbao-figures/1"
LIMIT: Final = 200_000  # bytes: such a file has some three thousand
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_KINDS: Final = frozenset(each.value for each in Kind)
_MOST: Final = 10**13
_UNREADABLE: Final = "Tệp này không phải là tệp số liệu của Tin Báo, hoặc đã bị sửa; xin xã xuất lại tệp."


def _private(keyring: Keyring) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(keyring.blind("figures", "report figures"))


def public_key(keyring: Keyring) -> str:
    """What a province writes into its numbers.toml: 64 hex digits."""
    return _private(keyring).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def exported(keyring: Keyring, made: Made) -> bytes:
    """A report's own figures, signed."""
    row = made.row
    figures = {name: [each.value, each.of] for each in made.figures for name, _, column in [each.name.partition(":")] if column == "now"}
    told: dict[str, Any] = {  # Any: JSON
        "format": FORMAT, "commune": row.commune, "kind": row.kind, "first": row.first, "last": row.last, "version": row.version,
        "made_at": row.made_at, "figures": figures, "key": public_key(keyring),
    }  # fmt: skip
    return json.dumps(told | {"signature": _private(keyring).sign(_exact(told)).hex()}, ensure_ascii=False, indent=1).encode()


def _exact(told: dict[str, Any]) -> bytes:
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


async def imported(database: Database, deployment: Deployment, actor: Actor, rules: NumberRules, data: bytes, now: int) -> str:
    """Take a commune's figures; returns its name. Raises Forbidden, Refusal: who did not sign it, or what it can't be."""
    actor.need(Action.REPORT_MAKE)
    told = _read(data)
    commune = deployment.communes.get(told["commune"])
    if commune is None:
        raise Refusal("Tệp của một xã không có trong communes.csv; thêm xã vào danh sách trước.")
    actor.need(Action.REPORT_MAKE, commune.code)
    _checked(told, rules, commune.title)
    new = ForeignFigures(
        commune.code, told["kind"], told["first"], told["last"], told["version"], json.dumps(told["figures"]), bytes.fromhex(told["key"]),
        told["made_at"], now, actor.user,
    )  # fmt: skip

    async def unit(connection: AsyncConnection) -> None:
        if not await report_book.take(connection, new):
            raise Refusal(f"Số liệu này của {commune.title} đã được nhận trước đó.")
        detail = {"kind": new.kind, "first": new.first, "last": new.last, "version": new.version}
        await audit.note(connection, Entry(actor, "report.take", f"commune:{commune.code}", detail, commune.code), now)

    await database.write(unit)
    return commune.title


def _checked(told: dict[str, Any], rules: NumberRules, title: str) -> None:
    """Whether the commune's own key signed exactly this. Raises Refusal."""
    known = rules.keys.get(told["commune"])
    if known is None:
        key = f"{told['key'][:8]}…{told['key'][-8:]}"
        raise Refusal(f"Chưa có khóa của {title}. Gọi cho xã để đối chiếu khóa {key}, rồi ghi vào [report_keys] của numbers.toml.")
    signature = told.pop("signature")
    try:
        Ed25519PublicKey.from_public_bytes(known).verify(bytes.fromhex(signature), _exact(told))
    except (InvalidSignature, ValueError):
        raise Refusal(f"Chữ ký trên tệp không phải của {title}, hoặc số liệu đã bị sửa; xin xã xuất lại tệp.") from None


def _read(data: bytes) -> dict[str, Any]:
    """The file as checked values. Raises Refusal."""
    try:
        told = json.loads(data) if len(data) <= LIMIT else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or told.get("format") != FORMAT or not _is_whole(told):
        raise Refusal(_UNREADABLE)
    return told


def _is_whole(told: dict[str, Any]) -> bool:
    words = all(isinstance(told.get(name), str) for name in ("commune", "kind", "first", "last", "key", "signature"))
    numbers = all(_is_count(told.get(name)) for name in ("version", "made_at"))
    if not (words and numbers and told["kind"] in _KINDS and re.fullmatch(r"[0-9a-f]{64}", told["key"])):
        return False
    return all(_DAY.fullmatch(told[name]) for name in ("first", "last")) and _are_figures(told.get("figures"))


def _are_figures(figures: object) -> bool:
    if not isinstance(figures, dict) or not set(figures) <= set(BY_NAME):
        return False
    return all(_is_figure(each) for each in figures.values())


def _is_figure(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and _is_count(value[0]) and (value[1] is None or _is_count(value[1]))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST
