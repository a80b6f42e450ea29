"""How the pages name kinds, ways and states."""

from collections.abc import Mapping
from typing import Final

from gateway.domain.breach import IN_WORDS
from gateway.domain.person_request import Channel, Identity, Kind

KINDS: Final[Mapping[str, str]] = {
    Kind.ACCESS: "xem dữ liệu đang giữ",
    Kind.CORRECT: "sửa dữ liệu",
    Kind.DELETE: "xóa dữ liệu",
    Kind.WITHDRAW: "rút lại sự đồng ý",
    Kind.OBJECT: "phản đối, hạn chế sử dụng",
}
CHANNELS: Final[Mapping[str, str]] = {
    Channel.WALK_IN: "tới gặp trực tiếp",
    Channel.PHONE: "gọi điện",
    Channel.PAPER: "đơn trên giấy",
    Channel.SMS: "tin nhắn",
    Channel.ZALO: "Zalo",
    Channel.EMAIL: "thư điện tử",
    Channel.WEB: "trang của xã",
}
IDENTITIES: Final[Mapping[str, str]] = {
    Identity.IN_PERSON: "gặp mặt, xem giấy tờ rồi trả lại",
    Identity.CALL_BACK: "gọi lại đúng số điện thoại đó",
    Identity.FROM_NUMBER: "yêu cầu gửi từ chính số đó",
    Identity.REPRESENTATIVE: "người được ủy quyền, có giấy",
}
STATES: Final[Mapping[str, str]] = {
    "new": "chưa trả lời",
    "answered": "đã trả lời lần đầu",
    "done": "đã xong",
    "refused": "không thực hiện được",
}
STEPS: Final[Mapping[str, str]] = {
    "received": "Đã nhận",
    "stopped": "Đã ngừng nhắn tin tới số này",
    "identified": "Đã xác minh người yêu cầu",
    "answered": "Đã trả lời lần đầu",
    "extended": "Đã gia hạn 15 ngày",
    "exported": "Đã xuất bản trích dữ liệu",
    "erased": "Đã xóa dữ liệu",
    "done": "Đã kết thúc",
    "refused": "Đã từ chối",
}
DATA: Final = IN_WORDS
HELD: Final[Mapping[str, str]] = {
    "received": "tin nhắn đến",
    "sent": "tin nhắn đã gửi",
    "tip": "tin báo",
    "dna": "đăng ký ADN",
    "question": "câu hỏi",
}
