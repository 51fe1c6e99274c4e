"""What all jobs with files share: transfers, attempts, and news that reach the CSMS in the end."""

from typing import Any

from chargepoint.common.files import jobs as saving
from chargepoint.common.files.jobs import BOOTING, Job
from chargepoint.core import topics
from chargepoint.core.block import failed, got, hears
from chargepoint.core.service import ACCEPTED
from chargepoint.effects import DONE, URGENT, Effect, StopTransfer, Transferred
from chargepoint.timing.times import seconds_of

ATTEMPTS, PAUSE = 3, 30.0  # where the CSMS leaves them to the station
TRIGGERED = "triggered"
_NEWS = (
    "DiagnosticsStatusNotification", "FirmwareStatusNotification", "LogStatusNotification",
    "PublishFirmwareStatusNotification", "SignedFirmwareStatusNotification",
)  # fmt: skip


class FileTransfers:
    """Block of every version.

    jobs  name (see firmware.jobs.KINDS) -> Job; None until the first one

    A version supplies job_message(name, job, status) -> (action, payload), or None for a status
    that its message does not have, and worker(name), who has <name>_transferred and resume_<name>.
    """

    __slots__ = ()

    def job(self, name: str) -> Any:
        return self.jobs and self.jobs.get(name)

    def put_job(self, name: str, job: Job) -> None:
        """Keep a job by its name ("firmware", "log" ...), over restarts too; it replaces the one
        before."""
        self.jobs = self.jobs or {}
        self.jobs[name] = job
        self.core.changed(URGENT)

    def by_our_clock(self, text: str | None) -> float | None:
        """Unix seconds of a time that the CSMS named; None without one or if it is none."""
        there = seconds_of(text) if text else None
        return None if there is None else there - self.core.clock.skew

    # --- transfers ---------------------------------------------------------------------------

    def start_transfer(self, job: Job, effect: Effect) -> None:
        """`effect`: a Download or Upload whose id is yet to be given."""
        job.transfer = self.core.calls.new_id()
        self.core.put(effect._replace(id=job.transfer))
        self.core.changed(URGENT)

    def stop_transfer(self, job: Job) -> None:
        if job.transfer:
            self.core.put(StopTransfer(job.transfer))
            job.transfer = ""

    @hears(topics.POWER_FAILED)
    def lose_transfers(self, now: float) -> None:
        for job in (self.jobs or {}).values():
            self.stop_transfer(job)

    @hears(topics.TRANSFER_ENDED)
    def take_outcome(self, outcome: Transferred, now: float) -> None:
        """A transfer is over. One that was given up is not heard of any more."""
        for name, job in (self.jobs or {}).items():
            if job.transfer == outcome.id:
                job.transfer = ""
                getattr(self.worker(name), f"{name}_transferred")(job, outcome, now)
                self.core.changed(URGENT)
                break

    @hears(topics.REBOOTED)
    def begin_transfers_again(self, now: float, reason: str, seconds: float) -> None:
        """What was on its way is lost with the power, and begins again after the boot."""
        for name, job in (self.jobs or {}).items():
            if job.transfer:
                self.stop_transfer(job)
                getattr(self.worker(name), f"resume_{name}")(job, now + seconds)

    @hears(topics.WENT_DARK)
    def stop_transfers(self) -> None:
        """The power is cut: as at a reboot, but what was on its way waits for the power."""
        for job in (self.jobs or {}).values():
            self.stop_transfer(job)

    def another_attempt(self, job: Job, outcome: Transferred, timer: Any, now: float) -> bool:
        """After a failure: whether `timer` is set for one more attempt."""
        job.attempts -= 1
        if outcome.result == DONE or job.attempts < 1:
            return False
        self.core.timers.set(timer, now + job.pause)
        return True

    # --- news --------------------------------------------------------------------------------

    def say(self, name: str, status: str, now: float) -> None:
        """The job has a new status: the CSMS is told now, or as soon as it can be."""
        job = self.jobs[name]
        job.status = status
        job.untold = self.job_message(name, job, status) is not None
        self.core.changed(URGENT)
        self._send_news(name, job, now)

    def _send_news(self, name: str, job: Job, now: float, context: str | None = None) -> None:
        message = self.job_message(name, job, job.status)
        if message and self.core.connected and (context or self.core.registration == ACCEPTED):
            self.core.calls.make(*message, now, context or (name, job.status))

    def tell_untold(self, now: float) -> None:
        """The CSMS can be reached again: it hears where things stand, not how they got there."""
        for name, job in (self.jobs or {}).items():
            # A boot after an update has better news: update_booted.
            if job.untold and getattr(job, "phase", "") != BOOTING:
                self._send_news(name, job, now)

    @got(*_NEWS)
    def news_told(self, payload: dict, context: Any, now: float) -> None:
        self._confirm(context)

    @failed(*_NEWS)
    def news_untold(self, code: str, context: Any, now: float) -> None:
        if code != "Disconnected":  # the CSMS had it and did not like it: it has heard
            self._confirm(context)

    def _confirm(self, context: Any) -> None:
        if isinstance(context, tuple):
            name, status = context
            job = self.job(name)
            if job is not None and job.status == status:
                job.untold = False
                self.core.changed(URGENT)

    # --- saving ------------------------------------------------------------------------------

    def saved(self) -> dict[str, Any]:
        return {"jobs": saving.to_saved(self.jobs)} if self.jobs else {}

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.jobs: dict[str, Job] | None = saving.from_saved(saved.get("jobs", {})) or None

    def resume(self, now: float) -> None:
        """A transfer that was under way begins again: nobody has its first half."""
        for name, job in (self.jobs or {}).items():
            getattr(self.worker(name), f"resume_{name}")(job, now)
            job.transfer = ""
