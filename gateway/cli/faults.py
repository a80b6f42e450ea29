"""How commands show faults: one line each, or JSON; never a traceback."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from gateway.domain.fault import Fault

MISCONFIGURED: Final = 78  # sysexits EX_CONFIG
AsJson = Annotated[bool, typer.Option("--json", help="As JSON on stdout.")]  # the global option, taken after the command too
SHOWN: Final = 200  # lines a person is shown; JSON holds all


def sorted_faults(faults: Iterable[Fault]) -> list[Fault]:
    """By file and line, each place and field once: two readers of one file may meet the same fault."""
    once = {(fault.file, fault.line, fault.field): fault for fault in faults}
    return sorted(once.values(), key=lambda fault: (fault.file, fault.line or 0, fault.field))


def show(as_json: bool, faults: Iterable[Fault], good: str, **more: Any) -> None:  # Any: values for JSON
    """Print `faults`, or the line `good` where there are none; ends the command with 78 if there are any. `more` goes into the JSON."""
    found = sorted_faults(faults)
    if as_json:
        print_json({"ok": not found, "faults": [asdict(fault) for fault in found], **more})
    else:
        for fault in found[:SHOWN]:
            print(fault)
        if len(found) > SHOWN:
            print(f"and {len(found) - SHOWN} more; --json lists them all")
        print(good if not found else f"{len(found)} to put right", file=sys.stderr if found else sys.stdout)
    if found:
        raise typer.Exit(MISCONFIGURED)


def print_json(value: Mapping[str, Any]) -> None:  # Any: JSON leaves here
    """One JSON object on stdout."""
    print(json.dumps(value, ensure_ascii=False, default=str))
