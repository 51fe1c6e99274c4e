"""What the CSMS got wrong, and why a station is not in service: on its page in the admin."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import Page, expect

from benchmarks.stack import Stack
from tests.browser.api import ask
from tests.system.csms import PythonCsms
from tests.system.field_relay import FieldRelay


@pytest.mark.parametrize(
    ("reading", "what", "outcome", "trouble"),
    [
        ("lenient", "currentTime: a time without a zone, as UTC", "read all the same", ""),
        ("strict", "Violation", "refused", "BootNotification: its answer cannot be read"),
    ],
)
def test_breaches_stand_on_the_page(
    page: Page, platform: Stack, csms: PythonCsms, reading: str, what: str, outcome: str,
    trouble: str,
) -> None:  # fmt: skip
    name = f"SLOPPY-{secrets.token_hex(3)}"
    with FieldRelay(csms.url) as relay:
        made = {"identity": name, "csms_url": relay.url, "reading": reading, "start": True}
        ask(page, platform, "POST", "stations", made)
        page.goto(f"{platform.url}/admin/stations/station/?q={name}")
        page.get_by_role("link", name=name).first.click()
        box = page.locator("[data-breaches]")
        expect(box.locator("summary")).to_contain_text("The CSMS broke the specification")
        box.locator("summary").click()
        row = box.locator("tbody tr").filter(has_text="BootNotification").filter(has_text=what)
        expect(row).to_contain_text("CallResult")
        expect(row).to_contain_text(outcome)
        error = page.locator("[data-fact=link_error]")
        if trouble:
            expect(error).to_contain_text(trouble)
        else:
            expect(page.locator('[data-fact="registration"]')).to_have_text("Accepted")
            expect(error).to_be_hidden()
        ask(page, platform, "POST", f"stations/{name}/stop")
