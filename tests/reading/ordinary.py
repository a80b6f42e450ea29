"""Texts as people send them, with nothing to repair: each a temptation for one of the tables. Invented people and numbers."""

from typing import Final

ENGLISH: Final = """
Has he seen his boots?
See how the soldiers were buried near the trees
Weeks too soon to see the moon
I would like to know how you found good food near Moon room
As soon as we saw the wood we stopped at a door
How now, brown cow
We need six feet of wood for the good deed
Bob has seen two war graves too
My dad was in Dak To, he added a map of the road
He feels good and sees his book
Has his mom seen this book?
I am a US veteran. We buried 20 soldiers by hill 875, grid YB 935 145, in May 1968
Keep off: too dangerous, unexploded bombs seen near the pool
Look at the roof of the school, then see the well on the left
The moon was good and we saw how few rows of tombs stood
Good afternoon, who will see my letter?
Do you need more details? Call me at +1 202 555 0100 or e-mail me at joe@vidu.example
Please see http://vidu.example/wood/books?room=ooj&door=aaf
Toodeloo! Boohoo :( ^_^ ~~
Is the reward real? How do we know it is you?
Add Fred and Todd to the odd list
A few row boats saw us row in
C'est où, là-bas? Déjà vu, mon père était à Lạng Sơn
Où sont les tombes? Mon grand-père était au 3e bataillon à Đồng Mỏ
Schöne Grüße aus München, wir suchen Gräber für die Müllers
El señor Núñez está aquí, mañana también
Não há mais informações, são três irmãos
Björn Ångström såg graven på höjden
Das Grab meines Großvaters liegt bei Lạng Sơn
"""

LAO: Final = """
ຂ້ອຍຮູ້ບ່ອນຝັງສົບທະຫານຫວຽດນາມ ຢູ່ບ້ານຕົວຢ່າງ
ບ້ານຂອງພວກເຮົາມີຂຸມຝັງສົບ 2 ຂຸມ ໂທ 0300 000 060
ສະບາຍດີ LS TN07
ຂອບໃຈ
ຢ່າຂຸດ ມີລູກລະເບີດ
ຂ້ອຍຢູ່ເມືອງບໍລິຄຳໄຊ, ແຂວງບໍລິຄຳໄຊ
ທະຫານຫວຽດ 3 ຄົນ ປີ 1971, d9 e888
ຖາມ: ໂທຫາໃຜ?
"""

ACCENTED: Final = """
Mé sông ở đâu, mé đồi hay mé suối?
Cụ già nhất bản, cụ Nông Văn Ví Dụ, kể rằng năm ấy có ba ngôi mộ ở mé núi
ông kể: “có mộ ở đó”, xã đã ghi lại – chưa xác minh…
XÃ THỐNG NHẤT – TỈNH LẠNG SƠN: “CẢ XÃ” ĐI TÌM MỘ
CẢ XÃ… Ở XÃ” ĐÃ BIẾT, HỌ LÀ DÂN XÃ’
ĐỀN ƠN ĐÁP NGHĨA. UỐNG NƯỚC NHỚ NGUỒN
Hoà bình lập lại, thuỷ chung son sắt; hòa bình, thủy chung
Quý vị cho hỏi, ủy ban hay uỷ ban nhận tin?
Nguyễn Thị Ngoằn, khuya lắm rồi mới về đến Kạn
Sâu 1½ m, rộng 2 m², cách suối ± 20 m, hướng 90°
Toạ độ 21°41'12"N 106°48'35"E, độ cao 386m
Toạ độ 21º41’12” B, 106º48’35” Đ
Giá xăng 20.000đ/lít, công 300k, tiền mộ 5tr
Mộ số 5, hàng 3, lô B; bia ghi “Liệt sĩ chưa biết tên”
«Giấy báo tử» số 99/BT, ngày 17/2/1979
• Nhật ký • ảnh • thư · bản đồ
Nhà xe Sao Vàng® cạnh mộ, © 2020
Cao Sao Vàng™ và bát B52 trong mộ
Nấu ăn 5×3 m, dốc 10 %, ½ quả đồi
Bộ đội tình nguyện Việt–Lào, sư 316, e148
Đơn vị: a3/b2/c5/d9/e888/f399
d9 e888 của f399 chốt ở cao điểm 386
Thôn6 xóm7 đội8 có 2 mộ
Đường 279, cột km79, cạnh trạm T6
Điểm cao D9 cạnh làng A6
Em gửi ảnh rồi ạ ^^ cảm ơn anh chị nhé ~
Dạ vâng~ cháu biết rồi :)
Cháu chào cô ạ ❤❤ 🙏🙏🏽 👨‍👩‍👧 mộ ở đây
AT&T, R&D; a &lt; b &amp; c &copy; &nbsp; &#38; &#1; &bogus; xăng&dầu;
Email em là mooj.lieetj@vidu.example, trang https://vidu.example/lieetj-six/mo65
mã QR: HTTPS://TINBAO.EXAMPLE/Q/7K3M9P
Tôi họ Đoàn, tên Ví Dụ, quê xã Hữu Lân cũ
Mẹ tôi ốm. Bà nằm nhà. Con ở xa?
Chị ở đâu ạ? Ở xã nào? Có ai biết chỗ?
Ba. Bốn. Năm ngôi mộ (a) đồi chè (b) suối
"""

PLAIN: Final = """
co mo o doi? hay o suoi? ai biet chi giup toi. Toi o xa.
ong ba. co mo. da. chi o dau? nha.Toi di
dau?toi khong biet.The thoi
Bac a. Chau la chau cu Du. Mo o khe. De chau ke.
lh: 0300000061 (co'). 'mat tran phia nam' so 99
d9 e777 f399, c5, b2, a3, K6, K7 K8 K9, T6
e6 e7 e8 a6 a7 o6 u7 d9
toa do 48Q 718955 1852703 va 48QXJ8345 D9A6
YD 185 527 ; XD803444 ; 21.68041,106.82405
48Q6A7 N21 E106 X=2009718 Y=520963
mo2 mo3 thon5 xom4 doi1 to3 ban3
thon6 xom7 doi8 ban9
nha so 6B ngo 7A duong 8C
xe 12A6 67H5 bien so 29D9 1234
ma tin 4H2Q8X, MA6N5B, LIE6T5
7K3M9P LE65AB MO65
TN07 TN7 TN-07 TNO7 tn07.
gia 50k, 5tr, 100d, 2.5tr, 1tr6, 300k/ngay
gap 6h30, 7h, 18h ngay 6/7
Ban oi!!! oiii, alooo, nhaaa, vangg, dzaaa
ok ok. wow, oh wow, yeahhh
haizz, hihi, hehe, hix, huhu, kkk, ahihi
k bik, j z, r ui, ntn, dc k, ko sao dau, oke e
xoong noi boong tau goong than coong
xe oto, taxi, maytinh, zalo, facebook, google
Kim Woo Jin, Park Seo Joon, Lee Min Hoo o Lang Son
Dak To, Plei Kleng, Krong No, Buon Ma Thuot, Sa Thay
Sla, Phja, Keo Phay, Nam Deng, Khuoi Tang
SOS!!! co bom, dung dao
C++ va C#, a+b=c, o+ va O-, nhom mau o+
nhom mau O+, AB+, A-
x^2 + y^2, 10^6, 2~3 mo, ~5 nguoi, khoang~10
100%, 5*3, f(x), a(1), b(2), mo(2 ngoi), nha(cu)
`LS TN07` co mo
Da 9 nam, 6 thang, 7 ngay
LS TN07 1/2
1/2 qua doi
TC
HUY
STOP
DK82, B40, B52, M79, AK47, M16, UH1, T54, F105
"""

ORDINARY: Final = tuple(line for block in (ENGLISH, LAO, ACCENTED, PLAIN) for line in block.strip().splitlines())
