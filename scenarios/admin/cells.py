"""Cells of the scenarios' lists, and words that the pages share."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from scenarios.models import ENDED_STATES, Behaviour, Execution, Scenario
from stations.admin.cells import two_lines
from stations.admin.filters import known_tags

__all__ = [
    "badge", "behaviour_links", "chips", "known_tags", "progress", "scenario_links",
    "target_words", "took", "two_lines",
]  # fmt: skip
TONES = {
    "pending": "default", "running": "info", "passed": "success", "failed": "danger",
    "cancelled": "warning", "skipped": "default",
}  # fmt: skip


def badge(row: Execution):
    """The state of an execution and its warnings."""
    words = "interrupted" if row.interrupted else row.state
    if row.warnings:
        words += f", {row.warnings} warning{'s' if row.warnings > 1 else ''}"
    return format_html(
        '<span class="st-badge st-{}" data-execution="{}" data-state="{}">{}</span>',
        TONES[row.state], row.pk, row.state, words,
    )  # fmt: skip


def chips(tags: list[str]):
    made = format_html_join("", '<span class="st-chip">{}</span>', ((tag,) for tag in tags))
    return format_html('<span class="st-chips">{}</span>', made)


def progress(row: Execution):
    """A bar of the states, and how many have ended."""
    total = len(row.stations) or 1
    counts = row.counts or {}
    ended = sum(counts.get(name, 0) for name in ENDED_STATES)
    parts = format_html_join(
        "", '<i class="sc-{}" style="width:{}%"></i>',
        ((name, f"{100 * counts.get(name, 0) / total:.2f}")
         for name in (*ENDED_STATES, "running") if counts.get(name)),
    )  # fmt: skip
    return format_html(
        '<span class="sc-progress" data-progress="{}"><span class="sc-bar">{}</span>'
        '<span class="st-number">{} / {}</span></span>',
        row.pk, parts, ended, len(row.stations),
    )  # fmt: skip


def target_words(row: Execution) -> str:
    """Whom it was meant for, as it was asked."""
    target = row.target
    named = target.get("stations") or []
    parts = [", ".join(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")]
    parts += [f"{kind} {target[kind]}" for kind in ("tag", "template") if target.get(kind)]
    return ", ".join(part for part in parts if part)


def took(row: Execution) -> str:
    """How long it took, or has taken so far."""
    if row.started is None:
        return "–"
    seconds = ((row.ended or timezone.now()) - row.started).total_seconds()
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _links(*links: tuple[str, str]):
    made = format_html_join("", '<a href="{}">{}</a>', links)
    return format_html('<span class="st-links">{}</span>', made)


def scenario_links(row: Scenario, may_run: bool, may_look: bool):
    """To the form that runs it and to its executions, as far as the user may go there."""
    runs = f"{reverse('admin:scenarios_execution_changelist')}?scenario_slug={row.slug}"
    run = reverse("admin:scenarios_scenario_run", args=[row.pk])
    return _links(*[(run, "Run…")] * may_run, *[(runs, "Executions")] * may_look)


@admin.display(description="")
def behaviour_links(row: Behaviour):
    runs = f"{reverse('admin:scenarios_execution_changelist')}?behaviour={row.pk}"
    return _links((runs, "Executions"))


