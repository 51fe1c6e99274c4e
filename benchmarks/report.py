"""What was measured, beside its target; as text and as Markdown."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Row:
    """One figure. `met` None: no target was set for it."""

    what: str
    ours: str
    bare: str = ""
    target: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return "" if self.met is None else "PASS" if self.met else "MISS"


@dataclass
class Report:
    rows: list[Row] = field(default_factory=list)
    tables: list[tuple[str, list[str], list[list[str]]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, what: str, ours: str, bare: str = "", target: str = "", met: bool | None = None):
        row = Row(what, ours, bare, target, met)
        self.rows.append(row)
        print(f"  {what}: {ours}" + (f" | bare {bare}" if bare else "")
              + (f" | target {target}: {row.verdict}" if target else ""), flush=True)  # fmt: skip

    def table(self, title: str, head: list[str], lines: list[list[str]]) -> None:
        self.tables.append((title, head, lines))

    @property
    def missed(self) -> int:
        return sum(row.met is False for row in self.rows)

    def text(self) -> str:
        head = ["what", "ours", "bare ocpp + websockets", "target", ""]
        lines = [[r.what, r.ours, r.bare, r.target, r.verdict] for r in self.rows]
        parts = [plain_table(head, lines)]
        parts += [f"{title}\n\n{plain_table(h, rows)}" for title, h, rows in self.tables]
        return "\n\n".join(parts + self.notes)

    def markdown(self, title: str, before: str, after: str = "") -> str:
        head = ["what", "ours", "bare `ocpp` + `websockets`", "target", ""]
        lines = [[r.what, r.ours, r.bare, r.target, r.verdict] for r in self.rows]
        parts = [f"# {title}", before, f"{machine()}, {today()}."]
        if lines:
            parts.append(markdown_table(head, lines))
        for name, columns, rows in self.tables:
            parts += [f"## {name}", markdown_table(columns, rows)]
        return "\n\n".join([*parts, *self.notes, after]).rstrip() + "\n"


def plain_table(head: list[str], lines: list[list[str]]) -> str:
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    rule = "-+-".join("-" * width for width in widths)
    rows = [" | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in lines]
    first = " | ".join(c.ljust(w) for c, w in zip(head, widths, strict=True))
    return "\n".join([first, rule, *rows])


def markdown_table(head: list[str], lines: list[list[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (f"{psutil.cpu_count()} shared cores, {memory:.0f} GiB, "
            f"Python {platform.python_version()}, {platform.system()}")  # fmt: skip


def today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    print(f"written: {path}")
