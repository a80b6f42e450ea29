"""Files of any origin: whatever bytes they hold, checking ends in findings."""

import io
from random import Random

import pikepdf
import pytest

from collateral.check import check_file, examined


def damaged(pdf: bytes, chance: Random) -> bytes:
    """Bytes exchanged, cut out, put in or copied from elsewhere."""
    spoiled = bytearray(pdf)
    for _ in range(chance.randint(1, 30)):
        at, other = chance.randrange(len(spoiled)), chance.randrange(len(spoiled))
        match chance.randrange(4):
            case 0:
                spoiled[at] = chance.randrange(256)
            case 1:
                del spoiled[at : at + chance.randint(1, 40)]
            case 2:
                spoiled[at:at] = chance.randbytes(5)
            case _:
                spoiled[at : at + 20] = spoiled[other : other + 20]
    return bytes(spoiled)


@pytest.fixture(scope="module")
def readable(drawn) -> bytes:
    """A leaflet with plain streams, so that damage hits operators too."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(drawn["leaflet-a5"].pdf)) as document:
        document.save(out, qdf=True, stream_decode_level=pikepdf.StreamDecodeLevel.generalized)
    return out.getvalue()


@pytest.mark.parametrize("seed", range(40))
def test_damage_never_raises(readable, drawn, tmp_path, seed):
    file = tmp_path / "damaged.pdf"
    file.write_bytes(damaged(readable if seed % 2 else drawn["banner-h"].pdf, Random(seed)))
    check_file(file)


def test_a_good_file_is_clean_and_a_missing_one_is_a_finding(drawn, tmp_path):
    (tmp_path / "good.pdf").write_bytes(drawn["banner-h"].pdf)
    assert check_file(tmp_path / "good.pdf") == ()
    assert [finding.rule for finding in check_file(tmp_path / "none.pdf")] == ["file.read"]


def test_a_file_says_what_it_is(drawn, tmp_path):
    """And one of another level than asked for is a finding."""
    (tmp_path / "good.pdf").write_bytes(drawn["banner-h"].pdf)
    found = examined(tmp_path / "good.pdf", "x1a")
    assert (found.findings, found.standard, found.note.piece) == ((), "PDF/X-1a:2003", "banner-h")
    assert [finding.rule for finding in examined(tmp_path / "good.pdf", "x4").findings] == ["file.standard"]


def test_a_file_with_a_password_is_a_finding(drawn, tmp_path):
    with pikepdf.open(io.BytesIO(drawn["poster-a3"].pdf)) as document:
        document.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(owner="x", user="y"))
    assert "file.encrypted" in {finding.rule for finding in check_file(tmp_path / "locked.pdf")}


def test_a_crop_beside_the_page_is_a_finding(drawn, tmp_path):
    """The page was cut smaller than its note says: the code's place lies outside."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(drawn["poster-a3"].pdf)) as document:
        for key in ("/TrimBox", "/BleedBox"):
            del document.pages[0].obj[key]
        document.pages[0].obj.MediaBox = pikepdf.Array([0, 0, 100, 100])
        document.save(out)
    (tmp_path / "cut.pdf").write_bytes(out.getvalue())
    assert {"box.trim", "code.unread"} <= {finding.rule for finding in check_file(tmp_path / "cut.pdf")}
