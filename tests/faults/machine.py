"""What can be done to a machine while a gateway runs on it: no disk, no lock, no descriptor. Each fault lasts as long as its block."""

import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest

from tests.harness import Gateway

DISK, QUOTA = 24 << 20, 64 << 10  # bytes


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of DISK bytes at `folder`; the test is skipped where nobody may mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = shutil.which("mount") or "false"
    made = [mount, "-t", "tmpfs", "-o", f"size={DISK}", "tinbao", str(folder)]
    if subprocess.run(made, stderr=DEVNULL, check=False).returncode:
        pytest.skip("a small disk can't be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def filled(gateway: Gateway, _process: Popen[bytes]) -> Iterator[None]:
    """No byte is left on the disk."""
    ballast = gateway.folder / "var" / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def limited(_gateway: Gateway, process: Popen[bytes]) -> Iterator[None]:
    """The process may write nothing behind the first QUOTA bytes of a file: what the system does where a quota is used up."""
    hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (QUOTA, hard))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def locked(gateway: Gateway, _process: Popen[bytes]) -> Iterator[None]:
    """Another process writes and does not end."""
    with closing(sqlite3.connect(gateway.folder / "var" / "tinbao.db", isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


NONE_FREE = 3  # descriptors: stdin, stdout, stderr are there; what is open beyond stays open, and no other number is given out


@contextmanager
def nothing_more_opened(_gateway: Gateway, process: Popen[bytes]) -> Iterator[None]:
    """The process may open no file and take no call any more."""
    hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (NONE_FREE, hard))
    try:
        yield
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """This process may open nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (NONE_FREE, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
