"""The webhook: a POST with JSON once a run has ended."""

from __future__ import annotations

from typing import Any

from scenarios.verdicts.comparing import Case, compare
from scenarios.verdicts.tables import SuitePlan, SuiteRun
from scenarios.web import Request, Unreached, Web

RETRIES = 3  # where it was not reached, or said that it is busy
TIMEOUT = 10.0
MOST_CASES = 50
MOST_NOTICE = 300


def payload(run: SuiteRun, previous: SuiteRun | None) -> dict[str, Any]:
    """What is sent. `previous`: what broke and healed is told against it; None: there is none."""
    told = compare(previous.cases, run.cases) if previous is not None else None
    return {
        "event": "suite_run_ended", "run": str(run.pk), "plan": run.plan, "name": run.plan_name,
        "suite": run.suite_name, "state": run.state, "message": run.message,
        "counts": run.counts, "bad": run.bad, "seed": run.seed, "started_by": run.started_by,
        "started": _time(run.started), "ended": _time(run.ended),
        "link": f"/admin/scenarios/suiterun/{run.pk}/change/", "api": f"/api/suite-runs/{run.pk}",
        "against": str(previous.pk) if previous is not None else None,
        "broke": _cases(told.broke if told else []), "healed": _cases(told.healed if told else []),
    }  # fmt: skip


def addressed(run: SuiteRun) -> str:
    """The plan's webhook as it is now; "" for none."""
    found = SuitePlan.objects.filter(pk=run.plan).values_list("webhook_url", flat=True).first()
    return found or ""


async def send(web: Web, url: str, body: dict[str, Any]) -> str:
    """What is wrong, as a sentence without secrets; "" if it was taken."""
    request = Request("POST", url, body=body, timeout=TIMEOUT, retries=RETRIES)
    host = request.place.split("/")[2]  # paths of webhooks are secrets often
    try:
        reply = await web.ask(request)
    except Unreached as problem:
        return f"Webhook: {str(problem).replace(request.place, host)}"[:MOST_NOTICE]
    if 200 <= reply.status < 300:
        return ""
    return f"Webhook: {host} answered with HTTP {reply.status}."[:MOST_NOTICE]


def _time(moment: Any) -> str | None:
    return moment.isoformat() if moment is not None else None


def _cases(cases: list[Case]) -> list[dict[str, Any]]:
    names = ("id", "version", "variant", "name", "verdict", "message")
    return [{name: case.get(name, "") for name in names} for case in cases[:MOST_CASES]]
