"""The composer's form as values: what is missing in it stays as it was."""

from dataclasses import replace
from typing import Final

from gateway.services.refusal import Refusal
from gateway.services.wave_desk.composition import LANGUAGES, Composition
from gateway.web.desk.kit import Form

_LONGEST: Final = 2_000  # characters of a text: far more than any SMS


def composed_of(sent: Form, before: Composition) -> Composition:
    """What stands in the form. Raises Refusal for a number that is none."""
    texts = {each: sent.text(f"text_{each}")[:_LONGEST] for each in LANGUAGES if f"text_{each}" in sent}
    day, at = sent.text("day"), sent.text("at")
    if peak := sent.text("peak"):
        day, _, at = peak.partition(" ")
    return replace(
        before,
        texts={language: text for language, text in texts.items() if text} if texts else before.texts,
        accented=tuple(each for each in LANGUAGES if sent.text(f"accents_{each}") == "yes"),
        route=sent.text("route", before.route),
        villages=_chosen(sent, "village"),
        tags=_chosen(sent, "tag"),
        languages=_chosen(sent, "language"),
        phase=sent.number("phase"),
        not_answered=sent.text("not_answered"),
        day=day_of(day),
        at=at,
        window=(sent.text("window_from") or before.window[0], sent.text("window_to") or before.window[1]),
        pace=sent.number("pace"),
        ramp=_ramp(sent),
        max_segments=max(1, min(6, sent.number("max_segments") or 1)),
        cost_ceiling=sent.number("cost_ceiling"),
        document=sent.text("document"),
        document_date=day_of(sent.text("document_date")),
        again=sent.text("again") == "yes",
        area=_chosen(sent, "area"),
        last=day_of(sent.text("last")),
        expected=sent.number("expected"),
    )


def _chosen(sent: Form, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, sent.all(name))))


def day_of(written: str) -> str:
    """ "22/12/2026" as 2026-12-22; anything else as it was written: the checks name it."""
    parts = written.split("/")
    if len(parts) == 3 and all(each.isdigit() for each in parts):
        return f"{parts[2]:0>4}-{parts[1]:0>2}-{parts[0]:0>2}"
    return written


def _ramp(sent: Form) -> tuple[float, ...]:
    """(per cent first, per cent of failures that stop it, minutes to wait); nothing: no ramp. Raises Refusal."""
    if sent.text("ramp") != "yes":
        return ()
    found = [
        sent.text(name).replace(",", ".") or default for name, default in (("ramp_percent", "1"), ("ramp_abort", "10"), ("ramp_wait", "10"))
    ]
    try:
        return tuple(map(float, found))
    except ValueError:
        raise Refusal("Phần gửi trước cần ba con số: bao nhiêu phần trăm, dừng khi hỏng quá bao nhiêu, chờ mấy phút.") from None
