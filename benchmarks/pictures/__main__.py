"""`python -m benchmarks.pictures` (make screenshots): the pictures of the documentation.

A platform as its users run it, with its demo stations and its demo CSMS: some charge, one is
broken, one is refused, forty more stand in Germany, one scenario passes and one fails. Each picture
is of a page that is alive.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.frames import CHROMIUM, logged_in
from benchmarks.pictures.best import PICTURES, Picture
from benchmarks.pictures.demo import Demo
from benchmarks.pictures.pages import PAGES, QUALITY, SCALE
from benchmarks.processes import ROOT

DARK = "dark => document.documentElement.classList.toggle('dark', dark)"
FOLDER = ROOT / "docs" / "img"
CHARGING = 600.0  # seconds of charging before the first picture, so that curves have a shape
SETTLE = 2500  # ms that a page has to fill itself


def take(context: BrowserContext, demo: Demo, picture: Picture, place: Path) -> None:
    page = context.new_page()
    try:
        page.set_viewport_size({"width": picture.width, "height": picture.height})
        page.emulate_media(color_scheme="dark" if picture.dark else "light")
        page.goto(demo.platform.url + demo.address(picture.address), wait_until="load")
        page.evaluate(DARK, picture.dark)
        page.locator(picture.shows).first.wait_for(timeout=60_000)
        if picture.then is not None:
            picture.then(page)
        page.wait_for_timeout(SETTLE)
        quality = QUALITY if place.suffix == ".jpg" else None
        page.screenshot(path=place, type="jpeg" if quality else "png", quality=quality)
    finally:
        page.close()


def contexts(browser: Browser, url: str) -> tuple[BrowserContext, BrowserContext, BrowserContext]:
    """For the best ones, for those of each page, and for who has not logged in."""
    best = logged_in(browser, url)
    small = browser.new_context(storage_state=best.storage_state(), device_scale_factor=SCALE)
    return best, small, browser.new_context(device_scale_factor=SCALE)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pictures", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--only", help="of this name", default="")
    parser.add_argument("--charging", type=float, default=CHARGING, help="seconds before the first")
    parser.add_argument("--stay", action="store_true", help="until a line comes on stdin")
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if not chromium:
        parser.error("Chromium is missing: apt-get install chromium")
    (options.folder / "pages").mkdir(parents=True, exist_ok=True)
    demo = Demo()
    failed = []
    try:
        demo.start(lambda text: print(text, flush=True), options.charging)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
            best, small, outside = contexts(browser, demo.platform.url)
            wanted = [(best, one, f"{one.name}.png") for one in PICTURES]
            wanted += [
                (outside if one.name == "login" else small, one, f"pages/{one.name}.jpg")
                for one in PAGES
            ]
            for context, picture, place in wanted:
                if options.only not in place:
                    continue
                try:
                    take(context, demo, picture, options.folder / place)
                    print(place, flush=True)
                except Exception as fault:  # noqa: BLE001 - the others are taken all the same
                    failed.append(f"{place}: {fault}")
                    print(failed[-1], file=sys.stderr, flush=True)
            browser.close()
        if options.stay:
            print(demo.platform.url, flush=True)
            sys.stdin.readline()
    finally:
        demo.platform.close()
    print("\n".join(failed), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
