"""Lists of people: read row by row, put in the order of the database, stored page by page; each row that is not as it should be is told."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO, Final

from gateway.domain.contact_list import Contact, ContactList, open_contacts, repeated
from gateway.domain.fault import Fault
from gateway.domain.village import Village
from gateway.services.refusal import Refusal
from gateway.storage import audience
from gateway.storage.audience import PAGE, Listed
from gateway.storage.database import Database
from gateway.storage.seal import Keyring
from gateway.storage.sorted_file import Record, SortedFile

_LISTED: Final = slice(2, 2 + len(Listed._fields) - 1)  # where a record holds them, after bidx and line


@dataclass(frozen=True, slots=True)
class Note:
    """A row that was repaired (`became`: the number, masked) or left out (`fault`). `read`: its number's cell, masked."""

    file: str
    line: int
    read: str = field(repr=False)
    became: str = field(default="", repr=False)
    what: str = ""
    fault: Fault | None = None

    def __str__(self) -> str:
        return str(self.fault) if self.fault else f"{self.file}:{self.line}: {self.what} ({self.became})"


Tell = Callable[[Note], None]
More = Callable[[Contact], tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Imported:
    """`stored`: people of the list who are known now, `new` of them were not before. `no_basis`: rows without consent or legal basis."""

    stored: int
    new: int
    no_basis: int
    repeated: int


@dataclass(frozen=True, slots=True)
class ListPage:
    """People of a list, each once, in the order of the blind index, and what was kept of each row beside them."""

    people: tuple[Listed, ...]
    more: tuple[tuple[object, ...], ...]
    repeated: int


def open_list(source: BinaryIO, name: str, villages: Mapping[str, Village], tell: Tell) -> ContactList:
    """Begin to read the list. Raises Refusal where its header is of no use, after telling why."""
    source.seek(0)
    reading = open_contacts(source, name, villages)
    for fault in reading.faults:
        tell(Note(name, fault.line or 0, "", fault=fault))
    if any(fault.text == "The column is missing" or fault.field == "encoding" for fault in reading.faults):
        raise Refusal(no_row(name))
    return reading


def no_row(name: str) -> str:
    """The sentence for a list of which nothing can be used."""
    return f"{name} has no usable row; mend the lines named above"


def put_in_order(
    reading: ContactList,
    into: SortedFile,
    keyring: Keyring,
    villages: Mapping[str, Village],
    now: int,
    tell: Tell,
    more: More,
    basis: str = "",
) -> None:
    """Read the whole list into `into`. `more`: what is kept of a row beside the person, or BadRow. `basis`: of rows that name none."""
    consents: dict[str, str] = {}
    tags: dict[tuple[str, ...], str | None] = {}
    for found in reading.rows:
        if not isinstance(found, Contact):
            tell(Note(reading.file, found.fault.line or 0, found.written, fault=found.fault))
            continue
        try:
            extra = more(found)
        except BadRow as why:
            for fault in why.faults:
                tell(Note(reading.file, found.line, "", fault=fault))
            continue
        if found.repaired is not None:
            tell(Note(reading.file, found.line, found.written, str(found.msisdn), found.repaired.value))
        number = found.msisdn.e164
        if found.consent and found.consent not in consents:
            consents[found.consent] = json.dumps({"source": found.consent, "at": now}, ensure_ascii=False)
        if found.tags not in tags:
            tags[found.tags] = audience.tags_json(found.tags)
        into.add(
            (
                keyring.blind(number, "msisdn"), found.line, keyring.seal(number.encode(), "msisdn"), villages[found.village].commune,
                found.village, found.language, tags[found.tags], consents.get(found.consent), found.legal_basis or basis or None, *extra,
            )
        )  # fmt: skip


class BadRow(Exception):
    """A row that can't be used for what the list is read for."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self.faults = tuple(faults)


def pages_of(rows: SortedFile, name: str, tell: Tell, size: int = PAGE, after: bytes = b"") -> Iterator[ListPage]:
    """The list's people page by page above `after`; of a number that stands twice the first row counts, the others are told."""
    for page in rows.pages(size, after):
        first: dict[bytes, Record] = {}
        again = 0
        for record in page:
            if (before := first.setdefault(record[0], record)) is not record:
                again += 1
                tell(Note(name, record[1], "", fault=repeated(name, record[1], before[1])))
        people = tuple(Listed(record[0], *record[_LISTED]) for record in first.values())
        yield ListPage(people, tuple(record[_LISTED.stop :] for record in first.values()), again)


def with_basis(people: Sequence[Listed]) -> list[Listed]:
    """Those whom the list gives a basis to be written to; of the others nothing is kept that is not kept already."""
    return [each for each in people if each.consent or each.legal_basis]


async def import_list(
    database: Database, source: BinaryIO, name: str, villages: Mapping[str, Village], now: int, tell: Tell, basis: str = ""
) -> Imported:
    """Store the people of a list, 3,000 a transaction. Raises Refusal where no row is of use; told rows cost only themselves."""
    reading = open_list(source, name, villages, tell)
    with SortedFile() as rows:
        await asyncio.to_thread(put_in_order, reading, rows, database.keyring, villages, now, tell, _nothing, basis)
        if not rows.count:
            raise Refusal(no_row(name))
        before = await _known(database)
        stored = no_basis = again = 0
        for page in pages_of(rows, name, tell):
            some = with_basis(page.people)
            await database.write(partial(audience.remember, listed=some, now=now))
            stored, no_basis, again = stored + len(some), no_basis + len(page.people) - len(some), again + page.repeated
    return Imported(stored, await _known(database) - before, no_basis, again)


def _nothing(contact: Contact) -> tuple[object, ...]:
    return ()


async def _known(database: Database) -> int:
    async with database.read() as connection:
        return await audience.how_many(connection)
