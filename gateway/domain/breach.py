"""A breach of personal data: what a notice must say, and its clock of 72 hours (field.md §2.4). Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

NOTICE_MS: Final = 72 * 3_600_000  # to the specialised agency (A05, Bộ Công an), from the discovery


class Data(StrEnum):
    """Kinds of data that may be concerned."""

    NUMBERS = "numbers"
    NAMES = "names"
    WORDS = "words"  # what people told
    PLACES = "places"
    PICTURES = "pictures"
    DNA = "dna"  # that somebody registered for sampling; no result is ever here
    STAFF = "staff"


IN_WORDS: Final[Mapping[str, str]] = {
    Data.NUMBERS: "số điện thoại",
    Data.NAMES: "họ tên",
    Data.WORDS: "lời kể, tin báo",
    Data.PLACES: "vị trí, tọa độ",
    Data.PICTURES: "ảnh, ghi âm, video",
    Data.DNA: "đăng ký lấy mẫu ADN",
    Data.STAFF: "tài khoản cán bộ",
}


def left_ms(found_at: int, now: int) -> int:
    """How much of the 72 hours is left; below nought when they are over."""
    return found_at + NOTICE_MS - now
