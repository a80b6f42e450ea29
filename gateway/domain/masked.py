"""Telephone numbers inside words, hidden without moving a character: what is underlined by place stays in its place. Pure."""

import re
from collections.abc import Iterable
from typing import Final

HIDDEN: Final = "·"
_SHOWN: Final = (4, 2)  # signs of a number that stay: who works with it recognises it
# Digits of any script; people write 0300 000 015, 0300.000.015, 0300-000-015, +84 (0)300…
_RUN: Final = re.compile(r"\+?\d(?:[\s.,\-\u2013()_]{0,3}\d){7,}")
_SEPARATED: Final = 9  # digits that read as a number where they don't stand together: 17-02-1979 has eight
_BLANK: Final = "x"


def masked(text: str, keep: Iterable[tuple[int, int]] = ()) -> str:
    """`text`, as long as before, with the middle digits of every telephone number as "·".

    `keep`: (start, end) of dates and positions that were read as such; what stands there is no number.
    """
    blanked = list(text)
    for start, end in keep:
        blanked[start:end] = _BLANK * len(blanked[start:end])
    hidden = list(text)
    for run in _RUN.finditer("".join(blanked)):
        places = [at for at in range(*run.span()) if text[at].isdigit()]
        if len(places) >= _SEPARATED or len(places) == run.end() - run.start():
            for at in places[_SHOWN[0] : -_SHOWN[1]]:
                hidden[at] = HIDDEN
    return "".join(hidden)
