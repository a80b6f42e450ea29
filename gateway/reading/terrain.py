"""Words for the lie of the land: where-words, features, what a grave is beside. Tables for `spots` (field.md §3.1, §4.1).

Kinh, Nghệ Tĩnh (rú, truông, rào, động, lèn) and Tày–Nùng (khuổi, pò, kéo, lũng, nà); some English for veterans.
"""

from typing import Final

from gateway.reading.passage import lexicon, listed
from gateway.reading.words import word_set

AT, BESIDE, PART = "at", "beside", "part"
WHERE: Final = lexicon(
    {
        "ở|tại|nơi": AT,
        """
        cạnh|gần|bên|bên cạnh|dưới|trên|sau|trước|trong|giữa|đối diện|sát|cách|ven|ngoài|phía sau|phía trước|phía trên|phía dưới|
        phía bắc|phía nam|phía đông|phía tây|dọc|bên kia|bên phải|bên trái|bên tê|phía|kề|liền|giáp|ngay|xung quanh|men|near|behind|
        beside|under
        """: BESIDE,
        """
        đầu|cuối|chân|sườn|lưng|đỉnh|bờ|bìa|rìa|mép|gốc|thượng nguồn|hạ lưu|hạ nguồn|đầu nguồn|góc|vệ|mỏm|lưng chừng|chỗ|khúc|ngọn|
        gầm|mé|đuôi|vách|bãi|đầu hồi|mom|vạt
        """: PART,
    }
)
FEATURES: Final = listed(
    """
    đồi|suối|khe|sông|núi|rú|hang|đèo|ruộng|nương|vườn|ao|hồ|giếng|cống|cầu|ngã ba|ngã tư|miếu|đền|chùa|đình|trường|trường học|trạm|
    sân|thung|dốc|đập tràn|lũng|khuổi|kéo|phiêng|rào|truông|rừng|cao điểm|điểm cao|cđ|bến|đập|thác|vực|ta luy|taluy|tảng đá|hòn đá|
    nghĩa địa|nghĩa trang|gốc cây|gốc đa|gốc si|gốc gạo|gốc sung|gốc trám|gốc mít|gốc thị|gốc bàng|gốc nghiến|gốc trẩu|gốc sấu|
    gốc xoan|gốc sến|gốc lim|gốc vải|gốc dừa|gốc tre|bụi tre|bụi cây|lùm cây|bụi|bờ tre|bờ rào|bờ kè|cây đa|cây|nhà văn hóa|
    nhà văn hoá|ủy ban|uỷ ban|trạm xá|trạm y tế|hợp tác xã|sân vận động|sân bóng|đường mòn|đường|giọt nước|máng nước|mó nước|mỏ nước|
    nguồn nước|đồn|chốt|hầm|hào|giao thông hào|hố bom|hố|bản|thôn|xóm|làng|kho|lò gạch|lò vôi|lò|chợ|ngầm|phà|bãi tha ma|bãi bằng|
    khau|phja|pò|nà|lân|thẳm|pác|động|trộ|cồn|bàu|đồng|gò|nổng|vạt|thửa|trại|khe cạn|tháp|bể nước|cột mốc|mốc|cột điện|nhà|rẫy|hill|
    stream|river|school|village|road|bridge|temple|pagoda|tree|bunker|hospital|camp|base|ridge|trail|house|church|field|creek|
    khúc suối|cửa hang|cửa rừng|cửa hầm|cửa khe|cửa sông|cửa suối|cửa ngõ|sườn núi|nguồn|đầu nguồn|nhà thờ|nhà trẻ|mẫu giáo|nhà máy|
    bệnh xá|mỏ đá|lèn|lèn đá|eo|bãi đá|bãi cát|bãi bồi|mương|kênh|nền nhà|nền kho|gốc|khe núi|thung lũng|đồi chè|sân kho|bến đò|
    bến sông|bến nước|bến phà|bến tàu
    """
)
# Behind these a capital, a Tày word or a number is the feature's own name: "đồi Khau Mạ", "cao điểm 386".
NAMEABLE: Final = listed(
    """
    đồi|suối|khe|sông|núi|rú|hang|đèo|cống|cầu|miếu|đền|chùa|đình|trạm|thung|lũng|rào|truông|rừng|cao điểm|điểm cao|cđ|bến|đập|thác|
    vực|nghĩa địa|nghĩa trang|đồn|chốt|bãi|bản|thôn|xóm|làng|động|trộ|cồn|bàu|đồng|gò|ngầm|hồ|ao|nương|ruộng|khu|dốc|hill|đỉnh|thẳm|
    lân|eo|phà|ngã ba|trại|xứ đồng|núi đá|mỏ|lèn|thung lũng|bãi đá|cánh đồng|khe núi|trường
    """
)
# Words of Tày and Nùng place names, which say "a name" even in small letters (field.md §3.1).
TAY: Final = word_set("khuoi khau phja po keo lung phieng pac coc")
BURIED: Final = listed(
    """
    chôn|chôn cất|an táng|mai táng|chôn tạm|vùi|mộ|ngôi mộ|nấm mộ|nằm|nằm lại|đắp mộ|được chôn|mộ phần|mả|hài cốt|chỗ chôn|nơi chôn|
    lấp|mồ|buried|xương|mộ liệt sĩ|mộ ls|mộ bộ đội|mộ cổ|mộ cũ|mộ vô danh|mộ tập thể|mộ bác|mộ anh|mộ chú|mộ ông|khiêng|nấm đất
    """
)
DIED: Final = listed("hy sinh|hi sinh|hs|mất|tử trận|ngã xuống|chết|mất tích|hi xinh|killed|died")
ENDS: Final = word_set(
    """
    co la ko khong k kg chon xin goi lh sdt dt hoi nho moi thay gap hy hi hs ke biet bia boc nghi cung duoc thuoc ai muon can neu va
    thi nen de lien he dan nguoi toi em chau minh tui rat hien khi boi vi chi con ngay thang cho bao den o tai giup a ah nhe nha ay
    the do nua mo dat hai lo bi dang tung ma may so tu mat nay kia gio chua xong roi anh chu bac hom lau liet ls bo trieu cac nhung
    mot ba bon dao lam xua di vao ra len xuong nhin thoi hay voi in ve tim quanh chinh luu quay huong doi bom day chac khoang thuong
    sap nghe dinh e ntn nham bay
    """
)
# Behind one of these the word on the right does not end a spot: "nhà ông trưởng thôn", "vườn nhà tôi", "cây cổ thụ".
HELD: Final = {
    left.strip(): word_set(right)
    for left, _, right in (
        pair.partition(": ")
        for pair in """
        ba: nha ong bay tu hai nam; bac: thang; ban: minh toi nguoi; be: nuoc; behind: the a our my; ben: tren duoi trong canh do
        phai trai kia ngoai nay te tau; beside: the a; by: the a; cay: co da si nghien gao trau bang mit so thi sung muom nhan xoai
        trong bo doi; chu: e; co: thu; cu: cua nhat bo; cua: toi ban thon lang xa nha ong; doi: dien toi nha ba; dong: co ba bo nam;
        duong: mon len vao di xuong moi xe be ra tau lien; go: moi doi; ho: bom; hoi: nha; hop: tac; khac: chu; khu: mo dat dan;
        lang: minh toi; lung: chung; luy: duong; m: ve; may: nuoc xay bay; moi: lam mo xay; mon: len vao xuong di ra; near: the a our
        my; nga: ba tu nam; nha: ong ba toi em chau minh tui anh chu bac co cu o van thay chi hop nay; nuoc: cu cua ngam; nuong: nha
        ngo sau toi ong ba san; ong: truong ba hai bon tu bac nam; phia: tren sau truoc duoi trong ngoai ben bac nam dong tay; rung:
        dau; ruong: nha bac ong ba toi lua; thap: nuoc; thon: minh toi; tru: so; truong: hoc mau cu thon tieu cap bat ban bo; under: the a;
        uy: ban; van: hoa dong; ve: phia huong ben; vuon: nha ong ba toi em hoi bac chu minh; xom: minh toi tren duoi
        """.split(";")  # noqa: SIM905 - a table, read as one
    )
}
# With these marks they end nothing.
NOUNS: Final = word_set("nhỏ mới mỏ mó cỏ hố đèn đen lúa lớn gia nghè đình bồ cờ")
# Behind these "da" is đá or đa, not đã.
STONES: Final = word_set(
    """
    gieng tang hon cau hang nui bai khe mom vach hoc ghenh phien mo coi bo ngon goc cay len cong bac thac
    """
)
# Unaccented, these are where-words or features only with more evidence: ke (kể), con (còn), den (đến), cong (công an) …
MARKED_WHERE: Final = word_set("ke men ngay lien doc ve cho khuc noi vat bai me mom")
MARKED_FEATURE: Final = word_set(
    """
    con go eo mo vat thua dia ham bau chot nguon ho bui lo kho tram moc dinh hao nong trai nen hoi thap lan len
    """
)
SHY: Final = word_set(
    """
    ban nha dong duong nam keo cay na lan doi don cau ao ben cong chua den cho dap san lang xom thon vuc truong goc trai tram kho ham
    thap go ho bui lo hao moc mo
    """
)
ONLY_BESIDE: Final = word_set("den chua cho")
# An address, not a spot.
PLACES: Final = word_set("thon ban xom lang xa")
# What may stand before a feature that, unaccented, is mostly another word: "sau chùa", "gần đền".
BESIDE_WORDS: Final = word_set("canh gan sau truoc tai sat duoi tren ben")
# Beside these an unaccented feature is another word: đội, công an, chiến trường …
NOT_BEHIND: Final = {
    "doi": word_set("bo dai trung tieu quan dong cuoc mot 1 hai 2 may biet"),
    "truong": word_set("chien doi doan"),
    "hang": word_set("mat nha cua"),
    "thon": word_set("truong"),
}
NOT_BEFORE: Final = {
    "doi": word_set("quy dep toi truong dien"),
    "cong": word_set("an binh nhan tac dan truong san cuoc viec lao hoa"),
    "truong": word_set("thon ban ho nam"),
}
