"""The words of our answers: one segment each, unaccented, the price beside every number one may text (field.md §6.4)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.deployment import Deployment, shipped
from gateway.domain.fold import unaccent


class ReplyName(StrEnum):
    """The answers there are; each is a template `sms/vi/NAME.txt.j2`."""

    RECEIVED = "received"
    URGENT_REMAINS = "urgent_remains"
    URGENT_UXO = "urgent_uxo"
    DNA = "dna"
    OPTOUT = "optout"
    OPTIN = "optin"
    STATUS = "status"
    STATUS_UNKNOWN = "status_unknown"
    HELP = "help"
    QUESTION = "question"
    ADDED = "added"  # a follow-up joined its tip
    CORRECTED = "corrected"
    THANKS = "thanks"
    INCOMPLETE = "incomplete"  # a part of a long text never came
    USSD_CUT = "ussd_cut"  # the receipt of a session that ended before its last screen
    STATUS_LIMITED = "status_limited"
    WRITTEN = "written"  # staff to an informant, through the masked number
    # To the people on duty (services/alerts.py, services/digest.py); none holds a word of a tip.
    ALERT = "alert"
    ALERT_REPEAT = "alert_repeat"
    ALERT_MANY = "alert_many"
    ALERT_TAKEN = "alert_taken"
    ALERT_TAKEN_BEFORE = "alert_taken_before"
    ALERT_UNKNOWN = "alert_unknown"
    DIGEST = "digest"
    # To approvers of waves (ADR 0017); the first goes out by itself, the others answer their DUYET.
    APPROVAL_CODE = "approval_code"
    APPROVED = "approved"
    APPROVAL_WRONG = "approval_wrong"
    APPROVAL_VOID = "approval_void"
    APPROVAL_CHANGED = "approval_changed"
    APPROVAL_CLOSED = "approval_closed"
    APPROVAL_UNKNOWN = "approval_unknown"


_STATES: Final = {  # of a tip, as its informant reads them
    "new": "da nhan, cho can bo doc",
    "sorted": "da doc va phan loai",
    "analysed": "da doc va phan loai",
    "concluded": "da co ket luan, can bo se bao",
    "dna": "da ghi nhan dang ky lay mau ADN",
}
_UNDER_WAY: Final = "dang xac minh"
EXAMPLE: Final = {  # each template is tried with these before the start; waves have longer names, and then a second segment
    "code": "7K3M9P", "state": _UNDER_WAY, "day": "27/07", "wave": "dot-27-7", "count": "12.400", "segments": "12.400",
    "cost": "4.340.000 VND", "window": "07:00-21:00", "start": "27/07 07:00", "document": "238/KH-UBND 15/6/2026",
    "mark": "3fa9 12cd 88e0", "tries": "2", "what": "thay hai cot", "place": "thon Pac Khuong 2 (TN41)", "at": "27/07 07:00", "round": "12",
    "name": "Nong Van Gia Dinh", "urgent": "12", "waiting": "1.240", "open": "12", "words": "Ong cho biet mo gan suoi nao?",
}  # fmt: skip


class BadReply(Exception):
    """A reply template that can't be used; names the file and what to do."""


@dataclass(frozen=True, slots=True)
class Replies:
    """Texts of one deployment. Its own `templates/` wins over those that travel with the product. Made by `load_replies`."""

    _templates: Environment = field(repr=False)
    _common: dict[str, str]
    _zone: ZoneInfo

    def text(self, name: ReplyName, /, **values: str) -> str:
        """The answer `name` in one line of GSM-7."""
        template = self._templates.get_template(f"sms/vi/{name}.txt.j2")
        return " ".join(unaccent(template.render(self._common | values)).split())

    def moment(self, at_ms: int) -> str:
        """A local time as our texts write it: "27/07 07:00"."""
        return datetime.fromtimestamp(at_ms / 1000, self._zone).strftime("%d/%m %H:%M")

    def status(self, code: str, state: str, received_at_ms: int) -> str:
        """Where a tip stands."""
        day = datetime.fromtimestamp(received_at_ms / 1000, self._zone).strftime("%d/%m")
        return self.text(ReplyName.STATUS, code=code, state=_STATES.get(state, _UNDER_WAY), day=day)


def load_replies(deployment: Deployment) -> Replies:
    """The replies of `deployment`, each tried once. Raises BadReply."""
    campaign = deployment.campaign
    places: list[Path] = [deployment.path / "templates", shipped("templates")]
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(places), undefined=StrictUndefined, autoescape=False
    )  # an SMS is no HTML
    title = unaccent(campaign.commune_title)
    common = {
        "commune": title[:1].upper() + title[1:],
        "number": f"{campaign.short_code} ({campaign.price_note(accented=False)})",
        "hotline": campaign.hotline.national if campaign.hotline else "",
    }
    replies = Replies(environment, common, ZoneInfo(campaign.timezone))
    for name in ReplyName:
        try:
            replies.text(name, **EXAMPLE)
        except TemplateError as why:
            raise BadReply(
                f"templates/sms/vi/{name}.txt.j2: {why.message or type(why).__name__}. Correct it, or remove it to use ours"
            ) from None
    return replies
