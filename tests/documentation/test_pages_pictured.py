"""Each page of the sidebar has a picture, each picture a place in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.pictures.best import PICTURES
from benchmarks.pictures.pages import PAGES
from emulator.admin_look import UNFOLD

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "img"
PAGE = ROOT / "docs" / "reference" / "pages.md"
MOST = 150_000  # bytes of a picture of a page
# Another program's page, these pages, an answer for probes, lists that look like the intervals'.
WITHOUT = {
    "Workers (Flower)", "Documentation", "Health", "Crontabs", "Clocked", "Solar events",
    "Group results",
}  # fmt: skip


def shown_in(page: Path) -> set[str]:
    return set(re.findall(r"!\[[^\]]*\]\((?:\.\./|docs/)img/([^)]*)\)", page.read_text()))


def test_each_page_of_the_sidebar_is_pictured() -> None:
    pictured = {picture.address.partition("?")[0] for picture in PAGES}
    missing = [
        item["title"]
        for group in UNFOLD["SIDEBAR"]["navigation"]
        for item in group["items"]
        if item["title"] not in WITHOUT and str(item["link"]).partition("?")[0] not in pictured
    ]
    assert not missing, "give it a line in benchmarks/pictures/pages.py"


def test_each_picture_of_a_page_is_shown_and_small() -> None:
    names = {f"pages/{picture.name}.jpg" for picture in PAGES}
    assert shown_in(PAGE) == names
    kept = {f"pages/{place.name}" for place in (IMAGES / "pages").iterdir()}
    assert kept == names
    large = [name for name in names if (IMAGES / name).stat().st_size > MOST]
    assert not large


def test_each_of_the_best_pictures_is_shown() -> None:
    made = {f"{picture.name}.png" for picture in PICTURES}
    shown = set().union(*map(shown_in, [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]))
    assert {name for name in shown if name.endswith(".png")} == made
    assert {place.name for place in IMAGES.glob("*.png")} == made
