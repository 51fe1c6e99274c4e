"""axe-core in an open page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OURS = {"include": [["#content"]]}  # without Unfold's frame around our pages


def faults_of(page: Page, whole: bool = False) -> list[str]:
    """What axe calls moderate or worse in what is ours, or in the whole page: rule, how bad,
    where."""
    found = Axe().run(page, context=None if whole else OURS).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:160]}"
        for each in found
        if each["impact"] != "minor"
    ]
