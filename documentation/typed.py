"""The commands of the pages: extracted, with the addresses of a platform put in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from documentation.project import DOCS, ROOT

FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<language>[\w-]*)(?P<directive>\{?)[^\n]*\n(?P<text>.*?)^(?P=fence)\s*$",
    re.MULTILINE | re.DOTALL,
)
NOT_RUN = re.compile(r"<!-- not run: ([^>]+?) -->\s*\Z")
# `make run` and `make install` are what the platform and the environment of a test stand for.
API = DOCS / "reference" / "api.md"
PREAMBLE = """
make() { case "$1" in run | install | test) ;; *) command make "$@" ;; esac; }
"""


class Block(NamedTuple):
    """line: of its fence, from 1. reason: why it is not run, "" where it is."""

    page: Path
    line: int
    language: str
    text: str
    reason: str

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """The README and the pages that people write."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for found in FENCE.finditer(text):
        if found["directive"]:
            continue
        before = text[: found.start()]
        reason = NOT_RUN.search(before)
        yield Block(
            page, before.count("\n") + 1, found["language"], found["text"],
            reason[1] if reason else "",
        )  # fmt: skip


def script(page: Path, values: Mapping[str, str]) -> str:
    """What a reader types, from top to bottom; `values` in place of what the page says.

    Every request of curl that is answered 400 or more ends it, and every command that fails.
    """
    typed = "".join(each.text for each in blocks(page) if each.language == "sh" and not each.reason)
    if re.search(r"\bask ", typed) and "ask()" not in typed:
        typed = _logging_in() + typed
    for said, own in values.items():
        typed = typed.replace(said, own)
    return PREAMBLE + re.sub(r"\bcurl -s\b", "curl -sS --fail-with-body", typed)


def _logging_in() -> str:
    """The first block of the API's page, which other pages of the reference build on."""
    begin = next(each.text for each in blocks(API) if each.language == "sh")
    return begin.replace('"password": "..."', '"password": "\'"$PASSWORD"\'"')


def has_commands(page: Path) -> bool:
    return any(each.language == "sh" and not each.reason for each in blocks(page))
