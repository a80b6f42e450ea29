"""What `tinbao check` says of a Zalo route."""

import pytest

from gateway.deployment import shipped_deployment
from gateway.settings import BadSettings, Settings, load_settings

SHIPPED = (shipped_deployment() / "gateway.toml").read_text("utf-8")
HEAD = SHIPPED[: SHIPPED.index("[[routes]]")]
ROUTE = """
[[routes]]
name = "zalo"
carrier = "zalo"
url = "https://openapi.zalo.me/v3.0/oa/message/cs"
account = { username = "111", password = "${ZALO_APP_SECRET}" }
hook_secret = "${ZALO_OA_KEY}"
pace = { limit = 10, per_s = 1, unit = "requests" }
zalo = { refresh_token = "${ZALO_REFRESH_TOKEN}" }
"""
KNOWN = {"ZALO_APP_SECRET": "bi-mat", "ZALO_OA_KEY": "khoa", "ZALO_REFRESH_TOKEN": "lam-moi"}


def load(folder, route: str, environ=KNOWN) -> Settings:
    (folder / "gateway.toml").write_text(HEAD + route, "utf-8")
    return load_settings(folder, environ)


def test_a_zalo_route(tmp_path) -> None:
    settings = load(tmp_path, ROUTE)
    (route,) = settings.routes
    assert route.zalo.token_url == "https://oauth.zaloapp.com/v4/oa/access_token"
    assert route.zalo.refresh_token.get_secret_value() == "lam-moi"
    assert not any(secret in repr(settings) for secret in KNOWN.values())


def test_the_refresh_token_is_needed_no_more_once_it_was_used(tmp_path) -> None:
    (route,) = load(tmp_path, ROUTE.replace('zalo = { refresh_token = "${ZALO_REFRESH_TOKEN}" }\n', "")).routes
    assert route.zalo is None


@pytest.mark.parametrize(("before", "after", "field", "words"), [
    ("https://openapi", "http://openapi", "routes.1.url", "travel in clear"),
    ('refresh_token = "${ZALO_REFRESH_TOKEN}"', 'token_url = "http://oauth.zaloapp.com/"', "routes.1.zalo", "travel in clear"),
    ('hook_secret = "${ZALO_OA_KEY}"', 'hooks_from = ["203.0.113.0/24"]', "routes.1.hook_secret", "signature alone"),
    ('hook_secret = "${ZALO_OA_KEY}"', "", "routes.1.hook_secret", "Anybody could call"),
    ('carrier = "zalo"', 'carrier = "kannel"', "routes.1.zalo", "no tokens of Zalo's"),
    ("refresh_token", "refresh_tokne", "routes.1.zalo.refresh_tokne", "")])  # fmt: skip
def test_a_fault_names_field_and_remedy(tmp_path, before, after, field, words) -> None:
    with pytest.raises(BadSettings) as why:
        load(tmp_path, ROUTE.replace(before, after))
    fault = next(fault for fault in why.value.faults if fault.field == field)
    assert words in fault.text
    assert fault.remedy


def test_a_rehearsal_of_zalo_may_go_without_tls_on_this_machine(tmp_path) -> None:
    here = ROUTE.replace("https://openapi.zalo.me", "http://127.0.0.1:9")
    assert load(tmp_path, here).routes[0].url.startswith("http://127.0.0.1:9")
