"""axe-core in an open page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Of Unfold's own frame around our pages: what is in it is not ours.
OURS = {}


def faults_of(page: Page) -> list[str]:
    """What axe calls moderate or worse in what is ours of the page: rule, how bad, where."""
    found = Axe().run(page, context=OURS).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:160]}"
        for each in found
        if each["impact"] != "minor"
    ]
