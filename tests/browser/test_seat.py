"""What an operator looks at all day: the dashboard and the sessions, live in a real browser."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from benchmarks.console import station_fields
from benchmarks.processes import free_port, wait_until
from benchmarks.stack import Stack
from emulator.dashboard.figures import MINUTES
from tests.browser.accessible import faults_of
from tests.browser.api import ask, connected
from tests.system.csms import PythonCsms

NUMBER = re.compile(r"\d")


@pytest.fixture
def station(platform: Stack, page: Page, csms: PythonCsms) -> Iterator[str]:
    """One that reads its meter each second."""
    name = f"SEAT-{secrets.token_hex(4)}"
    platform.console.create([station_fields(name, csms.url)])
    wait_until(lambda: connected(page, platform, name), 60, "the station's connection")
    yield name
    ask(page, platform, "POST", f"stations/{name}/stop")


def figure(page: Page, name: str):
    return page.locator(f'[data-figure="{name}"]')


def charge(page: Page, platform: Stack, station: str) -> None:
    for command, body in (
        ("plug", {"connector": 1}), ("start-transaction", {"connector": 1, "id_tag": "TAG"}),
    ):  # fmt: skip
        ask(page, platform, "POST", f"stations/{station}/{command}", body)


def open_dashboard(page: Page, platform: Stack) -> None:
    page.goto(f"{platform.url}/admin/")
    expect(page.locator("#fg-state")).to_have_text("Live")
    expect(page.locator("#dashboard")).to_have_attribute("data-range", re.compile(r"\d"))


def test_the_dashboard_follows_the_fleet_without_a_reload(
    page: Page, platform: Stack, station: str
) -> None:
    open_dashboard(page, platform)
    page.evaluate("window.notReloaded = true")
    before = int(figure(page, "charging").inner_text())
    charge(page, platform, station)
    expect(figure(page, "charging")).to_have_text(str(before + 1))
    expect(figure(page, "power")).to_have_text(re.compile(r"[1-9].* [kM]?W"))
    expect(figure(page, "messages")).to_have_text(NUMBER)
    expect(page.locator("#fg-states li[data-state=charging] b")).not_to_have_text("0")
    assert page.evaluate("window.notReloaded")
    ask(page, platform, "POST", f"stations/{station}/stop-transaction", {"connector": 1})
    expect(figure(page, "charging")).to_have_text(str(before))


def test_answers_are_shown_before_the_first_minute_is_kept(
    page: Page, platform: Stack, station: str
) -> None:
    platform.mongo[MINUTES.collection].delete_many({})
    open_dashboard(page, platform)
    expect(page.locator("#fg-actions tbody")).to_contain_text("BootNotification")
    expect(page.locator("#fg-actions [data-count]")).to_have_text("5 min")


def test_a_sick_station_is_named_with_the_reason_and_a_link(page: Page, platform: Stack) -> None:
    name = f"SICK-{free_port()}"
    platform.console.create([station_fields(name, f"ws://127.0.0.1:{free_port()}/")])
    open_dashboard(page, platform)
    row = page.locator("#fg-sickest tbody tr", has_text=name)
    expect(row).to_contain_text("Not connected: ")
    # Nor is the reason cut off in the list as a telephone has it, in cards.
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{platform.url}/admin/stations/station/?q={name}")
    cell = page.locator("#result_list td.field-state")
    expect(cell).to_contain_text("nobody listens at the CSMS's address")
    assert cell.evaluate("cell => cell.scrollHeight <= cell.clientHeight")
    page.set_viewport_size({"width": 1400, "height": 900})
    open_dashboard(page, platform)
    row.get_by_role("link").click()
    expect(page.locator("#main")).to_contain_text(name)
    ask(page, platform, "POST", f"stations/{name}/stop")


def test_a_chart_of_nothing_but_0_has_an_axis(page: Page, platform: Stack) -> None:
    open_dashboard(page, platform)
    shown = """async ([whole, floating, high]) => {
      const { Chart } = await import("/static/emulator/charts.js");
      return Chart.prototype.heightOf.call({ whole, floating }, 0, high);
    }"""
    assert page.evaluate(shown, [False, False, 0]) == [0, 1]
    assert page.evaluate(shown, [True, False, 0]) == [0, 1]
    assert page.evaluate(shown, [False, False, 0.5]) == [0, 0.54]
    ticks = """async (ticks) => {
      const { Chart } = await import("/static/emulator/charts.js");
      return Chart.prototype.labels.call({ unit: (kwh) => `${kwh.toFixed(1)} kWh` }, ticks);
    }"""
    assert page.evaluate(ticks, [2.9, 2.94, 3, 3.1]) == ["2.9 kWh", "", "3 kWh", "3.1 kWh"]


def test_the_charts_show_the_chosen_time_and_it_is_remembered(
    page: Page, platform: Stack, station: str
) -> None:
    platform.manage("shell", "-c", "from emulator.dashboard.keeping import keep; keep()")
    open_dashboard(page, platform)
    for name in ("15m", "24h", "7d", "30d"):
        page.locator(f"[data-range='{name}'][aria-pressed]").click()
        expect(page.locator("#dashboard")).to_have_attribute("data-range", name)
        expect(page.locator('[data-chart="states"] canvas')).to_be_visible()
    expect(page.locator("#fg-actions tbody")).to_contain_text("BootNotification")
    page.reload()
    expect(page.locator("[data-range='30d'][aria-pressed]")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_a_session_is_found_and_shows_curves_readings_and_its_own_messages(
    page: Page, platform: Stack, station: str
) -> None:
    charge(page, platform, station)

    def told() -> list[dict]:
        return ask(page, platform, "GET", f"transactions?station={station}")["items"]

    wait_until(lambda: bool(told()), 60, "the session's record")
    page.goto(f"{platform.url}/admin/sessions/")
    page.fill("#fg-filter [name=station]", station)
    page.select_option("#fg-filter [name=state]", "active")
    page.click("#fg-filter button")
    expect(page.locator("#sessions tbody tr")).to_have_count(1)
    expect(page.locator('[data-total="sessions"]')).to_have_text("1")
    page.locator("#sessions tbody a").click()
    expect(page.locator('[data-chart="power"] canvas')).to_be_visible()
    expect(page.locator("#fg-readings tbody")).to_contain_text("Wh")
    expect(page.locator("#fg-messages tbody")).to_contain_text("StartTransaction")
    ask(page, platform, "POST", f"stations/{station}/stop-transaction", {"connector": 1})
    expect(page.locator('[data-fact="state"]')).to_have_text("ended")
    # Its messages come by themselves, too.
    expect(page.locator("#fg-messages tbody")).to_contain_text("StopTransaction")
    with page.expect_download() as coming:
        page.get_by_role("link", name="JSON").click()
    assert json.loads(coming.value.path().read_text())["station"] == station
    page.get_by_role("link", name="Messages of its time").click()
    expect(page.locator("#lv-filter [name=from]")).not_to_have_value("")
    expect(page.locator("#lv-scroll")).to_contain_text("StartTransaction")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_dashboard_and_sessions_have_no_fault_of_access_and_fit(
    page: Page, platform: Stack, station: str, width: int, dark: bool
) -> None:
    charge(page, platform, station)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if dark else "light")
    session = ""

    def stored() -> bool:
        nonlocal session
        items = ask(page, platform, "GET", f"transactions?station={station}")["items"]
        session = items[0]["id"] if items else ""
        return bool(items)

    wait_until(stored, 60, "the session's record")
    faults = []
    shown = {
        "": "#fg-states b", "sessions/": '[data-total="sessions"]',
        f"sessions/of/{session}/": "#fg-readings td.fg-num",
    }  # fmt: skip
    for address, sign in shown.items():
        page.goto(f"{platform.url}/admin/{address}")
        page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
        expect(page.locator(sign).first).to_have_text(NUMBER)
        faults += [f"{address}: {each}" for each in faults_of(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{address}: wider than the window")
    assert not faults, "\n".join(faults)


# --- what the session's page reads of messages ---------------------------------------------------

COST = {"currency": "EUR", "typeOfCost": "NormalCost", "total": {"inclTax": 3.5}}


def read(page: Page, platform: Stack, call: str, *given: object) -> object:
    """Call a function of messages.js in the browser."""
    page.goto(f"{platform.url}/admin/sessions/")
    script = """async ([call, given]) => {
        const told = await import("/static/stations/sessions/messages.js");
        return call === "own" ? given[1].filter(told.isOf(...given)).map((item) => item.uid)
            : told[call](...given);
    }"""
    return page.evaluate(script, [call, list(given)])


def item(kind: str, payload: object, uid: str = "1", action: str = "TransactionEvent") -> dict:
    frame = [2, uid, action, payload] if kind == "Call" else [3, uid, payload]
    return {"kind": kind, "uid": uid, "action": action, "text": json.dumps(frame)}


def test_cost_is_read_from_a_sessions_own_messages(page: Page, platform: Stack) -> None:
    own = {"transactionInfo": {"transactionId": "T"}}
    items = [
        item("CallResult", {"totalCost": 2.5}, "1"), item("Call", own, "1"),
        item("CallResult", {"transactionId": 17}, "2", "StartTransaction"),
        item("Call", {"connectorId": 1}, "2", "StartTransaction"),
        {"kind": "Call", "uid": "3", "action": "MeterValues", "text": "[2,torn"},
    ]  # fmt: skip
    assert read(page, platform, "own", "T", items) == ["1", "1"]
    assert read(page, platform, "own", "17", items) == ["2", "2"]
    assert read(page, platform, "costOf", items) == {"amount": "2.5", "by": "told by the CSMS"}
    worked = read(page, platform, "costOf", [item("Call", {"costDetails": {"totalCost": COST}})])
    assert worked == {"amount": "3.5 EUR", "by": "worked out by the station"}
    assert read(page, platform, "costOf", items[2:]) is None


def test_cost_that_a_csms_of_16_tells_by_data_transfer_is_of_its_session(
    page: Page, platform: Stack
) -> None:
    """As "OCPP & California Pricing Requirements" has it; the data is JSON as a text."""
    told = {"vendorId": "org.openchargealliance.costmsg", "messageId": "RunningCost"}
    final = {**told, "messageId": "FinalCost"}

    def told_by(kind: dict, cost: float, number: int, uid: str) -> dict:
        payload = {**kind, "data": json.dumps({"transactionId": number, "cost": cost})}
        return item("Call", payload, uid, "DataTransfer")

    other = item("Call", {**told, "vendorId": "com.example", "data": "{"}, "0", "DataTransfer")
    items = [
        told_by(final, 3.31, 17, "3"), told_by(told, 1.25, 17, "2"), told_by(told, 9.0, 18, "1"),
        other,
    ]  # fmt: skip
    assert read(page, platform, "own", "17", items) == ["3", "2"]
    final_words = {"amount": "3.31", "by": "final, told by the CSMS"}
    assert read(page, platform, "costOf", items) == final_words
    so_far = {"amount": "1.25", "by": "so far, told by the CSMS"}
    assert read(page, platform, "costOf", items[1:]) == so_far
    assert read(page, platform, "costOf", items[3:]) is None
