"""The list of users at the desk."""

import pytest

from gateway.domain.permission import Role
from gateway.services import users as books
from tests.services.staff import WORDS, make_user
from tests.web.desk.book import audited

NEW = {"name": "Trần Thị Mới", "passphrase": "cây đa bến nước sân đình", "again": "cây đa bến nước sân đình", "commune": "06577"}


async def test_somebody_is_added_with_several_roles(desk) -> None:
    boss = await desk.login(Role.ADMINISTRATOR)
    done = await boss.post("/desk/users", {**NEW, "role": ["reader", "reporter"]}, follow=True)
    assert "Đã thêm Trần Thị Mới." in done.text
    user = await books.find(desk.database, "tran thi moi")
    assert (user.roles, user.commune) == ({Role.READER, Role.REPORTER}, "06577")
    last = (await audited(desk.database))[-1]
    assert (last.action, last.object, last.detail["roles"]) == ("user.add", f"user:{user.id}", ["reader", "reporter"])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"role": ["planner", "approver"]}, "Không ai vừa soạn vừa duyệt"),
        ({"role": []}, "Chưa chọn vai trò nào"),
        ({"role": ["province"]}, "do người quản trị của tỉnh trao"),
        ({"role": ["god"]}, "Chưa chọn vai trò nào"),
        ({"again": "khác đi một chút thôi"}, "không giống nhau"),
        ({"passphrase": "matkhau", "again": "matkhau"}, "dễ đoán"),
        ({"name": "<script>alert(1)</script>"}, "Tên này không dùng được"),
        ({"commune": "99999"}, "Chưa chọn xã"),
    ],
)
async def test_what_can_not_be_added_is_said_and_nothing_typed_is_lost(desk, changed, words) -> None:
    boss = await desk.login(Role.ADMINISTRATOR)
    page = await boss.post("/desk/users", {**NEW, "role": ["reader"], **changed})
    assert page.status == 422
    assert words in page.text
    assert "<script>alert" not in page.text
    assert 'value="Trần Thị Mới"' in page.text or "name" in changed


async def test_other_roles_end_the_sessions(desk) -> None:
    boss, reader = await desk.login(Role.ADMINISTRATOR), await desk.login(Role.READER)
    assert (await boss.post(f"/desk/users/{reader.user.id}/roles", {"role": ["print"]})).status == 303
    assert (await reader.get("/desk/", follow=False)).status == 303
    assert (await books.find(desk.database, reader.user.name)).roles == {Role.PRINT}


async def test_an_administrator_who_gives_themselves_the_reading_of_tips_is_noted(desk) -> None:
    boss = await desk.login(Role.ADMINISTRATOR)
    await boss.post(f"/desk/users/{boss.user.id}/roles", {"role": ["administrator", "reader"]})
    last = (await audited(desk.database))[-1]
    assert (last.action, last.detail["reads_tips"], last.detail["after"]) == ("user.own_roles", True, ["administrator", "reader"])


@pytest.mark.parametrize(("path", "form"), [("disable", {}), ("roles", {"role": ["reader"]})])
async def test_nobody_locks_themselves_out(desk, path, form) -> None:
    boss = await desk.login(Role.ADMINISTRATOR)
    assert (await boss.post(f"/desk/users/{boss.user.id}/{path}", form)).status == 422
    assert (await boss.get("/desk/users")).status == 200


async def test_disabled_enabled_and_reset(desk) -> None:
    boss, reader = await desk.login(Role.ADMINISTRATOR), await desk.login(Role.READER)
    place = f"/desk/users/{reader.user.id}"
    assert "không vào được nữa" in (await boss.post(f"{place}/disable", follow=True)).text
    assert (await reader.get("/desk/", follow=False)).status == 303
    assert "vào lại được" in (await boss.post(f"{place}/enable", follow=True)).text
    new = {"passphrase": NEW["passphrase"], "again": NEW["again"]}
    assert (await boss.post(f"{place}/passphrase", new)).status == 303
    assert (await boss.post(f"{place}/factor")).status == 303
    assert (await books.check(desk.database, reader.user.name, NEW["passphrase"], desk.clock)).id == reader.user.id
    noted = [each.action for each in await audited(desk.database)]
    assert noted[-4:] == ["user.disable", "user.enable", "user.passphrase", "factor.reset"]


async def test_changes_ask_for_the_passphrase_when_it_was_typed_long_ago(desk) -> None:
    boss = await desk.login(Role.ADMINISTRATOR)
    desk.clock += 11 * 60_000
    asked = await boss.post("/desk/users", {**NEW, "role": ["reader", "print"]})
    assert "Xin gõ lại mật khẩu" in asked.text
    assert asked.text.count('name="role"') == 2
    done = await boss.post("/desk/users", {**NEW, "role": ["reader"], "confirm_passphrase": WORDS})
    assert done.status == 303


@pytest.mark.parametrize("path", ["", "/roles", "/disable", "/factor", "/passphrase"])
async def test_users_of_another_commune_are_nobodys_business(desk, path) -> None:
    """IDOR: the same answer as for a user who isn't there at all."""
    boss = await desk.login(Role.ADMINISTRATOR)
    other = await make_user(desk.database, "Người Xã Khác", Role.READER, commune="06580")
    place = f"/desk/users/{other.id}{path}"
    answer = await (boss.post(place, {"role": ["print"]}) if path else boss.get(place))
    nobody = await (boss.post(f"/desk/users/987654{path}", {"role": ["print"]}) if path else boss.get("/desk/users/987654"))
    assert answer.status == nobody.status == 404
    assert "Người Xã Khác" not in (await boss.get("/desk/users")).text
    assert (await books.find(desk.database, other.name)).roles == {Role.READER}


async def test_the_province_sees_and_appoints_all(desk) -> None:
    chief = await desk.login(Role.ADMINISTRATOR, Role.PROVINCE)
    other = await make_user(desk.database, "Người Xã Khác", Role.READER, commune="06580")
    assert "Người Xã Khác" in (await chief.get("/desk/users")).text
    assert (await chief.post(f"/desk/users/{other.id}/roles", {"role": ["province"]})).status == 303
