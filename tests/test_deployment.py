"""A deployment's data: the shipped one is whole, and every fault of a broken one names its line."""

import shutil
import unicodedata
from datetime import date, time
from pathlib import Path

import pytest

from gateway.deployment import BadDeployment, Deployment, load_deployment, read_villages, shipped, shipped_deployment
from gateway.domain.code import read_placement_code
from gateway.domain.fault import Fault
from gateway.domain.keyword import Keyword


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped deployment."""
    return Path(shutil.copytree(shipped_deployment(), tmp_path / "xa"))


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return load_deployment(shipped_deployment())


def edit(path: Path, before: str, after: str) -> int:
    """Replace the first `before` in the file; returns the line it stood in."""
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    return text[: text.index(before)].count("\n") + 1


# -- the shipped deployment ----------------------------------------------------------------------------------------------------------------


def test_the_shipped_deployment_has_no_fault(deployment):
    assert deployment.faults == ()
    assert (len(deployment.villages), len(deployment.placements)) == (30, 119)


def test_its_campaign_is_the_plan_s(deployment):
    campaign = deployment.campaign
    assert campaign.name.startswith("Chiến dịch 500 ngày đêm đẩy mạnh thực hiện tìm kiếm, quy tập")
    assert (campaign.commune_title, campaign.province_name) == ("xã Thống Nhất", "tỉnh Lạng Sơn")
    assert [(phase.first, phase.last) for phase in campaign.phases[1:]] == [
        (date(2026, 7, 28), date(2026, 12, 31)),
        (date(2027, 1, 1), date(2027, 7, 27)),
    ]
    assert [(peak.day, peak.month) for peak in campaign.peak_days] == [(27, 7), (22, 12)]
    assert (date(2027, 7, 27) - campaign.day_one).days == 500
    assert campaign.window == (time(7), time(21))
    assert campaign.price_note() == "1.000 đ/tin"
    assert campaign.link_base == "HTTPS://TINBAO.EXAMPLE"


def test_its_villages_say_that_they_are_invented():
    lines = (shipped_deployment() / "villages.csv").read_text("utf-8").splitlines()[1:]
    assert all("INVENTED" in line for line in lines)
    assert all("INVENTED" in line for line in (shipped_deployment() / "contacts_example.csv").read_text("utf-8").splitlines()[1:])


def test_its_numbers_reach_nobody(deployment):
    numbers = [village.contact for village in deployment.villages.values()] + [deployment.campaign.hotline]
    assert all(number is not None and number.e164.startswith("+84300") for number in numbers)


def test_every_placement_has_a_code_that_reads_back(deployment):
    assert [read_placement_code(p.code) for p in deployment.placements] == [(p.village, p.number) for p in deployment.placements]
    assert {p.piece for p in deployment.placements_of("TN30")} == {"poster-a3", "banner-h", "leaflet-a5"}


@pytest.mark.parametrize(  # README_sample_mo.md, the table of canonical keywords
    ("keyword", "aliases"),
    [
        (Keyword.LS, "LIETSI|LIET SI|LIETSY|Liệt sĩ|Liệt sỹ|L5|1S|IS|L.S"),
        (Keyword.ADN, "AND|A.D.N|DNA"),
        (Keyword.HOI, "HỎI"),
        (Keyword.TT, "TRA CUU|TRACUU"),
        (Keyword.TC, "TUCHOI|TU CHOI|Từ chối|HUY|STOP"),
        (Keyword.DK, "DANG KY|START"),
    ],
)
def test_its_keywords(deployment, keyword, aliases):
    assert {keyword.value, *aliases.split("|")} <= set(deployment.keywords.aliases[keyword])


def test_shipped_finds_folders():
    assert (shipped("config") / "thong-nhat" / "gateway.toml").is_file()


# -- what is wrong is named ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "before", "after", "field", "words"),
    [
        ("villages.csv", "TN02,", "TN01,", "code", "stands in line 2 already"),
        ("villages.csv", "TN03,", "HK03,", "code", "no village code of xã Thống Nhất"),
        ("villages.csv", "0300000104", "03000", "contact", "number can't be used"),
        ("villages.csv", "0300000104", "3.0E+08", "contact", "digits are lost"),
        ("villages.csv", "0300000104", "0300000104/0300000105", "contact", "Two numbers"),
        ("villages.csv", ",06577,49", ",01234,49", "commune", "not in communes.csv"),
        ("villages.csv", ",49,", ",bốn chín,", "households", "no whole number"),
        ("villages.csv", "21.6435,106.8365", "106.8365,21.6435", "lat", "outside Viet Nam"),
        ("villages.csv", "21.6435,106.8365", "21.6435,", "lat", "half of the position"),
        ("villages.csv", "TN04,Pò Lạn", "TN04,Pò Mạ", "name", "is TN03 already"),
        ("villages.csv", "TN04,Pò Lạn", "TN04,", "name", "empty"),
        ("villages.csv", "TN04,Pò Lạn", "TN04,\u200b\u202e", "name", "empty"),
        ("villages.csv", "TN04,Pò Lạn", "TN04,\u0301", "name", "no letter"),
        ("villages.csv", "TN04,Pò Lạn", "TN04,…", "name", "no letter"),
        ("villages.csv", "TN04,Pò Lạn", "TN04,Pò \u0323Lan", "name", "accent stands without its letter"),
        ("placements.csv", "TN05,", "TN99,", "village", "no village"),
        ("placements.csv", "banner-h,", ",", "piece", "empty"),
        ("communes.csv", "06577", "O6577", "code", "no commune code"),
        ("communes.csv", ",TN,", ",T1,", "letters", "can't begin a village code"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_kept(folder, file, before, after, field, words):
    line = edit(folder / file, before, after)
    try:
        deployment = load_deployment(folder)
        faults, kept = deployment.faults, len(deployment.villages) + len(deployment.placements)
    except BadDeployment as why:
        faults, kept = why.faults, 0
    fault = next(fault for fault in faults if fault.file == file)
    assert (fault.line, fault.field) == (line, field)
    assert words in fault.text
    assert fault.remedy
    assert kept >= 29 + 87 or file == "communes.csv"


@pytest.mark.parametrize("name", ["Pò\u200b Lạn", "\u202ePò Lạn\u202c", "\ufeffPò\x07 Lạn", "Po\u0300 La\u0323n"])
def test_signs_that_nobody_sees_reach_no_paper(folder, name):
    edit(folder / "villages.csv", "TN04,Pò Lạn", f"TN04,{name}")
    assert load_deployment(folder).villages["TN04"].name == "Pò Lạn"


def test_a_placement_number_given_twice(folder, deployment):
    first, second = deployment.placements_of("TN01")[:2]
    line = edit(folder / "placements.csv", f"TN01,{second.number},", f"TN01,{first.number},")
    (fault,) = load_deployment(folder).faults
    assert (fault.line, fault.field) == (line, "number")
    assert "never used again" in fault.remedy


def test_a_number_whose_check_character_can_t_be_read_is_refused_with_the_next(folder):
    skipped = next(n for n in range(1, 1000) if not _usable("TN01", n))
    with (folder / "placements.csv").open("a", encoding="utf-8") as file:
        file.write(f"TN01,{skipped},poster-a3,x\n")
    (fault,) = load_deployment(folder).faults
    assert "must be skipped" in fault.text
    assert _usable("TN01", int(fault.remedy.split()[-1]))


def _usable(village: str, number: int) -> bool:
    from gateway.domain.code import placement_code

    try:
        return bool(placement_code(village, number))
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("file", "before", "after", "field", "words"),
    [
        ("campaign.toml", "hotline =", "hotlin =", "hotlin", "unknown"),
        ("campaign.toml", "[[peak_days]]\nmonth = 12", "[[peak_days]]\nmont = 12", "peak_days.2.mont", "unknown"),
        ("campaign.toml", "month = 7", "month = 13", "peak_days.1.month", "less than or equal to 12"),
        ("campaign.toml", 'short_code = "8088"', 'short_code = "80x8"', "short_code", "three to six digits"),
        ("campaign.toml", 'commune = "06577"', 'commune = "06578"', "commune", "not in communes.csv"),
        ("campaign.toml", 'hotline = "0300000100"', 'hotline = "03"', "hotline", "Too short"),
        ("campaign.toml", "[07:00:00, 21:00:00]", "[21:00:00, 07:00:00]", "window", "before it begins"),
        ("campaign.toml", "last = 2026-07-27", "last = 2025-07-27", "phases.1", "before the first"),
        ("campaign.toml", "sms_price_vnd = 1000", "sms_price_vnd = ", "", "no TOML"),
        ("keywords.toml", '"STOP"', '"STOP", "LIET SI"', "TC.aliases", "alias of LS already"),
        ("keywords.toml", "[HOI]", "[HOY]", "HOY", "unknown"),
        ("gateway.toml", '"Asia/Ho_Chi_Minh"', '"Asia/Ha_Noi"', "service.timezone", "no time zone"),
        ("gateway.toml", '"HTTPS://TINBAO.EXAMPLE"', '"TINBAO.EXAMPLE"', "service.link_base", "looks like"),
    ],
)
def test_a_bad_key_is_named(folder, file, before, after, field, words):
    line = edit(folder / file, before, after) + before.split("=")[0].count("\n")
    fault = next(fault for fault in _faults(folder) if (fault.file, fault.field) == (file, field))
    assert fault.line == (line if field not in ("phases.1", "TC.aliases") else fault.line)
    assert words in fault.text
    assert fault.remedy


def _faults(folder: Path) -> tuple[Fault, ...]:
    try:
        return load_deployment(folder).faults
    except BadDeployment as why:
        return why.faults


def test_an_unknown_key_costs_only_itself(folder):
    edit(folder / "campaign.toml", "hotline =", "hotlin =")
    deployment = load_deployment(folder)
    assert deployment.campaign.short_code == "8088"
    assert deployment.faults[0].remedy.startswith("Did you mean “hotline”")


def test_all_faults_at_once(folder):
    edit(folder / "campaign.toml", "sms_price_vnd = 1000", "")
    edit(folder / "villages.csv", "TN02,", "TN01,")
    edit(folder / "placements.csv", "TN05,", "TN99,")
    (folder / "keywords.toml").unlink()
    with pytest.raises(BadDeployment) as why:
        load_deployment(folder)
    assert {fault.file for fault in why.value.faults} == {"campaign.toml", "villages.csv", "placements.csv", "keywords.toml"}
    assert str(why.value).count("\n") == len(why.value.faults) - 1


@pytest.mark.parametrize("file", ["campaign.toml", "gateway.toml", "keywords.toml", "communes.csv", "villages.csv", "placements.csv"])
@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b"\x00", b"\xc3\x28 = 1"])
def test_a_missing_or_broken_file_is_a_fault(folder, file, content):
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    if (file, content) != ("keywords.toml", b""):  # no keyword needs an alias
        assert any(fault.file == file for fault in _faults(folder))


def test_no_folder(tmp_path):
    with pytest.raises(BadDeployment, match="tinbao init"):
        load_deployment(tmp_path / "nowhere")


def test_what_an_office_s_spreadsheet_makes_of_the_villages(folder, deployment):
    """Semicolons, UTF-16, a lost zero in the commune's code and in the number, decimal commas."""
    text = (folder / "villages.csv").read_text("utf-8").replace(",", ";").replace("06577", "6577").replace(" - 0300", " - 300")
    text = "\n".join(";".join(cell.replace(".", ",") for cell in line.split(";")) for line in text.split("\n"))
    villages, faults = read_villages(text.encode("utf-16"), "v.csv", deployment.communes)
    assert faults == ()
    assert villages == deployment.villages


def test_a_line_break_in_a_cell_is_a_space(deployment):
    data = 'code,name,kind,commune,contact\nTN01,"Nà\n  Lải",thôn,06577,"Trưởng thôn\nVi Văn Ví Dụ - 0300 000 101"\n'
    villages, faults = read_villages(data.encode(), "v.csv", deployment.communes)
    assert faults == ()
    assert (villages["TN01"].title, villages["TN01"].contact_name) == ("Thôn Nà Lải", "Trưởng thôn Vi Văn Ví Dụ")
    assert villages["TN01"].contact == deployment.villages["TN01"].contact


@pytest.mark.parametrize("file", ["campaign.toml", "villages.csv", "communes.csv"])
def test_decomposed_letters_are_composed(folder, deployment, file):
    """What macOS writes: NFD prints every mark in the wrong place and doubles an SMS."""
    text = (folder / file).read_text("utf-8")
    (folder / file).write_text(unicodedata.normalize("NFD", text), "utf-8")
    read = load_deployment(folder)
    assert (read.campaign, read.villages, read.faults) == (deployment.campaign, deployment.villages, ())
