"""Zalo through the whole program: settings, hook, tip, reply, receipt, photo."""

import io
import os

from PIL import Image

from gateway.simulator.zalo import APP_ID, zalo_server
from tests.harness import deployment, eventually

MAN = "2468135790"


def table(url: str, secret: str, key: str, given: str) -> str:
    return f"""
[[routes]]
name = "zalo"
carrier = "zalo"
url = "{url}/v3.0/oa/message/cs"
account = {{ username = "{APP_ID}", password = "{secret}" }}
hook_secret = "{key}"
pace = {{ limit = 20, per_s = 1, unit = "requests" }}
zalo = {{ refresh_token = "{given}", token_url = "{url}/v4/oa/access_token" }}
"""


def photo() -> bytes:
    content = io.BytesIO()
    Image.frombytes("RGB", (300, 300), os.urandom(270_000)).save(content, "JPEG", quality=90)
    return content.getvalue()


async def test_zalo_through_the_whole_program(tmp_path) -> None:
    async with zalo_server() as zalo:
        secrets = (zalo.app_secret.reveal(), zalo.key.reveal(), zalo.first.reveal())
        gateway = deployment(tmp_path / "d", routes=table(zalo.url, *secrets))
        zalo.hook = f"{gateway.url}/hooks/zalo/zalo"

        async def replied() -> bool:
            return len(zalo.shown) >= 1

        async def kept() -> bool:
            code = gateway.run("tips", "list").stdout.split()[0]
            return "image/jpeg" in gateway.run("tips", "show", code).stdout

        with gateway.serving():
            zalo.say(MAN, "LS TN07 co 2 mo bo doi canh suoi")
            await eventually(replied)
            zalo.show_photo(MAN, photo())
            await eventually(kept)
            await zalo.quiet()
        log = (gateway.folder / "serve.log").read_text()
        assert [word for word in (*secrets, MAN, "bo doi") if word in log] == []
        told = gateway.run("tips", "list").stdout
        assert "TN07  zalo" in told
        assert MAN not in told
        assert "nothing is stuck" in gateway.run("doctor").stdout
        assert (zalo.counts.renewals, zalo.counts.denied, zalo.counts.lost) == (1, 0, 0)
