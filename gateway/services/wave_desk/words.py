"""What the use cases refuse, in the desk's Vietnamese. They speak to a terminal: their sentences name commands that nobody has here."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from gateway.domain.document import BadDocument
from gateway.services.refusal import Refusal
from gateway.services.texts import BadText

PARTS: Final[Mapping[str, str]] = {  # of a fingerprint, by `approvals.PARTS`
    "name": "tên đợt",
    "texts": "lời nhắn",
    "audience": "người nhận",
    "segments": "số đoạn tin",
    "hours": "ngày giờ gửi",
    "pace": "nhịp gửi",
    "route": "tuyến gửi hoặc đơn giá",
    "cost ceiling": "mức tiền",
    "document": "văn bản chỉ đạo",
}
STATES: Final[Mapping[str, str]] = {
    "planning": "Đang lập",
    "planned": "Chờ duyệt",
    "approved": "Đã duyệt, chưa gửi",
    "running": "Đang gửi",
    "paused": "Đang tạm dừng",
    "done": "Đã gửi xong",
    "cancelled": "Đã hủy",
}
_SAYINGS: Final = (
    (r"order .* is done already", "Đơn này đã đóng rồi. Xin tải lại trang."),
    (r"wave .* is sent by (?:ourselves|the partner)", "Việc này không hợp với loại đợt đang xem. Xin về danh sách rồi chọn lại."),
    (r"wave .* is the partner's to send", "Đợt này do nhà mạng gửi, không có danh sách người nhận ở đây."),
    (r"wave .* was cancelled;", "Đợt này đã hủy. Xin lập đợt mới với tên khác."),
    (r"wave .* was tested", "Đợt này đã gửi thử quá nhiều lần. Xin đổi tên đợt nếu lời nhắn vẫn chưa đúng."),
    (r".* is no commune of communes.csv", "Có mã xã không đúng. Xin chọn lại địa bàn."),
    (r"the text .* holds curly brackets", "Lời nhắn có dấu ngoặc nhọn không phải ô chèn. Xin dùng ngoặc tròn."),
    (r"the text .* names .*, and everybody in an area", "Đơn gửi cả vùng nên không dùng được ô riêng của từng người. Xin bỏ ô đó."),
    (r"there is no (?:wave|order) ", "Không có đợt này. Xin về danh sách đợt nhắn rồi chọn lại."),
    (r"wave .* was approved, but (?:its )?(?P<parts>.*?) changed since", "Đợt đã duyệt, nhưng {parts} đã đổi sau đó. Phải duyệt lại."),
    (r"wave .* was approved, but", "Đợt đã duyệt, nhưng nội dung đã đổi sau đó. Phải duyệt lại."),
    (r"wave .* changed while it was looked at", "Đợt vừa thay đổi trong lúc xem nên chưa duyệt gì. Xin xem lại từ đầu."),
    (r"wave .* names no directing document", "Đợt chưa ghi văn bản chỉ đạo. Xin trả lại để người soạn ghi số và ngày văn bản."),
    (r".* planned wave .*; another person must", "Người soạn không tự duyệt đợt của mình. Xin nhờ người duyệt khác."),
    (r"wave .* was planned by nobody named", "Không rõ ai soạn đợt này nên không ai duyệt được. Xin lập đợt mới."),
    (r".* is no approver", "Tài khoản này không có quyền duyệt. Xin nhờ người duyệt."),
    (r"wave .* is approved already", "Đợt này vừa được duyệt rồi, không cần duyệt lần nữa."),
    (r"wave .* is cancelled", "Đợt này đã hủy hoặc đã trả lại. Xin về danh sách để xem."),
    (r"wave .* is (?:running|done|paused) already", "Việc này đã có người làm rồi. Xin tải lại trang để xem đợt đang thế nào."),
    (
        r"wave .* is (?P<state>planning|planned|approved|running|paused|done|cancelled)\b",
        "Đợt đang ở trạng thái “{state}” nên không làm việc này được. Xin tải lại trang.",
    ),
    (r"wave .* is not approved", "Đợt này phải được người thứ hai duyệt rồi mới gửi được."),
    (r"wave .* goes by route", "Tuyến gửi của đợt đang tắt. Xin nhờ người quản trị mở lại tuyến."),
    (r"wave .* has spent (?P<a>\S+ đ) of the (?P<b>\S+ đ)", "Đợt đã dùng {a} trong mức duyệt {b}. Xin lập đợt mới cho phần còn lại."),
    (r"wave .* has \d+ messages", "Số tin trong đợt nhiều hơn số đã duyệt. Xin hủy đợt này và lập lại."),
    (r"wave .* asks for no word", "Đợt này không còn chờ ai quyết nữa. Xin tải lại trang."),
    (
        r"wave (?P<name>.*) has the same text",
        "Đợt “{name}” có cùng lời nhắn và người nhận trong 7 ngày qua. Nếu cố ý, xin đánh dấu “Cố ý gửi lại”.",
    ),
    (
        r"order (?P<name>.*) of the last seven days",
        "Đơn “{name}” có cùng lời nhắn và địa bàn trong 7 ngày qua. Nếu cố ý, xin đánh dấu “Cố ý gửi lại”.",
    ),
    (r"wave .* is being planned with another", "Đợt cùng tên đang lập với nội dung khác. Xin đổi tên đợt."),
    (r"nobody is left to write to|the rule names nobody", "Không còn ai để gửi: xin xem lại phần “Gửi cho ai”."),
    (
        r"the order may cost (?P<a>\S+ đ), over its ceiling of (?P<b>\S+ đ)",
        "Đơn có thể tốn {a}, quá mức tiền {b}. Xin bớt lời hoặc nâng mức.",
    ),
    (r"the day .* has gone by", "Ngày gửi đã qua. Xin chọn ngày sắp tới."),
    (r"an order is for 1 to", "Một đơn dài từ 1 đến 31 ngày. Xin xem lại ngày đầu và ngày cuối."),
    (r"the order names no area", "Chưa chọn xã nào. Xin chọn ít nhất một xã."),
    (r"“.*” is no name for a wave", "Tên đợt chỉ dùng chữ, số, dấu cách và gạch ngang; không có dấu “/” ở đơn nhờ nhà mạng gửi."),
    (r"order .* was not handed over", "Đơn chưa bàn giao cho nhà mạng nên chưa có số liệu để đối chiếu."),
    (r"order .* has no counts", "Chưa có số liệu của nhà mạng. Xin nhập bảng số liệu trước khi đóng đơn."),
    (r"order .* can't be", "Đơn này không còn bàn giao hay đóng được nữa. Xin tải lại trang."),
    (
        r"route .* takes at most (?P<n>\d+) recipients",
        "Tuyến này chỉ cho gửi thử tới {n} số trong 24 giờ khi chưa duyệt. Xin thử lại ngày mai.",
    ),
    (r"route .* does not reach", "Tuyến đã chọn không gửi tới được số máy này. Xin dùng số khác hoặc tuyến khác."),
    (r"a test goes to one to", "Gửi thử tới 1 đến 5 máy. Xin bớt số máy."),
    (r"there is no enabled route", "Tuyến gửi này đang tắt. Xin chọn tuyến khác."),
    (r".* has no usable row", "Danh sách không có dòng nào dùng được. Xin xem báo cáo từng dòng bên dưới rồi sửa tệp."),
    (r"a document of .* is not signed yet", "Ngày văn bản nằm sau hôm nay. Xin xem lại ngày ký."),
    (r"“.*” is no (?:number of a document|day)", "Số hoặc ngày văn bản chưa đúng. Ví dụ: 238/KH-UBND, ngày 15/6/2026."),
    (r"the name or the passphrase is wrong", "Mật khẩu chưa đúng. Gõ sai năm lần liền thì phải chờ 15 phút."),
    (
        r"a text has \d+ characters, (?P<n>\d+) segments, over the limit of (?P<m>\d+)",
        "Có người nhận tới {n} đoạn, quá mức {m} đoạn đã đặt. Xin bớt lời.",
    ),
    (r"the route takes no accents", "Tuyến này không gửi được chữ có dấu. Xin chọn “Gửi không dấu”."),
    (r"the route takes (?P<n>\d+) characters", "Tuyến này chỉ nhận tối đa {n} ký tự. Xin bớt lời."),
    (
        r".*The text names \{\{ (?P<name>\w+) \}\}",
        "Lời nhắn dùng “{name}”, mà người nhận không có điều này. Xin bỏ đi hoặc thêm cột vào danh sách.",
    ),
    (r"the text is empty|.*The text is empty", "Lời nhắn còn trống."),
    (
        r"(?:.*[Ll]ine (?P<line>\d+)|text \w+:(?P<at>\d+)).*",
        "Lời nhắn có chỗ máy không đọc được. Chỉ dùng chữ và các ô chèn sẵn như {{{{ ma_thon }}}}.",
    ),
)  # fmt: skip


def vietnamese(said: str) -> str:
    """A refusal's sentence for the desk; one that is Vietnamese already stays."""
    said = re.sub(r"^text \w+: ", "", said)
    for pattern, sentence in _SAYINGS:
        if found := re.match(pattern, said, re.DOTALL):
            return sentence.format_map({name: _word(value or "") for name, value in found.groupdict().items()})
    return said if any(character > "ÿ" for character in said) else f"Chưa làm được. Lời báo của máy: {said}"


def _word(value: str) -> str:
    """A state, or parts of a fingerprint, by their Vietnamese names."""
    if value in STATES:
        return STATES[value]
    parts = [PARTS[each] for each in value.split(" and its ") if each in PARTS]
    return " và ".join(parts) if parts else value


@contextmanager
def spoken() -> Iterator[None]:
    """Refusals of the block in Vietnamese."""
    try:
        yield
    except (Refusal, BadText, BadDocument) as why:
        raise Refusal(vietnamese(str(why))) from None
