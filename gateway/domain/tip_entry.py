"""A tip as staff type it in: one form, a row of a list or what a phone kept in the village, all read by the same rules. Pure.

Told by telephone, on a paper form, or in person. Only the words are needed; what is wrong is said per field, in the officers' language.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from gateway.domain.fault import Fault
from gateway.domain.fold import fold
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.number_repair import read_number
from gateway.domain.table import Column, Row, open_table
from gateway.domain.tip import BY_STAFF, Channel
from gateway.domain.village import Village

LONGEST: Final = 20_000  # characters of a story, as by the page
SHORT: Final = 200
MOST_ROWS: Final = 10_000  # of one list
ASKED: Final = "Xã có được gọi lại cho ông bà không? Xã có được nêu tên ông bà không?"  # what staff ask, and the paper form prints
COLUMNS: Final = (
    Column("words", ("lời kể", "nội dung", "tin", "lời báo", "noi dung tin")),
    Column("village", ("mã thôn", "thôn", "thôn bản"), required=False),
    Column("teller", ("người kể", "họ tên", "họ và tên", "tên"), required=False),
    Column("phone", ("số điện thoại", "điện thoại", "sđt", "số đt"), required=False),
    Column("may_call", ("cho gọi", "được gọi", "đồng ý gọi"), required=False),
    Column("may_publish", ("cho nêu tên", "nêu tên", "được nêu tên", "cho công bố"), required=False),
    Column("channel", ("kênh", "cách nhận"), required=False),
    Column("sheet", ("tờ số", "số tờ", "tờ", "stt"), required=False),
    Column("told_on", ("ngày kể", "ngày", "ngày báo"), required=False),
)
_CHANNELS: Final = {
    "": Channel.PAPER, "phone": Channel.PHONE, "dien thoai": Channel.PHONE, "goi": Channel.PHONE, "goi dien": Channel.PHONE,
    "paper": Channel.PAPER, "giay": Channel.PAPER, "phieu": Channel.PAPER, "phieu giay": Channel.PAPER,
    "walk_in": Channel.WALK_IN, "truc tiep": Channel.WALK_IN, "den noi": Channel.WALK_IN, "tan noi": Channel.WALK_IN,
}  # fmt: skip
_YES: Final = frozenset({"1", "x", "co", "duoc", "dong y", "yes", "true", "v"})
_NO: Final = frozenset({"0", "khong", "ko", "k", "no", "false"})
_DAY: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})|(\d{4})-(\d{2})-(\d{2})(?: 00:00:00)?")
_UNSEEN: Final = re.compile(r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]")


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one field. `text` holds no number and no word of a tip."""

    field: str
    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Typed:
    """A tip that can be taken. `village`: a listed code or None; `told_on`: when it was told, if that was another day."""

    channel: Channel
    words: str = field(repr=False)
    village: str | None = None
    teller: str = field(default="", repr=False)
    msisdn: Msisdn | None = None
    may_call: bool | None = None
    may_publish: bool | None = None
    sheet: str = ""
    told_on: date | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What an entry is held against: the villages that may be named, and today."""

    villages: Mapping[str, Village]
    today: date


def read_entry(values: Mapping[str, str], frame: Frame) -> Typed | tuple[Wrong, ...]:
    """The entry that `values` (by the names of COLUMNS, as typed) make, or all that is wrong with them."""
    wrong: list[Wrong] = []
    given = {column.name: _clean(values.get(column.name, "")) for column in COLUMNS}
    channel, day = _channel(given["channel"], wrong), _day(given["told_on"], frame.today, wrong)
    typed = Typed(
        channel=channel,
        words=_words(given["words"], wrong),
        village=_village(given["village"], frame.villages, wrong),
        teller=given["teller"][:SHORT],
        msisdn=_number(given["phone"], wrong),
        may_call=_consent("may_call", given["may_call"], wrong),
        may_publish=_consent("may_publish", given["may_publish"], wrong),
        sheet=given["sheet"][:20],
        told_on=day,
    )
    if typed.may_call and typed.msisdn is None and not given["phone"]:
        wrong.append(Wrong("may_call", "Cho gọi mà không có số để gọi", "Ghi số điện thoại, hoặc bỏ chọn “được gọi lại”"))
    return tuple(wrong) or typed


def _clean(text: str) -> str:
    """NFC, without signs that can't be seen; line breaks stay, for people tell in paragraphs."""
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))).strip()


def _words(text: str, wrong: list[Wrong]) -> str:
    if not text:
        wrong.append(Wrong("words", "Chưa có lời kể", "Ghi lại lời người báo, càng đúng từng chữ càng tốt"))
    elif len(text) > LONGEST:
        wrong.append(Wrong("words", f"Lời kể dài quá {LONGEST // 1000}.000 chữ cái", "Chia thành hai tin"))
    return text


def _village(cell: str, villages: Mapping[str, Village], wrong: list[Wrong]) -> str | None:
    """By code, or by a name that one village alone has, marks and all."""
    if not cell:
        return None
    if (code := cell.upper().replace(" ", "")) in villages:
        return code
    name = " ".join(cell.lower().split())
    named = [each.code for each in villages.values() if name in (each.name.lower(), each.title.lower())]
    if len(named) == 1:
        return named[0]
    what = "Có hơn một thôn tên này" if named else "Không có thôn này trong danh sách của xã"
    wrong.append(Wrong("village", what, "Ghi mã thôn, ví dụ TN07, hoặc để trống nếu chưa rõ"))
    return None


def _number(cell: str, wrong: list[Wrong]) -> Msisdn | None:
    if not cell:
        return None
    try:
        return read_number(cell)[0]
    except BadMsisdn:
        wrong.append(Wrong("phone", "Số điện thoại chưa đúng", "Xin xem lại từng chữ số: 0 và chín số nữa, hoặc để trống"))
        return None


def _consent(name: str, cell: str, wrong: list[Wrong]) -> bool | None:
    word = fold(cell)
    if not word or word == "?":
        return None
    if word in _YES or word in _NO:
        return word in _YES
    wrong.append(Wrong(name, "Không rõ là có hay không", "Ghi “có”, “không”, hoặc để trống nếu chưa hỏi"))
    return None


def _channel(cell: str, wrong: list[Wrong]) -> Channel:
    if (found := _CHANNELS.get(fold(cell))) is not None and found in BY_STAFF:
        return found
    wrong.append(Wrong("channel", "Không rõ tin đến bằng cách nào", "Ghi “điện thoại”, “giấy” hoặc “trực tiếp”"))
    return Channel.PAPER


def _day(cell: str, today: date, wrong: list[Wrong]) -> date | None:
    if not cell:
        return None
    found = _DAY.fullmatch(cell)
    try:
        if found is None:
            raise ValueError
        day, month, year = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
        told = date(int(year), int(month), int(day))
    except ValueError:
        wrong.append(Wrong("told_on", "Ngày chưa đúng", "Ghi ngày/tháng/năm, ví dụ 23/11/2026"))
        return None
    if told > today:
        wrong.append(Wrong("told_on", "Ngày này chưa tới", "Xem lại ngày người dân kể"))
        return None
    return told


def noon_ms(day: date, timezone: str) -> int:
    """The middle of a local day, epoch ms: a paper names the day and no hour."""
    return int(datetime.combine(day, time(12), ZoneInfo(timezone)).timestamp() * 1000)


# --- lists ---


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that can't be taken: its line, its cells for the list to mend, and why."""

    line: int
    cells: Mapping[str, str] = field(repr=False)
    wrong: tuple[Wrong, ...]


@dataclass(frozen=True, slots=True)
class EntryList:
    """A list read whole: rows to take with their lines, rows that can't be taken, faults of the file itself."""

    taken: Sequence[tuple[int, Typed]] = field(repr=False)
    refused: Sequence[Refused] = field(repr=False)
    faults: tuple[Wrong, ...] = ()


def read_entries(source: BinaryIO, file: str, frame: Frame) -> EntryList:
    """Read a CSV or XLSX, or rows pasted out of a spreadsheet. The good rows stand, whatever the others hold."""
    reading = open_table(source, file=file, columns=COLUMNS)
    taken: list[tuple[int, Typed]] = []
    refused: list[Refused] = []
    faults = [_header_fault(fault) for fault in reading.faults]
    for count, row in enumerate(reading.rows):
        if count >= MOST_ROWS:
            faults.append(Wrong("row", "Danh sách dài quá 10.000 dòng; các dòng sau chưa được đọc", "Chia danh sách rồi gửi tiếp phần sau"))
            break
        _sort(row, frame, taken, refused)
    return EntryList(taken, refused, tuple(faults))


def _sort(row: Row | Fault, frame: Frame, taken: list[tuple[int, Typed]], refused: list[Refused]) -> None:
    if isinstance(row, Fault):
        remedy = "Sửa dòng này: đặt lời kể trong dấu ngoặc kép nếu có dấu phẩy"
        refused.append(Refused(row.line or 0, {}, (Wrong("row", "Không đọc được dòng này", remedy),)))
        return
    found = read_entry(row.cells, frame)
    if isinstance(found, Typed):
        taken.append((row.line, found))
    else:
        refused.append(Refused(row.line, {column.name: row[column.name] for column in COLUMNS}, found))


def _header_fault(fault: Fault) -> Wrong:
    if "missing" in fault.text:
        return Wrong(fault.field, "Thiếu cột lời kể", "Dòng đầu phải có tên cột, ít nhất một cột “lời kể”")
    if "twice" in fault.text:
        return Wrong(fault.field, "Một cột có hai lần ở dòng đầu", "Giữ lại một cột")
    return Wrong(fault.field, "Không đọc được tệp này", "Trong Excel chọn Lưu thành “CSV UTF-8”, hoặc gửi tệp .xlsx")
