"""One dialogue on every channel (DESIGN §3.13): after a tip the one most useful missing question at a time; on USSD a menu before it. Pure.

`step` takes what was said and gives the next state and what to say, as names of texts in `dialogue.toml`; acting on it (a tip stored, a
code looked up) is the use case's. The order of the questions is field.md §4.2. A step always takes one input, so no talk goes on by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from string import Formatter
from typing import Final

from gateway.domain.fold import fold
from gateway.domain.keyword import Kind

TRIES: Final = 2  # how often in a row we may fail to understand before we go on without
_LEAST_LETTERS: Final = 3  # of a story: "a" tells nothing, and a code for it would promise something
_STORY_WORDS: Final = 3  # a tip typed where a choice was asked for: fewer words are a slip


class Step(StrEnum):
    """Where a dialogue stands: what the next input answers."""

    MENU = "menu"
    VILLAGE = "village"
    STORY = "story"
    DNA = "dna"
    CODE = "code"
    QUESTION = "question"
    RESUME = "resume"
    ENDED = "ended"


class Act(StrEnum):
    """What the use case must do before it answers."""

    NOTHING = "nothing"
    TIP = "tip"
    ADD = "add"
    DNA = "dna"
    LOOK_UP = "look up"
    OPT_OUT = "opt out"
    HUMAN = "human"


class How(StrEnum):
    """How a dialogue ended."""

    DONE = "done"
    URGENT = "urgent"
    HUMAN = "human"
    LEFT = "left"  # the person chose the way out
    LOST = "lost"  # we did not understand each other
    TIMED_OUT = "timed out"
    CUT = "cut"  # the session broke off


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a question's answers: how it may be typed (folded), and the informant's own word with it."""

    answers: frozenset[str]
    may_call: bool | None = None
    may_publish: bool | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What may be asked. `known_by`: fields of a reading that answer it. `numeric`: one digit is an answer, no key. `last`: a place is
    kept for it at the end."""

    slot: str
    known_by: frozenset[str] = frozenset()
    numeric: bool = False
    last: bool = False
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Keys:
    """What people type to steer, folded."""

    skip: frozenset[str] = frozenset()
    back: frozenset[str] = frozenset()
    human: frozenset[str] = frozenset()
    more: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a channel waits for the next input, and for how long after that a broken talk is taken up again."""

    answer_ms: int
    resume_ms: int = 0


@dataclass(frozen=True, slots=True)
class Script:
    """`dialogue.toml`. `words`: texts by (language, channel, name); the name of a question's is "ask." and its slot."""

    questions: tuple[Question, ...]
    keys: Keys
    timings: Mapping[str, Timing]
    words: Mapping[tuple[str, str, str], str] = field(repr=False)
    most: int = 3
    languages: tuple[str, ...] = ("vi",)

    def question(self, slot: str) -> Question:
        """The question of `slot`; one that the script no longer has is a free question."""
        return next((each for each in self.questions if each.slot == slot), Question(slot))

    def timing(self, channel: str) -> Timing:
        """The timing of `channel`, else of SMS."""
        return self.timings.get(channel) or self.timings["sms"]

    def text(self, name: str, channel: str, language: str, values: Mapping[str, str]) -> str:
        """The text `name` with its places filled; where a language or a channel has none, Vietnamese and SMS serve. "" where nobody has."""
        for key in ((language, channel, name), ("vi", channel, name), (language, "sms", name), ("vi", "sms", name)):
            if (words := self.words.get(key)) is not None:
                return filled(words, values)
        return ""


def filled(words: str, values: Mapping[str, str]) -> str:
    """`words` with each {place} filled from `values`, plainly: no attribute, no index, no format is followed."""
    return "".join(before + (values.get(name, "") if name else "") for before, name, _, _ in Formatter().parse(words))


def places_in(words: str) -> frozenset[str]:
    """The {places} of a text. Raises ValueError where a brace is alone."""
    return frozenset(name for _, name, _, _ in Formatter().parse(words) if name is not None)


@dataclass(frozen=True, slots=True)
class State:
    """All that a dialogue knows of itself. `known`: slots answered; `asked`: slots asked, in order; `passed`: asked, and left open.

    `told`: there is a tip. `resume`: the step a broken talk would go on with. `tries`: inputs in a row that were not understood.
    """

    channel: str
    language: str = "vi"
    step: Step = Step.MENU
    village: str | None = None
    candidates: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    asked: tuple[str, ...] = ()
    passed: frozenset[str] = frozenset()
    at: str = ""
    tries: int = 0
    resume: Step = Step.MENU
    told: bool = False
    how: How | None = None
    touched_at: int = 0

    @property
    def ended(self) -> bool:
        return self.step is Step.ENDED


@dataclass(frozen=True, slots=True)
class Heard:
    """One input. `kind`, `slots`, `village`, `candidates`, `urgent`: what the reading makes of it."""

    text: str = field(repr=False)
    kind: Kind | None = None
    slots: frozenset[str] = frozenset()
    village: str | None = None
    candidates: tuple[str, ...] = ()
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Say:
    """What to say: names of texts, in order; what to do first. With ADD: the words answer `slot`, perhaps as `choice`."""

    names: tuple[str, ...] = ()
    act: Act = Act.NOTHING
    slot: str = ""
    choice: Choice | None = None


Turn = tuple[State, Say]


# -- openings ----------------------------------------------------------------------------------------------------------------------------


def dial(channel: str, language: str, now: int) -> Turn:
    """A USSD session begins with its menu."""
    return State(channel, language, touched_at=now), Say(("menu",))


def after_tip(script: Script, channel: str, language: str, known: frozenset[str], now: int, *, urgent: bool = False) -> Turn:
    """A tip came by itself: its receipt and the first question. An urgent one is told what to do, and asked nothing."""
    state = State(channel, language, Step.QUESTION, known=known, told=True, touched_at=now)
    return _end(state, How.URGENT, "urgent") if urgent else _ask(script, state, "received")


def take_up(state: State, now: int) -> Turn:
    """The person of a talk that broke off dials again: go on, or begin anew."""
    step = state.resume if state.step in (Step.RESUME, Step.ENDED) else state.step
    return replace(state, step=Step.RESUME, resume=step, how=None, tries=0, touched_at=now), Say(("resume",))


def is_unfinished(state: State) -> bool:
    """Whether there is something to take up: it broke off, nobody ended it."""
    step = state.resume if state.step in (Step.RESUME, Step.ENDED) else state.step
    return state.how in (None, How.CUT, How.TIMED_OUT) and step in (Step.VILLAGE, Step.STORY, Step.QUESTION)


# -- the one step ------------------------------------------------------------------------------------------------------------------------


def step(script: Script, state: State, heard: Heard, now: int) -> Turn:
    """What follows on `heard`. Never raises; an ended talk stays ended, and one that waited too long ends without a word."""
    if state.ended:
        return state, Say()
    if now - state.touched_at > script.timing(state.channel).answer_ms:
        return _end(state, How.TIMED_OUT)
    state = replace(state, touched_at=now)
    if heard.kind is Kind.OPTOUT:  # on any channel, at once; the reading never takes words inside a tip for it
        return _end(state, How.LEFT, "optout", act=Act.OPT_OUT)
    if _is(heard, script.keys.human, numeric=_is_numeric(script, state)):
        return _end(state, How.HUMAN, "human", act=Act.HUMAN)
    return _STEPS[state.step](script, state, heard)


def prompt(state: State) -> str:
    """The name of the text that asks for what `state` waits for."""
    return f"ask.{state.at}" if state.step is Step.QUESTION else "which_village" if state.candidates else state.step.value


def _end(state: State, how: How, *names: str, act: Act = Act.NOTHING) -> Turn:
    return replace(state, step=Step.ENDED, resume=state.step, how=how, tries=0), Say(names, act)


def _is_numeric(script: Script, state: State) -> bool:
    """Whether a single digit answers what was asked: then only longer keys steer."""
    if state.step is Step.QUESTION:
        return script.question(state.at).numeric
    return state.step in (Step.VILLAGE, Step.RESUME, Step.CODE)


def _is(heard: Heard, keys: frozenset[str], *, numeric: bool = False) -> bool:
    said = _said(heard.text)
    return said in keys and not (numeric and len(said) == 1 and said.isdigit())


def _said(text: str) -> str:
    return fold(text[:200]).strip(" .,;:!?#*\"'()-")


def _letters(text: str) -> int:
    return sum(c.isalnum() for c in text[:200])


def _again(state: State, *names: str) -> Turn:
    return replace(state, tries=state.tries + 1), Say(names)


# -- USSD's own steps --------------------------------------------------------------------------------------------------------------------


def _menu(script: Script, state: State, heard: Heard) -> Turn:
    match _said(heard.text):
        case "1":
            return _to(state, Step.VILLAGE)
        case "2":
            return _to(state, Step.DNA)
        case "3":
            return _to(state, Step.CODE)
        case "4":
            return _end(state, How.LEFT, "optout", act=Act.OPT_OUT)
        case "0":
            return _end(state, How.LEFT, "bye")
    if _is_story(heard):
        return _tell(script, state, heard)
    if state.tries >= TRIES:
        return _end(state, How.LOST, "human")
    return _again(state, "menu_again", "menu")


def _to(state: State, to: Step) -> Turn:
    moved = replace(state, step=to, tries=0, candidates=())
    return moved, Say((prompt(moved),))


def _is_story(heard: Heard) -> bool:
    """Somebody who tells at once, whatever was asked, is heard."""
    return heard.kind is Kind.TIP and (heard.urgent or len(heard.text.split()) >= _STORY_WORDS)


def _village(script: Script, state: State, heard: Heard) -> Turn:
    said = _said(heard.text)
    if state.candidates and said.isascii() and said.isdigit() and len(said) < 3 and 1 <= int(said) <= len(state.candidates):
        return _to(replace(state, village=state.candidates[int(said) - 1]), Step.STORY)
    if said in script.keys.back:
        return _to(state, Step.MENU) if not state.candidates else _to(state, Step.VILLAGE)
    if _is_story(heard):
        return _tell(script, state, heard)
    if heard.village is not None:
        return _to(replace(state, village=heard.village), Step.STORY)
    if len(heard.candidates) > 1:
        return replace(state, candidates=heard.candidates, tries=0), Say(("which_village",))
    if _is(heard, script.keys.skip, numeric=True) or state.tries + 1 >= TRIES:  # the desk asks; nobody is sent away for a number
        moved, say = _to(replace(state, village=None), Step.STORY)
        return moved, Say(("village_unknown", *say.names))
    return _again(state, "village_again", prompt(state))


def _story(script: Script, state: State, heard: Heard) -> Turn:
    if _is(heard, script.keys.back):
        return _to(state, Step.VILLAGE)
    if _letters(heard.text) < _LEAST_LETTERS:
        return _again(state, "story") if state.tries < TRIES else _end(state, How.LOST, "human")
    return _tell(script, state, heard)


def _tell(script: Script, state: State, heard: Heard) -> Turn:
    """The first useful answer is a tip before anything else is shown. A village that was chosen is not changed by one that is mentioned."""
    village = state.village or heard.village
    told = replace(state, village=village, told=True, known=heard.slots, asked=(), passed=frozenset(), candidates=())
    if heard.urgent:
        return _end(told, How.URGENT, "urgent", act=Act.TIP)
    asked, say = _ask(script, told, "received")
    return asked, replace(say, act=Act.TIP)


def _dna(script: Script, state: State, heard: Heard) -> Turn:
    if _is(heard, script.keys.back):
        return _to(state, Step.MENU)
    if heard.urgent:
        return _tell(script, state, heard)
    if _letters(heard.text) < _LEAST_LETTERS:
        return _again(state, "dna") if state.tries < TRIES else _end(state, How.LOST, "human")
    return _end(state, How.DONE, "dna_done", act=Act.DNA)


def _code(script: Script, state: State, heard: Heard) -> Turn:
    if _said(heard.text) in script.keys.back:
        return _to(state, Step.MENU)
    return _end(state, How.DONE, "status", act=Act.LOOK_UP)


def _resume(script: Script, state: State, heard: Heard) -> Turn:
    match _said(heard.text):
        case "1":
            resumed = replace(state, step=state.resume, tries=0)
            return resumed, Say((prompt(resumed),))
        case "2":
            fresh = State(state.channel, state.language, touched_at=state.touched_at)
            return fresh, Say((prompt(fresh),))
        case "0":
            return _end(state, How.LEFT, "bye")
    if _is_story(heard):
        return _tell(script, State(state.channel, state.language, touched_at=state.touched_at), heard)
    return _again(state, "resume") if state.tries < TRIES else _end(state, How.LOST, "human")


# -- questions after a tip ---------------------------------------------------------------------------------------------------------------


def next_question(script: Script, state: State) -> Question | None:
    """The most useful one that is missing. One asked and left open comes first; places at the end are kept for `last` ones."""
    for slot in state.asked:
        if slot not in state.known and slot not in state.passed:
            return script.question(slot)
    free = script.most - len(state.asked)
    missing = [each for each in script.questions if each.slot not in state.known and each.slot not in state.asked]
    kept = [each for each in missing if each.last]
    useful = [each for each in missing if not each.last]
    if free <= 0:
        return None
    return next(iter(useful if useful and free > len(kept) else kept or useful), None)


def _ask(script: Script, state: State, *before: str) -> Turn:
    question = next_question(script, state)
    if question is None:
        return _end(replace(state, step=Step.QUESTION, at=""), How.DONE, *before, "done")
    asked = state.asked if question.slot in state.asked else (*state.asked, question.slot)
    return replace(state, step=Step.QUESTION, at=question.slot, asked=asked, tries=0), Say((*before, f"ask.{question.slot}"))


def _question(script: Script, state: State, heard: Heard) -> Turn:
    question = script.question(state.at)
    if heard.urgent:  # a shell, bones laid bare: nothing else is asked any more
        return _end(state, How.URGENT, "urgent", act=Act.ADD)
    if choice := _chosen(question, heard):
        return _added(script, replace(state, known=state.known | {state.at}), Say(act=Act.ADD, slot=state.at, choice=choice))
    if _is(heard, script.keys.back, numeric=question.numeric):
        return _back(state)
    if _is(heard, script.keys.skip, numeric=question.numeric):
        return _ask(script, replace(state, passed=state.passed | {state.at}))
    if not _letters(heard.text):
        return _unclear(script, state)
    if question.choices:
        return _beside(script, state, heard)
    known = state.known | {state.at} | heard.slots
    return _added(script, replace(state, known=known), Say(act=Act.ADD, slot=state.at))


def _chosen(question: Question, heard: Heard) -> Choice | None:
    said = _said(heard.text)
    return next((choice for choice in question.choices if said in choice.answers), None)


def _added(script: Script, state: State, say: Say) -> Turn:
    moved, asked = _ask(script, state, "added")
    return moved, replace(say, names=asked.names)


def _beside(script: Script, state: State, heard: Heard) -> Turn:
    """Words where a choice was asked for: they are kept, and the choice is asked for once more."""
    moved, asked = _unclear(script, replace(state, known=state.known | (heard.slots - {state.at})))
    return moved, replace(asked, act=Act.ADD, slot="")


def _unclear(script: Script, state: State) -> Turn:
    if state.tries + 1 >= TRIES:
        return _ask(script, replace(state, passed=state.passed | {state.at}))
    return _again(state, f"ask.{state.at}")


def _back(state: State) -> Turn:
    """To the question before; what was answered there is asked anew, and stays in the tip."""
    at = state.asked.index(state.at) if state.at in state.asked else 0
    slot = state.asked[max(0, at - 1)] if state.asked else state.at
    back = replace(state, at=slot, known=state.known - {slot}, passed=state.passed - {slot}, tries=0)
    return back, Say((f"ask.{slot}",))


def _ended(_script: Script, state: State, _heard: Heard) -> Turn:
    return state, Say()


_STEPS: Final[Mapping[Step, Callable[[Script, State, Heard], Turn]]] = {
    Step.MENU: _menu,
    Step.VILLAGE: _village,
    Step.STORY: _story,
    Step.DNA: _dna,
    Step.CODE: _code,
    Step.QUESTION: _question,
    Step.RESUME: _resume,
    Step.ENDED: _ended,
}
