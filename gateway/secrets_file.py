"""`var/secrets.env`: passwords that `tinbao routes add` was told, for the ${NAME} of gateway.toml. What the environment holds wins.

A line a secret, NAME=VALUE, taken as it stands up to the line's end; systemd's EnvironmentFile reads the same file. Mode 0600: it lies
beside the key, and like the key it is in no backup.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gateway.domain.fault import Fault

FILE: Final = Path("var/secrets.env")  # below the deployment's data
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_secrets(data_dir: Path) -> tuple[dict[str, str], list[Fault]]:
    """NAME -> value, and what is wrong; a deployment without the file has none."""
    path = data_dir / FILE
    try:
        mode, text = path.stat().st_mode, path.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}, []
    except (OSError, UnicodeDecodeError):
        return {}, [Fault(str(FILE), None, "", "The file can't be read", "Give it to the user that runs tinbao, in UTF-8")]
    if os.name == "posix" and mode & 0o077:
        return {}, [Fault(str(FILE), None, "", "Others on this machine may read the passwords", f"Close it with: chmod 600 {path}")]
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for number, line in enumerate(text.splitlines(), 1):
        name, mark, value = line.partition("=")
        if not line.strip() or line.startswith("#"):
            continue
        if mark and _NAME.fullmatch(name):
            found[name] = value
        else:
            faults.append(Fault(str(FILE), number, "", "The line is no NAME=VALUE", "Correct it, or take it out"))
    return found, faults


def filled_up(data_dir: Path, environ: Mapping[str, str]) -> tuple[dict[str, str], list[Fault]]:
    """`environ` and, where it has nothing, the file's; and what is wrong with the file."""
    kept, faults = read_secrets(data_dir)
    return kept | {name: value for name, value in environ.items() if value or name not in kept}, faults


def keep_secrets(data_dir: Path, secrets: Mapping[str, str]) -> Path:
    """Put `secrets` into the file, each in place of an older one of its name; on disk when this returns. Raises OSError, ValueError."""
    if any("\n" in value or "\r" in value or not _NAME.fullmatch(name) for name, value in secrets.items()):
        raise ValueError("a secret is one line")
    path = data_dir / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    old = path.read_text("utf-8") if path.exists() else ""
    lines = [line for line in old.splitlines() if line.partition("=")[0] not in secrets]
    write_anew(path, "".join(f"{line}\n" for line in [*lines, *(f"{name}={value}" for name, value in secrets.items())]).encode(), 0o600)
    return path


def write_anew(path: Path, content: bytes, mode: int) -> None:
    """`content` in place of the file at `path`, whole or not at all. Raises OSError."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(mode)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
