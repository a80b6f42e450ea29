"""What the desk calls roles and what was noted, in Vietnamese."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.domain.permission import Role

ROLES: Final[Mapping[Role, tuple[str, str]]] = MappingProxyType(
    {
        Role.PLANNER: ("Soạn đợt nhắn", "lập đợt nhắn, không tự duyệt"),
        Role.APPROVER: ("Duyệt", "duyệt đợt nhắn của người khác, duyệt bản in, ký báo cáo"),
        Role.READER: ("Đọc tin", "đọc, phân loại, nhập tin báo; hỏi lại người dân"),
        Role.VERIFIER: ("Xác minh", "kiểm tra tại chỗ, lập và kết luận hồ sơ"),
        Role.CUSTODIAN: ("Giữ hồ sơ", "hiện vật, ADN, chuyển giao, yêu cầu của công dân"),
        Role.PRINT: ("In ấn", "làm và phát ấn phẩm"),
        Role.REPORTER: ("Báo cáo", "số liệu và báo cáo; không thấy số điện thoại, không thấy tên"),
        Role.PROVINCE: ("Tỉnh", "xem mọi xã; không thấy số điện thoại"),
        Role.ADMINISTRATOR: ("Quản trị", "người dùng, nhật ký, sao lưu; không đọc tin báo"),
    }
)
ACTIONS: Final[Mapping[str, str]] = MappingProxyType(  # by the first words of an action; the longest that fits
    {
        "session.begin": "đăng nhập",
        "session.end": "kết thúc phiên",
        "session.refused": "đăng nhập sai",
        "factor.set": "gắn điện thoại xác thực",
        "factor.reset": "gỡ điện thoại xác thực",
        "factor.paper_code": "dùng mã dự phòng trên giấy",
        "page.refused": "mở trang không có quyền",
        "user.add": "thêm người dùng",
        "user.roles": "đổi vai trò",
        "user.own_roles": "tự đổi vai trò của mình",
        "user.disable": "khóa người dùng",
        "user.enable": "mở khóa người dùng",
        "user.passphrase": "đặt lại mật khẩu",
        "user.own_passphrase": "tự đổi mật khẩu",
        "user": "người dùng",
        "number.reveal": "hiện số điện thoại",
        "tip.read": "đọc tin",
        "tip": "tin báo",
        "case": "hồ sơ",
        "evidence": "hiện vật",
        "adn": "ADN",
        "register": "sổ nhân chứng, trận đánh",
        "commend": "khen thưởng",
        "hand_over": "chuyển giao",
        "wave": "đợt nhắn",
        "order": "đơn nhà mạng",
        "print": "in ấn",
        "placement": "vị trí treo",
        "code": "mã in",
        "report": "báo cáo",
        "numbers": "số liệu",
        "request": "yêu cầu của công dân",
        "backup": "sao lưu",
        "entry": "nhập tin",
    }
)


def action_words(action: str) -> str:
    """What an action is called: "tự đổi vai trò của mình"; one that has no name of its own by its kind and its verb."""
    if action in ACTIONS:
        return ACTIONS[action]
    kind, _, verb = action.partition(".")
    return f"{ACTIONS.get(kind, kind)}: {verb}" if verb else ACTIONS.get(kind, kind)


_OBJECTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "adn": "yêu cầu ADN",
        "backup": "bản sao lưu",
        "case": "hồ sơ",
        "entry_batch": "tập phiếu",
        "hand_over": "lần chuyển giao",
        "page": "trang",
        "placement": "vị trí",
        "print_job": "lần in",
        "report": "báo cáo",
        "request": "yêu cầu",
        "session": "phiên",
        "tip": "tin",
        "user": "người dùng",
        "wave": "đợt nhắn",
        "wave_draft": "bản thảo đợt nhắn",
    }
)
_DETAILS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "after": "sau",
        "before": "trước",
        "browser": "trình duyệt",
        "commune": "xã",
        "count": "số lượng",
        "reads_tips": "đọc được tin",
        "roles": "vai trò",
        "why": "lý do",
    }
)


def object_words(what: str, names: Mapping[int, str]) -> str:
    """What something was done to: "tin 7K3M9P", "người dùng Nông Thị Thử". `names`: of users by id."""
    kind, _, id_ = what.partition(":")
    if kind == "user" and id_.isdecimal():
        return f"{_OBJECTS[kind]} {names.get(int(id_), id_)}"
    return f"{_OBJECTS.get(kind, kind)} {id_}".strip()


def detail_words(name: str) -> str:
    """What a part of a detail is called; one without a name of ours stands as it was noted."""
    return _DETAILS.get(name, name)


# What each area is for, on the first page.
AREAS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "/desk/tips": "đọc, phân loại, hỏi lại, nối tin",
        "/desk/entry": "ghi tin kể qua điện thoại, trên giấy, tại chỗ",
        "/desk/cases": "xác minh tại chỗ, kết quả, hiện vật",
        "/desk/registers": "nhân chứng và trận đánh",
        "/desk/adn": "mẫu ADN của thân nhân",
        "/desk/commendations": "đề nghị và ký khen thưởng",
        "/desk/late": "việc quá hạn và sắp đến hạn",
        "/desk/waves": "soạn, duyệt, gửi và theo dõi",
        "/desk/orders": "đơn gửi qua nhà mạng và đối soát",
        "/desk/hand-overs": "giao tin cho cấp trên, nhận biên nhận",
        "/desk/print": "áp phích, tờ rơi, vị trí treo",
        "/desk/numbers": "năm chỉ số của kế hoạch, theo thôn và tuần",
        "/desk/reports": "báo cáo tuần, tháng, quý",
        "/desk/requests": "xem, sửa, xóa, rút đồng ý",
        "/desk/users": "ai được vào, với vai trò nào",
        "/desk/audit": "ai đã xem gì, đổi gì",
    }
)
