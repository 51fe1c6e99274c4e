"""Faults on demand from a station's page in the admin: added, seen, felt and mended by hand."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from benchmarks.processes import wait_until
from benchmarks.stack import Stack
from tests.browser.api import ask, connected
from tests.system.csms import PythonCsms


def test_a_fault_and_a_power_cut_from_the_page(
    page: Page, platform: Stack, csms: PythonCsms, station: str
) -> None:
    page.goto(f"{platform.url}/admin/stations/station/?q={station}")
    page.get_by_role("link", name=station).first.click()
    box = page.locator("#lf-commands")
    box.get_by_role("button", name="Chaos").click()
    box.locator("[data-of=faults] > summary").click()
    box.locator("[data-of=faults] [data-name=fault]").select_option(label="drop")
    box.locator("[data-of=faults] [data-name=direction]").select_option(label="sent")
    box.locator("[data-of=faults] [data-name=action]").fill("DataTransfer")
    box.locator("[data-do=faults]").click()
    expect(box.locator("[data-fault-list]")).to_contain_text("sent · DataTransfer")
    message = {"action": "DataTransfer", "payload": {"vendorId": "lost"}}
    ask(page, platform, "POST", f"stations/{station}/messages", message)
    box.get_by_role("button", name="Clear").click()
    expect(box.locator("[data-fault-list]")).to_be_empty()

    box.locator("[data-of=power-cut] > summary").click()
    box.locator("[data-do=power-cut]").click()
    expect(page.locator("[data-fact=link_error]")).to_have_text("the station has no power")
    expect(page.locator("[data-live=badge]").first).to_have_text("Disconnected")
    box.locator("[data-fault-list]").get_by_role("button", name="Power on").click()
    wait_until(lambda: connected(page, platform, station), 60, "the station's return")
    seen = [frame.action for frame in csms.wire.frames(station)]
    assert seen.count("BootNotification") == 2
    assert "DataTransfer" not in seen
