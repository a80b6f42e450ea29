"""How a refused command must look: one sentence, no traceback, nothing on stdout."""

from subprocess import CompletedProcess


def refusal(done: "CompletedProcess[str]", code: int) -> str:
    """The one sentence that a refused command says."""
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    return sentence
