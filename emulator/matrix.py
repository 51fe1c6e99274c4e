"""The table of rights as Markdown: who may do what, for docs/reference/rights.md."""

from __future__ import annotations

from pathlib import Path

from accounts.rights import ANYONE, LOGIN, METRICS, OWN
from emulator.rights import GROUPS, TABLE

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "rights.md"
BEGIN, END = "<!-- rights: begin -->", "<!-- rights: end -->"
WORDS = {
    ANYONE: "anyone", LOGIN: "who is logged in", METRICS: "who is logged in, metrics tokens",
    OWN: "who is logged in, of his own",
}  # fmt: skip
SECTIONS = {
    "operations": "Operations of the API (below /api)",
    "sockets": "WebSockets and their messages",
    "pages": "Pages (below /admin for staff)",
    "actions": "Actions of the admin's lists",
}


def matrix() -> str:
    """Rows with the same right are one row."""
    lines = [BEGIN, "", f"| | right | scope of a token | {' | '.join(GROUPS)} |",
             f"| --- | --- | --- |{' --- |' * len(GROUPS)}"]  # fmt: skip
    for section, title in SECTIONS.items():
        lines.append(f"| **{title}** | | |{' |' * len(GROUPS)}")
        rows: dict[str, list[str]] = {}
        for row, right in getattr(TABLE, section).items():
            rows.setdefault(right, []).append(row)
        lines += [_line(right, names) for right, names in sorted(rows.items(), key=_order)]
    return "\n".join([*lines, "", END])


def _order(item: tuple[str, list[str]]) -> tuple[bool, str]:
    return item[0] not in WORDS, item[0]


def _line(right: str, names: list[str]) -> str:
    level = TABLE.levels.get(right)
    marks = ["yes" if level is None or level in levels else "" for _, levels in GROUPS.values()]
    shown = ", ".join(f"`{name}`" for name in sorted(names))
    told = WORDS.get(right) or f"`{right}`"
    return f"| {shown} | {told} | {level or '–'} | {' | '.join(marks)} |"


def with_matrix(text: str) -> str:
    """The page's text with the matrix of today. Raises ValueError where it has no place."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} lacks {BEGIN} or {END}")
    return f"{head}{matrix()}{tail}"
