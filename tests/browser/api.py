"""The API as a page asks it."""

from __future__ import annotations

from playwright.sync_api import Page

from benchmarks.stack import Stack


def ask(page: Page, platform: Stack, method: str, path: str, body: dict | None = None) -> dict:
    """The API as the page's own scripts ask it: by the session and its CSRF token."""
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    headers = {"X-CSRFToken": cookies["csrftoken"], "Referer": platform.url}
    answer = page.request.fetch(
        f"{platform.url}/api/{path}", method=method, headers=headers, data=body
    )
    assert answer.ok, answer.text()
    return answer.json()


def connected(page: Page, platform: Stack, name: str) -> bool:
    return ask(page, platform, "GET", f"stations/{name}/state")["connected"]
