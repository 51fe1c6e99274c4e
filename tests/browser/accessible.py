"""axe-core in an open page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OURS = {"include": [["#content"]]}  # without Unfold's frame around our pages
# preload: it would fetch each style sheet again for rules that we do not ask for
_RUN = """(where) => axe.run(where ?? document, { resultTypes: ["violations"], preload: false })
    .then(({ violations }) => violations.filter(({ impact }) => impact !== "minor").map(
        ({ id, impact, nodes }) => `${id} (${impact}): ${nodes[0].html.slice(0, 160)}`))"""
_SCRIPT = Axe().axe_script


def faults_of(page: Page, whole: bool = False) -> list[str]:
    """What axe calls moderate or worse in what is ours, or in the whole page: rule, how bad,
    where."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_SCRIPT)
    return page.evaluate(_RUN, None if whole else OURS)
