"""The pages under /docs as the web process serves them."""

from __future__ import annotations

import pytest
from django.test import Client

from emulator.web import documentation


@pytest.fixture
def pages(tmp_path, monkeypatch):
    (tmp_path / "deploy").mkdir()
    (tmp_path / "index.html").write_text("<h1>Home</h1>")
    (tmp_path / "deploy" / "index.html").write_text("<h1>Deploy</h1>")
    (tmp_path / "theme.js").write_text("1")
    monkeypatch.setattr(documentation, "PAGES", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [("/docs/", "text/html", "Home"), ("/docs/deploy/", "text/html", "Deploy"),
     ("/docs/theme.js", "text/javascript", "1")],
)  # fmt: skip
def test_a_stranger_reads_them_without_a_store(pages, path, kind, text):
    """No database mark: a query would fail the test."""
    answer = Client().get(path)
    assert answer.status_code == 200 and text in answer.content.decode()
    assert answer["Content-Type"].startswith(kind)
    assert answer["Cache-Control"] == "no-cache"
    assert "unsafe-eval" not in answer["Content-Security-Policy"]
    again = Client().get(path, headers={"If-Modified-Since": answer["Last-Modified"]})
    assert again.status_code == 304 and not again.content


def test_a_folder_without_its_slash_leads_to_it(pages):
    answer = Client().get("/docs/deploy")
    assert answer.status_code == 302 and answer["Location"] == "/docs/deploy/"


@pytest.mark.parametrize(
    "path", ["/docs/nothing.html", "/docs/../settings.py", "/docs/%2e%2e/%2e%2e/etc/passwd",
             "/docs//etc/passwd", "/docs/a%00b"],
)  # fmt: skip
def test_nothing_outside_is_served(pages, path):
    (pages.parent / "settings.py").write_text("secret")
    assert Client().get(path).status_code == 404


def test_it_says_so_where_nothing_is_built(tmp_path, monkeypatch):
    monkeypatch.setattr(documentation, "PAGES", tmp_path / "none")
    answer = Client().get("/docs/")
    assert answer.status_code == 503 and answer["Retry-After"]
    assert "make docs" in answer.content.decode()


def test_nothing_is_changed_by_a_post(pages):
    assert Client().post("/docs/").status_code == 405
