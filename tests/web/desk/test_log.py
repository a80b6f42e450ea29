"""The audit log as the desk shows it."""

from gateway.domain.permission import Role
from gateway.storage import audit
from gateway.storage.audit import Entry


async def noted(desk, officer, *actions: str, detail=None) -> None:
    for at, action in enumerate(actions):
        entry = Entry(officer.actor, action, f"tip:{at}", detail or {})
        await desk.database.write(lambda connection, entry=entry: audit.note(connection, entry, desk.clock))


async def test_an_administrator_reads_the_log_of_the_commune(desk) -> None:
    boss, reader, stranger = (
        await desk.login(Role.ADMINISTRATOR),
        await desk.login(Role.READER, name="Người Đọc"),
        await desk.login(Role.READER, commune="06580", name="Người Xã Khác"),
    )
    await noted(desk, reader, "number.reveal", detail={"why": "<img src=x onerror=alert(1)>"})
    await noted(desk, stranger, "number.reveal")
    page = (await boss.get("/desk/audit?action=number.")).text
    assert "hiện số điện thoại" in page
    assert "&lt;img src=x" in page
    assert "Người Xã Khác" not in page
    assert (await boss.get("/desk/audit?commune=06580")).status == 404


async def test_the_province_reads_all_of_it(desk) -> None:
    chief, stranger = await desk.login(Role.PROVINCE), await desk.login(Role.READER, commune="06580", name="Người Xã Khác")
    await noted(desk, stranger, "number.reveal")
    assert "Người Xã Khác" in (await chief.get("/desk/audit?commune=06580")).text


async def test_filters_and_pages(desk) -> None:
    boss, reader = await desk.login(Role.ADMINISTRATOR), await desk.login(Role.READER)
    await noted(desk, reader, *["tip.read"] * 120)
    first = await boss.get(f"/desk/audit?user={reader.user.id}&action=tip.read")
    assert first.text.count("<tr>") == 101
    assert "below=" in first.text
    assert "Không có dòng nào" in (await boss.get("/desk/audit?from=2030-01-01")).text
    assert "Không có dòng nào" in (await boss.get("/desk/audit?to=2020-01-01")).text
    assert (await boss.get("/desk/audit?from=x&to=9999-12-31&user=abc&below=-1")).status == 200


async def test_a_page_that_was_refused_is_noted(desk) -> None:
    reader = await desk.login(Role.READER)
    assert (await reader.get("/desk/audit")).status == 403
    async with desk.database.read() as connection:
        last = (await audit.wanted(connection, audit.Wanted(), 1))[0]
    assert (last.user, last.action, last.object) == (reader.user.id, "page.refused", "page:/desk/audit")
