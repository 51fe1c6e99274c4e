"""The fields for JSON of the scenario's editor, as one writes in them."""

from __future__ import annotations

from playwright.sync_api import Page


def put(page: Page, name: str, text: str) -> None:
    """In the place of what stands in the field, as one pastes it."""
    page.locator(f".field-{name} .cm-content").focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def read(page: Page, name: str) -> str:
    """What the form would send."""
    return page.evaluate(f"document.getElementById('id_{name}').value")
