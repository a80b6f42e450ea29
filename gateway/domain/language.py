"""Names of the languages that texts are written in, as Vietnamese papers say them. Pure."""

from typing import Final

LANGUAGES: Final = {"vi": "tiếng Việt", "en": "tiếng Anh", "lo": "tiếng Lào", "tay": "tiếng Tày", "nung": "tiếng Nùng", "zh": "tiếng Trung"}


def language_name(code: str) -> str:
    """ "tiếng Việt"; a language that we have no name for by its code."""
    return LANGUAGES.get(code, f"ngôn ngữ “{code}”")
