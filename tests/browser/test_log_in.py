"""By the form, as a person does; the other tests are given the cookies of one who has."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from benchmarks.stack import ADMIN, Stack
from tests.browser.conftest import opened


def test_who_logs_in_comes_to_where_he_wanted_to(browser: Browser, platform: Stack) -> None:
    wanted = f"{platform.url}/admin/sessions/"
    with opened(browser) as page:
        page.goto(wanted)
        page.fill("#id_username", ADMIN[0])
        page.fill("#id_password", f"not {ADMIN[1]}")
        page.click("button[type=submit]")
        expect(page.locator("body")).to_contain_text("correct")
        page.fill("#id_username", ADMIN[0])
        page.fill("#id_password", ADMIN[1])
        page.click("button[type=submit]")
        page.wait_for_url(wanted)
        page.goto(f"{platform.url}/admin/")
        expect(page.locator("#health-cards")).to_be_visible()
