"""Files as they come: a plain form's, or in pieces that go on; what lies about itself is told and costs no word of the story."""

import io
import zipfile
from collections.abc import AsyncIterator

import aiohttp
import pytest
from PIL import Image

from gateway.storage.schema import attachment, tip, tip_event
from tests.services.people import rows
from tests.services.test_intake import locked

MB = 1_000_000


def picture(width: int = 320, height: int = 240, **more) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(out, more.pop("format", "JPEG"), **more)
    return out.getvalue()


def with_position() -> bytes:
    """A photo whose EXIF holds a home's exact position."""
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (21.0, 40.0, 48.5), 3: "E", 4: (106.0, 49.0, 26.4)})
    return picture(exif=exif)


def huge() -> bytes:
    """200 megapixels in some kilobytes."""
    out = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(out, "PNG")
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * 50 * MB)
    return out.getvalue()


def form(*files: tuple[str, bytes], media: str = "image/jpeg", **fields: str) -> aiohttp.FormData:
    data = aiohttp.FormData()
    for name, value in fields.items():
        data.add_field(name, value)
    for name, content in files:
        data.add_field("photo", io.BytesIO(content), filename=name, content_type=media)
    return data


async def kept(door) -> list[tuple[str, str]]:
    return [(row.media, row.state) for row in await rows(door.database, attachment)]


async def test_photos_of_a_plain_form_are_kept_with_their_tip(door) -> None:
    base = await door.told()
    status, place = await door.send(f"{base}/4", form(("a.jpg", picture()), ("b.jpg", picture(200, 200))))
    assert (status, "/5?s=anh" in place, await kept(door)) == (303, True, [("image/jpeg", "kept")] * 2)
    _, page = await door.get(place)
    assert "Đã lưu ảnh" in page


async def test_the_same_photo_twice_is_one(door) -> None:
    base, same = await door.told(), picture()
    await door.send(f"{base}/4", form(("a.jpg", same), ("b.jpg", same)))
    await door.send(f"{base}/4", form(("a.jpg", same)))
    assert await kept(door) == [("image/jpeg", "kept")]


async def test_a_form_without_photos_goes_on(door) -> None:
    base = await door.told()
    for data in (form(("", b""), media="application/octet-stream"), aiohttp.FormData({"x": "y"}), b""):
        status, place = await door.send(f"{base}/4", data)
        assert (status, "/5" in place) == (303, True)
    assert await kept(door) == []


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00" + b"x" * 5_000, b"<html><script>alert(1)</script>" * 90, bomb(),
                                     b"%PDF-1.7 " + b"x" * 5_000],
                         ids=["empty", "program", "page", "zip bomb", "pdf"])  # fmt: skip
async def test_what_only_says_that_it_is_a_photo_is_refused_and_the_story_stays(door, content) -> None:
    base = await door.told()
    status, page = await door.post(f"{base}/4", form(("a.jpg", content)))
    assert (status, "không phải ảnh" in page) == ((422, True) if content else (200, False))
    assert await kept(door) == []
    assert len(await rows(door.database, tip)) == 1


async def test_a_photo_of_200_megapixels_is_set_aside_unopened(door) -> None:
    base = await door.told()
    status, _ = await door.send(f"{base}/4", form(("a.png", huge()), media="image/png"))
    assert (status, await kept(door)) == (303, [("image/png", "quarantined")])


async def test_the_position_in_a_photo_stays_with_the_desk(door) -> None:
    base = await door.told()
    await door.send(f"{base}/4", form(("a.jpg", with_position())))
    (row,) = await rows(door.database, attachment)
    assert '"latitude": 21.68' in row.meta
    media, pieces = await door.attachments.shown((await door.attachments.of_tip(row.tip))[0])
    shown = b"".join([piece async for piece in pieces])
    assert (media, b"Exif" in shown) == ("image/jpeg", False)


async def test_a_photo_of_more_than_ten_megabytes_is_told_with_its_weight(door) -> None:
    base = await door.told()
    status, page = await door.post(f"{base}/4", form(("a.jpg", picture() + b"\0" * 13 * MB), ("b.jpg", picture())))
    assert (status, "nặng 14 MB, quá 10 MB" in page, await kept(door)) == (422, True, [("image/jpeg", "kept")])


async def test_the_sixth_photo_is_told(door) -> None:
    base = await door.told()
    status, page = await door.post(f"{base}/4", form(*((f"{n}.jpg", picture(40 + n, 40)) for n in range(7))))
    assert (status, "Nhiều nhất 5 ảnh" in page, len(await kept(door))) == (422, True, 5)


async def test_a_body_that_breaks_off_leaves_nothing_half(door) -> None:
    base = await door.told()
    head = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    await door.post(f"{base}/4", head + picture(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert all(state != "partial" for _, state in await kept(door))


async def test_a_body_without_end_is_cut(door) -> None:
    base = await door.told()

    async def endless() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n' + picture()
        for _ in range(100):
            yield b"\0" * MB

    try:
        status, _ = await door.post(f"{base}/4", endless(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    except OSError:
        status = 413
    assert (status, await kept(door)) == (413, [])


async def test_a_locked_database_keeps_the_page_and_asks_to_wait(door, database_url, engine_name) -> None:
    if engine_name != "sqlite":
        pytest.skip("PostgreSQL locks rows, not the file")
    base = await door.told()
    with locked(database_url):
        status, page = await door.post(f"{base}/4", form(("a.jpg", picture())))
    assert (status, "Xin chờ 20 giây" in page) == (503, True)


# --- in pieces ---


async def ask(door, method: str, path: str, body: bytes | None = None, media: str = "image/jpeg") -> tuple[int, dict]:
    async with door.session.request(method, door.url + path, data=body, headers={"Content-Type": media}) as answer:
        return answer.status, await answer.json()


async def test_an_upload_goes_on_where_it_was_cut(door) -> None:
    base, content = await door.told(), picture(500, 400)
    status, begun = await ask(door, "POST", f"{base}/tep?cua={len(content)}")
    upload = f"{base}/tep/{begun['ten']}"
    assert (status, len(content) > 70_000) == (201, True)
    assert await ask(door, "POST", f"{upload}?tu=0", content[:32_768]) == (200, {"tu": 32_768})
    assert await ask(door, "POST", f"{upload}?tu=0", content[:32_768]) in ((409, {"tu": 32_768}), (200, {"tu": 32_768}))
    await door.restart()
    assert await ask(door, "GET", upload) == (200, {"tu": 32_768})
    assert await ask(door, "POST", f"{upload}?tu=65536", content[65_536:]) == (409, {"tu": 32_768})
    status, _ = await ask(door, "POST", f"{upload}?tu=32768&het=1", content[32_768:])
    assert (status, await kept(door)) == (200, [("image/jpeg", "kept")])
    (row,) = await rows(door.database, attachment)
    whole = b"".join([piece async for piece in door.attachments.content((await door.attachments.of_tip(row.tip))[0])])
    assert whole == content


async def test_a_lie_is_refused_with_its_first_piece(door) -> None:
    base = await door.told()
    _, begun = await ask(door, "POST", f"{base}/tep?cua=9000")
    status, said = await ask(door, "POST", f"{base}/tep/{begun['ten']}?tu=0", b"MZ" + b"x" * 9_000)
    assert (status, said["why"], await kept(door)) == (422, "no photo, audio or video", [])
    assert "attachment refused" in [row.kind for row in await rows(door.database, tip_event)]


@pytest.mark.parametrize(("path", "status"), [
    ("/t/x/tep?cua=5", 410), ("{base}/tep?cua=999999999999", 201), ("{base}/tep?cua=900000000", 422), ("{base}/tep/nobody?tu=0", 422),
    ("{base}/tep/nobody?tu=x", 400), ("{base}/tep/nobody", 400)])  # fmt: skip
async def test_uploads_that_cannot_be_are_answered(door, path, status) -> None:
    base = await door.told()
    assert (await ask(door, "POST", path.format(base=base), b"x" * 100))[0] == status


async def test_a_piece_is_small(door) -> None:
    base = await door.told()
    _, begun = await ask(door, "POST", f"{base}/tep?cua=900000")
    assert (await ask(door, "POST", f"{base}/tep/{begun['ten']}?tu=0", b"x" * 300_000))[0] == 400
