"""Provinces of Viet Nam before and after 2025, regions and neighbours: where somebody came from or fell."""

from typing import Final

from gateway.reading.passage import listed

# All province names in use since 1945 that letters and graves still show (field.md §4.1: "old places").
PROVINCES: Final = listed(
    """
    An Giang|Bà Rịa|Vũng Tàu|Bắc Cạn|Bắc Kạn|Bắc Giang|Bạc Liêu|Bắc Ninh|Bắc Thái|Bến Tre|Biên Hòa|Bình Dương|Bình Định|Bình Phước|
    Bình Thuận|Bình Trị Thiên|Cà Mau|Cao Bằng|Cao Lạng|Cần Thơ|Cửu Long|Đà Nẵng|Đắc Lắc|Đắk Lắk|Đắk Nông|Điện Biên|Đồng Nai|Đồng Tháp|
    Gia Lai|Hà Bắc|Hà Đông|Hà Giang|Hà Nam|Hà Nam Ninh|Hà Nội|Hà Sơn Bình|Hà Tây|Hà Tĩnh|Hà Tuyên|Hải Dương|Hải Hưng|
    Hải Ninh|Hải Phòng|Hậu Giang|Hòa Bình|Hoàng Liên Sơn|Hồng Quảng|Huế|Hưng Yên|Khánh Hòa|Kiên Giang|Kiến An|Kon Tum|Lai Châu|
    Lạng Sơn|Lào Cai|Lâm Đồng|Long An|Minh Hải|Nam Định|Nam Hà|Nghệ An|Nghệ Tĩnh|Nghĩa Bình|Nghĩa Lộ|Ninh Bình|Ninh Thuận|Phú Khánh|
    Phú Thọ|Phú Yên|Phước Long|Phước Tuy|Quảng Bình|Quảng Nam|Quảng Ngãi|Quảng Ninh|Quảng Trị|Sài Gòn|Sóc Trăng|Sông Bé|Sơn La|
    Sơn Tây|Tây Nguyên|Tây Ninh|Thái Bình|Thái Nguyên|Thanh Hóa|Thuận Hải|Thừa Thiên|Thừa Thiên Huế|Tiền Giang|Trà Vinh|Trị Thiên|
    Tuyên Quang|Vĩnh Linh|Vĩnh Long|Vĩnh Phú|Vĩnh Phúc|Vĩnh Yên|Yên Bái
    """
)
# Where people fell that is no province: a front, a region, a neighbouring country.
FRONTS: Final = listed(
    """
    Lào|Hạ Lào|Trung Lào|Thượng Lào|Cánh Đồng Chum|Xiêng Khoảng|Campuchia|Cam pu chia|Căm pu chia|Cămpuchia|K|Điện Biên Phủ|Khe Sanh|
    Đường 9|Đường 9 Nam Lào|Thành cổ|Thành cổ Quảng Trị|Vị Xuyên|Tây Nguyên|Nam Bộ|Đông Nam Bộ|Miền Nam|Trường Sơn|Buôn Ma Thuột|
    Plei Me|Lộc Ninh|An Lộc|Đồng Đăng|Biên giới Tây Nam|biên giới phía Bắc|chiến trường|chiến trường B|chiến trường miền Nam|mặt trận|
    biên giới|chiến trường Lào|chiến trường K|mặt trận phía Nam|Pôn Pốt|Phnom Penh|Bô ly khăm xay|Bolikhamxay|Savannakhet|Khammuộn|
    Attapeu
    """
)
