"""What a process of ours does first."""

import subprocess
import sys

from tests.harness import ROOT

SIZE = 4_000_000
_WRITER = """
import signal, sys
from gateway.process import write_whole
if sys.argv[1] == "whole":
    write_whole()
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)  # a signal ends a write with what the pipe has taken
sys.stdout.write("x" * int(sys.argv[2]) + "\\n")
sys.stdout.flush()
signal.setitimer(signal.ITIMER_REAL, 0)
"""


def _through_a_slow_pipe(how: str) -> int:
    """Bytes that came of SIZE and an end of line."""
    command = (sys.executable, "-u", "-c", _WRITER, how, str(SIZE))
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        came = 0
        while some := process.stdout.read1(1_024):  # slower than whoever writes
            came += len(some)
        assert process.wait() == 0
    return came


def test_a_long_answer_comes_whole_through_a_pipe_where_python_does_not_buffer() -> None:
    assert _through_a_slow_pipe("whole") == SIZE + 1


def test_errors_and_words_keep_their_order_and_their_encoding() -> None:
    code = "import sys; from gateway.process import write_whole; write_whole(); print('Nà Lải', sys.stdout.encoding); sys.exit('hết')"
    done = subprocess.run((sys.executable, "-u", "-X", "utf8", "-c", code), capture_output=True, cwd=ROOT, check=False, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("Nà Lải utf-8\n", "hết\n", 1)
