"""A report as JSON, and its badge."""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from typing import Any

import orjson

from messaging.records import speakable_tree
from terminal.suites.results import UNJUDGED, Report

GREEN, RED = "#3a7d34", "#b3261e"  # 4.5:1 and more against white letters


def as_json(report: Report) -> bytes:
    """The whole report; see docs/reference/suites.md for its shape."""
    made: dict[str, Any] = asdict(report)
    made |= {"passed": report.passed, "counts": report.counts()}
    for result, values in zip(report.results, made["results"], strict=True):
        values["bad"] = result.is_bad(report.strict)
    return orjson.dumps(speakable_tree(made), option=orjson.OPT_INDENT_2, default=str)


def badge(report: Report) -> bytes:
    """An SVG: the suite's name, and how many of its verdicts are PASS."""
    counts = report.counts()
    judged = len(report.results) - sum(counts[verdict] for verdict in UNJUDGED)
    words = f"{counts['PASS']}/{judged} passed"
    left, right = (round(7 * len(text)) + 12 for text in (report.name[:40], words))
    colour = GREEN if report.passed else RED
    title = escape(f"{report.name[:40]}: {words}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{title}"><title>{title}</title>'
        f'<rect width="{left}" height="20" fill="#444"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2:g}" y="14">{escape(report.name[:40])}</text>'
        f'<text x="{left + right / 2:g}" y="14">{words}</text></g></svg>\n'
    ).encode()
