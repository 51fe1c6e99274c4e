"""The site is built without a warning, asks no other server and runs no script of its own text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from documentation import build as building
from tests.documentation.built import pages_of_this_run

pytestmark = pytest.mark.slow
# Attributes by which a browser fetches something by itself.
FETCHING = {("script", "src"), ("img", "src"), ("link", "href"), ("source", "src"),
            ("iframe", "src"), ("object", "data"), ("use", "href")}  # fmt: skip


class Page(HTMLParser):
    """What a browser would fetch, run and follow."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.inline: list[str] = []
        self._script: str | None = None
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.ids |= {told[key] for key in ("id", "name") if told.get(key)}
        self.fetched += [value for key, value in attrs if (tag, key) in FETCHING and value]
        if tag == "a" and told.get("href"):
            self.links.append(told["href"])
        self.inline += [key for key, _ in attrs if key.startswith("on")]
        if tag == "script":
            self._script = "" if "src" not in told else None

    def handle_data(self, data: str) -> None:
        if self._script is not None and data.strip():
            self.inline.append(data.strip()[:80])

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    return pages_of_this_run(tmp_path_factory)


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def inner(path: Path, url: str) -> tuple[Path, str] | None:
    """(file, anchor) that an address of the site means; None for another server's."""
    parts = urlsplit(url)
    if parts.scheme or parts.netloc:
        return None
    file = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
    return file, unquote(parts.fragment)


def test_each_page_of_the_tree_is_there(site, pages):
    assert len(pages) > 100
    for folder in ("tutorials", "how-to", "deploy", "reference", "explanation", "contributing"):
        assert (site / folder / "index.html") in pages


def test_no_page_runs_a_script_of_its_own_text(pages):
    """script-src 'self': see emulator/web/headers.py."""
    assert {path.name: page.inline for path, page in pages.items() if page.inline} == {}


def test_nothing_is_fetched_from_elsewhere(site, pages):
    wrong = [url for page in pages.values() for url in page.fetched
             if urlsplit(url).netloc or urlsplit(url).scheme not in ("", "data")]  # fmt: skip
    assert wrong == []
    for path in site.rglob("*.css"):
        for url in re.findall(r"url\(([^)]+)\)", path.read_text()):
            assert "//" not in url or url.strip("'\"").startswith("data:"), (path.name, url)
    for name in ("searchtools.js", "language_data.js", "doctools.js"):
        assert "eval(" not in (site / "_static" / name).read_text()


def dead(pages: dict[Path, Page]) -> Iterator[str]:
    for path, page in pages.items():
        for url in [*page.links, *page.fetched]:
            if not (target := inner(path, url)) or url.startswith("data:"):
                continue
            file, anchor = target
            if not file.is_file():
                yield f"{path.name}: {url}"
            elif anchor and file in pages and anchor not in pages[file].ids:
                yield f"{path.name}: {url}: no such anchor"


def test_no_link_or_anchor_is_dead(pages):
    assert list(dead(pages))[:20] == []


def test_it_can_be_searched_without_a_server(site):
    index = (site / "searchindex.js").read_text()
    assert index.startswith("Search.setIndex(") and "troubleshooting" in index.lower()
    assert "searchindex.js" in (site / "search.html").read_text()


def test_it_is_built_once(site):
    assert building.is_current(site)
    assert building.build(site, if_changed=True) is False


def test_a_dead_link_fails_the_build(tmp_path, monkeypatch):
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("conf.py", "_theme", "_static"):
        (docs / name).symlink_to(building.DOCS / name)
    (docs / "index.md").write_text("# Home\n\n[dead](nowhere.md)\n")
    monkeypatch.setattr(building, "DOCS", docs)
    with pytest.raises(building.BuildFailed, match="nowhere"):
        building.build(tmp_path / "out" / "pages")
    assert not (tmp_path / "out" / "pages").exists()
