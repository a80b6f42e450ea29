"""What a planner has typed so far, as values; and what of it stands against asking for approval. Pure.

A text is kept as it was written, with accents. Which languages go without them is a choice beside it: `sent` makes the template that goes.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, Final, Self

from gateway.domain.campaign import Campaign
from gateway.domain.document import BadDocument, Document
from gateway.domain.fold import fold
from gateway.domain.text_signs import unaccented
from gateway.services.texts import Template, faults_of

FIELDS: Final[Mapping[str, str]] = {  # what every text may name, and what it is
    "ma_thon": "mã thôn",
    "thon": "tên thôn",
    "dau_so": "đầu số",
    "gia": "giá một tin",
    "xa": "tên xã",
    "duong_day_nong": "đường dây nóng",
    "ten": "họ tên (cột của danh sách)",
}
OF_EVERYBODY: Final = ("dau_so", "gia", "xa", "duong_day_nong")  # what a text to a whole area may name
LANGUAGES: Final[Mapping[str, str]] = {"vi": "Tiếng Việt", "en": "Tiếng Anh", "lo": "Tiếng Lào"}
_TAG: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_SENDER: Final = ("ubnd", "uy ban", "ban chi dao", "ban chqs", "bch quan su", "commune", "people's committee")
_STOP: Final = re.compile(r"\bTC\b")


@dataclass(frozen=True, slots=True)
class Composition:
    """A wave, or a partner's order, as it is being written. `accented`: languages that go with accents; money is VND; days are ISO 8601.

    `ramp`: per cent first, per cent of failures that stop it, minutes to wait; empty: none. `area`, `last`, `expected`: of an order.
    """

    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    accented: tuple[str, ...] = ()
    route: str = ""
    villages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    phase: int | None = None
    not_answered: str = ""
    day: str = ""
    at: str = ""
    window: tuple[str, str] = ("07:00", "21:00")
    pace: int | None = None
    ramp: tuple[float, ...] = ()
    max_segments: int = 1
    cost_ceiling: int | None = None
    document: str = ""
    document_date: str = ""
    again: bool = False
    area: tuple[str, ...] = ()
    last: str = ""
    expected: int | None = None

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """All of it."""
        return asdict(self)

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Self:  # Any: JSON
        """From `as_json`; a key of another release is passed over."""
        known = {each.name for each in fields(cls)}
        values: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in stored.items() if name in known}
        return cls(**values)

    @property
    def sent(self) -> dict[str, Template]:
        """The templates as they will go, Vietnamese first; languages without words left out."""
        order = sorted(self.texts, key=lambda each: (each != "vi", each))
        return {
            language: self.texts[language] if language in self.accented else plain(self.texts[language])
            for language in order
            if self.texts[language].strip()
        }


def plain(template: Template) -> Template:
    """`template` without accents: its words, and what its fields will bring."""
    found = []
    at = 0
    for tag in _TAG.finditer(template):
        found += [unaccented(template[at : tag.start()]), _plain_tag(tag[0])]
        at = tag.end()
    return "".join([*found, unaccented(template[at:])])


def _plain_tag(tag: str) -> str:
    if not tag.startswith("{{") or "khong_dau" in tag:
        return tag
    return f"{{{{ {tag[2:-2].strip()}|khong_dau }}}}"


# --- what stands against it ---


@dataclass(frozen=True, slots=True)
class Check:
    """Something a text must have. `blocks`: the sentence while it is missing, else ""."""

    label: str
    blocks: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is there."""
        return not self.blocks


def checks(language: str, text: str, campaign: Campaign) -> tuple[Check, Check]:
    """Whether a text says who sends it, and how to stop it."""
    said = LANGUAGES.get(language, language).lower()
    named = "{{ xa" in text or any(each in fold(text) for each in (*_SENDER, fold(campaign.commune_title)))
    missing = f"Lời nhắn {said} chưa có tên cơ quan gửi. Thêm “UBND” và tên xã."
    stop = f"Lời nhắn {said} chưa có cách từ chối. Thêm “Từ chối: soạn TC gửi đầu số”."
    return Check("có tên cơ quan", "" if named else missing), Check("có cách từ chối", "" if _STOP.search(text) else stop)


def blocks(composed: Composition, campaign: Campaign, known: Collection[str], today: date) -> tuple[str, ...]:
    """Every sentence that stands against “Xin duyệt”. `known`: fields that the texts may name."""
    return tuple(_blocks(composed, campaign, known, today))


def _blocks(composed: Composition, campaign: Campaign, known: Collection[str], today: date) -> Iterator[str]:
    if not composed.sent:
        yield "Chưa có lời nhắn."
    for language, template in composed.sent.items():
        for check in checks(language, composed.texts[language], campaign):
            if not check.passed:
                yield check.blocks
        yield from (_fault(each.field, known) for each in faults_of({language: template}, known))
    yield from _paper(composed, today)


def _fault(name: str, known: Collection[str]) -> str:
    may = ", ".join(f"{{{{ {each} }}}}" for each in FIELDS if each in known)
    if name:
        return f"Lời nhắn dùng {{{{ {name} }}}}, mà không người nhận nào có. Các ô dùng được: {may}."
    return f"Lời nhắn có chỗ máy không đọc được. Chỉ dùng chữ và các ô: {may}."


def _paper(composed: Composition, today: date) -> Iterator[str]:
    if not composed.document or not composed.document_date:
        yield "Chưa ghi văn bản chỉ đạo: số và ngày ký."
        return
    try:
        Document.read(composed.document, composed.document_date, today)
    except BadDocument:
        yield "Số hoặc ngày văn bản chưa đúng. Ví dụ: 238/KH-UBND, ngày 15/6/2026; ngày ký không nằm sau hôm nay."
