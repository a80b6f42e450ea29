"""Tips as rows, made without a reader: for tests of what is done with a tip once it is there."""

from itertools import count

from gateway.storage.database import Database
from gateway.storage.inbox import person
from gateway.storage.schema import mo, tip
from gateway.storage.tips import NewTip, add_tips
from tests.services.people import ALICE, NOW

_NUMBERS = count(1)
_CODES = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def next_code() -> str:
    """A tip code with its check character, another one each time."""
    from gateway.domain.code import check_character, read_tip_code

    while True:
        number = next(_NUMBERS) * 14_348_907 % 32**5  # 3**15: every number once, no two neighbours alike
        payload = "".join(_CODES[number // 32**place % 32] for place in (4, 3, 2, 1, 0))
        if read_tip_code(code := payload + check_character(payload)) == code:
            return code


async def make_tip(database: Database, text: str = "LS TN07 co 2 mo bo doi", sender: str = ALICE, *, at: int = NOW, **changes) -> int:
    """A tip with its MO; returns its id. `changes`: of `NewTip`."""
    code = changes.pop("code", None) or next_code()
    bidx = person(database.keyring, sender) if sender else code.encode()
    channel = changes.pop("channel", "sms")

    async def unit(connection) -> int:
        values = {
            "route": "gia-lap", "channel": channel, "carrier_id": f"~{code}", "content_key": code.encode(), "bidx": bidx, "sender": sender,
            "receiver": "8088", "text": text, "received_at": at, "state": "done", "action": "tip",
        }  # fmt: skip
        mo_id = (await connection.execute(mo.insert().values(**values).returning(mo.c.id))).scalar_one()
        usual = {"village": "TN07", "placement": None, "fields": "{}", "urgent": None, "commune": "06577"}
        new = NewTip(code=code, mo=mo_id, channel=channel, bidx=bidx, sender=sender, text=text, received_at=at, **(usual | changes))
        await add_tips(connection, [new])
        return int((await connection.execute(tip.select().where(tip.c.code == code))).one().id)

    return await database.write(unit)
