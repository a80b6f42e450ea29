"""A wave's texts: what they may name, what each person's text comes to, its fields sealed as the MT keeps them."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from gateway.domain.campaign import Campaign
from gateway.domain.fault import Fault
from gateway.domain.segments import Alphabet, outside_gsm7
from gateway.domain.text_rules import TextRules
from gateway.domain.village import Village
from gateway.services.refusal import Refusal
from gateway.services.text_meter import TextMeter
from gateway.services.texts import BadText, faults_of, fields_of, filled, is_accented
from gateway.storage.seal import Keyring

VILLAGE_FIELDS: Final = frozenset(("thon", "ma_thon"))
_KEPT: Final = 50_000  # sealed fields without anything personal that are kept: villages times languages


def fields_for(campaign: Campaign, village: Village | None) -> dict[str, str]:
    """What every text may name: the person's village, the campaign's numbers."""
    return {
        "thon": village.title if village else "",
        "ma_thon": village.code if village else "",
        "dau_so": campaign.short_code,
        "gia": campaign.price_note(accented=False),
        "xa": campaign.commune_title,
        "duong_day_nong": campaign.hotline.national if campaign.hotline else "",
    }


class Text(NamedTuple):
    """One person's text: `parameters` sealed; `rank`: how long it is, to find the longest."""

    language: str
    parameters: bytes
    segments: int
    alphabet: str
    rank: int


class WaveTexts:
    """The wave's templates: what they may name, what each person's text comes to.

    Parameters that hold nothing personal are sealed once for all people of a village: that two MTs have the same ciphertext then tells
    that they go to one village, which `contact.village` says in the open. Anything of the person's own is sealed for them alone.
    """

    def __init__(
        self,
        texts: Mapping[str, str],
        max_segments: int,
        rules: TextRules,
        campaign: Campaign,
        villages: Mapping[str, Village],
        keyring: Keyring,
        own: Sequence[str],
    ) -> None:
        self._texts, self._keyring = texts, keyring
        self._of_village = {code: fields_for(campaign, village) for code, village in villages.items()}
        self._of_nobody = fields_for(campaign, None)
        known = {*self._of_nobody, *own}
        if faults := faults_of(texts, known):
            raise BadText(_first_of(faults))
        self.named = frozenset().union(*(fields_of(template) for template in texts.values()))
        self.personal = self.named & set(own) - self._of_nobody.keys()
        self.accented = {language: is_accented(template) for language, template in texts.items()}
        self._meter = TextMeter(texts, max_segments, rules)
        self._sealed: dict[str, bytes] = {}
        self._kinds: dict[tuple[str | None, str], Text] = {}
        self._forcing: dict[str, tuple[str, ...]] = {}

    def language_of(self, language: str) -> str:
        """The language in which somebody who reads `language` is written to."""
        return self._meter.language_of(language)

    def of_kind(self, village: str | None, language: str) -> Text:
        """The text of everybody of a village who reads `language`."""
        kind = village, language
        return self._kinds.get(kind) or self._kinds.setdefault(kind, self.of(village, language, {}, 0))

    def of(self, village: str | None, language: str, own: Mapping[str, str], row: int) -> Text:
        """The text of one person with fields of their own."""
        fields = self._of_village.get(village or "", self._of_nobody)
        sized = self._meter.add(language, {**fields, **own} if own else fields, row)
        chosen = self._meter.language_of(language)
        if sized.alphabet is Alphabet.UCS2 and chosen not in self._forcing:
            self._forcing[chosen] = outside_gsm7(filled(self._texts[chosen], {**fields, **own}))
        rank = (sized.segments << 20) + len(sized.parameters)
        return Text(chosen, self._seal(sized.parameters), sized.segments, sized.alphabet.label, rank)

    def mind_the_limit(self) -> None:
        """Raises Refusal where a text is over the limit or the route refuses it; it names the first and counts them all."""
        for objection in self._meter.totals().objections:
            if objection.binding:
                raise Refusal(str(objection))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What routes may have against the texts, in sentences."""
        return tuple(str(objection) for objection in self._meter.totals().objections if not objection.binding)

    @property
    def forces_ucs2(self) -> str:
        """The characters that make texts dear, each once."""
        return " ".join(dict.fromkeys(character for each in self._forcing.values() for character in each))

    def _seal(self, parameters: str) -> bytes:
        if self.personal:
            return self._keyring.seal(parameters.encode(), "mt.parameters")
        if parameters not in self._sealed and len(self._sealed) < _KEPT:
            self._sealed[parameters] = self._keyring.seal(parameters.encode(), "mt.parameters")
        return self._sealed.get(parameters) or self._keyring.seal(parameters.encode(), "mt.parameters")


def _first_of(faults: Sequence[Fault]) -> str:
    more = f" ({len(faults) - 1} more to put right)" if len(faults) > 1 else ""
    return f"{faults[0]}{more}"
