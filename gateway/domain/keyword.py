"""The first words that residents type, in their canonical form."""

from enum import StrEnum


class Keyword(StrEnum):
    """Canonical keywords; their aliases and slips are the deployment's `keywords.toml` and the reading's concern."""

    LS = "LS"  # báo tin liệt sĩ
    ADN = "ADN"  # đăng ký lấy mẫu
    HOI = "HOI"  # câu hỏi
    TT = "TT"  # tra cứu mã tin
    TC = "TC"  # từ chối
    DK = "DK"  # đăng ký nhận tin


class Kind(StrEnum):
    """What an inbound text is, whatever its keyword."""

    TIP = "tip"
    QUESTION = "question"
    DNA = "dna"
    OPTOUT = "optout"
    OPTIN = "optin"
    STATUS = "status"
    EMPTY = "empty"
    ABUSE = "abuse"
    UNKNOWN = "unknown"
