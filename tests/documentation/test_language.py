"""Plain words: the list of documentation/language.py, held against what users read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from documentation.language import complaints
from documentation.project import DOCS, ROOT

# Words about words; and what is made of frames by others' names.
EXCEPT = {DOCS / "reference" / "glossary.md"}
FOUND = [path for path in sorted(DOCS.rglob("*.md")) if "decisions" not in path.parts]
PAGES = [ROOT / "README.md", *(path for path in FOUND if path not in EXCEPT)]
PACKAGES = (
    "accounts", "democsms", "emulator", "messaging", "scenarios", "stations", "terminal",
)  # fmt: skip
# Keywords whose texts people read.
SHOWN = {"help", "help_text", "description", "verbose_name", "message", "label", "summary"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_have_plain_words(page):
    told = complaints(page.read_text())
    found = [f"line {line}: {words!r}: {better}" for line, words, better in told]
    assert not found, "\n".join(found)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of what the code shows: help texts, descriptions, sentences of errors."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.keyword) and node.arg in SHOWN:
            yield from _strings(node.value)
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            for argument in node.exc.args:
                yield from _strings(argument)


def _strings(node: ast.AST) -> Iterator[tuple[int, str]]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.lineno, each.value


@pytest.mark.parametrize("package", PACKAGES)
def test_help_texts_and_errors_have_plain_words(package):
    found = [
        f"{path.relative_to(ROOT)}:{line}: {words!r}: {better}"
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in str(path)
        for line, text in texts(path)
        for _, words, better in complaints(text)
    ]
    assert not found, "\n".join(found)


def test_the_list_finds_what_it_names():
    text = "A frame was spoilt.\nOf the first\nrelease we say nothing."
    assert [line for line, _, _ in complaints(text)] == [1, 2]
