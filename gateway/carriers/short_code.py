"""What the short codes of Viet Nam share: the first word of a text is its keyword, and some aggregators keep it for themselves."""

from gateway.domain.fold import fold


def with_keyword(keyword: str, text: str) -> str:
    """`text` with the `keyword` that the aggregator names, unless it begins with it, in whatever case, with or without accents."""
    if not keyword or fold(text).replace(" ", "").startswith(fold(keyword).replace(" ", "")):
        return text
    return f"{keyword} {text}".strip()
