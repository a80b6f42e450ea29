"""A telco's SMPP 3.4 server and the residents' phones behind it, on `smpp34` (Rust): the other end of Kannel's and Jasmin's SMPP line.

It keeps the two sides of a report apart as real ones do: an id in the answer, and a later deliver_sm with esm_class 4 that names it.
"""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import smpp34
from gsm0338 import Codec

from gateway.domain.segments import Alphabet, alphabet_of, split

SHORT_CODE = "8088"
_GSM = Codec()
_UDHI, _RECEIPT = 0x40, 0x04
_UCS2 = 8
_ON_THE_AIR_S = 0.5  # between our yes to a message and its report


class Smsc:
    """The server. `undelivered`: numbers that it can't reach, and says so in its report."""

    def __init__(self, port: int) -> None:
        self._server = smpp34.Server("127.0.0.1", port, system_id="telco")
        self._lines: dict[str, smpp34.Esme] = {}
        self._texts: defaultdict[str, list[str]] = defaultdict(list)
        self._parts: dict[tuple[str, int], dict[int, str]] = {}
        self._ids, self._references = itertools.count(0x1000), itertools.count(1)
        self._reports: asyncio.Queue[tuple[float, smpp34.SubmitSmEvent, str]] = asyncio.Queue()
        self.submitted = 0  # parts
        self.codings: set[int] = set()
        self.undelivered: set[str] = set()

    async def listen(self) -> None:
        """Binds, messages and their reports, until cancelled."""
        await self._server.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._take(), name="smsc")
                tasks.create_task(self._report(), name="reports")
        finally:
            await self._server.stop()

    async def _take(self) -> None:
        while True:
            match await self._server.next():
                case smpp34.Esme() as line:
                    self._lines[line.session_id] = line
                case smpp34.Unbound() as gone:
                    self._lines.pop(gone.session_id, None)
                case smpp34.SubmitSmEvent() as message:
                    self._put(message)

    def _put(self, message: smpp34.SubmitSmEvent) -> None:
        ident = f"{next(self._ids):X}"
        self.submitted += 1
        self.codings.add(message.data_coding)
        number, udh, words = f"+{message.destination_addr}", *_read(message)
        message.accept(ident)
        if message.registered_delivery & 3:
            self._reports.put_nowait((asyncio.get_running_loop().time() + _ON_THE_AIR_S, message, ident))
        if not udh:
            self._texts[number].append(words)
            return
        parts = self._parts.setdefault((number, udh[3]), {})  # 3GPP TS 23.040 §9.2.3.24.1: 05 00 03 reference total number
        parts[udh[5]] = words
        if len(parts) == udh[4]:
            self._texts[number].append("".join(parts[at] for at in sorted(parts)))
            del self._parts[number, udh[3]]

    async def _report(self) -> None:
        while True:
            due, message, ident = await self._reports.get()
            await asyncio.sleep(due - asyncio.get_running_loop().time())  # the network's, not the test's: a phone rings after the answer
            word = "UNDELIV" if f"+{message.destination_addr}" in self.undelivered else "DELIVRD"
            receipt = f"id:{ident} sub:001 dlvrd:001 submit date:2611230800 done date:2611230801 stat:{word} err:000 text:"
            await self._deliver(message.destination_addr, message.source_addr, receipt.encode(), _RECEIPT, 0)

    async def _deliver(self, sender: str, receiver: str, words: bytes, esm_class: int, coding: int) -> None:
        line = next(line for line in self._lines.values() if line.can_receive)
        answer = await line.deliver_sm(
            receiver,
            words,
            source_addr=sender,
            source_addr_ton=1,
            source_addr_npi=1,
            esm_class=esm_class,
            data_coding=coding,
        )
        assert answer.is_success, answer.command_status

    async def is_bound(self) -> bool:
        """Whether a line that takes MOs is up."""
        return any(line.can_receive for line in self._lines.values())

    async def write(self, sender: str, text: str, order: tuple[int, ...] = ()) -> None:
        """Text from a phone to the short code; a long one in parts. `order`: that of its parts, from 1."""
        parts = split(text)
        plain = alphabet_of(text) is Alphabet.GSM7
        reference = next(self._references) % 256
        for number in order or range(1, len(parts) + 1):
            udh = bytes([5, 0, 3, reference, len(parts), number]) if len(parts) > 1 else b""
            words = _GSM.encode(parts[number - 1])[0] if plain else parts[number - 1].encode("utf-16-be")
            await self._deliver(sender.removeprefix("+"), SHORT_CODE, udh + words, _UDHI if udh else 0, 0 if plain else _UCS2)

    async def texts_of(self, number: str) -> list[str]:
        """What that phone received, oldest first."""
        return list(self._texts[number])

    def by_number(self) -> dict[str, list[str]]:
        """All that arrived."""
        return {number: texts for number, texts in self._texts.items() if texts}


def _read(message: smpp34.SubmitSmEvent) -> tuple[bytes, str]:
    """The user data header, or nothing, and the words. data_coding 0 is the GSM alphabet, an octet a letter (SMPP 3.4 §5.2.19)."""
    udh = message.short_message[: message.short_message[0] + 1] if message.esm_class & _UDHI else b""
    octets = message.short_message[len(udh) :]
    return udh, octets.decode("utf-16-be") if message.data_coding == _UCS2 else str(_GSM.decode(octets)[0])


@asynccontextmanager
async def smsc(port: int) -> AsyncIterator[Smsc]:
    """The server for the length of the block."""
    phones = Smsc(port)
    listening = asyncio.create_task(phones.listen(), name="telco")
    try:
        yield phones
    finally:
        listening.cancel()
        await asyncio.wait((listening,))
    if not listening.cancelled() and (error := listening.exception()):
        raise error
