"""The main job by hand: from an empty form to an exported session."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from playwright.sync_api import Page, expect

from benchmarks.processes import wait_until
from benchmarks.stack import Stack
from tests.browser.api import ask
from tests.system.csms import PythonCsms

NAME = "BROWSER-1"


def rows(page: Page, action: str, kind: str = "Call"):
    """Rows of the live view with this action; the list keeps hidden ones to use again."""
    found = page.locator(".lv-row[data-id]").filter(has_text=action).filter(has_text=kind)
    return found.filter(visible=True)


def create_station(page: Page, platform: Stack, csms: PythonCsms) -> None:
    page.goto(f"{platform.url}/admin/stations/station/add/")
    page.fill("#id_identity", NAME)
    page.fill("#id_name", "Made by hand")
    page.fill("#id_csms_url", csms.url)
    page.get_by_text("Hardware", exact=True).click()
    page.fill("#id_vendor", "Acme")
    page.fill("#id_model", "One")
    if page.locator("[name^=connectors-][name$=-kind]").count() == 0:
        page.get_by_text("Add connector").click()
    page.get_by_text("Simulation", exact=True).click()
    page.fill("#id_meter_sample_interval", "1")
    page.fill("#id_default_id_tag", "TAG-1")
    page.locator("button[name=_continue]").click()
    page.wait_for_url("**/change/")
    page.get_by_role("link", name="Life").click()
    page.wait_for_url("**/life/")


def test_from_a_new_station_to_an_exported_session(
    page: Page, platform: Stack, csms: PythonCsms, tmp_path: Path
) -> None:
    live = page.context.new_page()
    live.goto(f"{platform.url}/admin/live/?station={NAME}")
    expect(live.locator("#lv-state")).to_have_text("Live")

    create_station(page, platform, csms)
    expect(rows(live, "BootNotification")).to_have_count(1)
    expect(rows(live, "BootNotification", "Result")).to_have_count(1)

    page.locator("[data-connector-command=start-transaction]").first.click()
    expect(rows(live, "StartTransaction")).to_have_count(1)
    expect(rows(live, "MeterValues").nth(2)).to_be_visible()
    expect(page.locator("[data-connector-command=stop-transaction]").first).to_be_visible()

    # A click shows the frame with its answer beside it.
    rows(live, "StartTransaction").first.click()
    expect(live.locator("body")).to_contain_text("transactionId")
    expect(live.locator("body")).to_contain_text("meterStart")

    page.locator("[data-connector-command=stop-transaction]").first.click()
    expect(rows(live, "StopTransaction")).to_have_count(1)

    found = export(live, platform, tmp_path)
    actions = [message["action"] for message in found if message["kind"] == "Call"]
    assert actions.count("BootNotification") == 1
    assert actions.index("StartTransaction") < actions.index("StopTransaction")
    stop = next(m for m in found if m["action"] == "StopTransaction" and m["kind"] == "Call")
    payload = json.loads(stop["text"])[3]
    assert payload["reason"] == "Local"
    assert payload["meterStop"] > 0


def export(page: Page, platform: Stack, directory: Path) -> list[dict]:
    """Find the session in the history, export it both ways, and read what came."""
    stored = f"messages?stationId={NAME}&action=StopTransaction&messageType=CallResult"
    wait_until(lambda: ask(page, platform, "GET", stored)["items"], 60, "the stop in the log")
    page.goto(f"{platform.url}/admin/live/?station={NAME}&mode=history")
    expect(page.locator("#live")).to_have_attribute("data-mode", "history")
    page.fill("#lv-filter [name=action]", "StopTransaction")
    expect(rows(page, "BootNotification")).to_have_count(0)
    expect(rows(page, "StopTransaction")).to_have_count(1)
    page.fill("#lv-filter [name=action]", "")
    expect(rows(page, "BootNotification")).to_have_count(1)
    files = {}
    for kind in ("jsonl", "csv"):
        with page.expect_download() as download:
            page.click(f"#lv-{kind}")
        files[kind] = directory / kind
        download.value.save_as(files[kind])
    lines = [json.loads(line) for line in files["jsonl"].read_text().splitlines()]
    with files["csv"].open(newline="") as text:
        assert len(list(csv.DictReader(text))) == len(lines)
    return lines
