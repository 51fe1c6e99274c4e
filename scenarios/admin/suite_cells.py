"""Cells and tables of the pages of suites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from scenarios.admin.cells import TONES, took, two_lines
from scenarios.models import SuitePlan, SuiteRun
from scenarios.verdicts.comparing import KINDS, Case, compare, key

__all__ = [
    "badge", "cases", "figures", "history", "history_of", "last_run", "reason", "run_links",
    "schedule", "sections", "took", "trend", "two_lines",
]  # fmt: skip
TREND = 20
WORDS = {
    "broke": "Broke", "healed": "Healed", "still": "Still failing", "lost": "Not judged any more",
    "new": "New", "gone": "Gone",
}  # fmt: skip
_COLOURS = {"passed": "#22c55e", "failed": "#ef4444", "cancelled": "#f97316"}


def badge(row: SuiteRun):
    words = "interrupted" if row.interrupted else row.state
    return format_html(
        '<span class="st-badge st-{}" data-state="{}">{}</span>', TONES[row.state], row.state, words
    )


def figures(row: SuiteRun) -> str:
    """Verdicts of a run and how many cases have each; of an open one how many are done."""
    if row.is_open:
        return f"{row.done} of {row.planned}" if row.planned else "–"
    return ", ".join(f"{n} {verdict}" for verdict, n in row.counts.items() if n) or "–"


def reason(row: SuiteRun):
    return format_html('<span class="sc-reason" title="{0}">{0}</span>', row.message)


def schedule(row: SuitePlan) -> str:
    """How often the plan runs, in words."""
    if not row.every_minutes:
        return "by hand"
    hours, minutes = divmod(row.every_minutes, 60)
    words = f"every {row.every_minutes} min" if minutes else f"every {hours} h"
    return words if row.enabled else f"{words}, off"


@dataclass(frozen=True)
class Past:
    """A run in the trend."""

    pk: Any
    state: str
    bad: int
    counts: Mapping[str, int]
    created: Any


def history_of(plan: str) -> list[Past]:
    """The last runs, the oldest first."""
    rows = SuiteRun.objects.filter(plan=plan).order_by("-created")
    found = rows.values_list("pk", "state", "bad", "counts", "created")[:TREND]
    return [Past(*values) for values in found][::-1]


def history(row: SuitePlan) -> list[Past]:
    """Asked once for a row of the list."""
    if not hasattr(row, "_history"):
        row._history = history_of(str(row.pk))
    return row._history


def last_run(row: SuitePlan):
    if not (past := history(row)):
        return "–"
    last = past[-1]
    return format_html(
        '<a class="st-badge st-{}" href="{}">{}</a>', TONES[last.state],
        reverse("admin:scenarios_suiterun_change", args=[last.pk]), last.state,
    )  # fmt: skip


def trend(past: list[Past]):
    """A bar for each run, as high as its share of cases that did not fail; and in words."""
    ended = [each for each in past if each.state in _COLOURS]
    if not ended:
        return "–"
    passed = sum(each.state == "passed" for each in ended)
    words = f"{passed} of the last {len(ended)} runs passed"
    bars = format_html_join("", '<rect x="{}" y="{}" width="5" height="{}" fill="{}"><title>{}'
                            "</title></rect>", map(_bar, range(len(ended)), ended))  # fmt: skip
    return format_html(
        '<svg class="sc-trend" width="{}" height="24" role="img" aria-label="{}">{}</svg>',
        7 * len(ended), words, bars,
    )  # fmt: skip


def _bar(place: int, run: Past) -> tuple:
    total = sum(run.counts.values())
    good = (total - run.bad) / total if total else 0.0
    height = 3 + round(21 * good)
    told = f"{run.created:%Y-%m-%d %H:%M}: {run.state}, {run.bad} of {total} failed"
    return 7 * place, 24 - height, height, _COLOURS[run.state], told


@admin.display(description="")
def run_links(row: SuitePlan):
    runs = f"{reverse('admin:scenarios_suiterun_changelist')}?plan={row.pk}"
    return format_html('<span class="st-links"><a href="{}">Runs</a></span>', runs)


def sections(run: SuiteRun, other: SuiteRun | None) -> list[dict[str, Any]]:
    """What became of cases since the other run: those kinds that there are."""
    if other is None or run.is_open:
        return []
    found = compare(other.cases, run.cases)
    return [
        {"kind": kind, "title": WORDS[kind], "cases": [{**c, "tone": _tone(c)} for c in rows]}
        for kind in KINDS if (rows := getattr(found, kind))
    ]  # fmt: skip


def cases(run: SuiteRun, other: SuiteRun | None) -> list[dict[str, Any]]:
    """Of the run, failed ones first, with what became of each."""
    became = compare(other.cases, run.cases).of() if other is not None else {}

    def shown(case: Case) -> dict[str, Any]:
        return {**case, "tone": _tone(case), "became": WORDS.get(became.get(key(case), ""), "")}

    return [shown(case) for case in sorted(run.cases, key=lambda case: not case["bad"])]


def _tone(case: Case) -> str:
    if case["bad"]:
        return "danger"
    return {"PASS": "success", "FAIL": "warning", "PARTIAL": "warning"}.get(
        case["verdict"], "default"
    )
