"""Every answer in one GSM-7 segment, the price beside the number, nobody invited to dig."""

import pytest

from gateway.domain.segments import Alphabet, alphabet_of, segments_of
from gateway.services.replies import EXAMPLE, BadReply, ReplyName, load_replies
from tests.services.people import NOW, deployment

REPLIES = load_replies(deployment())
TO_STAFF = {name for name in ReplyName if name.startswith(("appr", "alert", "digest"))}
THANKS = set(ReplyName) - {ReplyName.HELP, ReplyName.OPTOUT, ReplyName.STATUS_UNKNOWN, ReplyName.WRITTEN} - TO_STAFF


def _text(name: ReplyName) -> str:
    return REPLIES.status("7K3M9P", "dna", NOW) if name is ReplyName.STATUS else REPLIES.text(name, **EXAMPLE)


@pytest.mark.parametrize("name", ReplyName)
def test_one_segment_of_gsm7(name: ReplyName) -> None:
    text = _text(name)
    segments = 2 if name is ReplyName.APPROVAL_CODE else 1  # all that is approved doesn't fit into one
    assert (alphabet_of(text), segments_of(text), text) == (Alphabet.GSM7, segments, " ".join(text.split()))
    assert not set("#&%{}[]\\<>@") & set(text)  # aggregators refuse them (field.md §2.2)


@pytest.mark.parametrize("name", ReplyName)
def test_the_price_stands_beside_the_number(name: ReplyName) -> None:
    text = _text(name)
    assert text.count("8088") == text.count("8088 (1000d/tin)")


@pytest.mark.parametrize("name", sorted(THANKS))
def test_every_thank_you_asks_not_to_dig(name: ReplyName) -> None:
    assert "am on" in _text(name)
    assert "khong tu y dao boi" in _text(name).lower()


def test_all_states_of_a_tip_have_words() -> None:
    assert "da nhan, cho can bo doc, nhan tin ngay 18/11" in REPLIES.status("7K3M9P", "new", NOW)
    assert "dang xac minh" in REPLIES.status("7K3M9P", "anything later", NOW)


def test_a_deployments_own_text_wins_and_a_wrong_one_is_named(tmp_path) -> None:
    from dataclasses import replace

    own = tmp_path / "templates/sms/vi"
    own.mkdir(parents=True)
    (own / "help.txt.j2").write_text("Xin gọi {{ hotline }}", encoding="utf-8")
    assert load_replies(replace(deployment(), path=tmp_path)).text(ReplyName.HELP) == "Xin goi 0300 000 100"
    (own / "help.txt.j2").write_text("{{ hotlin }}", encoding="utf-8")
    with pytest.raises(BadReply, match=r"help\.txt\.j2: 'hotlin' is undefined"):
        load_replies(replace(deployment(), path=tmp_path))
