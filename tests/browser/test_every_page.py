"""Every page of the product, with rows in every table: what axe calls moderate or worse of it,
light and dark, on a desk and on a telephone, and whether it fits. Found by the URL patterns, so a
new page is in it."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings
from django.urls import get_resolver
from playwright.sync_api import Browser, Error, Page

from tests.browser.accessible import COLOURS, faults_of, shows_the_same
from tests.browser.site import Site
from tests.documentation.built import pages_of_this_run

WIDTHS = (1440, 390)
# Of Unfold, and of the documentation's theme.
DARK = """dark => {
    document.documentElement.classList.toggle("dark", dark);
    document.body.dataset.theme = dark ? "dark" : "light";
}"""
# Outside /admin/: the API answers scripts, and its page is Swagger's; the others are looked at.
OTHERS = {"home", "favicon", "documentation", "documentation-page", "api"}
FRAGMENTS = {"/admin/search/?s=a"}  # put into a page by its script
# Where a page is another by its query or its row than the one that the patterns lead to.
FURTHER = (
    "/admin/live/?mode=history", "/admin/statistics/?station=CP-2.1-charging",
    "/admin/crafter/?station=CP-1.6-connected", "/admin/stations/station/?state=bogus",
    *(f"/admin/stations/station/CP-{name}/life/" for name in
      ("2.1-charging", "1.6-faulted", "2.0.1-held-back")),
)  # fmt: skip
DOCS = ("index.html", "reference/commands.html", "search.html?q=connector")


@contextlib.contextmanager
def looking(browser: Browser, site: Site, kind: str = "") -> Iterator[Page]:
    """A page of this user's, or of somebody who has not logged in."""
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(60_000)
    if kind:
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": site.sessions[kind]}
        context.add_cookies([{**cookie, "url": site.url}])
    yield context.new_page()
    context.close()


def opened(page: Page, address: str) -> int:
    """The status; 0 for what is no page of its own: a file, an answer to a script, a way on."""
    try:
        answer = page.goto(address, wait_until="load")
    except Error as failed:
        if "Download is starting" in failed.message or "ERR_ABORTED" in failed.message:
            return 0
        raise
    kind = answer.headers.get("content-type", "")
    own = kind.startswith("text/html") and answer.request.redirected_from is None
    return answer.status if own else 0


def look(page: Page) -> list[str]:
    faults = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for dark in (False, True):
            page.evaluate(DARK, dark)
            mode = f"{width}{' dark' if dark else ''}"
            # Where dark shows what light does, only its colours are others.
            rules = COLOURS if shows_the_same(page) and dark else None
            faults += [f"{mode}: {each}" for each in faults_of(page, True, rules)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{width}: wider than the window")
    return [f"{page.url}: {each}" for each in faults]


def test_each_pattern_of_an_address_is_looked_at_somewhere(site: Site) -> None:
    others = set()
    for pattern in get_resolver().url_patterns:
        if not str(pattern.pattern).startswith("admin/"):
            others.add(getattr(pattern, "name", None) or pattern.namespace)
    assert others == OTHERS, "look at the new page here, or say why not"
    unfilled = [address for address in site.everywhere if "<" in address or "(?P" in address]
    assert not unfilled, "tests/admin/addresses.py has no row for it"


def test_no_page_has_a_fault_of_access_and_each_fits(site: Site, browser: Browser) -> None:
    faults, seen = [], 0
    with looking(browser, site, "superuser") as page:
        for address in [*site.everywhere, *FURTHER]:
            if address not in FRAGMENTS and opened(page, site.url + address) == 200:
                seen += 1
                faults += look(page)
    assert not faults, "\n".join(faults)
    assert seen > 80


def test_who_is_not_logged_in_lost_or_without_the_right_sees_pages_without_a_fault(
    site: Site, browser: Browser
) -> None:
    faults = []
    for kind, address, status in (
        ("", "/admin/login/", 200),
        ("superuser", "/admin/no/such/page/", 404),
        ("staff that views", "/admin/stations/station/create-many/", 403),
    ):
        with looking(browser, site, kind) as page:
            assert opened(page, site.url + address) == status
            faults += look(page)
    assert not faults, "\n".join(faults)


@pytest.fixture
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The documentation at an address of its own."""
    output = pages_of_this_run(tmp_path_factory)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(output))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.slow
def test_the_documentation_has_no_fault_and_is_searched_without_a_server(
    site: Site, browser: Browser, pages: str
) -> None:
    faults = []
    with looking(browser, site) as page:
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        for name in DOCS:
            assert opened(page, f"{pages}/{name}") == 200
            if "?" in name:
                page.locator("#search-results li a").first.wait_for()
            faults += look(page)
        assert page.locator("#search-results li a", has_text="onnector").count()
    assert not faults, "\n".join(faults)
    assert all(url.startswith((pages, "data:")) for url in asked), asked
