"""What outside systems send: in the outbox by the rules of a direct send, each message with an answer of its own, a repeat harmless."""

from dataclasses import replace

import pytest

from gateway.domain.caps import DAY_MS
from gateway.domain.msisdn import Msisdn
from gateway.services import clients
from gateway.services.clients import Wanted
from gateway.services.door_sends import BadText, Denied, NoRoom, NoRoute, Outside, Report, Taken, enqueue_for
from gateway.services.refusal import Refusal
from gateway.storage.clients import Client
from gateway.storage.database import Database
from gateway.storage.schema import client_mt, contact, mt, mt_report
from tests.services.people import ALICE, BINH, NOW, route, rows

A, B = Msisdn(ALICE), Msisdn(BINH)
REAL = replace(route("that"), rehearsal=False)


async def crm(database: Database, **more) -> Client:
    return (await clients.add(database, Wanted("crm", "06316", ("send",), **more), NOW)).client


async def send(database: Database, client: Client, *messages: Outside, routes=(REAL,), now: int = NOW):
    return await enqueue_for(database, routes, client, messages, now)


async def test_messages_lie_in_the_outbox_and_are_the_clients(database: Database) -> None:
    client = await crm(database)
    first, second = await send(database, client, Outside(A, "Hop thon 19h"), Outside(B, "Họp thôn 19h"))
    found = await rows(database, mt)
    assert [(row.id, row.ref, row.route, row.body, row.msisdn, row.state, row.segments) for row in found] == [
        (first.mt, first.ref, "that", "Hop thon 19h", ALICE, "queued", 1),
        (second.mt, second.ref, "that", "Họp thôn 19h", BINH, "queued", 1),
    ]
    assert [(row.due_at, row.expires_at) for row in found] == [(0, NOW + DAY_MS)] * 2
    assert [(row.mt, row.client, row.commune) for row in await rows(database, client_mt)] == [
        (first.mt, client.id, "06316"), (second.mt, client.id, "06316"),
    ]  # fmt: skip


async def test_nobody_who_said_stop_is_written_to_and_the_others_are(database: Database) -> None:
    client = await crm(database)
    for number, column in ((ALICE, "opted_out_at"), ("+84300000013", "blocked_at")):

        async def unit(connection, number=number, column=column) -> None:
            bidx = database.keyring.blind(number, "msisdn")
            await connection.execute(contact.insert().values(bidx=bidx, msisdn=number, commune="06316", created_at=NOW, **{column: NOW}))

        await database.write(unit)
    answers = await send(database, client, Outside(A, "Hop"), Outside(B, "Hop"), Outside(Msisdn("+84300000013"), "Hop"))
    assert [type(each) for each in answers] == [Denied, Taken, Denied]
    assert [row.msisdn for row in await rows(database, mt)] == [BINH]


async def test_no_door_goes_round_max_unapproved(database: Database) -> None:
    """What any client sent in 24 hours counts together; a full route refuses what is over, not what fits."""
    client = await crm(database)
    narrow = replace(REAL, max_unapproved=2)
    many = [Outside(Msisdn(f"+8430000010{at}"), "Hop") for at in range(3)]
    assert [type(each) for each in await send(database, client, *many, routes=(narrow,))] == [Taken, Taken, NoRoom]
    (refused,) = await send(database, client, Outside(A, "Hop"), routes=(narrow,))
    assert isinstance(refused, NoRoom)
    assert "2 are used" in str(refused)
    assert len(await rows(database, mt)) == 2
    (later,) = await send(database, client, Outside(A, "Hop"), routes=(narrow,), now=NOW + DAY_MS + 1)
    assert isinstance(later, Taken)


async def test_a_reference_makes_a_repeat_harmless(database: Database) -> None:
    client, other = await crm(database), (await clients.add(database, Wanted("khac", "06316", ("send",)), NOW)).client
    order = Outside(A, "Hop", reference="m-1")
    (first,) = await send(database, client, order)
    (again,) = await send(database, client, order)
    assert (again.mt, again.again, first.again) == (first.mt, True, False)
    assert isinstance((await send(database, client, replace(order, text="Khac")))[0], BadText)
    (theirs,) = await send(database, other, order)  # another client's names are its own
    assert theirs.mt != first.mt
    assert [type(each) for each in await send(database, client, replace(order, to=B))] == [Taken]
    assert len(await rows(database, mt)) == 3


async def test_the_same_reference_twice_in_one_call(database: Database) -> None:
    client = await crm(database)
    order = Outside(A, "Hop", reference="m-1")
    first, second, other = await send(database, client, order, order, replace(order, text="Khac"))
    assert (second.mt, second.again, type(other)) == (first.mt, True, BadText)
    narrow = replace(REAL, max_unapproved=1)
    answers = await send(database, client, *[replace(order, reference="m-2")] * 2, routes=(narrow,))
    assert [type(each) for each in answers] == [NoRoom] * 2  # the repeat of what was refused does not slip through
    assert len(await rows(database, mt)) == 1


async def test_a_repeat_takes_no_room(database: Database) -> None:
    client, narrow = await crm(database), replace(REAL, max_unapproved=1)
    for _ in range(3):
        (told,) = await send(database, client, Outside(A, "Hop", reference="x"), routes=(narrow,))
        assert isinstance(told, Taken)


@pytest.mark.parametrize(
    ("text", "why"), [("", "empty"), (" \n\t", "empty"), ("a\0b", "NUL"), ("ộ" * 700, "11 segments"), ("a" * 1_000_000, "segments")]
)
async def test_texts_that_no_phone_shows_are_refused(database: Database, text, why) -> None:
    (told,) = await send(database, await crm(database), Outside(A, text))
    assert isinstance(told, BadText)
    assert why in str(told)
    assert await rows(database, mt) == []


async def test_when_it_goes_and_until_when(database: Database) -> None:
    client, minute = await crm(database), 60_000
    await send(database, client, Outside(A, "1", due_at_ms=NOW + 30 * minute, validity_min=10), Outside(A, "2", due_at_ms=NOW - 1))
    assert [(row.due_at, row.expires_at) for row in await rows(database, mt)] == [
        (NOW + 30 * minute, NOW + 40 * minute), (0, NOW + DAY_MS),
    ]  # fmt: skip
    refused = await send(
        database, client, Outside(A, "3", due_at_ms=NOW + 8 * DAY_MS), Outside(A, "4", validity_min=0), Outside(A, "5", validity_min=10**9)
    )
    assert [type(each) for each in refused] == [BadText] * 3


async def test_by_which_route(database: Database) -> None:
    """The client's own, else the one it names, else the best that reaches the number; a rehearsal's never where there is a real one."""
    near, far, play = replace(REAL, name="gan", prefixes=("+84300",)), REAL, route("tap")
    routes = (play, far, near)
    client = await crm(database)
    bound = (await clients.add(database, Wanted("bound", "06316", ("send",), route="that"), NOW)).client
    lost = replace(client, route="khong-co")
    assert [each.route for each in await send(database, client, Outside(A, "1"), Outside(A, "2", route="tap"), routes=routes)] == [
        "gan",
        "tap",
    ]
    assert [each.route for each in await send(database, bound, Outside(A, "3"), routes=routes)] == ["that"]
    for by, order in (
        (bound, Outside(A, "4", route="gan")), (client, Outside(A, "5", route="mo")), (lost, Outside(A, "6")),
        (client, Outside(Msisdn("+85620000000"), "7", route="gan")),
    ):  # fmt: skip
        assert isinstance((await send(database, by, order, routes=routes))[0], NoRoute)
    assert isinstance((await send(database, client, Outside(Msisdn("+85620000000"), "8"), routes=(near,)))[0], NoRoute)


async def test_what_is_to_be_told_is_noted_with_it(database: Database) -> None:
    client = await crm(database, callback_hosts=("crm.noibo",))
    (told, _) = await send(database, client, Outside(A, "1", report=Report(3, "https://crm.example/d?s=%d", "POST")), Outside(B, "2"))
    assert [(row.mt, row.mask, row.url, row.method) for row in await rows(database, mt_report)] == [
        (told.mt, 3, "https://crm.example/d?s=%d", "POST")
    ]


async def test_a_refused_or_repeated_message_is_reported_on_once(database: Database) -> None:
    client = await crm(database)
    order = Outside(A, "1", reference="r", report=Report(3, "https://crm.example/d"))
    await send(database, client, order, Outside(A, "", report=order.report))
    await send(database, client, order)
    assert len(await rows(database, mt_report)) == 1


async def test_nothing_of_a_call_stays_when_its_transaction_ends_badly(database: Database) -> None:
    """Commit or nothing: a process that dies between has told nobody yes."""
    from gateway.services.door_sends import enqueue_in

    client = await crm(database)

    async def unit(connection) -> None:
        await enqueue_in(connection, database.keyring, (REAL,), client, [Outside(A, "1", report=Report(3, "https://crm.example/d"))], NOW)
        raise Refusal("killed here")

    with pytest.raises(Refusal):
        await database.write(unit)
    assert (await rows(database, mt), await rows(database, client_mt), await rows(database, mt_report)) == ([], [], [])


async def test_no_repr_shows_words_numbers_or_addresses() -> None:
    order = Outside(A, "loi nhan mat", reference="ten-rieng", report=Report(3, "https://crm.example/mat-khau"))
    for secret in ("loi nhan", ALICE, "ten-rieng", "mat-khau"):
        assert secret not in repr(order)


async def test_many_at_once(database: Database) -> None:
    client = await crm(database)
    answers = await send(database, client, *[Outside(Msisdn(f"+84300{at:06d}"), "Hop", reference=str(at)) for at in range(1_200)])
    assert len({each.mt for each in answers if isinstance(each, Taken)}) == 1_200
    again = await send(database, client, *[Outside(Msisdn(f"+84300{at:06d}"), "Hop", reference=str(at)) for at in range(1_200)])
    assert [each.mt for each in again] == [each.mt for each in answers]
