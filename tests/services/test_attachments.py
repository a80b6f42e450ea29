"""Photos and recordings: what the bytes are decides; sealed whole, shown bare; bounded memory, and uploads that go on."""

import asyncio
import io
import json
import time
import tracemalloc
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from gateway.domain.media import TAKEN, sniff
from gateway.services.attachments import MB, MOST, MOST_OF_A_TIP, UPLOAD_LIFE_MS, Attachments, NotShown, OutOfOrder, Refused, Why
from gateway.storage.schema import attachment, tip_event
from gateway.storage.seal import Unsealable
from tests.services.media_files import CAMERA, HOME, KINDS, LIES, bomb, jpeg, mp4, png
from tests.services.people import NOW, rows
from tests.services.tip_rows import make_tip


@pytest.fixture
def store(database, tmp_path) -> Attachments:
    return Attachments(database, tmp_path / "attachments")


async def _all(content: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in content])


async def _shown(store, kept) -> bytes:
    return await _all((await store.shown(kept))[1])


def _held(tmp_path) -> bytes:
    return b"".join(path.read_bytes() for path in (tmp_path / "attachments").rglob("*") if path.is_file())


@pytest.mark.parametrize("media", sorted(KINDS))
async def test_what_people_send_is_kept_whole_and_sealed(database, store, tmp_path, media) -> None:
    content = KINDS[media]
    kept = await store.keep(await make_tip(database), content, media, NOW)
    assert (kept.media, kept.bytes, kept.created_at) == (media, len(content), NOW)
    assert await _all(store.content(kept)) == content
    assert await store.of_tip(kept.tip) == [kept]
    assert content[:16] not in _held(tmp_path)
    assert CAMERA.encode() not in _held(tmp_path)
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "attachments").rglob("*.sealed")] == [0o600]
    assert (tmp_path / "attachments").stat().st_mode & 0o777 == 0o700


def test_every_type_has_a_case() -> None:
    assert set(KINDS) | {"image/gif", "image/webp"} == TAKEN


@pytest.mark.parametrize("lie", sorted(LIES))
@pytest.mark.parametrize("declared", ["image/jpeg", "video/mp4\r\nX: 1", ""])
async def test_what_is_no_photo_or_recording_is_refused_and_noted(database, store, tmp_path, lie, declared) -> None:
    """Whatever it calls itself; nothing of it stays."""
    tip = await make_tip(database)
    with pytest.raises(Refused) as refused:
        await store.keep(tip, LIES[lie], declared, NOW)
    assert refused.value.why is Why.NO_MEDIA
    assert (await rows(database, attachment), _held(tmp_path)) == ([], b"")
    event = (await rows(database, tip_event))[-1]
    assert (event.kind, json.loads(event.note)["attachment"]) == ("attachment refused", "no photo, audio or video")
    assert "\r" not in event.note


async def test_a_wrong_declaration_of_a_true_photo_is_no_crime(database, store) -> None:
    """Phones call everything application/octet-stream."""
    kept = await store.keep(await make_tip(database), jpeg(), "application/octet-stream", NOW)
    assert (kept.media, json.loads(kept.meta or "")["declared"]) == ("image/jpeg", "application/octet-stream")


# --- pictures ---


async def test_the_desk_has_the_position_and_who_looks_has_not(database, store) -> None:
    kept = await store.keep(await make_tip(database), jpeg((640, 480), orientation=6), "image/jpeg", NOW)
    meta = json.loads(kept.meta or "")
    assert (round(meta["latitude"], 4), round(meta["longitude"], 4)) == (round(HOME[0], 4), round(HOME[1], 4))
    assert (meta["taken_at"], meta["camera"], meta["width"], meta["height"]) == ("2026-11-18T18:06:40", CAMERA, 640, 480)
    shown = await _shown(store, kept)
    with Image.open(io.BytesIO(shown)) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (480, 640), {})  # upright
    assert CAMERA.encode() not in shown
    assert b"Exif" not in shown


async def test_a_large_photo_is_shown_small(database, store) -> None:
    kept = await store.keep(await make_tip(database), jpeg((5000, 3000)), "image/jpeg", NOW)
    with Image.open(io.BytesIO(await _shown(store, kept))) as image:
        assert max(image.size) == 2048


@pytest.mark.parametrize("content", [
    bomb(), png(20_000, 10_000), png(1, 200_000_000), png(0, 10), png(9_000, 9_000), KINDS["image/heic"], jpeg()[:200],
    b"\xff\xd8\xff\xe0" + bytes(200), b"GIF89a" + bytes(100), jpeg((5000, 4000), progressive=True, gps=False), mp4()[:-20], mp4()[:60],
], ids=["bomb", "200 Mpx", "1 px wide", "no height", "81 Mpx", "HEIC", "cut", "no picture", "no frame", "progressive",
        "cut film", "cut boxes"])  # fmt: skip
async def test_what_can_t_be_opened_safely_is_quarantined_not_lost(database, store, content) -> None:
    """By its header alone: 200 megapixels would be 600 MB."""
    tracemalloc.start()
    kept = await store.keep(await make_tip(database), content, "image/png", NOW)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert kept.state == "quarantined"
    assert peak < 12 * MB
    assert await _all(store.content(kept)) == content
    with pytest.raises(NotShown, match="quarantined"):
        await store.shown(kept)


async def test_a_whole_header_with_broken_pixels_is_not_shown(database, store) -> None:
    kept = await store.keep(await make_tip(database), png(300, 300, b"\x00" * 40), "image/png", NOW)
    with pytest.raises(NotShown, match="damaged"):
        await store.shown(kept)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
async def test_no_bytes_make_it_fail(database, store, data) -> None:
    """True beginnings with anything behind them: kept, quarantined or refused."""
    start = data.draw(st.sampled_from([content[:40] for content in (*KINDS.values(), *LIES.values())]))
    content = start + data.draw(st.binary(max_size=400))
    tip = await make_tip(database)
    try:
        kept = await store.keep(tip, content, "image/jpeg", NOW)
    except Refused:
        return
    assert await _all(store.content(kept)) == content
    try:
        shown = await _shown(store, kept)
        assert len(shown) == len(content) or kept.media.startswith("image/")
    except NotShown:
        pass


@given(st.binary(max_size=80))
def test_sniffing_takes_anything(head) -> None:
    found = sniff(head)
    assert found is None or found.name in TAKEN


# --- recordings ---


@pytest.mark.parametrize("media", ["video/mp4", "video/quicktime", "audio/mp4", "video/3gpp", "audio/mpeg", "audio/wav"])
async def test_a_recording_is_shown_without_its_tags(database, store, media) -> None:
    """Same length, so that every frame is found; the place is noted for the desk."""
    content = KINDS[media]
    kept = await store.keep(await make_tip(database), content, media, NOW)
    shown = await _shown(store, kept)
    assert len(shown) == len(content)
    for told in (b"Vi Du", b"21.6385", b"106.8378"):
        assert told not in shown
    assert b"sound" * 8 in shown or b"frame" * 300 in shown
    if "mp4" in media:
        assert (b"kept-1" in shown, b"kept-2" in shown, shown.count(b"free")) == (True, True, 3)
        assert json.loads(kept.meta or "") == {"latitude": 21.6385, "longitude": 106.8378}


async def test_boxes_of_64_bits_and_spans_over_pieces_are_blanked_too(database, store) -> None:
    content = mp4(long=True, frames=100_000)
    late = content[: content.index(b"moov") - 4]
    rest = content[len(late) :]
    moov, mdat = rest[: rest.index(b"mdat") - 4], rest[rest.index(b"mdat") - 4 :]
    streamed = late + mdat + moov  # phones write the index last, here across the border of two pieces
    kept = await store.keep(await make_tip(database), streamed, "video/mp4", NOW)
    shown = await _shown(store, kept)
    assert (kept.state, len(shown), b"21.6385" in shown) == ("kept", len(streamed), False)
    assert shown[: shown.index(b"frame")] == streamed[: streamed.index(b"frame")]


# --- uploads in pieces ---


async def test_an_upload_goes_on_after_a_restart(database, store, tmp_path) -> None:
    """Of the browser and of the server: another process finds the place."""
    content, tip = mp4(frames=500_000), await make_tip(database)
    upload = await store.begin(tip, "video/mp4", len(content), NOW)
    await store.append(upload, 0, content[:MB], NOW)
    again = Attachments(database, tmp_path / "attachments")
    assert await again.offset(upload) == MB
    assert await again.of_tip(tip) == []
    assert await again.append(upload, 0, content[:MB], NOW) == MB  # its answer was lost
    with pytest.raises(OutOfOrder) as where:
        await again.append(upload, 5, content[5:100], NOW)
    with pytest.raises(OutOfOrder):
        await again.append(upload, 900 * MB, content[:100], NOW)
    assert where.value.offset == MB
    await again.append(upload, MB, content[MB : 2 * MB], NOW)
    await again.append(upload, 2 * MB, content[2 * MB :], NOW)
    kept = await again.finish(upload, NOW)
    assert await _all(again.content(kept)) == content
    with pytest.raises(Refused, match="no such upload"):
        await again.offset(upload)


async def test_a_piece_cut_off_by_a_power_failure_is_sent_again(database, store, tmp_path) -> None:
    content, tip = jpeg((400, 300)), await make_tip(database)
    upload = await store.begin(tip, "image/jpeg", 0, NOW)
    await store.append(upload, 0, content[:500], NOW)
    (part,) = (tmp_path / "attachments").rglob("*.part")
    for torn in (b"\x00\x00", b"\x00\x00\x02\x00" + b"half", bytes(64)):
        with part.open("ab") as file:
            file.write(torn)
        assert await store.offset(upload) == 500
    await store.append(upload, 500, content[500:], NOW)
    assert await _all(store.content(await store.finish(upload, NOW))) == content


async def test_two_requests_for_one_piece_write_it_once(database, store) -> None:
    content, tip = jpeg((400, 300)), await make_tip(database)
    upload = await store.begin(tip, "image/jpeg", 0, NOW)
    assert await asyncio.gather(*(store.append(upload, 0, content, NOW) for _ in range(6))) == [len(content)] * 6
    assert (await store.finish(upload, NOW)).bytes == len(content)


async def test_the_same_photo_twice_is_one_and_lies_once_on_disk(database, store, tmp_path) -> None:
    first, second = await make_tip(database), await make_tip(database)
    one = await store.keep(first, jpeg(), "image/jpeg", NOW)
    content = await _all(store.content(one))
    assert await store.keep(first, content, "image/jpeg", NOW + 9) == one
    other = await store.keep(second, content, "image/jpeg", NOW)
    assert (other.digest, other.id != one.id) == (one.digest, True)
    assert len(list((tmp_path / "attachments").rglob("*.sealed"))) == 1
    assert await _all(store.content(other)) == content


async def test_nobody_guesses_an_upload(database, store) -> None:
    for upload in ("", "a", "../../x", "0" * 64):
        with pytest.raises(Refused, match="no such upload"):
            await store.append(upload, 0, jpeg(), NOW)


# --- limits ---


async def _endless() -> AsyncIterator[bytes]:
    yield KINDS["audio/amr"]
    while True:
        yield bytes(100_000)


async def test_an_endless_stream_ends_at_its_limit_with_a_piece_in_memory(database, store, tmp_path) -> None:
    tip = await make_tip(database)
    tracemalloc.start()
    with pytest.raises(Refused, match="too large"):
        await store.keep(tip, _endless(), "audio/amr", NOW)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * MB
    assert _held(tmp_path) == b""


async def test_limits_of_a_tip(database, store) -> None:
    tip = await make_tip(database)
    with pytest.raises(Refused, match="too large"):
        await store.begin(tip, "video/mp4", 2 * max(MOST.values()), NOW)
    for _ in range(MOST_OF_A_TIP):
        await store.begin(tip, "image/jpeg", 0, NOW)
    with pytest.raises(Refused, match="too many"):
        await store.begin(tip, "image/jpeg", 0, NOW)
    await store.begin(await make_tip(database), "image/jpeg", 0, NOW)
    large = await make_tip(database)
    for _ in range(2):
        await store.begin(large, "video/mp4", 100 * MB, NOW)
    with pytest.raises(Refused, match="too large"):
        await store.begin(large, "image/jpeg", 1, NOW)
    with pytest.raises(Refused, match="too large"):  # who announced nothing is counted at the end
        await store.keep(large, jpeg(), "image/jpeg", NOW)
    with pytest.raises(Refused, match="empty"):
        await store.keep(await make_tip(database), b"", "image/jpeg", NOW)


async def test_a_stream_that_breaks_leaves_nothing(database, store, tmp_path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(jpeg((400, 300)))
        raise ConnectionError("the handset is gone")

    with pytest.raises(ConnectionError):
        await store.keep(await make_tip(database), broken(), "image/jpeg", NOW)
    assert (await rows(database, attachment), _held(tmp_path)) == ([], b"")


async def test_what_nobody_goes_on_with_is_swept_away(database, store, tmp_path) -> None:
    """Also what never got its first piece; an upload that grew lately goes on."""
    now = round(time.time() * 1000)
    tip = await make_tip(database)
    for _ in range(2):
        upload = await store.begin(tip, "image/jpeg", 0, now - 2 * UPLOAD_LIFE_MS)
    await store.append(upload, 0, jpeg(), now)
    assert await store.sweep(now) == 1
    assert await store.offset(upload) > 0
    assert await store.sweep(now + UPLOAD_LIFE_MS + 60_000) == 1
    assert (await rows(database, attachment), _held(tmp_path)) == ([], b"")


# --- a stolen or damaged disk ---


async def test_pieces_can_t_be_moved_dropped_or_brought_in(database, store, tmp_path) -> None:
    tip = await make_tip(database)
    content = mp4(frames=500_000)
    kept, other = await store.keep(tip, content, "video/mp4", NOW), await store.keep(tip, jpeg((400, 300)), "image/jpeg", NOW)
    path = next((tmp_path / "attachments").rglob(f"{kept.digest.hex()}.sealed"))
    strange = next((tmp_path / "attachments").rglob(f"{other.digest.hex()}.sealed")).read_bytes()
    whole = path.read_bytes()
    first = 4 + int.from_bytes(whole[:4], "big")
    second = first + 4 + int.from_bytes(whole[first : first + 4], "big")
    swapped = whole[first:second] + whole[:first] + whole[second:]
    for damaged in (swapped, whole[first:], whole[:second], strange, strange + whole, whole[:-9] + b"x" + whole[-8:]):
        path.write_bytes(damaged)
        for way in (store.content(kept), (await store.shown(kept))[1]):
            with pytest.raises(Unsealable):
                await _all(way)
    path.write_bytes(whole)
    assert await _all(store.content(kept)) == content


def test_refusals_say_nothing_of_the_content() -> None:
    assert {str(Refused(why)) for why in Why} == {f"the attachment is not taken: {why.value}" for why in Why}
