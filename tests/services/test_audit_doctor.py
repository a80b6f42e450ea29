"""The doctor goes through the audit log and names the row that was touched."""

from pathlib import Path

from sqlalchemy import text

from gateway.services.doctor import Surroundings, examine
from gateway.storage import audit
from gateway.storage.audit import Entry
from tests.services.people import NOW


async def test_the_doctor_names_the_changed_row(database, tmp_path: Path) -> None:
    around = Surroundings((), frozenset(), "Asia/Ho_Chi_Minh", {}, tmp_path)
    for at in range(3):
        await database.write(lambda connection, at=at: audit.note(connection, Entry(None, "tip.read", f"tip:{at}"), NOW))
    found = await examine(database, around, NOW)
    assert ([each.name for each in found.causes if each.name == "audit"], found.log.split()[0]) == ([], "3")

    async def change(connection) -> None:
        await connection.execute(text("UPDATE audit SET object = 'tip:9' WHERE object = 'tip:1'"))

    await database.write(change)
    async with database.read() as connection:
        row = await connection.scalar(text("SELECT id FROM audit WHERE object = 'tip:9'"))
    said = [each.text for each in (await examine(database, around, NOW)).causes if each.name == "audit"]
    assert len(said) == 1
    assert f"at row {row}:" in said[0]
