"""Interception by hand: a frame is held in the live view, edited, and the CSMS gets that."""

from __future__ import annotations

import json

from playwright.sync_api import Locator, Page, expect

from benchmarks.processes import wait_until
from benchmarks.stack import Stack
from tests.browser.api import ask
from tests.browser.test_main_job import rows
from tests.system.csms import PythonCsms


def set_breakpoint(page: Page, action: str) -> Locator:
    page.click("#lv-intercept-button")
    page.select_option("#lv-intercept [name=direction]", "sent")
    page.select_option("#lv-intercept [name=kind]", "Call")
    page.fill("#lv-intercept [name=action]", action)
    page.get_by_text("Set breakpoint").click()
    expect(page.locator(".lv-chip")).to_contain_text(action)
    return page.locator(".lv-held")


def payloads(csms: PythonCsms, station: str, action: str) -> list[dict]:
    return [seen.payload for seen in csms.wire.frames(station) if seen.action == action]


def test_a_frame_is_held_edited_and_released_and_the_csms_gets_the_edited_one(
    page: Page, platform: Stack, csms: PythonCsms, station: str
) -> None:
    page.goto(f"{platform.url}/admin/live/?station={station}")
    expect(page.locator("#lv-state")).to_have_text("Live")
    held = set_breakpoint(page, "DataTransfer")

    message = {"action": "DataTransfer", "payload": {"vendorId": "before"}}
    ask(page, platform, "POST", f"stations/{station}/messages", message)
    expect(held).to_have_count(1)
    expect(held).to_contain_text("before")
    expect(page.locator("#lv-intercept-button")).to_have_text("Intercept (1 held)")
    assert payloads(csms, station, "DataTransfer") == []

    held.get_by_role("button", name="Edit").click()
    editor = held.locator("textarea")
    text = editor.input_value()
    editor.fill(text[:-1])
    expect(held.locator(".lv-hint")).to_contain_text("Not JSON")
    editor.fill(text.replace("before", "after"))
    expect(held.locator(".lv-hint")).to_have_text("A Call of DataTransfer")
    held.get_by_role("button", name="Release edited").click()
    expect(held).to_have_count(0)

    wait_until(lambda: payloads(csms, station, "DataTransfer"), 60, "the frame")
    assert payloads(csms, station, "DataTransfer") == [{"vendorId": "after"}]
    edited = rows(page, "DataTransfer").filter(has_text="edited by hand")
    expect(edited).to_have_count(1)
    # The frame as it came is kept: beside it in the log, and in the panel of the edited one.
    edited.click()
    expect(page.locator("#lv-detail")).to_contain_text("Before the edit")
    expect(page.locator("#lv-detail")).to_contain_text("before")


def test_a_held_call_is_answered_by_hand_and_the_csms_never_sees_it(
    page: Page, platform: Stack, csms: PythonCsms, station: str
) -> None:
    page.goto(f"{platform.url}/admin/live/?station={station}")
    expect(page.locator("#lv-state")).to_have_text("Live")
    held = set_breakpoint(page, "Authorize")
    ask(page, platform, "POST", f"stations/{station}/authorize", {"id_tag": "T", "connector": 1})
    expect(held).to_have_count(1)
    held.get_by_role("button", name="Answer").click()
    held.locator("textarea").fill(json.dumps({"idTagInfo": {"status": "Blocked"}}))
    held.get_by_role("button", name="Send this answer").click()
    expect(held).to_have_count(0)
    expect(rows(page, "Authorize", "Result").filter(has_text="answered by hand")).to_have_count(1)
    assert payloads(csms, station, "Authorize") == []
    # Only what was marked, if that is wished.
    page.check("#lv-filter [name=marked]")
    expect(rows(page, "BootNotification")).to_have_count(0)
    expect(rows(page, "Authorize")).to_have_count(1)
