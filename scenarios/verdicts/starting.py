"""Starting runs of plans and asking them to end, as the admin, the API and the schedule do."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta

from bson import ObjectId
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.utils import timezone

from accounts.trail import acts
from scenarios import outreach
from scenarios.drivers.document import BadDriver
from scenarios.engine.claims import nudge
from scenarios.verdicts.tables import (
    CANCELLED,
    OPEN_STATES,
    PENDING,
    RUNNING,
    SuitePlan,
    SuiteReport,
    SuiteRun,
)

RUN = SuiteRun._meta.label_lower  # to the trail
RUNS = SuiteRun._meta.db_table
SCHEDULE = "schedule"


class Busy(Exception):
    """The plan has a run that has not ended; the sentence for people."""


def start(plan: SuitePlan, by: str = "") -> SuiteRun:
    """Have a runner run it. Raises ValidationError, and Busy."""
    plan.full_clean(validate_unique=False)  # rules may have become stricter since it was saved
    asked = plan.asked()
    asked["driver_document"] = _driver(plan)
    seed = plan.seed or secrets.randbelow(2**31 - 1) + 1
    run = SuiteRun(
        id=ObjectId(), plan=str(plan.pk), plan_name=plan.name, suite_name=plan.title[:120],
        asked=asked, turn=str(plan.pk), started_by=by, seed=seed,
    )  # fmt: skip
    try:
        run.save(force_insert=True)
    except IntegrityError as error:
        raise Busy(f"{plan.name} runs already: wait for its end, or cancel it.") from error
    told = {"suite": plan.title, "plan": plan.name, "csms_url": plan.csms_url, "seed": seed}
    acts.note("started", RUN, [str(run.pk)], details=told)
    nudge()
    return run


def _driver(plan: SuitePlan) -> dict:
    """Its document, with the plan's values for its variables. Raises ValidationError."""
    given = plan.driver_document or plan.driver or None
    try:
        made = outreach.driver_document(given, plan.variables)
    except BadDriver as problem:
        raise ValidationError({"driver": str(problem)}) from None
    # The values that the administrator's driver has, tokens perhaps, go where he says.
    if not given and (taken := sorted(set(made.get("variables") or ()) & set(plan.variables))):
        sentence = f"{', '.join(taken)}: the server's driver has that, and it is not yours to set."
        raise ValidationError({"variables": sentence})
    return made


def start_due() -> list[str]:
    """Start the enabled plans whose time has come; their names."""
    now, started = timezone.now(), []
    for plan in SuitePlan.objects.filter(enabled=True, every_minutes__gt=0):
        last = SuiteRun.objects.filter(plan=str(plan.pk)).order_by("-created")
        since = last.values_list("created", flat=True).first()
        if since is not None and since + timedelta(minutes=plan.every_minutes) > now:
            continue
        try:
            start(plan, SCHEDULE)
        except Busy:
            continue  # the next look comes by
        except ValidationError as error:
            _could_not(plan, error)
        else:
            started.append(plan.name)
    return started


def _could_not(plan: SuitePlan, error: ValidationError) -> None:
    """A failed run says so where people look; and the next try is after the plan's time."""
    made = ObjectId()
    SuiteRun.objects.create(
        id=made, plan=str(plan.pk), plan_name=plan.name, suite_name=plan.title[:120],
        turn=str(made), started_by=SCHEDULE, state="failed", ended=timezone.now(),
        message=f"It could not be started: {' '.join(error.messages)}",
    )  # fmt: skip


def cancel(runs: Iterable[SuiteRun], by: str = "") -> int:
    """Ask runs to end; one that no runner has yet ends at once. How many were open."""
    found = [run for run in runs if _cancel(run, by)]
    if found:
        acts.note("cancelled", RUN, [str(run.pk) for run in found])
    return len(found)


def _cancel(run: SuiteRun, by: str) -> bool:
    table = connection.get_collection(RUNS)
    why = f"Cancelled by {by}." if by else "Cancelled."
    values = {"state": CANCELLED, "message": why, "ended": timezone.now(), "turn": str(run.pk)}
    if table.update_one({"_id": run.pk, "state": PENDING}, {"$set": values}).modified_count:
        return True
    values = {"cancel_asked": True, "message": why}
    running = {"_id": run.pk, "state": RUNNING}
    if not table.update_one(running, {"$set": values}).matched_count:
        return False
    nudge(table.find_one({"_id": run.pk}, {"runner": 1})["runner"])
    return True


def delete(run: SuiteRun) -> None:
    """A run that has ended, with its reports. Raises Busy."""
    if run.state in OPEN_STATES:
        raise Busy(f"{run}: cancel it first.")
    SuiteReport.objects.filter(run=str(run.pk)).delete()
    run.delete()


def before(run: SuiteRun) -> SuiteRun | None:
    """The run of the same plan before it that has judged something."""
    rows = SuiteRun.objects.filter(plan=run.plan, created__lt=run.created)
    rows = rows.filter(state__in=["passed", "failed"]).order_by("-created")
    return next((row for row in rows[:20] if row.cases), None)
