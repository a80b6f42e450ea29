"""The plan's figures: five names word for word (TN V.4b), outcome measures (TN I.2), and how each is counted. Pure.

Neither plan says how its figures are counted (field.md §1.4). So every way that people use is written here, side by side; a deployment
chooses one of each name (`numbers.toml`), and board and report show the others beside it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Kpi(StrEnum):
    """A figure that the plan names."""

    TIPS = "tips"
    ENGAGEMENT = "engagement"
    INFORMATION = "information"
    VERIFICATION = "verification"
    REMAINS = "remains"
    COORDINATES = "coordinates"
    DNA = "dna"


NAMES: Final[Mapping[Kpi, str]] = MappingProxyType(
    {
        Kpi.TIPS: "Số lượng tin báo",
        Kpi.ENGAGEMENT: "Tỷ lệ tương tác",
        Kpi.INFORMATION: "Số lượng thông tin tiếp nhận",
        Kpi.VERIFICATION: "Tỷ lệ xác minh",
        Kpi.REMAINS: "Số hài cốt liệt sĩ được tìm kiếm, quy tập",
        Kpi.COORDINATES: "Số tọa độ được xác minh",
        Kpi.DNA: "Số mẫu ADN được thu thập và giám định thành công",
    }
)
FIVE: Final = (Kpi.TIPS, Kpi.ENGAGEMENT, Kpi.INFORMATION, Kpi.VERIFICATION, Kpi.REMAINS)
OUTCOMES: Final = (Kpi.COORDINATES, Kpi.DNA)


class Count(StrEnum):
    """What is counted; each has a statement of its own in storage/numbers.py and can be traced to its rows."""

    TIPS = "tips"  # by the day they came in, as are the tips of the next four
    LATER_MESSAGES = "later_messages"  # what their informants added afterwards
    PHOTOS = "photos"
    RECORDINGS = "recordings"
    PAPERS = "papers"
    CONCLUDED = "concluded"
    RIGHT = "right"  # concluded, and true in whole or in part
    FOUND = "found"  # tips whose case came to remains
    SENT = "sent"  # MTs of our own waves that began in these days
    DELIVERED = "delivered"
    ANSWERS = "answers"  # people who answered one of those waves
    ORDERED = "ordered"  # what partners say that they sent to an area
    SCANS = "scans"
    PLACEMENTS = "placements"  # printed codes
    DNA_REQUESTS = "dna_requests"
    QUESTIONS = "questions"
    RECOVERED = "recovered"  # sets of remains
    IDENTIFIED = "identified"
    COORDINATES = "coordinates"
    SAMPLES = "samples"
    MATCHES = "matches"


Counts = Mapping[Count, int]


@dataclass(frozen=True, slots=True)
class Definition:
    """One way to count a figure: the sum of `value`, over the sum of `of` for a rate. `rule`: the words beside it."""

    kpi: Kpi
    name: str
    rule: str
    unit: str
    value: tuple[Count, ...]
    of: tuple[Count, ...] = ()
    percent: bool = True  # of a rate: a share of the whole; else so many for each


@dataclass(frozen=True, slots=True)
class Figure:
    """A definition with its numbers. `of` None: no rate. A rate over nothing has no value to show."""

    definition: Definition
    value: int
    of: int | None = None

    @property
    def tenths(self) -> int | None:
        """Tenths: of a per cent for a share, of one for "so many for each"; rounded half up. None: a count, or a rate over nothing."""
        if not self.of:
            return None
        scale = 1000 if self.definition.percent else 10
        return (2 * scale * self.value + self.of) // (2 * self.of)


_C = Count
DEFINITIONS: Final[tuple[Definition, ...]] = (
    Definition(Kpi.TIPS, "tips", "Mỗi việc báo tính một lần, dù người báo nhắn thêm nhiều tin.", "tin báo", (_C.TIPS,)),
    Definition(
        Kpi.TIPS, "messages", "Mỗi lượt nhắn, gửi có nội dung tin báo tính một lần.", "lượt", (_C.TIPS, _C.LATER_MESSAGES)
    ),
    Definition(
        Kpi.ENGAGEMENT, "answers-sent",
        "Số người trả lời chia cho số tin nhắn đã gửi của các đợt bắt đầu trong kỳ; không tính lời từ chối.",
        "người trả lời / tin đã gửi", (_C.ANSWERS,), (_C.SENT,),
    ),
    Definition(
        Kpi.ENGAGEMENT, "answers-delivered", "Số người trả lời chia cho số tin nhắn nhà mạng báo đã đến máy.",
        "người trả lời / tin đến máy", (_C.ANSWERS,), (_C.DELIVERED,),
    ),
    Definition(
        Kpi.ENGAGEMENT, "scans-codes", "Số lượt quét mã QR chia cho số mã đã cấp vị trí.", "lượt quét / mã",
        (_C.SCANS,), (_C.PLACEMENTS,), percent=False,
    ),
    Definition(
        Kpi.INFORMATION, "items", "Đếm từng mục trong các tin báo: lời nhắn, ảnh, ghi âm, ghi hình, giấy tờ.", "mục",
        (_C.TIPS, _C.LATER_MESSAGES, _C.PHOTOS, _C.RECORDINGS, _C.PAPERS),
    ),
    Definition(
        Kpi.INFORMATION, "matters", "Đếm mọi việc dân gửi đến: tin báo, đăng ký lấy mẫu ADN, câu hỏi.", "việc",
        (_C.TIPS, _C.DNA_REQUESTS, _C.QUESTIONS),
    ),
    Definition(
        Kpi.VERIFICATION, "concluded-received", "Số tin đã kết luận chia cho số tin nhận trong kỳ.", "tin đã kết luận / tin nhận",
        (_C.CONCLUDED,), (_C.TIPS,),
    ),
    Definition(
        Kpi.VERIFICATION, "right-concluded", "Số tin kết luận đúng hoặc đúng một phần chia cho số tin đã kết luận.",
        "tin đúng / tin đã kết luận", (_C.RIGHT,), (_C.CONCLUDED,),
    ),
    Definition(Kpi.REMAINS, "recovered", "Chỉ tính khi hồ sơ vụ việc ghi đã quy tập, theo ngày ghi.", "hài cốt", (_C.RECOVERED,)),
    Definition(Kpi.REMAINS, "identified", "Chỉ tính hài cốt đã xác định được danh tính.", "hài cốt", (_C.IDENTIFIED,)),
    Definition(Kpi.COORDINATES, "coordinates", "Tọa độ do lực lượng chuyên trách xác minh và ghi vào hồ sơ.", "tọa độ", (_C.COORDINATES,)),
    Definition(Kpi.DNA, "samples", "Số người đã được lấy mẫu.", "mẫu", (_C.SAMPLES,)),
    Definition(Kpi.DNA, "matches", "Số mẫu đã có kết quả giám định trả về.", "mẫu", (_C.MATCHES,)),
)  # fmt: skip
BY_NAME: Final[Mapping[str, Definition]] = MappingProxyType({each.name: each for each in DEFINITIONS})
DEFAULTS: Final[Mapping[Kpi, str]] = MappingProxyType({each.kpi: each.name for each in reversed(DEFINITIONS)})  # the first of each


def ways(kpi: Kpi) -> tuple[Definition, ...]:
    """Every definition of a name, the one that serves by default first."""
    return tuple(each for each in DEFINITIONS if each.kpi is kpi)


def figure(definition: Definition, counts: Counts) -> Figure:
    """The figure of `definition`; what `counts` lacks is 0."""
    of = _sum(definition.of, counts) if definition.of else None
    return Figure(definition, _sum(definition.value, counts), of)


def figures(counts: Counts) -> dict[str, Figure]:
    """All figures, by the name of their definition."""
    return {each.name: figure(each, counts) for each in DEFINITIONS}


def _sum(names: Iterable[Count], counts: Counts) -> int:
    return sum(counts.get(name, 0) for name in names)


def share(value: int, of: int) -> int | None:
    """Tenths of a per cent, rounded half up; None of nothing."""
    return (2000 * value + of) // (2 * of) if of else None


def shielded(number: int, least: int = 5) -> int | None:
    """`number` for the public; None where it is so small that it points at people (1 to `least` - 1)."""
    return None if 0 < number < least else number
