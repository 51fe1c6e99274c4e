"""A station whose identity has signs that an address cannot: API, admin and live view."""

import secrets
from urllib.parse import quote

from playwright.sync_api import Page, expect

from benchmarks.processes import wait_until
from benchmarks.stack import Stack
from tests.browser.api import ask, connected
from tests.system.csms import PythonCsms


def test_an_identity_with_every_kind_of_sign(page: Page, platform: Stack, csms: PythonCsms):
    name = f'Säule 7/2 +&?#%2F|"<{secrets.token_hex(3)}'
    segment = quote(name, safe="")
    body = {"identity": name, "csms_url": csms.url, "autostart": True}
    ask(page, platform, "POST", "stations", body)
    wait_until(lambda: connected(page, platform, segment), 20, "the station's connection")
    assert ask(page, platform, "GET", f"stations/{segment}")["identity"] == name
    ask(page, platform, "POST", f"stations/{segment}/plug", {"connector": 1})

    page.goto(f"{platform.url}/admin/stations/station/?q={quote('Säule 7/2')}")
    page.get_by_role("link", name=name).click()
    panel = page.locator("[data-panel]")
    expect(panel.locator("[data-live=badge]")).to_have_text("Connected")
    panel.get_by_role("link", name="Live view").click()
    expect(page.locator("input[name=station]")).to_have_value(name)
    ask(page, platform, "POST", f"stations/{segment}/unplug", {"connector": 1})
    expect(page.locator("#lv-scroll")).to_contain_text("StatusNotification")
    ask(page, platform, "PATCH", f"stations/{segment}/stop")
    wait_until(lambda: stations_in_log(page, platform, name) == {name}, 20, "the log")


def stations_in_log(page: Page, platform: Stack, name: str) -> set[str]:
    answer = page.request.get(f"{platform.url}/api/messages", params={"stationId": name})
    return {item["station"] for item in answer.json()["items"]}
