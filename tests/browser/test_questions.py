"""A suite asks a person: the question stands on the run's page, and the answer decides the case."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from playwright.sync_api import Page, expect

from benchmarks.stack import Stack
from tests.system.csms import PythonCsms

PATIENCE = 120_000  # ms; a shared machine may be slow
PLUG = "Plug the car in <b>at once</b>."
WAITS = {"type": "wait_for_state", "timeout": 60_000,
         "params": {"target": "station", "state": "accepted"}}  # fmt: skip
ASKED = {"type": "prompt", "timeout": 300_000, "params": {"text": PLUG}}
DOCUMENT = json.dumps({"suite": "Asked", "versions": ["1.6"], "cases": [
    {"id": "Q_1", "name": "Somebody does it", "steps": [WAITS, ASKED]},
    {"id": "Q_2", "name": "Somebody does not", "steps": [WAITS, ASKED]}]})  # fmt: skip


def test_a_person_is_asked_on_the_page_of_the_run(
    page: Page, platform: Stack, tmp_path: Path
) -> None:
    with PythonCsms() as csms:
        page.goto(f"{platform.url}/admin/scenarios/suiteplan/add/")
        page.fill("#id_name", f"asked-{secrets.token_hex(3)}")
        page.fill("#id_csms_url", csms.url)
        page.get_by_text("A suite of your own", exact=True).click()
        page.fill("#id_document", DOCUMENT)
        page.locator("button[name=_continue]").click()
        page.wait_for_url("**/change/")
        page.get_by_role("link", name="Run now…").click()
        page.get_by_role("button", name="Run now").click()
        page.wait_for_url("**/suiterun/*/change/")
        first = page.locator("[data-question]")
        expect(first).to_contain_text(PLUG, timeout=PATIENCE)
        page.screenshot(path=tmp_path / "question.png", full_page=True)
        known = first.get_attribute("data-question")
        first.get_by_role("button", name="Done", exact=True).click()
        second = page.locator(f'[data-question]:not([data-question="{known}"])')
        expect(second).to_contain_text(PLUG, timeout=PATIENCE)
        second.get_by_role("button", name="It could not be done").click()
        expect(second).to_contain_text("Say what went wrong.")
        second.get_by_label("What went wrong").fill("There is no car.")
        expect(second).not_to_contain_text("Say what went wrong.")
        page.screenshot(path=tmp_path / "second.png", full_page=True)
        second.get_by_role("button", name="It could not be done").click()
        expect(page.locator(".st-badge").first).to_have_text("failed", timeout=PATIENCE)
    rows = page.locator(".sc-cases tbody tr")
    expect(rows.first).to_contain_text("There is no car.")
    expect(rows.last).to_contain_text("PASS")
    page.screenshot(path=tmp_path / "ended.png", full_page=True)
