"""What `manage.py up` says of the pages under /docs: not that they are there before they are."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from django.test import override_settings

from emulator.management.commands import up
from emulator.processes import services
from emulator.web.documentation import PAGES

WEB = "http://127.0.0.1:8000"


@pytest.fixture
def pages(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(up, "PAGES", tmp_path / "built")
    return tmp_path / "built"


def test_it_looks_where_the_web_process_does():
    assert up.PAGES == PAGES


def test_a_fresh_checkout_says_that_they_are_being_built(pages):
    assert "being built" in up.docs_state(no_docs=False)
    assert "make docs" in up.docs_state(no_docs=True)
    pages.mkdir()
    assert up.docs_state(no_docs=False) == up.docs_state(no_docs=True) == ""


def test_a_wheel_without_sources_builds_none(pages, tmp_path, monkeypatch):
    monkeypatch.setattr(services, "BASE_DIR", tmp_path)
    assert "make docs" in up.docs_state(no_docs=False)


def _built_by(script: str, tmp_path: Path, monkeypatch) -> list[str]:
    """What is said when a build does this."""
    builder = tmp_path / "builder"
    builder.write_text(f"#!/bin/sh\n{script}\n")
    builder.chmod(0o755)
    (tmp_path / "logs").mkdir()
    monkeypatch.setattr(up.sys, "executable", str(builder))
    said: list[str] = []
    command = up.Command()
    monkeypatch.setattr(command, "say", said.append)
    with override_settings(DATA_DIR=tmp_path):
        asyncio.run(command.build_pages(WEB))
    return said


def test_it_says_when_they_are_built(pages, tmp_path, monkeypatch):
    assert _built_by(f"mkdir {pages}", tmp_path, monkeypatch) == [
        f"The documentation is built: {WEB}/docs/"
    ]


def test_it_says_nothing_where_they_were_there(pages, tmp_path, monkeypatch):
    pages.mkdir()
    assert _built_by("true", tmp_path, monkeypatch) == []


def test_it_says_where_the_reason_of_a_failure_is(pages, tmp_path, monkeypatch):
    [said] = _built_by("false", tmp_path, monkeypatch)
    assert "could not be built" in said and "documentation.log" in said
