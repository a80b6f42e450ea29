"""What residents say, in folded, unaccented Vietnamese: tables for `kind`, about the language and not about any one text."""

from typing import Final

from gateway.reading.words import phrases, word_set

# Abbreviations as field.md §3.2 lists them, to the one spelling that the tables below use.
SPELLED_OUT: Final = {
    "ko": "khong", "k": "khong", "kg": "khong", "hok": "khong", "khg": "khong", "kh": "khong", "hem": "khong", "ls": "liet si",
    "sy": "si", "hi": "hy", "ki": "ky", "dc": "duoc", "đc": "duoc", "hs": "hy sinh", "hcls": "hai cot liet si", "mls": "mo liet si",
    "ntls": "nghia trang liet si", "dk": "dang ky", "tn": "tin", "j": "gi", "z": "vay", "r": "roi", "dna": "adn",
}  # fmt: skip

GRAVE: Final = phrases(
    """
    mo liet si|mo bo doi|mo anh|mo bac|mo chu|mo vo danh|mo vo chu|mo tap the|mo don|mo chien si|ngoi mo|nam mo|
    nam dat|hai cot|chon cat|an tang|mai tang|bao tu|cao diem|xuong nguoi|bo xuong|hy sinh|tu tran|mat tich|bo doi|
    chien si|dong doi|vo danh|bia mo|huyet|tu si|dai doi|tieu doan|trung doan|su doan|tran danh|liet si|quy tap|
    so do mo|di vat|ky vat|di cot|nghia trang|nghia dia|mo ma|mo co|mo cu|mo lang|xuong cot|lien si|linh ta|
    linh minh|quan giai phong|hom dan|chon o|chon tai|chon duoi|chon gan|chon canh|chon nam|chon bo doi|chon anh|
    chon chung|chon trong|chon ben|chon sau|buried|grave|graves|remains|bones|soldiers|dog tag
    """
)
RELIC: Final = phrases(
    """
    binh tong|bi dong|dep cao su|mu coi|mu sat|mu tai beo|vai du|tang vong|khoa that lung|cuc ao|ba lo|nhat ky|
    ban do ve tay|luu dan|bom bi|dau dan|qua bom|xeng bo binh|the quan nhan|lo penicillin|hom thu|giay to cu|
    to quoc ghi cong|huan chuong|huy chuong|giay bao tu|vat no|manh bom|thu tay|la thu
    """
)
# A person who tells, not one who asks.
TELLS: Final = phrases(
    """
    bao tin|co biet|toi biet|e biet|em biet|chau biet|minh biet|tui biet|nguoi biet|con biet|thay|phat hien|gap|
    dao duoc|dao trung|dao mong|con giu|dang giu|ke|ke lai|chi cho|chung kien|chon o|chon tai|chon nam|
    chung toi chon|chon tam|tan mat|cung cap thong tin|chi duong|dan duong|con nho|nho ro|mo o|co mo|mo nam|ngoi mo|
    we buried|i know|i found|co nhieu mo|may ngoi mo|nam o|gui anh|nghe noi|nghe ke|dan goi|truyen lai
    """
)
ASKS: Final = phrases(
    """
    la gi|lam sao|the nao|nhu nao|bao gio|khi nao|bao nhieu|co phai|may gio|ngay nao|cho hoi|xin hoi|muon hoi|
    hoi ve|hoi xem|co mat tien|mat phi|co mat phi|tim hieu|o cho nao|cho nao|lien he ai|gap ai|hoi ai|tim mo|
    tim hai cot|di dau|xin lai|thu tuc|ho so gi|giay to gi|can gi|phai khong|dung khong|that khong|duoc khong|
    duoc gi|duoc chi|lam rang|di mo|khi mo|nop o mo|
    chua nhi|co duoc|khong a|khong vay|vay a|sao lai|tai sao|vi sao|so may|cho xin|xin so|xin cho biet|
    so dien thoai can bo|so dien thoai xa|so dien thoai ban|sdt nao|so nao|goi ai|bao ai|cho ai|
    voi ai|nop dau|toi dau|den dau|may ngay|bao lau|what|where|how|when|who
    """
)
# What the campaign can answer; a question about anything else ("may gio ve an com") came to the wrong number.
TOPIC: Final = phrases(
    """
    chien dich|xa|so nay|tin|tin nhan|liet si|mo|adn|lay mau|hai cot|bao tu|che do|quy tap|can bo|ubnd|uy ban|
    chqs|ngay hoi|chinh sach|thuong|duoc thuong|than nhan|gia dinh|nghia trang|nop|ho so|giay|giay to|dang ky|
    mien phi|tien|mat tien|cong an|ky vat|di vat|cho hoi|xin hoi|quan doi|bo doi|hy sinh|chien si|ma|thon|cu phap|
    dau so|dia chi|dien thoai|sdt|lien he|soan|bao tin|xet nghiem|phu cap|tro cap|the|link|qr|ma qr|trang web|
    thong tin|you|message|messages|number|campaign|remains|grave|soldiers|dna|report|pay|free
    """
)
# "o dau" is "ở đâu" (where) or "ở đầu" (at the head of); these words behind it make it a place.
HEADED: Final = word_set(
    """
    ban lang thon xom doi nui cau suoi nguon ruong ho nha duong doc deo khe truong hoi san nuong dinh bai ngo cong song
    """
)
CLOSING: Final = frozenset({"khong", "chua", "a", "vay", "nhi", "ha", "the"})
NEVER: Final = frozenset({"dung", "ngung", "thoi", "khong", "cam", "ngat", "ngan", "stop", "huy", "bo", "cham"})
SENT: Final = frozenset({"gui", "nhan", "sms", "spam", "phien", "sending", "nhan tin", "quay"})
OBJECT: Final = frozenset({"tin", "nua", "sms", "phien", "toi", "quay", "messages", "tin nhan"})
OPT_OUT: Final = phrases(
    """
    xoa so|khoi danh sach|dung nhan tin|ngung nhan tin|tu choi nhan|huy nhan tin|huy dang ky nhan|khong muon nhan|
    khong nhan tin|unsubscribe|stop sending|stop texting|remove me|dung lam phien|dung gui tin|dung gui nua|
    khong can gui|ngung gui|dung gui|dung nhan|chan tin|cat tin|thoi nhan|thoi dung gui|khong muon bi lam phien|
    ra khoi danh sach|xoa ten toi|xoa thong tin
    """
)
OPT_IN: Final = phrases(
    """
    nhan lai tin|nhan tin lai|muon nhan tin|dang ky nhan|dang ky lai|cho toi nhan|xin nhan tin|nhan tin tro lai|gui lai tin|
    muon nhan thong tin|cho nhan tin|tiep tuc nhan tin|tiep tuc gui tin|subscribe
    """
)
SAMPLE: Final = phrases("lay mau|adn|sinh pham|giam dinh gen|xet nghiem gen|mau mau|thu mau|gen")
REGISTERS: Final = phrases(
    """
    dang ky|xin lay|muon lay|dua di|cho me|cho ba|cho bo|cho ong|cho co|cho anh|cho chi|cho em|doi lich|huy lich|
    hoan|doi ngay|lich lay|lich hen|da lay|toi lay|lay mau cho|san sang|dong y|hien mau|xin hen|den nha|tai nha
    """
)
KIN: Final = phrases(
    *(
        f"{kin} {of}"
        for kin in [
            "me",
            "vo",
            "con",
            "em",
            "chi",
            "bo",
            "chau",
            "em gai",
            "em trai",
            "em ruot",
            "chi gai",
            "chi ruot",
            "anh trai",
            "anh ruot",
            "chau ruot",
            "chau ngoai",
            "chau noi",
            "cau ruot",
            "di ruot",
            "than nhan",
            "con gai",
            "con trai",
            "ba ngoai",
            "me de",
        ]
        for of in ("liet si", "cua liet si", "cua mot liet si", "mot liet si")
    )
)
AT_HAND: Final = phrases(
    """
    o nha|con khoe|con song|tai nha|minh man|khoe manh|gia yeu|di lai kho|nam mot cho|con minh man
    """
)
NO_KIN_OFFER: Final = phrases(
    """
    mo|chon|hai cot|giay bao tu|bao tu|thu|nhat ky|ky vat|don vi|biet|ke|gui anh|hy sinh
    """
)
OWN_TIP: Final = phrases(
    """
    ma tin|ma so tin|tin bao cua|tin toi|tin cua toi|tin em|tin minh|tin chau|toi bao|toi da bao|em da bao|
    minh da bao|chau da bao|toi da gui|em da gui|tin da bao|tin da gui|tin bao hom|tin hom|da bao tin|bao tin roi|
    vu toi bao|tin bao truoc|ma so|tra cuu tin
    """
)
FOLLOWS_UP: Final = phrases(
    """
    sao|chua|den dau|toi dau|ket qua|the nao|ra sao|khi nao|bao gio|goi lai|xu ly|giai quyet|xac minh|may ngay|
    bao lau|tien do|co gi moi|co tin gi|den xem
    """
)
SPAM: Final = phrases(
    """
    vay tien|vay von|lai suat|trung thuong|giai ngan|ca cuoc|lo de|casino|nha cai|danh bai|no hu|tai xiu|khuyen mai|
    giam gia|mua ngay|kb zalo|ket ban zalo|viec nhe luong cao|tuyen ctv|kiem tien|dau tu sinh loi|sim so dep|click link|
    bam link|bam vao|truy cap ngay|gai goi|nap the|the cao|qua tang|tang ban|nhan qua|xoc dia|soi keo|chot so
    """
)
PSYCHIC: Final = phrases("ngoai cam|boi toan|goi hon|ap vong|thay boi|thay cung|co dong|tam linh|xem boi")
FEES: Final = phrases(
    """
    coc|dat coc|trieu|chi phi|phi|bao thay|lien he|bao dam|chuyen khoan|dam bao|nhan tim|uy tin|le phi|gia re|
    tra tien
    """
)
DOUBTS: Final = phrases(
    "co phai|co that|lua dao|that khong|cho hoi|xin hoi|co nen|co duoc"
)  # a family that asks about a psychic is no fraud
INSULT: Final = phrases(
    """
    an hai|do ngu|may ngu|bon ngu|thang ngu|lu ngu|ngu the|ngu vai|dcm|dkm|vcl|vkl|clgt|dmm|dit me|du me|do cho|
    thang cho|oc cho|do dien|bon dien|mat day|khon nan|vo hoc|cut di|cho chet|an cap|an bam|vo cong roi nghe|lu an|
    bon lua dao|quan lua dao|do lua dao|toan lua dao|fuck|con cac|cai lon|bo lao|do dan don
    """
)
TRIAL: Final = word_set(
    """
    test thu nghiem tin nhan 123 alo alo1 abc gui xem kiem tra a ok oke okie 1 2 3 4 may
    """
)
POLITE: Final = word_set(
    """
    cam on can bo nhieu nhe a da vang ok oke roi biet xa cac bac anh chi chau em toi dong ban rat cho uy ubnd chinh quyen lam
    thank thanks you chao xin tot tks cảm duoc nha ad admin nhan tin
    """
)
PLACE: Final = phrases(
    """
    doi|suoi|khe|goc cay|chan doi|hang|deo|nui|bo suoi|nuong|ruong|canh|gan|duoi goc|sau nha|trong vuon|duoi|
    tren
    """
)
FILLER: Final = word_set(
    """
    soan gui den toi dau so tin nhan noi dung thon xom ban tdp xa huyen ma code o tai ho ten thong ve cu phap cach bao xxx mo_ta
    hoi
    """
)
LAO_ASKS: Final = ("ຢູ່ໃສ", "ບໍ?", "ແນວໃດ", "ຖາມ")
LAO_TELLS: Final = ("ຝັງ", "ສົບ", "ທະຫານ", "ຂຸມ", "ກະດູກ")
LAO_STOP: Final = ("ຢຸດສົ່ງ", "ບໍ່ຢາກຮັບ")
BEFORE_MO: Final = word_set("canh gan co la may hai ba bon nhieu thay ngoi cac cum khu")
AFTER_MO: Final = word_set("o nam tai canh gan ben duoi sau truoc cua trong tren khong chua bi con ong giua")
FALLEN: Final = word_set("nguoi anh chu bac dong bo liet linh chien")  # behind "chon 7 …"
ME: Final = ("em", "toi", "chau", "minh", "con", "tui", "anh", "chi", "bac", "co")
FOR_KIN: Final = phrases(
    """
    cho me|cho ba|cho bo|cho ong|cho co|cho anh|cho chi|cho em|me toi|ba toi|bo toi|xin dang ky|huy lich|doi lich
    """
)
SOUGHT: Final = phrases("tim mo|muon tim|can tim|tim hai cot|xin lai|nop|hoi|co duoc|co phai|lam sao|thu tuc")
