"""`tinbao backup`, `restore`, `purge`, `erase`, `keys rotate`, `report breach` as an operator types them."""

from base64 import b64encode
from functools import partial

import pytest
from sqlalchemy import select

from gateway.cli import backup, keeping, keys, report
from gateway.domain.permission import Role
from gateway.keys import recovery_key
from gateway.services.keeping import breaches
from gateway.services.keeping.breaches import NewBreach
from gateway.services.refusal import Refusal
from gateway.storage import person_requests
from gateway.storage.schema import tip
from gateway.storage.seal import WrongKey
from tests.cli.deployed import folder, within
from tests.cli.door import run
from tests.conftest import TEST_KEY
from tests.services.people import ALICE, NOW
from tests.services.staff import make_user
from tests.services.tip_rows import make_tip

__all__ = ["folder"]


def test_there_and_back_with_the_key_from_paper(folder, tmp_path, monkeypatch):
    """Backup, drill, restore: each says what it did, and the key is asked for, never an argument."""
    within(folder, partial(make_tip, text="mo ben suoi"))
    made = run(backup.add_commands, folder, "backup", "--to", tmp_path / "b", "--keep", "2", json=True).json
    assert made["rows"] > 3
    said = run(backup.add_commands, folder, "backup", "drill", tmp_path / "b").stdout
    assert "key right" in said
    assert "rows of the audit log fit" in said
    monkeypatch.delenv("TINBAO_KEY")
    words = ("restore", made["backup"], "--to", tmp_path / "new")
    with pytest.raises(WrongKey, match="another key"):
        run(backup.add_commands, folder, *words, stdin=recovery_key(bytes(32)))
    done = run(backup.add_commands, folder, *words, stdin=recovery_key(TEST_KEY))
    monkeypatch.setenv("TINBAO_KEY", b64encode(TEST_KEY).decode())
    assert "all as written" in done.stdout
    assert "keys restore" in done.stdout
    assert within(tmp_path / "new", _texts) == ["mo ben suoi"]


async def _texts(database):
    async with database.read() as connection:
        return list(await connection.scalars(select(tip.c.text)))


def test_where_to_is_asked_for(folder, tmp_path):
    assert run(backup.add_commands, folder, "backup").exit_code == 2
    words = ("restore", tmp_path / "x", "--to", tmp_path / "y", "--database", "mysql://x")
    assert run(backup.add_commands, folder, *words).exit_code == 2


def test_a_tip_is_erased_after_a_dry_run(folder):
    within(folder, partial(make_tip, text="mo ben suoi", code="7K3M9P", sender=ALICE))
    dry = run(keeping.add_commands, folder, "erase", "--tip", "7K3M9P", "--dry-run").stdout
    assert "tip.text: 1 would be taken out" in dry
    assert within(folder, _texts) == ["mo ben suoi"]
    done = run(keeping.add_commands, folder, "erase", "--tip", "7K3M9P").stdout
    assert "tip.text: 1 taken out" in done
    assert "first key" in done
    assert ALICE not in done
    assert within(folder, _texts) == ["đã xóa"]
    with pytest.raises(Refusal, match="no tip"):
        run(keeping.add_commands, folder, "erase", "--tip", "000000")
    assert run(keeping.add_commands, folder, "erase").exit_code == 2


def test_purge_says_what_would_go(folder):
    said = run(keeping.add_commands, folder, "purge", "--dry-run").stdout
    assert "tip: nothing yet" in said
    assert "dialogue: 0 rows" in said
    assert "nothing has outlived its term" in run(keeping.add_commands, folder, "purge").stdout


def test_a_fresh_data_key(folder):
    assert "data key 2" in run(keys.add_commands, folder, "keys", "rotate").stdout


def test_the_notice_of_a_breach(folder, tmp_path):
    with pytest.raises(Refusal, match="No such breach"):
        run(report.add_commands, folder, "report", "breach", "--pdf", tmp_path / "x.pdf")

    async def written(database):
        user = await make_user(database, "Nông Thị Thử", Role.CUSTODIAN)
        new = NewBreach("06577", NOW - 3_600_000, None, ("numbers",), 0, "Mất máy.", "Đã khóa.")
        await breaches.write_down(database, user.actor, new, NOW)

    within(folder, written)
    run(report.add_commands, folder, "report", "breach", "--pdf", tmp_path / "x.pdf", "--docx", tmp_path / "x.docx")
    assert (tmp_path / "x.pdf").read_bytes()[:5] == b"%PDF-"
    assert (tmp_path / "x.docx").read_bytes()[:2] == b"PK"


def test_the_person_of_a_request_is_erased(folder):
    """By the request's number alone: nobody types the telephone number again."""
    within(folder, partial(make_tip, text="mo ben suoi", sender=ALICE))

    async def asked(database):
        row = {"commune": "06577", "kind": "delete", "channel": "phone", "msisdn": ALICE, "state": "new", "received_at": NOW,
               "answer_by": NOW, "done_by": NOW, "user": 1, "bidx": database.keyring.blind(ALICE, "msisdn")}  # fmt: skip
        return await database.write(lambda connection: person_requests.add(connection, row))

    id_ = within(folder, asked)
    done = run(keeping.add_commands, folder, "erase", "--request", str(id_))
    assert "tip.text: 1 taken out" in done.stdout
    assert ALICE not in done.stdout
    with pytest.raises(Refusal, match="names no number"):
        run(keeping.add_commands, folder, "erase", "--request", "99")
