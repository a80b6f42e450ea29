"""The one dialogue: what is asked, in which order, and that no talk ever goes wrong."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.deployment import load_deployment, shipped_deployment
from gateway.domain.dialogue import (
    Act,
    Heard,
    How,
    Say,
    State,
    Step,
    after_tip,
    dial,
    filled,
    is_unfinished,
    next_question,
    prompt,
    step,
    take_up,
)  # fmt: skip
from gateway.domain.keyword import Kind

SCRIPT = load_deployment(shipped_deployment()).dialogue
SLOTS = [each.slot for each in SCRIPT.questions]
NOTHING = frozenset[str]()
T = 1_000_000


def talk(*texts: str | Heard, known: frozenset[str] = NOTHING, channel: str = "sms") -> tuple[State, list[Say]]:
    """A tip, then what its sender answers."""
    state, say = after_tip(SCRIPT, channel, "vi", known, T)
    said = [say]
    for text in texts:
        state, say = step(SCRIPT, state, text if isinstance(text, Heard) else Heard(text), T)
        said.append(say)
    return state, said


def pressed(*texts: str | Heard) -> tuple[State, list[Say]]:
    """A USSD session."""
    state, say = dial("ussd", "vi", T)
    said = [say]
    for text in texts:
        state, say = step(SCRIPT, state, text if isinstance(text, Heard) else Heard(text), T)
        said.append(say)
    return state, said


def tip(text: str = "mo canh suoi", **more: object) -> Heard:
    return Heard(text, Kind.TIP, **more)


# --- questions ---


def test_the_most_useful_missing_thing_is_asked_first_and_consent_last():
    """field.md §4.2: where, how many, when, who …; of the three the last asks whether we may call."""
    state, said = talk("canh cau treo", "2 mo")
    assert [say.names for say in said] == [("received", "ask.place"), ("added", "ask.graves"), ("added", "ask.may")]
    assert [(say.act, say.slot) for say in said[1:]] == [(Act.ADD, "place"), (Act.ADD, "graves")]
    assert not state.ended


def test_what_the_story_tells_is_not_asked():
    assert talk(known=frozenset({"place", "graves", "when"}))[1][0].names == ("received", "ask.who")


def test_an_answer_that_tells_more_spares_the_next_question():
    _, said = talk(Heard("canh suoi, 3 mo", slots=frozenset({"graves"})))
    assert said[-1].names == ("added", "ask.when")


def test_when_all_is_told_only_consent_is_asked():
    state, said = talk("2", known=frozenset(SLOTS) - {"may"})
    assert (said[0].names, said[1].names, state.how) == (("received", "ask.may"), ("added", "done"), How.DONE)


@pytest.mark.parametrize(("answer", "may_call", "may_publish"), [
    ("1", True, True), ("2.", True, False), ("Được", True, False), ("KHÔNG", False, False), ("dung goi!", False, False)])  # fmt: skip
def test_the_informant_says_whether_we_may_call_and_publish(answer: str, may_call: bool, may_publish: bool):
    _, said = talk(answer, known=frozenset(SLOTS) - {"may"})
    assert said[-1].choice is not None
    assert (said[-1].choice.may_call, said[-1].choice.may_publish, said[-1].slot) == (may_call, may_publish, "may")


def test_words_where_a_choice_was_asked_for_are_kept_and_the_choice_asked_once_more():
    _, said = talk("mo o goc vuon nha toi", "van o goc vuon", known=frozenset(SLOTS) - {"may"})
    assert [(say.act, say.names) for say in said[1:]] == [(Act.ADD, ("ask.may",)), (Act.ADD, ("done",))]
    assert all(say.choice is None for say in said)


@pytest.mark.parametrize("word", ["bo qua", "Bỏ qua.", "không biết", "8"])
def test_skipping_goes_on_and_stores_nothing(word: str):
    state, said = talk(word)
    assert (said[-1].act, said[-1].names, state.passed) == (Act.NOTHING, ("ask.graves",), {"place"})


def test_a_digit_is_a_number_of_graves_and_no_key():
    """Nine graves must not call a person, nor eight be skipped."""
    for digit in ("9", "8", "0"):
        _, said = talk("canh suoi", digit)
        assert (said[-1].act, said[-1].slot) == (Act.ADD, "graves"), digit
    assert talk("canh suoi", "99")[0].how is How.HUMAN
    assert talk("canh suoi", "88")[1][-1].names == ("ask.may",)


def test_going_back_asks_the_question_before_once_more_and_then_goes_on():
    _, said = talk("canh suoi", "00", "canh cau", "2 mo")
    assert [say.names[-1] for say in said] == ["ask.place", "ask.graves", "ask.place", "ask.graves", "ask.may"]


def test_before_the_first_question_there_is_nothing_to_go_back_to():
    assert talk("quay lại")[1][-1].names == ("ask.place",)


@pytest.mark.parametrize("word", ["gặp cán bộ", "9", "99", "help"])
def test_a_person_is_always_within_reach(word: str):
    state, said = talk(word)
    assert (state.how, said[-1].act, said[-1].names) == (How.HUMAN, Act.HUMAN, ("human",))


def test_an_urgent_tip_is_asked_nothing():
    state, say = after_tip(SCRIPT, "sms", "vi", NOTHING, T, urgent=True)
    assert (state.how, say.names) == (How.URGENT, ("urgent",))


def test_stop_is_stop_in_every_step():
    for state in (dial("ussd", "vi", T)[0], talk()[0], pressed("1")[0], pressed("1", Heard("7", village="TN07"))[0]):
        ended, say = step(SCRIPT, state, Heard("TC", Kind.OPTOUT), T)
        assert (ended.ended, say.act) == (True, Act.OPT_OUT)


def test_an_answer_after_the_time_ends_the_talk_without_a_word():
    state, _ = talk()
    late, say = step(SCRIPT, state, Heard("canh suoi"), T + SCRIPT.timing("sms").answer_ms + 1)
    assert (late.how, say) == (How.TIMED_OUT, Say())
    assert step(SCRIPT, state, Heard("canh suoi"), T + SCRIPT.timing("sms").answer_ms)[1].act is Act.ADD


# --- the menu ---


def test_a_tip_by_menu():
    state, said = pressed("1", Heard("7", village="TN07"), tip(slots=frozenset({"place"})))
    assert [say.names for say in said] == [("menu",), ("village",), ("story",), ("received", "ask.graves")]
    assert (said[-1].act, state.village, state.told) == (Act.TIP, "TN07", True)


@pytest.mark.parametrize(("key", "names", "act"), [
    ("2", ("dna",), Act.NOTHING), ("3", ("code",), Act.NOTHING), ("4", ("optout",), Act.OPT_OUT), ("0", ("bye",), Act.NOTHING),
    ("5", ("menu_again", "menu"), Act.NOTHING), ("", ("menu_again", "menu"), Act.NOTHING), ("1#", ("village",), Act.NOTHING)])  # fmt: skip
def test_each_choice_of_the_menu(key: str, names: tuple[str, ...], act: Act):
    _, said = pressed(key)
    assert (said[-1].names, said[-1].act) == (names, act)


def test_registering_and_looking_up_end_with_their_act():
    assert pressed("2", "Nong Thi Vi Du, em gai")[1][-1].act is Act.DNA
    assert pressed("3", "7K3M9P")[1][-1].act is Act.LOOK_UP
    assert pressed("3", "0")[1][-1].names == ("menu",)


def test_who_tells_at_once_is_heard_whatever_was_asked():
    for before in ((), ("1",)):
        _, said = pressed(*before, tip("mo bo doi canh suoi"))
        assert said[-1].act is Act.TIP, before


def test_a_village_that_the_words_do_not_settle_is_chosen_from_a_list():
    state, said = pressed("1", Heard("na lai", candidates=("TN01", "TN02")), "2")
    assert (said[-2].names, said[-1].names, state.village) == (("which_village",), ("story",), "TN02")


def test_a_village_that_was_chosen_is_not_changed_by_one_in_the_story():
    assert pressed("1", Heard("7", village="TN07"), tip("mo gan duong sang Na Lai", village="TN01"))[0].village == "TN07"
    assert pressed(tip("LS TN01 mo bo doi", village="TN01"))[0].village == "TN01"


def test_nobody_is_sent_away_for_a_village():
    state, said = pressed("1", "xyz", "abc")
    assert [say.names for say in said[-2:]] == [("village_again", "village"), ("village_unknown", "story")]
    assert (state.step, state.village) == (Step.STORY, None)


def test_a_story_without_letters_gets_no_code():
    assert pressed("1", Heard("7", village="TN07"), "..")[1][-1].names == ("story",)


def test_a_talk_that_broke_off_goes_on_where_it_was():
    state, _ = pressed("1", Heard("7", village="TN07"))
    assert is_unfinished(state)
    taken, say = take_up(state, T)
    assert say.names == ("resume",)
    on, say = step(SCRIPT, taken, Heard("1"), T)
    assert (on.step, on.village, say.names) == (Step.STORY, "TN07", ("story",))
    anew, say = step(SCRIPT, taken, Heard("2"), T)
    assert (anew.step, anew.village, say.names) == (Step.MENU, None, ("menu",))


def test_a_talk_that_broke_off_twice_still_knows_its_step():
    state, _ = pressed("1", Heard("7", village="TN07"))
    assert take_up(take_up(state, T)[0], T)[0].resume is Step.STORY


def test_nothing_is_left_to_take_up_in_a_menu():
    assert not is_unfinished(pressed()[0])
    assert not is_unfinished(pressed("3")[0])


def test_whom_we_never_understand_gets_a_person():
    state, said = pressed("x", "y", "z")
    assert (state.how, said[-1].names) == (How.LOST, ("human",))


def test_texts_are_filled_plainly():
    assert filled("ma {code}, {code.x}{0}", {"code": "7K3M9P"}) == "ma 7K3M9P, "


# --- laws ---

_WORDS = st.sampled_from(
    ["", "1", "2", "3", "0", "00", "9", "88", "8", "98", "bo qua", "quay lai", "gap can bo", "canh suoi", "2 mo", "\0", "TC", "*"]
)
_HEARD = st.builds(
    Heard,
    _WORDS | st.text(max_size=40),
    st.none() | st.sampled_from(list(Kind)),
    st.frozensets(st.sampled_from(SLOTS), max_size=3),
    st.none() | st.just("TN07"),
    st.sampled_from([(), ("TN01", "TN02"), ("TN01",)]),
    st.booleans(),
)
_OPENINGS = st.sampled_from(["sms", "zalo", "ussd", "web"]).flatmap(
    lambda channel: st.sampled_from([
        dial(channel, "vi", T),
        after_tip(SCRIPT, channel, "vi", NOTHING, T),
        after_tip(SCRIPT, channel, "en", frozenset({"place", "who"}), T),
        take_up(pressed("1", "7")[0], T),
    ])
)  # fmt: skip


@given(_OPENINGS, st.lists(_HEARD, max_size=25))
def test_no_sequence_of_inputs_goes_wrong(opening: tuple[State, Say], inputs: list[Heard]):
    """None raises, none asks more than three things of one tip, none asks what is answered unless the person went back."""
    state, say = opening
    for heard in inputs:
        before = state
        state, say = step(SCRIPT, state, heard, T)
        assert len(state.asked) <= SCRIPT.most
        asked = [name.removeprefix("ask.") for name in say.names if name.startswith("ask.")]
        assert len(asked) <= 1
        went_back = heard.text.strip() in SCRIPT.keys.back and before.step is Step.QUESTION
        assert not set(asked) & before.known or went_back or say.act is Act.TIP
        assert state.ended or say.names, "an open talk always says something"
        assert all(SCRIPT.text(name, "ussd", "vi", {}) for name in set(say.names) - {"urgent", "status"})


@given(_OPENINGS, st.lists(st.text(max_size=10), max_size=3))
def test_a_person_who_answers_always_comes_to_an_end(opening: tuple[State, Say], inputs: list[str]):
    """Whoever neither goes back nor falls silent is through after a handful of answers."""
    state, _ = opening
    for heard in (*map(Heard, inputs), *[tip("mo canh suoi", village="TN07")] * 12):
        state, _ = step(SCRIPT, state, heard, T)
    assert state.ended


@given(st.frozensets(st.sampled_from(SLOTS)))
def test_the_question_asked_is_missing(known: frozenset[str]):
    question = next_question(SCRIPT, State("sms", known=known))
    assert question is None or question.slot not in known
    assert (question is None) == (known == frozenset(SLOTS))


@given(_OPENINGS)
def test_every_open_state_knows_its_prompt(opening: tuple[State, Say]):
    state, say = opening
    assert state.ended or prompt(state) in say.names
    assert step(SCRIPT, replace(state, step=Step.ENDED), Heard("1"), T)[1] == Say()
