"""Schemathesis reads /api/openapi.json and calls a running `tinbao serve` as the document allows, and as it forbids: it finds nothing."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import aiohttp

from gateway.web.api import DOCUMENT
from tests.harness import Gateway, deployment, eventually, route

EXAMPLES = 25  # an operation and phase
# 422 is a right answer to a body of the right shape: a number that doesn't exist, a key used for another body, a day that no month has.
CONFIG = """
headers = { Authorization = "Bearer ${TINBAO_TOKEN}" }
[phases.stateful]
max-steps = 4
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 400, 401, 403, 404, 422]
"""


def _deployment(folder: Path) -> Gateway:
    gateway = deployment(folder, routes=route("vn", "kannel", "http://127.0.0.1:9/"))
    settings = folder / "gateway.toml"
    head, _, rest = settings.read_text("utf-8").partition("[service]\n")
    settings.write_text(f"{head}[service]\napi_calls_a_minute = 1000000\n{rest}", "utf-8")
    return gateway


async def _tell(gateway: Gateway, token: str) -> None:
    """Two tips come by SMS, so that there is something to read."""
    async with aiohttp.ClientSession() as session:
        for number in (1, 2):
            words = {"secret": "s3cret", "from": f"+8430000000{number}", "to": "8088", "text": f"LS TN07 co {number} mo", "id": str(number)}
            async with session.get(f"{gateway.url}/hooks/vn/mo", params=words) as answer:
                assert answer.status in (200, 202)

        async def have_come() -> bool:
            async with session.get(f"{gateway.url}/api/v1/tips", headers={"Authorization": f"Bearer {token}"}) as answer:
                return len((await answer.json())["items"]) == 2

        await eventually(have_come, 60)


def _run(gateway: Gateway, token: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "schemathesis.toml").write_text(CONFIG, "utf-8")
    words = [
        sys.executable, "-m", "schemathesis.cli", "run", gateway.url + DOCUMENT, "--checks", "all",
        "--max-examples", str(EXAMPLES), "--generation-deterministic", "--continue-on-failure",
        "--suppress-health-check", "all", "--no-color",
    ]  # fmt: skip
    environ = {**os.environ, "NO_COLOR": "1", "TINBAO_TOKEN": token}
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=240, check=False, env=environ)


async def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    """Every check it has, every operation, in every phase; afterwards the gateway still runs and logged no fault of ours."""
    gateway = _deployment(tmp_path / "d")
    scopes = ("--scope", "send", "--scope", "read", "--scope", "tips", "--scope", "webhooks")
    added = gateway.run("--json", "clients", "add", "kiem-thu", *scopes)
    token = "kiem-thu." + json.loads(added.stdout)["secret"]
    with gateway.serving() as process:
        await _tell(gateway, token)
        done = await asyncio.to_thread(_run, gateway, token, tmp_path)
        assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
        assert "Missing test data" not in done.stdout, done.stdout[-4_000:]
        assert process.poll() is None
    log = (gateway.folder / "serve.log").read_text("utf-8")
    assert "Traceback" not in log
    assert token.partition(".")[2] not in log
