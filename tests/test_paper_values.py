"""What the use cases know, in the words of a Vietnamese paper."""

from dataclasses import replace

import pytest

from gateway.domain.audience import AudienceRule, ListFile
from gateway.domain.pace import Pace
from gateway.domain.ramp import Ramp
from gateway.paper_values import _pace, _ramp, _rule_words, approved_of, bodies, moment
from gateway.storage.approvals import Approval
from tests.services.people import NOW, deployment, route
from tests.services.wave_rows import make_wave

DATA = deployment()


@pytest.mark.parametrize(
    ("issuer", "heads"),
    [
        ("UBND xã Thống Nhất - Ban Chỉ đạo xã", ("Ủy ban nhân dân xã Thống Nhất", "Ban Chỉ đạo xã")),
        ("UBND xã Thống Nhất", ("", "Ủy ban nhân dân xã Thống Nhất")),
        ("Bộ CHQS tỉnh Lạng Sơn - Ban CHQS xã", ("Bộ CHQS tỉnh Lạng Sơn", "Ban CHQS xã")),
    ],
)
def test_the_two_bodies_of_a_letterhead(issuer: str, heads: tuple[str, str]) -> None:
    assert bodies(replace(DATA.campaign, issuer=issuer)) == heads


def test_moments_are_local() -> None:
    assert moment(NOW, "Asia/Ho_Chi_Minh") == "18:06 ngày 18/11/2026"


def test_a_rule_in_words() -> None:
    rule = AudienceRule(("TN01", "TN99"), ("06577",), ("ho-dan", "cuu-chien-binh"), ("vi", "lo"), 2, "thang-bay")
    assert list(_rule_words(rule, DATA)) == [
        "Người đã đồng ý, hoặc có căn cứ pháp lý để gửi",
        "Xã: xã Thống Nhất",
        f"Thôn: {DATA.villages['TN01'].title} (TN01), TN99",
        "Nhóm: ho-dan, cuu-chien-binh",
        "Ngôn ngữ: vi, lo",
        "Có liên hệ từ giai đoạn 2",
        "Đã nhận đợt “thang-bay” mà chưa trả lời",
    ]
    listed = AudienceRule(list=ListFile("to-dan.csv", "ab" * 32))
    assert list(_rule_words(listed, DATA)) == ["Người có tên trong danh sách to-dan.csv (SHA-256 ABABABAB…)"]


def test_many_villages_are_counted() -> None:
    (_, words) = _rule_words(AudienceRule(tuple(DATA.villages)), DATA)
    assert words.endswith(f"và {len(DATA.villages) - 12} thôn khác")


async def test_pace_and_ramp(database) -> None:
    wave = await make_wave(database)
    by_segments = replace(route(), pace=Pace(1000))
    assert _pace(wave, by_segments) == "theo hợp đồng, tối đa 1.000 bản tin trong một giây"
    slower = replace(wave, pace_limit=20)
    assert _pace(slower, by_segments) == "không quá 20 bản tin một giây (theo hợp đồng, tối đa 1.000 bản tin trong một giây)"
    assert _pace(wave, replace(route(), pace=Pace(60, 60.0, "requests"))) == "theo hợp đồng, tối đa 60 lượt gửi trong 60 giây"
    assert _pace(wave, route()) == "hợp đồng không giới hạn"
    assert _ramp(None, 5) == ""
    assert _ramp(Ramp(0.5, 20, 600), 12_345) == (
        "gửi trước 0,5 % (62 người), chờ báo phát 10 phút; quá 20 % không đến thì tự dừng, còn lại gửi tiếp"
    )


def test_an_approval_in_words() -> None:
    approval = Approval(1, 1, 1, 2, "sms", b"", (), "12/CV", "2026-12-20", NOW)
    found = approved_of(approval, "Hoàng Văn Hùng", "Asia/Ho_Chi_Minh")
    assert found is not None
    assert (found.approver, found.at, found.way) == ("Hoàng Văn Hùng", "18:06 ngày 18/11/2026", "duyệt bằng tin nhắn DUYET")
    assert approved_of(None, "", "Asia/Ho_Chi_Minh") is None
