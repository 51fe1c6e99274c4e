"""A station's panel in the admin with what OCPP 2.1 shows beside: displays, prices, batteries."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from benchmarks.processes import wait_until
from benchmarks.stack import Stack
from tests.browser.api import ask, connected
from tests.system.chapters_money_21 import SLOTS, TARIFF
from tests.system.csms import PythonCsms

HTML = "<b>Hello</b>"
ADDRESS = "https://example.com/" + "x" * 300  # longer than the page is wide
SETTINGS = {
    "WebPaymentsCtrlr.URLTemplate": "https://pay.example.com/?totp={totp}",
    "WebPaymentsCtrlr.SharedSecret": "0123456789abcdef",
}


@pytest.fixture
def swap_station(page: Page, platform: Stack, csms: PythonCsms, station: str) -> str:
    """`station` as one of 2.1 with slots for batteries, and a QR code at its outlets."""
    ask(page, platform, "POST", f"stations/{station}/stop")
    settings = {**SLOTS["configuration"], **SETTINGS}
    body = {"ocpp_version": "2.1", **SLOTS, "configuration": settings}
    ask(page, platform, "PATCH", f"stations/{station}", body)
    ask(page, platform, "POST", f"stations/{station}/start")
    wait_until(lambda: connected(page, platform, station), 60, "the station's connection")
    return station


def test_the_panel_shows_displays_prices_and_batteries(
    page: Page, platform: Stack, csms: PythonCsms, swap_station: str
) -> None:
    for number, kind, text in ((1, "HTML", HTML), (2, "URI", ADDRESS)):
        content = {"format": kind, "content": text}
        message = {"id": number, "priority": "NormalCycle", "message": content}
        csms.call(swap_station, "SetDisplayMessage", {"message": message})
    csms.call(swap_station, "SetDefaultTariff", {"evseId": 1, "tariff": TARIFF})
    csms.call(swap_station, "NotifyWebPaymentStarted", {"evseId": 2, "timeout": 300})
    battery = {"kind": "stock", "connector": 3, "serial": "FULL", "soc": 95}
    ask(page, platform, "POST", f"stations/{swap_station}/battery-swap", battery)

    page.goto(f"{platform.url}/admin/stations/station/?q={swap_station}")
    page.get_by_role("link", name=swap_station).first.click()
    shown = [page.locator(f'[data-connector="{n}"] [data-cell="transaction"]') for n in (1, 2, 3)]
    expect(shown[0]).to_contain_text("QR code https://pay.example.com/?totp=")
    expect(shown[1]).to_contain_text("Kept for a payment on the web until")
    expect(shown[2]).to_contain_text("Battery FULL · health 100 %")
    display = page.locator("[data-display]")
    expect(display).to_contain_text(HTML)
    expect(display).to_contain_text(ADDRESS)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    payment = {"connector": 1, "amount": 20.0}
    ask(page, platform, "POST", f"stations/{swap_station}/plug", {"connector": 1})
    ask(page, platform, "POST", f"stations/{swap_station}/pay-terminal", payment)
    expect(shown[0]).to_contain_text("Tariff day")
    expect(page.locator('[data-connector="1"] [data-cell=cost]')).to_contain_text("EUR")
    the_sessions_page_tells_the_cost_so_far(page, platform, swap_station)
    ask(page, platform, "POST", f"stations/{swap_station}/stop-transaction", {"connector": 1})
    expect(shown[0]).to_contain_text("Last payment ")


def the_sessions_page_tells_the_cost_so_far(page: Page, platform: Stack, station: str) -> None:
    """Of a session that goes on, as the station works it out; no message of it tells any yet."""

    def stored() -> list[dict]:
        told = ask(page, platform, "GET", f"transactions?station={station}&state=active")
        return [item for item in told["items"] if item["connector"] == 1]

    wait_until(lambda: bool(stored()), 60, "the session's record")
    other = page.context.new_page()
    other.goto(f"{platform.url}/admin/sessions/of/{stored()[0]['id']}/")
    expect(other.locator("[data-fact=cost]")).to_contain_text("EUR")
    expect(other.locator("[data-fact=cost-of]")).to_have_text("so far, by the station: tariff day")
    other.close()
