"""PDF/X by other programs: our check, built on our own files, must find nothing wrong in theirs, and what is wrong when they go wrong."""

import os
import subprocess
from pathlib import Path

import pytest

from collateral.check import examined
from collateral.icc import modelled_profile

HTML = """<html lang="vi"><head><title>Tờ rơi</title><style>
@color-profile device-cmyk {{ components: cyan, magenta, yellow, black; src: url({profile}) }}
@page {{ size: 148mm 210mm; bleed: 3mm; margin: 10mm; background: device-cmyk(0 .02 .1 0) }}
@font-face {{ font-family: Viet; src: url({font}) }}
body {{ color: device-cmyk(0 0 0 1); font: 14pt Viet }}
h1 {{ color: device-cmyk(.2 1 1 .3); border-bottom: 2pt solid device-cmyk(.2 .35 .85 .1) }}
</style></head><body><h1>Ai biết nơi yên nghỉ của liệt sĩ, xin báo tin.</h1><p{more}>Gọi 0300 000 101</p></body></html>"""
LATEX = r"""\pdfminorversion=4 \pdfobjcompresslevel=0
\documentclass{article}
\usepackage{color}
\usepackage[paperwidth=168mm,paperheight=230mm]{geometry}
\pagestyle{empty}
\pdfinfo{/Title (Leaflet) /GTS_PDFXVersion (PDF/X-1a:2003) /Trapped /False}
\pdfcatalog{/OutputIntents [<< /Type /OutputIntent /S /GTS_PDFX /OutputConditionIdentifier (FOGRA39)
  /RegistryName (http://www.color.org) /Info (Coated FOGRA39) >>]}
\pdfpageattr{/TrimBox [28.346 28.346 447.874 623.622] /BleedBox [19.843 19.843 456.378 632.126]}
\begin{document}
\color[cmyk]{.2,1,1,.3}\rule{80mm}{30mm}

\color[MODEL]{COLOUR} Who knows where a soldier lies? Please tell us. $x^2$
\end{document}
"""
POSTSCRIPT = r"""%!PS
[ {ThisPage} << /TrimBox [20 20 280 280] /BleedBox [10 10 290 290] >> /PUT pdfmark
.2 1 1 .3 setcmykcolor 10 10 280 140 rectfill
0 0 0 1 setcmykcolor /NimbusSans-Regular 24 selectfont 40 200 moveto (Xin bao tin) show
showpage
"""
INTENT = r"""%!
[ /Title (Leaflet) /GTS_PDFXVersion (PDF/X-3:2002) /Trapped /False /DOCINFO pdfmark
[/_objdef {icc} /type /stream /OBJ pdfmark
[{icc} << /N 4 >> /PUT pdfmark
[{icc} (PROFILE) (r) file /PUT pdfmark
[/_objdef {intent} /type /dict /OBJ pdfmark
[{intent} << /Type /OutputIntent /S /GTS_PDFX /OutputCondition (Offset) /Info (Coated) /OutputConditionIdentifier (FOGRA39)
  /RegistryName (http://www.color.org) /DestOutputProfile {icc} >> /PUT pdfmark
[{Catalog} << /OutputIntents [ {intent} ] >> /PUT pdfmark
"""


def profile_in(folder: Path) -> Path:
    (folder / "press.icc").write_bytes(modelled_profile().data)
    return folder / "press.icc"


def by_weasyprint(folder: Path, more: str = "") -> Path:
    import fontpkg_be_vietnam_pro
    from weasyprint import HTML as Document

    font = Path(fontpkg_be_vietnam_pro.__file__).parent / "files" / "BeVietnamPro-Regular.ttf"
    html = HTML.format(profile=profile_in(folder).as_uri(), font=font.as_uri(), more=more)
    Document(string=html).write_pdf(folder / "weasyprint.pdf", pdf_variant="pdf/x-1a")
    return folder / "weasyprint.pdf"


def by_latex(folder: Path, model: str = "cmyk", colour: str = "0,0,0,1") -> Path:
    (folder / "latex.tex").write_text(LATEX.replace("MODEL", model).replace("COLOUR", colour))
    command = ["pdflatex", "-interaction=batchmode", "-halt-on-error", "latex.tex"]
    subprocess.run(command, cwd=folder, env={**os.environ, "TEXMFVAR": str(folder)}, capture_output=True, check=True)
    return folder / "latex.pdf"


def by_ghostscript(folder: Path, page: str = POSTSCRIPT) -> Path:
    (folder / "intent.ps").write_text(INTENT.replace("PROFILE", str(profile_in(folder))))
    (folder / "page.ps").write_text(page)
    size = ("-dDEVICEWIDTHPOINTS=300", "-dDEVICEHEIGHTPOINTS=300", f"--permit-file-read={folder}/")
    command = ["gs", "-q", "-dPDFX", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite", "-sColorConversionStrategy=CMYK", *size]
    subprocess.run([*command, "-o", folder / "gs.pdf", folder / "intent.ps", folder / "page.ps"], capture_output=True, check=True)
    return folder / "gs.pdf"


MAKERS = {by_weasyprint: "PDF/X-1a:2003", by_latex: "PDF/X-1a:2003", by_ghostscript: "PDF/X-3:2002"}


@pytest.mark.parametrize("maker", MAKERS)
def test_good_files_of_others_have_no_findings(maker, tmp_path):
    found = examined(maker(tmp_path))
    assert found.findings == ()
    assert (found.standard, found.note) == (MAKERS[maker], None)


def rules(file: Path) -> set[str]:
    return {finding.rule for finding in examined(file).findings if finding.severity == "error"}


def test_weasyprints_alpha_is_found(tmp_path):
    """Its pdf/x-1a does not stop what X-1a forbids."""
    assert rules(by_weasyprint(tmp_path, ' style="opacity: .5"')) == {"page.transparency"}


def test_weasyprints_rgb_is_found(tmp_path):
    assert rules(by_weasyprint(tmp_path, ' style="color: red"')) & {"colour.rgb", "colour.space"}


def test_latexs_rgb_is_found(tmp_path):
    assert rules(by_latex(tmp_path, "rgb", "1,0,0")) == {"colour.rgb"}


def test_a_file_of_another_level_than_asked_for_is_found(tmp_path):
    assert [finding.rule for finding in examined(by_latex(tmp_path), "x4").findings] == ["file.standard"]
