"""The table of contents: a start builds the one command that is named, and that is the same as in the whole."""

import pytest
import typer

from gateway.cli import _first_word, command


def shown(named: str | None, words: list[str]) -> str:
    """What `words --help` prints, with all commands there or only what `named` needs."""
    from typer.testing import CliRunner

    return CliRunner().invoke(command(named), [*words, "--help"], prog_name="tinbao").output


def names() -> list[str]:
    return sorted(typer.main.get_command(command()).commands)  # type: ignore[attr-defined] # click's group


@pytest.mark.parametrize("name", names())
def test_a_command_built_alone_is_the_same(name: str) -> None:
    """Its help, letter for letter."""
    assert shown(name, [name]) == shown(None, [name])
    assert name in shown(name, [name])


def test_an_unknown_word_and_none_build_them_all() -> None:
    """So the help lists them, and a slip is told what it resembles."""
    assert shown("sned", []) == shown(None, [])
    assert all(name in shown(None, []) for name in names())


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["send", "--to", "x"], "send"),
        (["--json", "wave", "plan"], "wave"),
        (["--config", "send", "check"], "check"),
        (["--config=send", "--json", "check"], "check"),
        (["--help"], None),
        (["--config"], None),
        ([], None),
    ],
)
def test_the_first_word(arguments: list[str], word: str | None) -> None:
    """Neither a global option nor what it is given."""
    assert _first_word(arguments) == word
