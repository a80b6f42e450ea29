"""The example villages (invented names) and the aliases of README_sample_mo, by hand; the wider names from the shipped deployment."""

from typing import Final

from gateway.deployment import load_deployment, shipped_deployment
from gateway.domain.keyword import Keyword
from gateway.domain.village import Village
from gateway.reading import gazetteer, place_names_of

_NAMES: Final = (
    "Nà Lải|Nà Lài|Pò Mạ|Pò Lạn|Khuổi Tẳng|Khuổi Lậc|Bản Chang|Bản Mới|Co Hồng|Co Lượt|Kéo Cọ|Kéo Phầy|Lũng Vài|Lũng Mười|Phiêng Bưa|"
    "Phiêng Lầy|Tằm Mốc|Thà Lạng|Vằng Phja|Nặm Đeng|Háng Đông|"
    "Đông Khọn|Cốc Sâu|Cốc Nhan|Đon Chang|Nà Sla|Song Hoa|Tân Lập 1|Tân Lập 2|Hợp Thành"
)
VILLAGES: Final = {f"TN{i:02d}": Village(f"TN{i:02d}", name, "thôn", "06577") for i, name in enumerate(_NAMES.split("|"), 1)}
ALIASES: Final = {
    Keyword.LS: ("LIETSI", "LIET SI", "LIETSY", "Liệt sĩ", "Liệt sỹ", "L5", "1S", "IS", "L.S"),
    Keyword.ADN: ("AND", "A.D.N", "DNA"),
    Keyword.HOI: ("HỎI", "hoi:"),
    Keyword.TT: ("TRA CUU", "TRACUU"),
    Keyword.TC: ("TUCHOI", "TU CHOI", "Từ chối", "HUY", "STOP"),
    Keyword.DK: ("DANG KY", "START"),
}
PLACES: Final = gazetteer(VILLAGES, home=("Thống Nhất", "Lạng Sơn"))
NAMES: Final = place_names_of(load_deployment(shipped_deployment()))
