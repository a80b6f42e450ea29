"""A template message carries no text but the fields of a template that was registered. They are drawn out of the text that an SMS would
bear, so that one wave goes as a template message where it can and as an SMS where not.

`template`: that text with its fields in braces, "Kinh gui {ten}, hop luc {gio}.". `data`: a JSON object that names the fields as the
registered template does, of texts that may hold the fields, {text} and {number}; without it each goes under its own name.
"""

import json
import re
from collections.abc import Mapping
from typing import Final

from gateway.carriers.protocol import Misfit, Mt
from gateway.carriers.shared import digits

OPTIONS: Final[Mapping[str, str]] = {
    "template_id": "the number of the registered template",
    "template": 'the words of the text with its fields in braces, "Kinh gui {ten}, hop luc {gio}."',
    "data": 'a JSON object of the template\'s own fields, \'{"customer_name":"{ten}"}\'; unset: as they are called in template',
}
NEEDED: Final = ("template_id", "template")
_FIELD: Final = re.compile(r"\{([a-z][a-z0-9_]{0,31})\}")


def fields_in(template: str, text: str) -> dict[str, str] | None:
    """What stands in `text` where `template` has its fields, none of them empty; None: it is not that text. Each ends at the next words."""
    first, *rest = _FIELD.split(template)
    if not text.startswith(first) or (not rest and text != first):
        return None
    at, found = len(first), dict[str, str]()
    while rest:
        name, words, *rest = rest
        end = (len(text) - len(words) if text.endswith(words) else -1) if not rest else text.find(words, at + 1)
        if end <= at:
            return None
        found[name] = text[at:end]
        at = end + len(words)
    return found


def filled(template: str, word: str) -> str:
    """The text of `template` with `word` in each of its fields."""
    return _FIELD.sub(lambda _field: word, template)


def data_of(options: Mapping[str, str], mt: Mt) -> dict[str, str]:
    """The fields of the registered template for `mt`; none where its text is not the template's, which the carrier refuses."""
    found = fields_in(options.get("template", ""), mt.text)
    if found is None:
        return {}
    values = found | {"text": mt.text, "number": digits(mt.msisdn)}
    mapping = _mapping(options.get("data", ""))
    if not mapping:
        return found
    return {name: _FIELD.sub(lambda field: values.get(field[1], ""), words) for name, words in mapping.items()}


def _mapping(data: str) -> dict[str, str]:
    try:
        value = json.loads(data) if data else {}
    except (ValueError, RecursionError):
        return {}
    is_plain = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    return value if is_plain else {}


def misfits(options: Mapping[str, str]) -> tuple[Misfit, ...]:
    """A template whose fields can't be told apart, or data that name none of them."""
    template, data = options.get("template", ""), options.get("data", "")
    words = _FIELD.split(template)
    names, between = words[1::2], words[2:-1:2]
    found: list[Misfit] = []
    if "" in between or len(set(names)) < len(names):
        found.append(Misfit("template", "Two fields stand side by side, or one stands twice", "Put words between them and name each once"))
    if data and not _mapping(data):
        found.append(Misfit("data", "That is no JSON object of texts", 'Write data = \'{"customer_name":"{ten}"}\''))
    strange = sorted({name for each in _mapping(data).values() for name in _FIELD.findall(each)} - {*names, "text", "number"})
    if strange:
        found.append(Misfit("data", f"The template has no field {', '.join(strange)}", f"Take of: {', '.join([*names, 'text', 'number'])}"))
    return tuple(found)
