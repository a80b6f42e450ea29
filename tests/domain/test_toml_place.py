"""Keys and their lines."""

import tomllib

import pytest

from gateway.domain.toml_place import TomlPlaces, error_line, error_text

TEXT = '''\
# a comment = 1
a = 1
"b c".d = 2
[t]
e = """
f = no key
"""
g = 3
[[r]]
name = "x"
account = { u = 1, p = 2 }
[r.pace]
limit = 1
[[r]]
name = "y"
[r.pace]
limit = 2
[[r.deep]]
z = 1
[[r.deep]]
z = 2
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 2),
        (("b c", "d"), 3),
        (("t", "e"), 5),
        (("t", "g"), 8),
        (("r", 0, "name"), 10),
        (("r", 0, "account", "p"), 11),  # inline: the line of its table
        (("r", 0, "pace", "limit"), 13),
        (("r", 1, "name"), 15),
        (("r", 1, "pace", "limit"), 17),
        (("r", 1, "deep", 1, "z"), 21),
        (("r", 1, "missing"), 14),
        (("t", "f"), 4),  # inside a text it is no key
        (("nowhere",), None),
    ],
)
def test_line(path, line):
    tomllib.loads(TEXT)
    assert TomlPlaces(TEXT).line(path) == line


def test_the_line_of_a_syntax_error():
    with pytest.raises(tomllib.TOMLDecodeError) as why:
        tomllib.loads("a = 1\nb = \n")
    assert error_line(str(why.value)) == 2
    assert "line" not in error_text(str(why.value))
