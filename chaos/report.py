"""What a run prints: Markdown that can go into docs/contributing/chaos.md as it is."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from chaos import scale
from chaos.run import Outcome
from chaos.schedule import KINDS


def lines(outcome: Outcome) -> Iterator[str]:
    yield from _summary(outcome)
    if outcome.acts:
        yield from scale.lines(outcome.acts)
    yield from _recoveries(outcome)
    yield from _counts("seen and kept", outcome.books.counts)
    yield from _counts("Calls", outcome.books.actions)
    yield from _counts("what the CSMS did", outcome.csms.get("calls", {}))
    yield from _counts("what the operator did", outcome.operator)
    yield from _web(outcome)
    yield from _counts("executions of a scenario", outcome.executions)
    yield from _violations(outcome)


def _summary(outcome: Outcome) -> Iterator[str]:
    plan = outcome.plan
    faults = sum(len(one.faults) for one, _ in outcome.rounds)
    yield "| what | figure |"
    yield "| --- | ---: |"
    yield f"| seed | {plan.seed} |"
    yield f"| minutes | {outcome.minutes:.1f} |"
    yield f"| workers | {', then '.join(map(str, plan.workers))} |"
    yield f"| rounds, faults | {len(outcome.rounds)}, {faults} |"
    yield f"| waits in which the load was taken off after a minute | {outcome.relieved} |"
    yield f"| processes that ended though nobody had ended them | {len(outcome.fell)} |"
    yield f"| **violations** | **{outcome.violations}** |"
    yield ""
    for kind, why in outcome.skipped.items():
        yield f"Left out: {kind}, since {why}."
    for what in outcome.fell:
        yield f"Ended by itself: {what}."
    if outcome.skipped or outcome.fell:
        yield ""


def _recoveries(outcome: Outcome) -> Iterator[str]:
    yield "| recovery, seconds | times | median | p99 | longest |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    order = list(KINDS)
    for name in sorted(outcome.took, key=lambda n: order.index(n) if n in order else len(order)):
        took = sorted(outcome.took[name])
        yield (f"| {name} | {len(took)} | {median(took):.1f} | {_p99(took):.1f} | {took[-1]:.1f} |")
    everything = sorted(seconds for _, seconds in outcome.rounds)
    if everything:
        yield (
            f"| all faults | {len(everything)} | {median(everything):.1f} | "
            f"{_p99(everything):.1f} | {everything[-1]:.1f} |"
        )
    yield ""


def _p99(ordered: list[float]) -> float:
    return ordered[round((len(ordered) - 1) * 0.99)]


def _counts(title: str, counts: dict[str, int]) -> Iterator[str]:
    if not counts:
        return
    yield f"| {title} | number |"
    yield "| --- | ---: |"
    for name, count in sorted(counts.items()):
        yield f"| {name} | {count} |"
    yield ""


def _web(outcome: Outcome) -> Iterator[str]:
    names = sorted({name.rsplit(" ", 1)[0] for name in outcome.web if name.split()[-1].isdigit()})
    yield "| requests to web | 2xx | 503 | other 5xx | other | longest, s |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for name in names:
        found = {k.rsplit(" ", 1)[1]: n for k, n in outcome.web.items() if k.startswith(name + " ")}
        fine = sum(n for status, n in found.items() if status.startswith("2"))
        away = found.get("503", 0)
        bad = sum(n for status, n in found.items() if status.startswith("5")) - away
        rest = sum(found.values()) - fine - away - bad
        longest = outcome.slowest.get(name.split(" ", 1)[1], 0.0)
        yield f"| {name} | {fine} | {away} | {bad} | {rest} | {longest:.1f} |"
    for name, count in sorted(outcome.web.items()):
        if not name.split()[-1].isdigit():
            yield f"| {name} | | | | {count} | |"
    yield ""
    for fault in outcome.web_faults:
        yield f"    {fault}"
    if outcome.web_faults:
        yield ""


def _violations(outcome: Outcome) -> Iterator[str]:
    for check, count in sorted(outcome.books.found.items()):
        yield f"- {check}: {count}"
    if outcome.books.found:
        yield ""
    for what in [*outcome.broken, *outcome.books.violations]:
        yield f"    {what}"
