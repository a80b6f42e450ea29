"""`tinbao tips hand-over` and `tinbao keys receiver`: what a sender takes out and a receiver opens."""

import asyncio
import io
import secrets
import zipfile
from pathlib import Path

import pytest

from gateway.cli import keys, tips
from gateway.cli.context import Door, opened
from gateway.cli.init import make_deployment
from gateway.deployment import shipped_deployment
from gateway.domain.hand_over import Format, Part, Receiver, Way
from gateway.domain.permission import Role
from gateway.sending import now_ms
from gateway.services.attachments import Attachments, folder_beside
from gateway.services.hand_over import packages
from gateway.services.hand_over.container import seal
from gateway.services.refusal import Refusal
from gateway.storage.schema import tip
from tests.cli.door import run
from tests.services.people import rows
from tests.services.staff import WORDS, make_user
from tests.services.tip_rows import make_tip

WHO = "Hoàng Văn Thí Dụ"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TINBAO_KEY", raising=False)
    make_deployment(shipped_deployment(), tmp_path / "xa")
    return tmp_path / "xa"


@pytest.fixture
def receiver(folder: Path, tmp_path: Path) -> tuple[Path, str]:
    """A receiver's key file, and its public key."""
    made = run(keys.add_commands, folder, "keys", "receiver", "new", str(tmp_path / "to.key"))
    return tmp_path / "to.key", made.stdout.strip()


@pytest.fixture
def sent(folder: Path, receiver: tuple[Path, str]) -> str:
    """A package that was decided: the code on its slip."""

    async def go() -> None:
        async with opened(Door(folder, json=False)) as it:
            one = await make_user(it.database, WHO, Role.VERIFIER)
            two = await make_user(it.database, "Đàm Văn Giả Định", Role.CUSTODIAN)
            await make_tip(it.database)
            code = (await rows(it.database, tip))[0].code
            to = Receiver("to", "Tổ Truyền thông", Way.SEALED, Format.JSON, 2, receiver[1])
            choice = packages.Choice(to, to.way, to.format, (code,), frozenset(Part))
            files = Attachments(it.database, folder_beside(it.settings.spool_dir))
            id_ = await packages.prepare(it.database, it.deployment, files, one.actor, choice, "7K3M9N", now_ms())
            row, content = await packages.content_to_decide(it.database, two.actor, id_)
            data = packages.leaving(content, row.way, row.format, receiver[1], lambda *_: b"", secrets.token_bytes)
            await packages.release(it.database, two.actor, row, row.content_sha256, data, now_ms())

    asyncio.run(go())
    return "7K3M9N"


def test_a_receiver_makes_a_key_once(folder, receiver, tmp_path):
    """For its owner alone, and never over another one."""
    file, public = receiver
    assert len(public) == 44
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_text()
    again = run(keys.add_commands, folder, "keys", "receiver", "new", str(file))
    assert (again.exit_code, file.read_text()) == (1, before)
    assert "there already" in again.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["to.key", "xa"]


def test_from_the_sender_to_the_opened_package(folder, receiver, sent, tmp_path):
    """Listed, taken out as the same bytes twice, opened by the key file, receipted, answered."""
    listed = run(tips.add_commands, folder, "tips", "hand-over", "list", "--as", WHO, stdin=WORDS)
    assert listed.stdout.startswith("CG-")
    number = listed.stdout.partition("/")[0]
    for name in ("a", "b"):
        taken = run(tips.add_commands, folder, "tips", "hand-over", "take", number, "--as", WHO, "--out", str(tmp_path / name), stdin=WORDS)
        assert taken.exit_code == 0, taken.stderr
    one, two = (next((tmp_path / name).iterdir()) for name in ("a", "b"))
    assert one.read_bytes() == two.read_bytes()
    opened_ = run(
        tips.add_commands, folder, "tips", "hand-over", "open", str(one), "--key", str(receiver[0]), "--out", str(tmp_path / "in")
    )
    assert opened_.exit_code == 0, opened_.stderr
    assert "mo bo doi" in (tmp_path / "in" / "package.json").read_text()
    slip = ("tips", "hand-over", "receipt", sent, "--on", "2026-01-02", "--by", "Lê Văn Ví Dụ", "--as", WHO)
    assert run(tips.add_commands, folder, *slip, stdin=WORDS).exit_code == 0
    answers = tmp_path / "answers.csv"
    answers.write_text("code,status,words\nZZZZZZ,done,\n")
    with pytest.raises(Refusal, match="Dòng 2"):
        run(tips.add_commands, folder, "tips", "hand-over", "answers", number, str(answers), "--as", WHO, stdin=WORDS)


def test_a_wrong_passphrase_shows_nothing(folder, sent):
    with pytest.raises(Refusal):
        run(tips.add_commands, folder, "tips", "hand-over", "list", "--as", WHO, stdin="khong phai")


@pytest.mark.parametrize("name", ["../out.txt", "/etc/x", "dinh-kem/../../x.txt", ".hidden.txt", "a\\b.txt"])
def test_a_package_writes_only_into_its_folder(folder, receiver, tmp_path, name):
    """What a stranger sealed to the key may hold any name; none leads out."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, b"x")
    (tmp_path / "evil.tbho").write_bytes(seal(out.getvalue(), receiver[1], secrets.token_bytes))
    arguments = ("tips", "hand-over", "open", str(tmp_path / "evil.tbho"), "--key", str(receiver[0]), "--out", str(tmp_path / "in"))
    assert run(tips.add_commands, folder, *arguments).exit_code == 1
    assert not (tmp_path / "in").exists()


def test_two_people_at_the_terminal(folder, tmp_path):
    """Prepared by one, decided by another, taken out on paper; who prepared it does not decide, and nothing leaves before."""

    async def go() -> str:
        async with opened(Door(folder, json=False)) as it:
            await make_user(it.database, WHO, Role.VERIFIER, Role.CUSTODIAN)
            await make_user(it.database, "Đàm Văn Giả Định", Role.CUSTODIAN)
            await make_tip(it.database)
            return (await rows(it.database, tip))[0].code

    code = asyncio.run(go())
    one, two = ("--as", WHO), ("--as", "Đàm Văn Giả Định")

    def hand_over(*more):
        return run(tips.add_commands, folder, "tips", "hand-over", *more, stdin=WORDS)

    assert hand_over("prepare", code, "--to", "nobody", *one).exit_code == 2
    with pytest.raises(Refusal, match="khóa công khai"):
        hand_over("prepare", code, "--to", "thuong-truc", "--way", "sealed", *one)
    said = hand_over("prepare", code, "--to", "thuong-truc", *one)
    number = said.stdout.partition("/")[0]
    assert number.startswith("CG-")
    for words in (("decide", number, *one), ("take", number, *one, "--out", str(tmp_path))):
        with pytest.raises(Refusal):
            hand_over(*words)
    assert hand_over("decide", number, *two).exit_code == 0
    assert hand_over("take", number, *one, "--out", str(tmp_path)).exit_code == 0
    assert next(tmp_path.glob("CG-*.pdf")).read_bytes().startswith(b"%PDF")
