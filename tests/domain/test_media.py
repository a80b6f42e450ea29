"""Bytes decide what a file is; spans of metadata lie within it, in order, after a bounded look."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.media import BOXED, HEAD, TAKEN, Damaged, personal_spans, position_in, sniff
from tests.services.media_files import KINDS, LIES, box, mp3, mp4, wav


def _reader(content: bytes):
    return lambda offset, length: content[offset : offset + length]


@pytest.mark.parametrize(("media", "content"), KINDS.items(), ids=list(KINDS))
def test_what_people_send(media, content) -> None:
    found = sniff(content[:HEAD])
    assert found is not None
    assert (found.name, found.form.value) == (media, media.partition("/")[0])


@pytest.mark.parametrize("content", LIES.values(), ids=list(LIES))
def test_what_is_none_of_it(content) -> None:
    assert sniff(content[:HEAD]) is None


def test_the_position_is_read_where_the_tags_lie() -> None:
    for content in (mp4(), mp4(b"qt  ", long=True)):
        assert position_in(_reader(content), personal_spans("video/mp4", _reader(content), len(content))) == (21.6385, 106.8378)
    for far in (b"+99.0+106.0", b"+21.0+999.0", b"nowhere"):
        content = box(b"moov", box(b"udta", far))
        assert position_in(_reader(content), personal_spans("video/mp4", _reader(content), len(content))) is None


@pytest.mark.parametrize(("media", "content", "kept"), [("audio/mpeg", mp3(), b"\xff\xfb\x90"), ("audio/wav", wav(), b"data")])
def test_spans_hold_the_tags_and_not_the_sound(media, content, kept) -> None:
    spans = personal_spans(media, _reader(content), len(content))
    assert sum(b"Vi Du" in content[span.start : span.start + span.length] for span in spans) == content.count(b"Vi Du")
    assert all(kept not in content[span.start : span.start + span.length] for span in spans)


@pytest.mark.parametrize("content", [
    b"\x00\x00\x00\x07moov", b"\x00\x00\x00\xffmoov" + bytes(20), b"\x00\x00\x00\x01mdat" + bytes(8), b"abc", box(b"moov", b"\x00\x00"),
    box(b"x") * 3_000,
], ids=["too short", "too long", "64 bits of nothing", "no box", "half a box", "thousands"])  # fmt: skip
def test_boxes_that_don_t_add_up_are_damage(content) -> None:
    with pytest.raises(Damaged):
        personal_spans("video/mp4", _reader(content), len(content))


_boxes = st.recursive(
    st.builds(box, st.sampled_from([b"udta", b"mdat", b"meta", b"free"]), st.binary(max_size=20), long=st.booleans()),
    lambda inner: st.builds(box, st.sampled_from([b"moov", b"trak"]), st.lists(inner, max_size=4).map(b"".join), long=st.booleans()),
    max_leaves=12,
)


@given(st.sampled_from(sorted(TAKEN)), st.one_of(st.binary(max_size=300), st.lists(_boxes, max_size=4).map(b"".join)))
def test_spans_lie_in_the_file_and_never_overlap(media, content) -> None:
    try:
        spans = personal_spans(media, _reader(content), len(content))
    except Damaged:
        assert media in BOXED or media == "audio/mpeg"
        return
    if media in BOXED:
        assert all(one.start + one.length <= other.start for one, other in pairwise(spans))
    assert all(0 <= span.header <= span.length and span.start + span.length <= len(content) for span in spans)
