"""/api/v1/tips: the tips of the client's commune, numbers masked; each reading is noted in the audit log."""

from typing import Final

from pydantic import Field

from gateway.services import client_reading
from gateway.services.client_reading import Shown
from gateway.web.api.cursors import read_cursor, write_cursor
from gateway.web.api.operation import Answer, Call, Link, Operation, Segment
from gateway.web.api.problems import plain
from gateway.web.api.schema import Asked, Cursor, Told, exact_time

CODE: Final = Segment(r"[0-9A-Za-z-]{6,12}", "The tip code, as its informant was given it.")
MOST: Final = 100


class Tip(Told):
    """One report by one person. Telephone numbers in it are masked."""

    code: str
    received_at: str
    channel: str = Field(description="sms, ussd, zalo, web, phone, paper or walk_in.")
    village: str | None = Field(description="Village code.")
    language: str
    state: str
    kind: str | None = Field(description="What staff sorted it as.")
    urgent: str | None = Field(description="remains or uxo.")
    text: str
    fields: dict[str, str] = Field(description="What was drawn out of the words, corrected by staff.")


class TipPage(Told):
    """Tips in the order in which they came. `next` goes on behind the last, now or later; `more`: whether there is something there now."""

    items: list[Tip]
    next: str | None
    more: bool


class TipQuery(Asked):
    """Which page."""

    cursor: Cursor | None = Field(default=None, description="“next” of the page before.")
    limit: int = Field(default=50, ge=1, le=MOST)


async def _list(call: Call) -> Answer:
    asked: TipQuery = call.query
    bound = (call.client.id, "tips")
    after = read_cursor(call.database.keyring, asked.cursor, *bound)
    page, more = await client_reading.tips(call.database, call.client, after, asked.limit, call.now)
    onward = write_cursor(call.database.keyring, page[-1].row.id, *bound) if page else asked.cursor
    return Answer(200, TipPage(items=[_tip(each) for each in page], next=onward, more=more))


async def _read(call: Call) -> Answer:
    found = await client_reading.tip(call.database, call.client, call.path["code"], call.now)
    if found is None:
        raise plain(404)
    return Answer(200, _tip(found))


def _tip(shown: Shown) -> Tip:
    row = shown.row
    return Tip(
        code=row.code,
        received_at=exact_time(row.received_at),
        channel=row.channel,
        village=row.village,
        language=row.language,
        state=row.state,
        kind=row.kind,
        urgent=row.urgent,
        text=shown.text,
        fields=dict(shown.fields),
    )


OPERATIONS: Final = (
    Operation(
        "listTips", "GET", "/tips", "Tips of this commune, as they came", "tips", {200: TipPage}, _list, query=TipQuery,
        links=(Link("readTip", "code", "/items/0/code"), Link("listTips", "cursor", "/next")),
    ),
    Operation("readTip", "GET", "/tips/{code}", "One tip of this commune", "tips", {200: Tip}, _read, segments={"code": CODE}),
)  # fmt: skip
