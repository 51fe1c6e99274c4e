"""docs/decisions/index.md: the decisions with their status and date, from the files' own lines."""

from __future__ import annotations

import re
from pathlib import Path

from documentation.project import DOCS

FOLDER = DOCS / "decisions"
STATUSES = ("accepted", "proposed", "superseded")
# The second paragraph of each: *Accepted, 2026-11-29.* or *Superseded by [3](0003-x.md), ....*
LINE = re.compile(r"\*(Accepted|Proposed|Superseded)\b([^*]*?),? (\d{4}-\d\d-\d\d)\.\*")
HEAD = """# Decisions

What somebody would question, with the reasons, one page each. A decision that is taken back stays
here as *superseded*, with a link to what came after it.

Made from the files by `python -m documentation write`. To add one: the next number, a title, a line
`*Accepted, YEAR-MONTH-DAY.*` below it, then the question, the decision, and what was not taken.

| | decision | status | date |
| ---: | --- | --- | --- |
"""


def page(folder: Path = FOLDER) -> str:
    files = sorted(path for path in folder.glob("*.md") if path.name[0].isdigit())
    rows = "\n".join(_row(path) for path in files)
    listed = "\n".join(path.stem for path in files)
    return f"{HEAD}{rows}\n\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"


def _row(path: Path) -> str:
    lines = path.read_text().split("\n")
    number = int(path.name[:4])
    title = re.match(rf"# {number}\. (.+)", lines[0])
    status = LINE.fullmatch(lines[2])
    if not title or not status:
        raise ValueError(
            f"{path.name} begins with '# {number}. Title', and its third line is "
            "'*Accepted, 2026-11-30.*'"
        )
    return f"| {number} | [{title[1]}]({path.name}) | {status[1].lower()} | {status[3]} |"
