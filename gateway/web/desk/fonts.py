"""Be Vietnam Pro for the desk: subsets of three weights, made once a process when they are first asked for (25 KB each)."""

import io
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from gateway.papers.faces import REPERTOIRE

FONTS: Final = MappingProxyType(
    {
        "be-vietnam-400.woff": "BeVietnamPro-Regular",
        "be-vietnam-600.woff": "BeVietnamPro-SemiBold",
        "be-vietnam-800.woff": "BeVietnamPro-ExtraBold",
    }
)
_SIGNS: Final = "…–—·×→←↑↓✓“”‘’•°½"


@cache
def font(name: str) -> bytes:
    """The WOFF of `name`, one of FONTS."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    data = (files("fontpkg_be_vietnam_pro") / "files" / f"{FONTS[name]}.ttf").read_bytes()
    made: Any = TTFont(io.BytesIO(data), lazy=True, recalcTimestamp=False)
    subsetter = Subsetter(Options(hinting=False, layout_features=["kern", "mark", "mkmk", "ccmp", "locl"], drop_tables=["DSIG"]))
    subsetter.populate(unicodes=sorted({*map(ord, REPERTOIRE), *map(ord, _SIGNS)}))
    subsetter.subset(made)
    made.flavor = "woff"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()
