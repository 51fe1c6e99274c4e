"""axe-core in an open page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OURS = {"include": [["#content"]]}  # without Unfold's frame around our pages
# preload: it would fetch each style sheet again for rules that we do not ask for
_RUN = """([where, rules]) => axe.run(where ?? document, {
        resultTypes: ["violations"], preload: false, ...(rules ? { runOnly: rules } : {}),
    }).then(({ violations }) => violations.filter(({ impact }) => impact !== "minor").map(
        ({ id, impact, nodes }) => `${id} (${impact}): ${nodes[0].html.slice(0, 160)}`))"""
_SCRIPT = Axe().axe_script


# Which elements are to be seen; whether they are those of the last time.
_SAME = """() => {
    const seen = [...document.querySelectorAll("body *")].map(each => each.checkVisibility());
    const same = JSON.stringify(seen) === window.seenBefore;
    window.seenBefore = JSON.stringify(seen);
    return same;
}"""
COLOURS = ["color-contrast", "link-in-text-block"]  # all of axe's that look at colours


def shows_the_same(page: Page) -> bool:
    """Whether the same elements are to be seen as when this was last asked of the page."""
    return page.evaluate(_SAME)


def faults_of(page: Page, whole: bool = False, rules: list[str] | None = None) -> list[str]:
    """What axe calls moderate or worse in what is ours, or in the whole page: rule, how bad,
    where. `rules`: only these."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_SCRIPT)
    return page.evaluate(_RUN, [None if whole else OURS, rules])
