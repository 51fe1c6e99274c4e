"""A suite by hand: written in the form, run, failed, mended, healed, its report downloaded."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from playwright.sync_api import Page, expect

from benchmarks.stack import Stack
from tests.system.csms import PythonCsms

PATIENCE = 120_000  # ms; a shared machine may be slow
ACCEPTED = {"type": "wait_for_state", "timeout": 60_000,
            "params": {"target": "station", "state": "accepted"}}  # fmt: skip


def document(status: str) -> str:
    """status: that is wanted of an Authorize; the CSMS answers "Accepted"."""
    steps = [
        ACCEPTED,
        {"type": "authorize", "params": {"connector": 1, "id_tag": "TAG-1"}},
        {"type": "expect", "timeout": 20_000, "params": {
            "direction": "sent", "action": "Authorize", "kind": "Call"}},
        {"type": "expect", "timeout": 20_000, "params": {
            "answers": True, "payload": {"idTagInfo": {"status": status}}}},
    ]  # fmt: skip
    return json.dumps({"suite": "By hand", "versions": ["1.6"], "cases": [
        {"id": "C_1", "name": "It accepts <b>stations</b>", "steps": [ACCEPTED]},
        {"id": "C_2", "name": "It knows a tag", "steps": steps}]})  # fmt: skip


def write(page: Page, status: str) -> None:
    page.get_by_text("A suite of your own", exact=True).click()
    page.fill("#id_document", document(status))
    page.locator("button[name=_continue]").click()
    page.wait_for_url("**/change/")


def run(page: Page) -> None:
    page.get_by_role("link", name="Run now…").click()
    page.get_by_role("button", name="Run now").click()
    page.wait_for_url("**/suiterun/*/change/")  # which loads itself anew until it has ended
    expect(page.locator(".st-badge").first).to_have_text("passed", timeout=PATIENCE)


def test_a_suite_fails_is_mended_and_heals(page: Page, platform: Stack, tmp_path: Path) -> None:
    name = f"by-hand-{secrets.token_hex(3)}"
    with PythonCsms() as csms:
        page.goto(f"{platform.url}/admin/scenarios/suiteplan/add/")
        page.fill("#id_name", name)
        page.fill("#id_csms_url", "http://127.0.0.1")
        page.locator("button[name=_continue]").click()
        expect(page.locator("body")).to_contain_text("Begin the address with ws://")
        page.fill("#id_csms_url", csms.url)
        write(page, "Blocked")
        page.screenshot(path=tmp_path / "form.png", full_page=True)
        form = page.url
        page.get_by_role("link", name="Run now…").click()
        page.get_by_role("button", name="Run now").click()
        page.wait_for_url("**/suiterun/*/change/")
        expect(page.locator(".st-badge").first).to_have_text("failed", timeout=PATIENCE)
        rows = page.locator(".sc-cases tbody tr")
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("Blocked")
        expect(rows.last).to_contain_text("It accepts <b>stations</b>")

        page.goto(form)
        write(page, "Accepted")
        run(page)
        healed = page.locator("[data-kind=healed] tbody tr")
        expect(healed).to_have_count(1)
        expect(healed).to_contain_text("C_2")
        page.screenshot(path=tmp_path / "run.png", full_page=True)
        with page.expect_download() as download:
            page.get_by_role("link", name="html", exact=True).click()
        assert download.value.suggested_filename.endswith(".html")

    page.goto(f"{platform.url}/admin/scenarios/suiteplan/?q={name}")
    expect(page.locator("svg.sc-trend")).to_have_attribute(
        "aria-label", "1 of the last 2 runs passed"
    )
    page.screenshot(path=tmp_path / "list.png", full_page=True)
