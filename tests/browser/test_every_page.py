"""Every page of the product, with rows in every table: what axe says of it, light and dark, on a
desk and on a telephone, and whether it fits. Made from the URL patterns, so a new page is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page

from tests.browser.accessible import faults_of
from tests.browser.site import Site

SHARES = 4  # of the pages, so that they may be looked at side by side
WIDTHS = (1440, 390)
ANSWERS = ("/live/?", "/jsi18n/", "/autocomplete/", "/logout/", "/export", "/totals", "/readings")
DOWNLOADS = re.compile(r"/(export|readings|totals|live-states)/?$")


@pytest.fixture
def looker(site: Site, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(reduced_motion="reduce")
    value = site.sessions["superuser"]
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": site.url}])
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def shown(page: Page, address: str) -> bool:
    """Whether there is a page at the address, and not a file or the answer to a script."""
    answer = page.context.request.head(address, max_redirects=0, fail_on_status_code=False)
    kind = answer.headers.get("content-type", "")
    return answer.status == 200 and kind.startswith("text/html")


def look(page: Page, address: str) -> list[str]:
    page.goto(address, wait_until="load")
    faults = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for dark in (False, True):
            page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
            mode = f"{width}{' dark' if dark else ''}"
            faults += [f"{mode}: {each}" for each in faults_of(page, whole=True)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{width}: wider than the window")
    return faults


@pytest.mark.parametrize("share", range(SHARES))
def test_no_page_has_a_fault_of_access_and_each_fits(site: Site, looker: Page, share: int) -> None:
    faults = []
    for address in site.everywhere[share::SHARES]:
        if shown(looker, site.url + address):
            faults += [f"{address}: {each}" for each in look(looker, site.url + address)]
    assert not faults, "\n".join(faults)


def test_who_is_not_logged_in_and_who_is_lost_see_pages_without_a_fault(
    site: Site, browser: Browser, looker: Page
) -> None:
    stranger = browser.new_page()
    faults = look(stranger, f"{site.url}/admin/login/")
    stranger.close()
    faults += look(looker, f"{site.url}/admin/no/such/page/")
    assert not faults, "\n".join(faults)
