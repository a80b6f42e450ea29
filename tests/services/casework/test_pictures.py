"""Pictures of a case: kept whole and sealed, shown bare; what is no picture is refused."""

import io
from pathlib import Path

import pytest
from PIL import Image

from gateway.domain.permission import Elsewhere, Forbidden, Role
from gateway.services.casework import cases, pictures
from gateway.services.refusal import Refusal
from gateway.storage.database import Database
from gateway.storage.sealed_files import SealedFiles
from tests.services.casework.people import THERE, officer, opened, verifier
from tests.services.media_files import bomb, jpeg, mp3
from tests.services.people import NOW


@pytest.fixture
def files(database: Database, tmp_path: Path) -> SealedFiles:
    return SealedFiles(tmp_path / "attachments", database.keyring)


async def test_a_picture_is_kept_whole_and_shown_bare(database: Database, files: SealedFiles, tmp_path: Path) -> None:
    """The place it was taken at stays in the sealed file, and leaves with no page."""
    actor = await verifier(database)
    case = await opened(database, actor)
    content = jpeg()
    assert await pictures.add_pictures(database, files, actor, case, 1, [content, content], NOW) == 1  # the same one twice
    shown = await cases.show_case(database, actor, case)
    (kept,) = shown.pictures
    with files.open(bytes.fromhex(kept.digest)) as whole:
        assert whole.read() == content
    bare = (await pictures.show_picture(database, files, actor, case, kept.id)).body
    assert not Image.open(io.BytesIO(bare)).getexif()
    assert shown.history[-1].kind == "picture added"
    for path in tmp_path.rglob("*"):
        if path.is_file() and "attachments" in path.parts:
            assert content[20:60] not in path.read_bytes()


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", mp3(), bomb(), jpeg()[:200]])
async def test_what_is_no_whole_picture_is_refused(database: Database, files: SealedFiles, content: bytes) -> None:
    """By its bytes, and nothing of it stays behind."""
    actor = await verifier(database)
    case = await opened(database, actor)
    with pytest.raises(Refusal):
        await pictures.add_pictures(database, files, actor, case, 1, [jpeg(), content], NOW)
    assert (await cases.show_case(database, actor, case)).pictures == ()


async def test_pictures_are_of_ones_own_commune_and_role(database: Database, files: SealedFiles) -> None:
    actor, stranger = await verifier(database), await verifier(database, "Người xã khác", THERE)
    reader = await officer(database, "Đàm Thị Lệ", Role.READER)
    case, other = await opened(database, actor), await opened(database, actor)
    await pictures.add_pictures(database, files, actor, case, 1, [jpeg()], NOW)
    (kept,) = (await cases.show_case(database, actor, case)).pictures
    assert (await pictures.show_picture(database, files, reader, case, kept.id)).body
    for ask in (
        pictures.show_picture(database, files, stranger, case, kept.id),
        pictures.show_picture(database, files, actor, other, kept.id),  # of another case
        pictures.add_pictures(database, files, stranger, case, 2, [jpeg()], NOW),
    ):
        with pytest.raises(Elsewhere):
            await ask
    with pytest.raises(Forbidden):
        await pictures.add_pictures(database, files, reader, case, 2, [jpeg()], NOW)
    with pytest.raises(Refusal, match="vừa làm trước"):
        await pictures.add_pictures(database, files, actor, case, 1, [jpeg((65, 48))], NOW)
