"""Users: one person has one name and one phone; five wrong passphrases lock a name, and nobody learns which names there are."""

import asyncio
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.msisdn import Msisdn
from gateway.services import users
from gateway.services.refusal import Refusal
from gateway.services.users import LOCK_MS, NOT_YOU, TRIES
from gateway.storage import users as rows
from gateway.storage.database import Database
from gateway.storage.schema import user
from gateway.storage.users import Role
from tests.services.people import NOW
from tests.services.people import rows as rows_of
from tests.services.staff import HUNG, LAN, LANS_PHONE, WORDS, make_user

MINUTE = 60_000


async def _says_no(database: Database, name: str, words: str, now: int) -> None:
    with pytest.raises(Refusal) as refused:
        await users.check(database, name, words, now)
    assert str(refused.value) == NOT_YOU


async def test_add_and_check_at_full_cost(database: Database) -> None:
    """What is stored opens with the same words, also typed with loose marks and more blanks; the words are nowhere."""
    import unicodedata

    await users.add(database, "  Nông  Thị Lan", Role.PLANNER, WORDS, LANS_PHONE, "06577", NOW)
    (stored,) = await rows_of(database, user)
    assert (stored.name, stored.roles, stored.phone, stored.commune) == (LAN, "planner", LANS_PHONE.e164, "06577")
    assert stored.passphrase.startswith("$scrypt$ln=17,r=8,p=1$")
    found = await users.check(database, "nong thi lan", unicodedata.normalize("NFD", f" {WORDS}  "), NOW)
    assert (found.id, found.roles) == (stored.id, {Role.PLANNER})


async def test_without_the_key_nobody_can_try_words_out(database: Database) -> None:
    """The hash is not of the words, but of their keyed hash."""
    from gateway.domain.passphrase import fits

    await make_user(database, LAN, Role.PLANNER)
    (stored,) = await rows_of(database, user)
    assert not fits(WORDS.encode(), stored.passphrase)
    assert fits(database.keyring.blind(WORDS, "user.passphrase"), stored.passphrase)


@pytest.mark.parametrize("name", ["nông thị lan", "NONG THI LAN", "Nông Thi  Lan"])
async def test_a_name_that_reads_alike_is_taken(database: Database, name: str) -> None:
    await make_user(database, LAN, Role.PLANNER)
    with pytest.raises(Refusal, match=f"there is a user {LAN} already"):
        await users.add(database, name, Role.APPROVER, WORDS, None, "06577", NOW)


@pytest.mark.parametrize("name", ["", "  ", "--", "123", "a" * 41, "Lan;rm", "Lan\x00", "Lan\u202e", "@lan", "Lan\nHung \x1b[2J"])
async def test_what_is_no_name(database: Database, name: str) -> None:
    with pytest.raises(Refusal, match="is no name; write letters"):
        await users.add(database, name, Role.PLANNER, WORDS, None, "06577", NOW)


@pytest.mark.parametrize("name", ["Lê Thị Ví Dụ", "Lan 2", "Đ. V. Hùng", "Y-Ban Niê", "ສົມພອນ ແກ້ວມະນີ"])
async def test_what_is_a_name(database: Database, name: str) -> None:
    """Every name of the country, and of its neighbours."""
    assert (await users.add(database, name, Role.PLANNER, WORDS, None, "06577", NOW)).name == name


async def test_one_phone_is_one_person(database: Database) -> None:
    """Under two names one could plan and approve alone; a disabled user keeps the phone. It is named masked."""
    await make_user(database, LAN, Role.PLANNER, phone=LANS_PHONE)
    await users.disable(database, LAN, NOW)
    with pytest.raises(Refusal, match=rf"the phone \+843…01 belongs to {LAN}; a person has one name"):
        await users.add(database, "Lan Hai", Role.APPROVER, WORDS, LANS_PHONE, "06577", NOW)
    await make_user(database, HUNG, Role.APPROVER)
    with pytest.raises(Refusal, match="belongs to"):
        await users.change_phone(database, HUNG, LANS_PHONE)
    assert (await users.change_phone(database, LAN, LANS_PHONE)).phone == LANS_PHONE  # one's own again is none taken
    await users.change_phone(database, LAN, None)
    assert (await users.change_phone(database, HUNG, LANS_PHONE)).phone == LANS_PHONE


async def test_two_who_add_the_same_name_at_once(database: Database, database_url: str) -> None:
    """One is taken, the other is told."""
    spellings = ["Nông Thị Lan", "nong thi lan", "NÔNG THỊ LAN"]
    done = await asyncio.gather(
        *(users.add(database, name, Role.PLANNER, WORDS, None, "06577", NOW) for name in spellings), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in done) == ["Refusal", "Refusal", "User"]
    assert len(await rows_of(database, user)) == 1


async def test_a_weak_passphrase_makes_no_user(database: Database) -> None:
    with pytest.raises(Refusal, match="too short"):
        await users.add(database, LAN, Role.PLANNER, "ngan", None, "06577", NOW)
    with pytest.raises(Refusal, match="contains the name"):
        await users.add(database, LAN, Role.PLANNER, "nong-thi-lan-1979", None, "06577", NOW)
    assert await users.everybody(database) == []


# --- lock-out ---


async def test_five_wrong_ones_lock_for_a_quarter_of_an_hour(database: Database) -> None:
    """While it is locked the right one is refused too, in the same words, and doesn't prolong it; then all begins anew."""
    await make_user(database, LAN, Role.PLANNER)
    for at in range(TRIES):
        await _says_no(database, LAN, "sai rồi sai nữa", NOW + at)
    locked = (await users.find(database, LAN)).locked_until
    assert locked == NOW + TRIES - 1 + LOCK_MS == NOW + TRIES - 1 + 15 * MINUTE
    await _says_no(database, LAN, WORDS, NOW + MINUTE)
    await _says_no(database, LAN, WORDS, locked - 1)
    assert (await users.find(database, LAN)).locked_until == locked
    assert (await users.check(database, LAN, WORDS, locked)).name == LAN
    assert (await users.find(database, LAN)).failures == 0


async def test_the_role_is_told_to_who_has_the_passphrase_alone(database: Database) -> None:
    await make_user(database, HUNG, Role.APPROVER)
    with pytest.raises(Refusal, match=f"{HUNG} is no planner"):
        await users.check(database, HUNG, WORDS, NOW, Role.PLANNER)
    with pytest.raises(Refusal, match="the name or the passphrase is wrong"):
        await users.check(database, HUNG, "sai rồi sai nữa", NOW, Role.PLANNER)
    assert (await users.check(database, HUNG, WORDS, NOW, Role.APPROVER)).name == HUNG


async def test_a_damaged_passphrase_is_named_with_its_remedy(database: Database) -> None:
    await make_user(database, HUNG, Role.APPROVER)
    await database.write(lambda connection: connection.execute(user.update().values(passphrase="damaged")))
    with pytest.raises(Refusal, match="a stored passphrase is damaged; set it anew: tinbao users passphrase NAME --forgotten"):
        await users.check(database, HUNG, WORDS, NOW)


async def test_a_right_one_takes_the_wrong_ones_back(database: Database) -> None:
    await make_user(database, LAN, Role.PLANNER)
    for _ in range(3):
        for _ in range(TRIES - 1):
            await _says_no(database, LAN, "sai rồi sai nữa", NOW)
        await users.check(database, LAN, WORDS, NOW)


async def test_many_at_once_are_no_more_than_many_in_a_row(database: Database) -> None:
    """Eight guesses in parallel: five are counted before they are looked at, the others find the name locked."""
    await make_user(database, LAN, Role.PLANNER)
    guesses = (users.check(database, LAN, f"sai rồi lần {at}", NOW) for at in range(TRIES + 3))
    assert all(isinstance(each, Refusal) for each in await asyncio.gather(*guesses, return_exceptions=True))
    found = await users.find(database, LAN)
    assert (found.failures, found.locked_until) == (TRIES, NOW + LOCK_MS)
    await _says_no(database, LAN, WORDS, NOW)


async def test_unknown_and_disabled_names_look_like_wrong_passphrases(database: Database) -> None:
    """In words, and in the processor time that is spent; no row appears for them."""
    await make_user(database, LAN, Role.PLANNER)
    await users.disable(database, LAN, NOW)
    before = os.times()
    await _says_no(database, "Không Có Ai", WORDS, NOW)
    unknown = os.times()
    assert unknown.user + unknown.system - before.user - before.system > 0.1  # scrypt was paid for
    await _says_no(database, LAN, WORDS, NOW)
    assert (await users.find(database, LAN)).failures == 0
    await users.enable(database, LAN)
    assert (await users.check(database, LAN, WORDS, NOW)).name == LAN


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)  # the examples empty the table
@given(tries=st.lists(st.tuples(st.booleans(), st.integers(0, 20 * MINUTE)), max_size=30))
async def test_the_lock_is_a_law(database: Database, tries: list[tuple[bool, int]]) -> None:
    """Against a model: after five wrong in a row no try counts for 15 minutes, and never longer."""
    await database.write(lambda connection: connection.execute(user.delete()))
    id_ = (await make_user(database, LAN, Role.PLANNER)).id
    now, wrong, locked = NOW, 0, 0
    for is_right, later in tries:
        now += later
        taken = await database.write(lambda connection, now=now: rows.begin_try(connection, id_, now, TRIES, LOCK_MS))
        assert taken is (now >= locked)
        if not taken:
            continue
        wrong = 1 if locked else wrong + 1
        locked = now + LOCK_MS if wrong >= TRIES else 0
        if is_right:
            await database.write(lambda connection: rows.end_tries(connection, id_))
            wrong = locked = 0


# --- changes ---


async def test_a_new_passphrase_ends_the_old_one_and_a_lock(database: Database) -> None:
    await make_user(database, LAN, Role.PLANNER)
    for _ in range(TRIES):
        await _says_no(database, LAN, "sai rồi sai nữa", NOW)
    await users.change_passphrase(database, LAN, "gà trống gáy sáng")
    await _says_no(database, LAN, WORDS, NOW)
    assert (await users.check(database, LAN, "gà trống gáy sáng", NOW)).name == LAN


async def test_who_is_not_there_can_not_be_changed(database: Database) -> None:
    for deed in (
        users.disable(database, "Ai Đó", NOW),
        users.enable(database, "Ai Đó"),
        users.change_phone(database, "Ai Đó", Msisdn("+84300000299")),
        users.change_passphrase(database, "Ai Đó", WORDS),
        users.find(database, "Ai Đó"),
    ):
        with pytest.raises(Refusal, match="there is no user Ai Đó; tinbao users list shows all"):
            await deed
    await make_user(database, LAN, Role.PLANNER)
    with pytest.raises(Refusal, match="is enabled already"):
        await users.enable(database, LAN)


async def test_nothing_shows_a_passphrase_or_a_number(database: Database) -> None:
    found = await make_user(database, LAN, Role.PLANNER, phone=LANS_PHONE)
    assert "scrypt" not in repr(found)
    assert "300000201" not in repr(found)
