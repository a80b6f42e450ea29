"""From a rule or a list to a wave: who gets an MT, who does not and why, what it costs; on both engines."""

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from io import BytesIO

import pytest
from sqlalchemy import func, insert, select, update

from gateway.domain.audience import FOUND, AudienceRule, LeftOut, ListFile, Tally
from gateway.domain.caps import DAY_MS, Caps
from gateway.domain.cost import Prices
from gateway.domain.msisdn import Msisdn
from gateway.domain.segments import segments_of
from gateway.domain.text_field import parse_field
from gateway.domain.wave import WaveState
from gateway.domain.window import Window
from gateway.services.contact_lists import Note, import_list
from gateway.services.planning import LIFE_MS, Overtaken, Plan, Planned, plan, remove
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.services.texts import BadText, render
from gateway.storage import audience, portability, waves
from gateway.storage.database import Database
from gateway.storage.portability import Answer
from gateway.storage.schema import contact, mo, mt, wave
from gateway.storage.seal import Keyring
from tests.services.networks import ITEL, MOBI, VIETTEL, with_networks
from tests.services.people import NOW, deployment, rows
from tests.services.people import route as plain_route

HEAD = "msisdn,village,language,tags,legal_basis,ho ten,ngay\n"
TEXT = "Tri an 27/7, soan LS {{ ma_thon }} gui {{ dau_so }}"
EVERYBODY = AudienceRule()


def people(count: int, *, village: str = "", language: str = "", tags: str = "", first: int = 0, basis: str = "KH 238") -> str:
    """Rows of a list: invented people of the 30 villages, or of one."""
    each = (
        f"0300{first + at:06d},{village or f'TN{at % 30 + 1:02d}'},{language},{tags},{basis},Vi Du {at},27/7/2027" for at in range(count)
    )
    return "\n".join(each) + "\n"


def route(**changes: object) -> Route:
    return replace(plain_route(), price_vnd=350, **changes)  # type: ignore[arg-type]


def wanted(name: str = "tri-an", rule: AudienceRule = EVERYBODY, texts: dict[str, str] | None = None, **changes: object) -> Plan:
    return Plan(name, texts or {"vi": TEXT}, rule, Window(0, 0), **changes)  # type: ignore[arg-type]


def to_list(
    text: str, name: str = "tri-an", rule: AudienceRule = EVERYBODY, texts: dict[str, str] | None = None, **changes: object
) -> Plan:
    data = text.encode()
    listed = replace(rule, list=ListFile("dan.csv", sha256(data).hexdigest()))
    return wanted(name, listed, texts, list=BytesIO(data), **changes)


async def planned(database: Database, plan_: Plan, now: int = NOW, notes: list[Note] | None = None, **more: object) -> Planned:
    data = deployment()
    campaign = replace(data.campaign, caps=more.pop("caps", data.campaign.caps))
    told = [] if notes is None else notes
    return await plan(database, more.pop("by", route()), campaign, data.villages, plan_, now, told.append)


async def known(database: Database, text: str) -> None:
    await import_list(database, BytesIO((HEAD + text).encode()), "dan.csv", deployment().villages, NOW, [].append)


async def numbers(database: Database, name: str = "tri-an") -> list[str]:
    """Who has an MT of the wave."""
    async with database.read() as connection:
        found = await connection.scalars(select(mt.c.msisdn).join(wave, wave.c.id == mt.c.wave).where(wave.c.name == name))
        return sorted(found.all())


async def change(database: Database, number: int, **values: object) -> None:
    person = database.keyring.blind(f"+84300{number:06d}", "msisdn")

    async def unit(connection) -> None:
        assert (await connection.execute(update(contact).where(contact.c.bidx == person).values(**values))).rowcount == 1

    await database.write(unit)


async def the_wave(database: Database, name: str = "tri-an"):
    async with database.read() as connection:
        return await waves.find(connection, name)


# --- who ---


async def test_everybody_known_with_a_basis_gets_one(database: Database) -> None:
    """Sealed numbers are copied and still open; counts, cost and ceiling are told and stored."""
    await known(database, people(90))
    made = await planned(database, wanted())
    assert (made.new, made.audience, made.left_out, made.cost_vnd, made.cost_ceiling) == (True, 90, 0, 90 * 350, 90 * 350)
    assert await numbers(database) == [f"+84300{at:06d}" for at in range(90)]
    stored = await the_wave(database)
    assert (stored.state, stored.audience, stored.segments, stored.cost_ceiling) == (WaveState.PLANNED, 90, 90, 31_500)
    assert sum(Tally.of_json(stored.audience_rule[FOUND]).villages.values()) == 90
    each = (await rows(database, mt))[0]
    assert (each.due_at, each.state, each.lane, each.language) == (0, "queued", 0, "vi")
    assert each.expires_at == NOW + LIFE_MS


async def test_what_each_operator_asks_is_the_cost_and_the_worst_of_it_the_ceiling(database_url: str, keyring: Keyring) -> None:
    """Numbers are portable and are booked at the highest price: what a second person approves is never too little."""
    tariff = Prices(320, {"Viettel": 250, "VinaPhone": 400})
    listed = "".join(f"{each.e164},TN01,,,KH 238,,\n" for each in (VIETTEL, Msisdn("+84300000102"), ITEL, MOBI))
    by = replace(route(prices=tariff), price_vnd=tariff.worst)
    async with with_networks(database_url, keyring) as database:
        await known(database, listed)
        made = await planned(database, wanted(), by=by)
        assert (made.cost_vnd, made.cost_ceiling) == (2 * 250 + 400 + 320, 4 * 400)
        assert (await planned(database, wanted(), by=by)).cost_vnd == made.cost_vnd  # as it stands
        other = route(prices=Prices(350, {"MobiFone": 300}))
        assert (await planned(database, wanted(), by=other)).cost_vnd == 3 * 350 + 300  # the contract changed since


async def test_who_changed_the_operator_costs_what_the_new_one_asks(database_url: str, keyring: Keyring) -> None:
    """As a look-up said; the others go by their prefix. The MT bears the new operator, for the monthly accounts."""
    tariff = Prices(320, {"Viettel": 250, "VinaPhone": 400})
    async with with_networks(database_url, keyring) as database:
        await known(database, f"{VIETTEL.e164},TN01,,,KH 238,,\n{MOBI.e164},TN01,,,KH 238,,\n")
        said = {database.keyring.blind(VIETTEL.e164, "msisdn"): Answer("iTel", NOW - 1, "vmg")}
        await database.write(lambda connection: portability.remember(connection, said))
        made = await planned(database, wanted(), by=replace(route(prices=tariff), price_vnd=tariff.worst))
        assert made.cost_vnd == 400 + 320
        assert {each.operator for each in await rows(database, mt)} == {"iTel", "MobiFone"}


async def test_each_text_is_what_it_was_measured_to_be(database: Database) -> None:
    """Rendered as the dispatcher will: segments agree, the village is the person's own."""
    await known(database, people(30))
    await planned(database, wanted(texts={"vi": "Chào bà con {{ thon }}: " + "x" * 50}, max_segments=2))
    stored = await the_wave(database)
    texts = [(render(stored.texts["vi"], each.parameters), each.segments) for each in await rows(database, mt)]
    assert len({text for text, _ in texts}) == 30
    assert all(segments_of(text) == segments for text, segments in texts)
    assert stored.segments == sum(segments for _, segments in texts)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (AudienceRule(villages=("TN02",)), [20]),
        (AudienceRule(communes=("06577",)), [10, 11, 20, 30]),
        (AudienceRule(communes=("00000",)), []),
        (AudienceRule(tags=("b", "c")), [11, 20]),
        (AudienceRule(languages=("lo", "en")), [30]),
        (AudienceRule(villages=("TN01",), tags=("b",)), [11]),
        (AudienceRule(phase=2), [10, 11, 20, 30]),  # NOW lies in it
        (AudienceRule(phase=1), []),
    ],
    ids=["village", "commune", "another commune", "tags", "languages", "both", "this phase", "an earlier phase"],
)
async def test_the_rule_chooses(database: Database, rule: AudienceRule, expected: list[int]) -> None:
    """By what is stored of people, and by what a list says of them."""
    listed = (
        people(1, village="TN01", tags="a", first=10)
        + people(1, village="TN01", tags="a;b", first=11)
        + people(1, village="TN02", tags="c", first=20)
        + people(1, village="TN03", language="lo", first=30)
    )
    await known(database, listed)
    for plan_ in (wanted(rule=rule), to_list(HEAD + listed, "tu-danh-sach", rule)):
        if rule.phase is not None and plan_.list is not None:
            continue
        if not expected:
            with pytest.raises(Refusal, match="the rule names nobody"):
                await planned(database, plan_)
            assert await the_wave(database, plan_.name) is None
        else:
            await planned(database, plan_)
            assert await numbers(database, plan_.name) == [f"+84300{at:06d}" for at in expected]


async def test_a_text_that_names_the_village_goes_to_people_of_one(database: Database) -> None:
    """Who agreed by SMS and said no village gets a text that needs none."""
    await known(database, people(2))
    await change(database, 1, village=None)
    assert (await planned(database, wanted("co-thon"))).audience == 1
    assert (await planned(database, wanted("khong-thon", texts={"vi": "Tri an 27/7"}))).audience == 2


async def test_who_has_not_answered(database: Database) -> None:
    """An MT of that wave left, and no MO came since; who never got it is not asked again either."""
    await known(database, people(4))
    await planned(database, wanted("dot-1", AudienceRule(villages=("TN01", "TN02", "TN03"))))
    first = await the_wave(database, "dot-1")

    async def leave(connection) -> None:
        some = [database.keyring.blind(f"+84300{at:06d}", "msisdn") for at in range(3)]
        await connection.execute(update(mt).where(mt.c.wave == first.id, mt.c.bidx.in_(some)).values(state="delivered", sent_at=NOW))
        for at, received in ((0, NOW + 5), (1, NOW - 5)):
            values = {
                "route": "r", "channel": "sms", "content_key": b"k%d" % at, "bidx": some[at], "sender": "+84300000000",
                "receiver": "8088", "text": "LS", "received_at": received, "state": "done",
            }  # fmt: skip
            await connection.execute(insert(mo).values(values))

    await database.write(leave)
    await planned(database, wanted("dot-2", AudienceRule(not_answered="dot-1")), NOW + 8 * DAY_MS)
    assert await numbers(database, "dot-2") == ["+84300000001", "+84300000002"]
    with pytest.raises(Refusal, match="there is no wave dot-9; tinbao wave list"):
        await planned(database, wanted("dot-3", AudienceRule(not_answered="dot-9")))


async def test_an_unknown_phase_is_named(database: Database) -> None:
    with pytest.raises(Refusal, match=r"has no phase 7; campaign\.toml names 1, 2, 3"):
        await planned(database, wanted(rule=AudienceRule(phase=7)))


# --- who not, and why ---


async def test_each_reason_is_counted_once(database: Database) -> None:
    """Blocked before opted out before basis before route before caps; the sum is what --json calls left_out."""
    await known(database, people(6))
    await change(database, 0, blocked_at=1, opted_out_at=1)
    await change(database, 1, opted_out_at=1, legal_basis=None)
    await change(database, 2, legal_basis=None)
    await _left(database, 3, 4)
    made = await planned(database, wanted(), caps=Caps(1, 1), by=route(prefixes=("+8430000000", "+8586")))
    why = made.tally.left_out_why
    assert {reason: count for reason, count in why.items() if count} == {"blocked": 1, "opted_out": 1, "no_basis": 1, "capped": 2}
    assert made.left_out == 5
    assert await numbers(database) == ["+84300000005"]


async def test_numbers_that_the_route_does_not_reach(database: Database) -> None:
    await known(database, people(3))
    made = await planned(database, wanted(), by=route(prefixes=("+84300000001",)))
    assert (made.audience, made.tally.left_out_why["unreachable"]) == (1, 2)


async def _left(database: Database, *people_: int, times: Sequence[int] = (NOW - 1,)) -> None:
    """Other waves' MTs to `people_` left at `times`."""

    async def unit(connection) -> None:
        for number, at in enumerate(times):
            frame = waves.NewWave(f"truoc-{number}", "06577", "gia-lap", {"vi": "x"}, Window(0, 0), {}, planning="t")
            id_ = await waves.create(connection, frame, NOW)
            await connection.execute(update(wave).where(wave.c.id == id_).values(state="running", started_at=min(times)))
            values = [
                {
                    "ref": f"R{number}-{person}", "wave": id_, "bidx": database.keyring.blind(f"+84300{person:06d}", "msisdn"),
                    "msisdn": f"+84300{person:06d}", "lane": 0, "route": "gia-lap", "state": "sent", "due_at": 0, "expires_at": NOW,
                    "segments": 1, "created_at": at, "sent_at": at,
                }
                for person in people_
            ]  # fmt: skip
            await connection.execute(insert(mt), values)

    await database.write(unit)


@pytest.mark.parametrize(
    ("caps", "ago_days", "starts_in_days", "capped"),
    [
        (Caps(1, 3), (0.1,), 0, False),  # free again within the three days that the wave lives
        (Caps(1, 3), (0.1, 1.2, 2.3), 0, True),  # three in a week, the oldest falls out of it in 4.7 days
        (Caps(1, 3), (0.1, 1.2, 4.5), 0, False),
        (Caps(1, 3), (0.1, 1.2, 2.3), 5, False),  # it begins when there is room
        (Caps(0, 0), (0.1, 0.2, 0.3, 0.4), 0, False),
    ],
)
async def test_caps_look_to_the_end_of_the_wave(database: Database, caps: Caps, ago_days, starts_in_days: int, capped: bool) -> None:
    """Left out is only who can't get one before it expires; who must wait, waits in the queue."""
    await known(database, people(1, first=9))
    await known(database, people(1))
    await _left(database, 0, times=tuple(NOW - int(ago * DAY_MS) for ago in ago_days))
    made = await planned(database, wanted(starts_at=NOW + starts_in_days * DAY_MS), caps=caps)
    assert made.tally.left_out_why["capped"] == int(capped)
    assert made.audience == 2 - capped


# --- texts ---


async def test_people_read_their_own_language(database: Database) -> None:
    """Where the wave has it; the others get the first text, and the MT says which."""
    await known(database, people(2) + people(1, language="en", first=10) + people(1, language="lo", first=20))
    made = await planned(database, wanted(texts={"vi": "Tri an", "en": "Thank you"}))
    assert made.tally.languages == {"vi": 3, "en": 1}
    assert sorted(each.language for each in await rows(database, mt)) == ["en", "vi", "vi", "vi"]


async def test_personal_fields_are_sealed_for_each_and_village_fields_once(database: Database) -> None:
    """Two of one village: the same ciphertext tells only what contact.village says in the open; names never share one."""
    await known(database, people(4, village="TN01"))
    await planned(database, wanted("thon"))
    await planned(database, to_list(HEAD + people(4, village="TN01"), "ten", texts={"vi": "Chao {{ ten }}"}))
    async with database.read() as connection:
        raw = (await connection.exec_driver_sql("SELECT wave, parameters FROM mt")).all()
    by_wave = {name: {bytes(row[1]) for row in raw if row[0] == (await the_wave(database, name)).id} for name in ("thon", "ten")}
    assert (len(by_wave["thon"]), len(by_wave["ten"])) == (1, 4)


@pytest.mark.parametrize("listed", [False, True])
async def test_a_text_over_the_limit_leaves_nothing(database: Database, listed: bool) -> None:
    """Measured on everybody's own text before anything is written."""
    await known(database, people(40))
    long = {"vi": "{{ thon }} " + "x" * 155}
    with pytest.raises(Refusal, match="over the limit of 1"):
        await planned(database, to_list(HEAD + people(40), texts=long) if listed else wanted(texts=long))
    assert await the_wave(database) is None
    assert await rows(database, mt) == []


async def test_an_unknown_field_is_named(database: Database) -> None:
    with pytest.raises(BadText, match=r"text vi:1: ho_ten: .*which nobody has"):
        await planned(database, wanted(texts={"vi": "Chao {{ ho_ten }}"}))


async def test_fields_have_kinds(database: Database) -> None:
    """A row whose cell is no such thing is told and left out; the others are written as the kind is written."""
    notes: list[Note] = []
    listed = HEAD + people(2) + "0300000077,TN01,,,KH,Ai Do,mai\n"
    plan_ = to_list(listed, texts={"vi": "Ngay {{ ngay }}"}, fields=(parse_field("ngay:date"),))
    assert (await planned(database, plan_, notes=notes)).audience == 2
    assert [(note.line, note.fault.field) for note in notes if note.fault] == [(4, "ngay")]
    assert {json.loads(each.parameters)["ngay"] for each in await rows(database, mt)} == {"27/07/2027"}


# --- lists ---


async def test_a_list_is_imported_and_addressed_once(database: Database) -> None:
    """A number twice counts once and is told; nobody's basis keeps people out; what is known of a person stays."""
    notes: list[Note] = []
    await known(database, people(1, basis="truoc"))
    listed = HEAD + people(3) + people(1, first=1) + people(1, first=8, basis="") + "9.1E+08,TN01,,,KH,,\n01620000055,TN02,,,KH,,\n"
    made = await planned(database, to_list(listed), notes=notes)
    assert made.audience == 4
    assert made.tally.left_out_why == dict.fromkeys(map(str, LeftOut), 0) | {"repeated": 1, "no_basis": 1}
    assert sorted((note.line, note.became) for note in notes) == [(5, ""), (7, ""), (8, "+843…55")]
    assert await numbers(database) == ["+84300000000", "+84300000001", "+84300000002", "+84320000055"]
    assert "0300000001" not in "".join(map(str, notes))


async def test_who_is_known_keeps_their_stop_and_their_own_consent(database: Database) -> None:
    await known(database, people(2))
    await change(database, 0, opted_out_at=5, consent={"source": "sms", "at": 4}, legal_basis=None)
    await known(database, people(2, village="TN09"))
    (zero,) = [row for row in await rows(database, contact) if row.opted_out_at]
    assert (zero.village, zero.opted_out_at, zero.consent["source"], zero.legal_basis) == ("TN09", 5, "sms", "KH 238")


async def test_a_row_without_basis_may_name_somebody_who_agreed(database: Database) -> None:
    """Consent of their own counts, whatever the list leaves empty."""
    await known(database, people(1))
    assert (await planned(database, to_list(HEAD + people(1, basis="")))).audience == 1


async def test_a_list_without_a_usable_row(database: Database) -> None:
    notes: list[Note] = []
    with pytest.raises(Refusal, match=r"dan\.csv has no usable row"):
        await planned(database, to_list(HEAD + "abc,TN01,,,KH,,\n"), notes=notes)
    assert [note.line for note in notes] == [2]
    assert await the_wave(database) is None


# --- again, and interrupted ---


async def test_the_same_id_twice_enqueues_once(database: Database) -> None:
    await known(database, people(5))
    assert [(await planned(database, wanted())).new for _ in range(2)] == [True, False]
    again = await planned(database, wanted())
    assert (again.audience, again.tally.segments, again.cost_vnd) == (5, 5, 5 * 350)
    assert len(await rows(database, mt)) == 5


async def test_a_name_stands_for_one_wave(database: Database) -> None:
    """Other words under it change nothing, and that is said; a cancelled one is not taken for planned."""
    await known(database, people(2))
    assert (await planned(database, wanted())).warnings == ()
    for plan_ in (wanted(texts={"vi": "Khac"}), replace(wanted(), window=Window(420, 1260)), wanted(max_segments=3)):
        other = await planned(database, plan_)
        assert (other.new, other.audience) == (False, 2)
        assert other.warnings == ("wave tri-an has another text, audience, route or terms than named now; it stays as it was planned",)
    stored = await the_wave(database)
    await database.write(lambda connection: waves.move(connection, stored.id, WaveState.CANCELLED, NOW))
    with pytest.raises(Refusal, match="wave tri-an was cancelled; plan a new one under another name"):
        await planned(database, wanted())


async def test_the_same_to_the_same_is_asked_about_for_a_week(database: Database) -> None:
    await known(database, people(1))
    await planned(database, wanted("mot"))
    with pytest.raises(Refusal, match="wave mot has the same text for the same audience within 7 days"):
        await planned(database, wanted("hai"), NOW + 6 * DAY_MS)
    with pytest.raises(Refusal, match="wave mot has the same text"):  # by another route it is the same to who reads it
        await planned(database, wanted("hai"), by=replace(route(), name="khac"))
    assert (await planned(database, wanted("hai", again=True), NOW + 6 * DAY_MS)).new
    assert (await planned(database, wanted("ba", texts={"vi": "Khac"}), NOW)).new
    assert (await planned(database, wanted("bon"), NOW + 14 * DAY_MS)).new


class _Died(Exception):
    """A planner killed between two transactions."""


@pytest.mark.parametrize("listed", [False, True])
async def test_a_dead_planner_s_wave_goes_on_where_it_stopped(database: Database, listed: bool) -> None:
    """It can't start; planned again each number stands once, and all is counted as if nothing had happened."""
    count = 2 * audience.PAGE + 500
    text = people(count)
    await known(database, text)
    await change(database, 7, opted_out_at=1)

    def plan_() -> Plan:
        return to_list(HEAD + text + people(1)) if listed else wanted()

    def die(done: int, total: int) -> None:
        if done >= audience.PAGE:
            raise _Died

    data = deployment()
    with pytest.raises(_Died):
        await plan(database, route(), data.campaign, data.villages, plan_(), NOW, [].append, die)
    half = await the_wave(database)
    assert half.state is WaveState.PLANNING
    assert 0 < half.audience == len(await rows(database, mt)) < count
    made = await planned(database, plan_(), NOW + 60_000)
    assert (made.new, made.resumed, made.audience, made.tally.left_out_why["opted_out"]) == (True, True, count - 1, 1)
    assert made.tally.left_out_why["repeated"] == int(listed)
    assert len(set(await numbers(database))) == count - 1
    assert sum(made.tally.villages.values()) == count - 1


async def test_a_half_planned_wave_of_other_words_is_not_gone_on_with(database: Database) -> None:
    await known(database, people(2))
    await _half_planned(database)
    with pytest.raises(Refusal, match="is being planned with another text, audience, route or terms; cancel it first: tinbao wave cancel"):
        await planned(database, wanted(texts={"vi": "Khac"}))


async def _half_planned(database: Database) -> int:
    frame = waves.NewWave("tri-an", "06577", "gia-lap", {"vi": TEXT}, Window(0, 0), {}, planning="somebody", likeness=b"x")
    id_ = await database.write(lambda connection: waves.create(connection, frame, NOW))
    assert id_ is not None
    return id_


async def test_a_planner_that_slept_finds_out(database: Database) -> None:
    """Another took over meanwhile: its next transaction writes nothing, and it does not tear down what is the other's now."""
    await known(database, people(audience.PAGE + 10))

    async def take_over() -> None:
        stored = await the_wave(database)
        await database.write(lambda connection: waves.take_over_planning(connection, stored.id, "another"))

    with pytest.raises(Overtaken, match="is planned by another command now"):
        await planned(_Interrupted(database, take_over), wanted())
    stored = await the_wave(database)
    assert (stored.state, stored.planning) == (WaveState.PLANNING, "another")
    assert len(await rows(database, mt)) == audience.PAGE


class _Interrupted(Database):
    """`database`, where something happens after the first page is committed."""

    def __init__(self, database: Database, happening) -> None:
        self.__dict__.update(database.__dict__)
        self._happening, self._written = happening, 0

    async def write(self, unit):
        self._written += 1
        if self._written == 3:  # the wave's row, the first page, and now the second
            await self._happening()
        return await super().write(unit)


async def test_a_half_planned_wave_is_removed_whole(database: Database) -> None:
    """Its MTs in chunks, then its texts and itself; another wave keeps its own."""
    await known(database, people(3))
    await planned(database, wanted("khac"))
    wave_id = await _half_planned(database)
    await database.write(lambda connection: connection.execute(insert(mt), _some(wave_id, 12)))
    await remove(database, wave_id)
    assert await the_wave(database) is None
    assert len(await rows(database, mt)) == 3


def _some(wave_id: int, count: int) -> list[dict[str, object]]:
    return [
        {
            "ref": f"Z{at}", "wave": wave_id, "bidx": b"%d" % at, "msisdn": "+84300000000", "lane": 0, "route": "r", "state": "queued",
            "due_at": 0, "expires_at": NOW, "segments": 1, "created_at": NOW,
        }
        for at in range(count)
    ]  # fmt: skip


async def test_mts_stand_in_the_order_of_people(database: Database) -> None:
    """By the blind index, so that a page's rows lie side by side; the first per cent of a ramp is then nobody's village in particular."""
    await known(database, people(200))
    await planned(database, wanted())
    found = await rows(database, mt)
    assert [row.bidx for row in found] == sorted(row.bidx for row in found)
    assert len({row.ref for row in found}) == 200
    assert {len(row.ref) for row in found} == {16}
    async with database.read() as connection:
        assert await connection.scalar(select(func.count(func.distinct(func.substr(mt.c.ref, 1, 4))))) == 1
