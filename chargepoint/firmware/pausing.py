"""A download that is paused: by an operator, by a transfer that broke off, by a loss of power.

    Downloading -> DownloadPaused -> Downloading

DownloadPaused is a status of 2.x and of the security whitepaper; the plain update of 1.6 knows
no such word, so its CSMS hears of nothing until the download has come to its end.
"""

from chargepoint.firmware.jobs import DOWNLOADING, PAUSED, RETRYING, Update
from chargepoint.station import CommandRejected

# After a restart: time for the CSMS to hear, on a new link, that the download had been paused.
RESUME_SECONDS = 10.0


class Pausing:
    """Block of every version, with FileTransfers; see Updating."""

    __slots__ = ()

    def pause_or_resume(self, what: str, now: float) -> None:
        """Operator: "pause" or "resume" the download; it begins anew, its first half is lost."""
        update = self.job("firmware")
        phase = None if update is None else update.phase
        match what:
            case "pause" if phase in (DOWNLOADING, RETRYING):
                self.stop_transfer(update)
                self.clear_timer("firmware")
                update.phase = PAUSED
                self.say_paused(update, now)
            case "resume" if phase == PAUSED:
                update.phase = RETRYING
                self.set_timer("firmware", now)
            case "pause" | "resume":
                state = "being downloaded" if what == "pause" else "paused"
                raise CommandRejected("not_possible_now", f"No firmware is {state}.")
            case _:
                message = "The download can be told to pause or to resume."
                raise CommandRejected("invalid_arguments", message)

    def say_paused(self, update: Update, now: float) -> bool:
        """Whether the version has a word for it."""
        if self.job_message("firmware", update, "DownloadPaused") is None:
            return False
        if update.status != "DownloadPaused":
            self.say("firmware", "DownloadPaused", now)
        return True

    def resume_download(self, update: Update, now: float) -> float:
        """After a restart: when the download, which was under way, begins again."""
        told = update.status in ("Downloading", "DownloadPaused") and self.say_paused(update, now)
        return now + RESUME_SECONDS if told else now
