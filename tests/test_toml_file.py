"""A TOML as checked values: what is wrong is a fault with its line, what is right is kept."""

from pathlib import Path

import pytest
from pydantic import Field

from gateway.domain.fault import Fault
from gateway.toml_file import Frozen, read_toml, validated


class Inner(Frozen):
    size: int = Field(default=1, ge=0)


class Outer(Frozen):
    name: str
    inner: Inner = Inner()
    parts: tuple[Inner, ...] = ()


def load(folder: Path, text: str | bytes) -> tuple[Outer | None, list[Fault]]:
    (folder / "a.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    toml, faults = read_toml(folder / "a.toml"), list[Fault]()
    if toml.fault is not None:
        return None, [toml.fault]
    return validated(Outer, toml, toml.values, faults), faults


def test_unknown_keys_cost_only_themselves(tmp_path):
    outer, faults = load(tmp_path, 'name = "x"\nnmae = 1\n[inner]\nsiez = 2\nsize = 3\n[[parts]]\nsize = 4\ncolour = 1\n')
    assert outer == Outer(name="x", inner=Inner(size=3), parts=(Inner(size=4),))
    assert [(fault.line, fault.field, fault.remedy) for fault in faults] == [
        (4, "inner.siez", "Did you mean “size”? Otherwise take it out"),
        (8, "parts.1.colour", "Take it out, or correct its spelling"),
        (2, "nmae", "Did you mean “name”? Otherwise take it out"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "field", "words"),
    [
        ("[inner]\nsize = 1\n", None, "name", "missing"),
        ('name = "x"\n[inner]\nsize = -1\n', 3, "inner.size", "The value should be greater than or equal to 0"),
        ("name = 7\n", 1, "name", "The value should be a valid string"),
        ('name = "x"\nname = "y"\n', 2, "", "no TOML"),
        ('name = "x\n', 1, "", "no TOML"),
        ('name = "x"\n\nparts = [\n\n', 3, "", "no TOML"),
        (b'name = "x"\n# Na\xcc L\xd2i\n', 2, "", "not UTF-8"),
    ],
)
def test_a_fault_names_its_line(tmp_path, text, line, field, words):
    outer, (fault,) = load(tmp_path, text)
    assert outer is None
    assert (fault.file, fault.line, fault.field) == ("a.toml", line, field)
    assert words in fault.text
    assert fault.remedy


@pytest.mark.parametrize("text", [b'\xef\xbb\xbfname = "x"\n', b'name = "x"\r\n[inner]\r\nsize = 1\r\n'])
def test_what_windows_editors_write(tmp_path, text):
    assert load(tmp_path, text) == (Outer(name="x"), [])


def test_a_missing_file(tmp_path):
    fault = read_toml(tmp_path / "b.toml").fault
    assert fault is not None
    assert (fault.file, fault.text) == ("b.toml", "The file is missing")
