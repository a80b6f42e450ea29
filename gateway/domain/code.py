"""Codes that people read aloud and type: placements and tips, with a check character (ISO 7064:2003, MOD 37,36)."""

from itertools import product
from random import Random
from typing import Final

_ALL: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CODE_ALPHABET: Final = "".join(c for c in _ALL if c not in "ILO")  # read aloud and typed: nothing that looks like a digit
_TIP_ALPHABET: Final = CODE_ALPHABET.replace("U", "")
_AS_DIGITS: Final = str.maketrans("OIL", "011")  # what looks alike, where a code has digits …
_AS_LETTERS: Final = {"0": "O", "1": "IL", "I": "IL", "L": "IL"}  # … and where it has letters
MAX_PLACEMENT: Final = len(CODE_ALPHABET) ** 2 - 1


def check_character(payload: str) -> str:
    """The character that completes `payload` (0-9A-Z): it finds every single slip and every swap of neighbours (ISO 7064 §9)."""
    return _ALL[(1 - _hybrid(payload)) % 36]


def is_valid(text: str) -> bool:
    """Whether the last character of `text` checks the rest; False for anything outside 0-9A-Z."""
    return len(text) > 1 and all(c in _ALL for c in text) and text[-1] == check_character(text[:-1])


def _hybrid(payload: str) -> int:
    """The running product of a hybrid system with moduli 36 and 37 (ISO 7064 §8.2)."""
    running = 36
    for character in payload:
        running = ((running + _ALL.index(character)) % 36 or 36) * 2 % 37
    return running


def placement_code(village_code: str, number: int) -> str:
    """ "TN01" and 5 -> "TN0105" and its check character. ValueError if `number` is outside 1..1088 or must be skipped."""
    if not 1 <= number <= MAX_PLACEMENT:
        raise ValueError(f"placement number {number} is outside 1..{MAX_PLACEMENT}")
    high, low = divmod(number, len(CODE_ALPHABET))
    payload = f"{village_code.upper()}{CODE_ALPHABET[high]}{CODE_ALPHABET[low]}"
    check = check_character(payload)
    if check not in CODE_ALPHABET:
        raise ValueError(f"placement number {number} must be skipped in {village_code}: its check character would be {check}")
    return payload + check


def next_placement_number(village_code: str, after: int) -> int:
    """The first number above `after` whose check character can be read. ValueError if the village has none left."""
    for number in range(after + 1, MAX_PLACEMENT + 1):
        try:
            placement_code(village_code, number)
        except ValueError:
            continue
        return number
    raise ValueError(f"{village_code} has no placement number left")


def _readings(text: str) -> set[str]:
    """What a placement code of 5-9 characters can be, look-alikes exchanged: letters, digits, three of CODE_ALPHABET. At most 62."""
    village, rest = text[:-3], text[-3:].translate(_AS_DIGITS)
    found = set()
    for end in range(1, len(village)):
        digits = village[end:].translate(_AS_DIGITS)
        if digits.isdigit():
            letters = product(*(_AS_LETTERS.get(c, c) for c in village[:end]))
            found |= {"".join(each) + digits + rest for each in letters}
    return found


def _clean(text: str) -> str:
    return "".join(c for c in text.upper() if c in _ALL)


def read_placement_code(text: str) -> tuple[str, int] | None:
    """(village code, number) of a code as typed or scanned; I/1 and O/0 count alike where only one reading checks out."""
    cleaned = _clean(text)
    if not 5 <= len(cleaned) <= 9:
        return None
    if (exact := _placement_of(cleaned)) is not None:
        return exact
    found = {placement for reading in _readings(cleaned) if (placement := _placement_of(reading)) is not None}
    return found.pop() if len(found) == 1 else None


def _placement_of(code: str) -> tuple[str, int] | None:
    """The placement of an exact code. Village codes are letters, then digits (communes.csv gives the letters out)."""
    village, digits = code[:-3], code[-3:]
    letters = village.rstrip("0123456789")
    if not (is_valid(code) and letters.isalpha() and letters != village and all(c in CODE_ALPHABET for c in digits)):
        return None
    number = CODE_ALPHABET.index(digits[0]) * len(CODE_ALPHABET) + CODE_ALPHABET.index(digits[1])
    return (village, number) if number else None


def tip_code(random: Random) -> str:
    """Five random characters without I, L, O, U and their check character; pass `secrets.SystemRandom()`: it is a receipt."""
    while True:
        payload = "".join(random.choices(_TIP_ALPHABET, k=5))  # of 32 letters each comes alike often
        if (check := check_character(payload)) in _TIP_ALPHABET:
            return payload + check


def read_tip_code(text: str) -> str | None:
    """The tip code that `text` spells (case-blind, I/L/1 and O/0 alike), or None."""
    spelled = _clean(text).translate(_AS_DIGITS)
    return spelled if len(spelled) == 6 and is_valid(spelled) and all(c in _TIP_ALPHABET for c in spelled) else None
