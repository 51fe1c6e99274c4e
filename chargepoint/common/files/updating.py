"""An update of the firmware, whatever the OCPP version: fetched, checked, installed, booted.

    scheduled -> downloading <-> retrying, paused
                 downloading -> waiting -> installing -> leaving -> booting -> over

A download is paused by an operator, by a transfer that broke off, by a loss of power.
DownloadPaused is a status of 2.x and of the security whitepaper; the plain update of 1.6 knows no
such word, so its CSMS hears of nothing until the download has come to its end.

A failure leads from each of them to `over`. What the CSMS is told on the way: `say`.
"""

from typing import Any

from chargepoint.common.files import locations
from chargepoint.common.files.jobs import (
    BOOTING,
    DOWNLOADING,
    INSTALLING,
    LEAVING,
    NO_WAY_BACK,
    OVER,
    PAUSED,
    RETRYING,
    SCHEDULED,
    WAITING,
    Update,
)
from chargepoint.common.files.signature import certificate_fault, signature_fits
from chargepoint.core import topics
from chargepoint.core.block import answers, command, timer
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import DONE, URGENT, Download, Transferred
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import Event
from chargepoint.trust.certificates import read_chain

# After a restart: time for the CSMS to hear, on a new link, that the download had been paused.
RESUME_SECONDS = 10.0
INSTALL_SECONDS = 5.0  # where the configuration has no range
LAST_WORDS_SECONDS = 2.0  # for the CSMS to confirm InstallRebooting
# What an operator can have the next update come to.
FAILURES = ("DownloadFailed", "InvalidSignature", "InstallVerificationFailed", "InstallationFailed")

# What the timer "firmware" means in each phase.
_DUE = {
    SCHEDULED: "_download", DOWNLOADING: "_download", RETRYING: "_download",
    WAITING: "_install_when_idle", INSTALLING: "_installed", LEAVING: "_leave",
}  # fmt: skip


class Updating:
    """Of every version, beside `files`, the block of FileTransfers, and `certificates`.

    installed  [version, the configured one at that time] of an update; None before the first
    armed      the failure that an operator wants of the next update

    A version supplies in_use(connector), take_out(connector, now), reboot_updated(now);
    common/security/installed.py revocation_of(chain, now).
    """

    __slots__ = ()

    @property
    def files(self) -> Any:
        return self.core.block("files")

    @property
    def certificates(self) -> Any:
        return self.core.block("certificates")

    @answers(topics.FIRMWARE_VERSION)
    def firmware_version(self) -> str:
        """What runs: the last update's, until an operator has configured another since."""
        return self.installed[0] if self.installed else self.core.config.firmware

    def forget_old_firmware(self) -> None:
        if self.installed and self.installed[1] != self.core.config.firmware:
            self.installed = None

    def keeps_free_connectors(self) -> bool:
        """Hook: whether connectors go out of service while others are in transactions."""
        return True

    # --- what the CSMS and an operator want --------------------------------------------------

    def take_update(self, update: Update, now: float) -> str:
        """The UpdateFirmwareStatusEnumType; an accepted update begins after the answer."""
        if update.certificate:
            # By the station's clock: its certificates' times are the world's.
            roots = self.certificates.roots_of("ManufacturerRootCertificate")
            fault = certificate_fault(update.certificate, roots, now + self.core.clock.skew)
            answer = "InvalidCertificate"
            chain = read_chain(update.certificate)
            if not fault and (fault := self.certificates.revocation_of(chain, now)):
                answer = "RevokedCertificate"
            if fault:
                kind = "InvalidFirmwareSigningCertificate"
                self.core.tell(topics.SECURITY_EVENT, kind, fault, now)
                return answer
        current = self.files.job("firmware")
        if current is not None and current.phase in NO_WAY_BACK:
            return "Rejected"
        self.core.answers.later(self.begin_update, update)
        going_on = current is not None and current.phase != OVER
        return "AcceptedCanceled" if going_on else "Accepted"

    @command("firmware")
    def do_firmware(
        self, now: float, outcome: str = "InstallationFailed", download: str = ""
    ) -> dict:
        """Operator: have the next update fail in this way; "Installed" takes that back.

        download: "pause" or "resume" what is being downloaded, instead.

        Raises CommandRejected for an unknown outcome or word, or where nothing is in a state to
        pause or resume.
        """
        if download:
            self.pause_or_resume(download, now)
            status = self.files.job("firmware").status
            return {"firmware": self.firmware_version(), "status": status}
        if outcome not in (*FAILURES, "Installed"):
            known = ", ".join(("Installed", *FAILURES))
            raise CommandRejected("invalid_arguments", f"The outcome is one of: {known}.")
        self.armed = None if outcome == "Installed" else outcome
        return {"firmware": self.firmware_version(), "outcome": outcome}

    def _goes_wrong(self, failure: str) -> bool:
        if self.armed != failure:
            return False
        self.armed = None
        return True

    # --- download ----------------------------------------------------------------------------

    def begin_update(self, update: Update, now: float) -> None:
        """Take an update: it replaces the one before, and is downloaded at `retrieve` (seconds)
        or now."""
        old = self.files.job("firmware")
        if old is not None:
            self.files.stop_transfer(old)
            self._release(old, now)
        self.core.timers.clear("firmware")
        self.files.put_job("firmware", update)
        if update.retrieve > now:
            self.core.timers.set("firmware", update.retrieve)
            self.files.say("firmware", "DownloadScheduled", now)
        else:
            self._download(update, now)

    @timer("firmware")
    def firmware_is_due(self, now: float) -> None:
        """The timer of the update has come: do what its phase waits for."""
        update = self.files.job("firmware")
        due = _DUE.get(update.phase) if update is not None else None
        if due is not None:
            getattr(self, due)(update, now)

    def _download(self, update: Update, now: float) -> None:
        if locations.refusal(update.url):
            self._over(update, "DownloadFailed", now)
            return
        update.phase = DOWNLOADING
        self.files.start_transfer(update, Download("", update.url))
        if update.status != "Downloading":
            self.files.say("firmware", "Downloading", now)

    def firmware_transferred(self, update: Update, outcome: Transferred, now: float) -> None:
        """A download has ended: check the signature and go on, try again, or say DownloadFailed."""
        fetched = outcome.result == DONE and outcome.size > 0
        if fetched and not self._goes_wrong("DownloadFailed"):
            self.files.say("firmware", "Downloaded", now)
            update.version = locations.version_of(outcome.head, update.url, outcome.digest)
            if update.certificate and not self._verified(update, outcome.digest, now):
                return
            self._schedule(update, now)
        elif not fetched and self.files.another_attempt(update, outcome, "firmware", now):
            update.phase = RETRYING
            self.say_paused(update, now)
        else:
            self._over(update, "DownloadFailed", now)

    def _verified(self, update: Update, digest: bytes, now: float) -> bool:
        fits = signature_fits(update.certificate, update.signature, digest)
        if not fits or self._goes_wrong("InvalidSignature"):
            self._over(update, "InvalidSignature", now)
            name = locations.file_name(update.url)
            self.core.tell(topics.SECURITY_EVENT, "InvalidFirmwareSignature", name, now)
            return False
        self.files.say("firmware", "SignatureVerified", now)
        return True

    # --- installation ------------------------------------------------------------------------

    def _schedule(self, update: Update, now: float) -> None:
        update.phase = WAITING
        if update.install > now:
            self.core.timers.set("firmware", update.install)
            self.files.say("firmware", "InstallScheduled", now)
        else:
            self._install_when_idle(update, now)

    def _install_when_idle(self, update: Update, now: float) -> None:
        """2.0.1 L01.FR.06 and .07: after the last transaction; nobody starts a new one."""
        if any(self.in_use(connector) for connector in self.core.connectors.values()):
            if self.keeps_free_connectors():
                self._hold(update, now)
            if update.status != "InstallScheduled":
                self.files.say("firmware", "InstallScheduled", now)
            return
        self._hold(update, now)
        update.phase = INSTALLING
        update.installed = now + self.core.clock.delay("firmware", INSTALL_SECONDS)
        self.core.timers.set("firmware", update.installed)
        self.files.say("firmware", "Installing", now)

    def transaction_over(self, now: float) -> None:
        """A connector has become free. By a timer: the event that freed it is to end first."""
        update = self.files.job("firmware")
        if update is not None and update.phase == WAITING and update.install <= now:
            self.core.timers.set("firmware", now)

    def _installed(self, update: Update, now: float) -> None:
        for failure in ("InstallVerificationFailed", "InstallationFailed"):
            if self._goes_wrong(failure):
                self._over(update, failure, now)
                return
        update.phase = LEAVING
        self.core.timers.set("firmware", now + LAST_WORDS_SECONDS)
        self.files.say("firmware", "InstallRebooting", now)

    def _leave(self, update: Update, now: float) -> None:
        update.phase = BOOTING
        self.installed = [update.version, self.core.config.firmware]
        self.reboot_updated(now)
        self._release(update, now)  # now that nothing of it is heard: the boot tells the statuses

    def update_booted(self, now: float) -> None:
        """The CSMS has accepted a boot."""
        update = self.files.job("firmware")
        if update is not None and update.phase == BOOTING:
            self._over(update, "Installed", now)
            self.core.tell(topics.SECURITY_EVENT, "FirmwareUpdated", update.version, now)

    def _over(self, update: Update, status: str, now: float) -> None:
        update.phase = OVER
        update.certificate = update.signature = ""
        self.core.timers.clear("firmware")
        self._release(update, now)
        self.files.say("firmware", status, now)

    # --- connectors that wait for it ---------------------------------------------------------

    def _hold(self, update: Update, now: float) -> None:
        for connector in self.core.connectors.values():
            if not self.in_use(connector) and connector.can(Event.MADE_INOPERATIVE):
                self.take_out(connector, now)
                update.held.append(connector.id)
                self.core.statuses.report(connector, now)
        self.core.changed(URGENT)

    def _release(self, update: Update, now: float) -> None:
        held, update.held = update.held, []
        for connector in (self.core.connectors[n] for n in held if n in self.core.connectors):
            if connector.can(Event.MADE_OPERATIVE):
                connector.apply(Event.MADE_OPERATIVE, now)
                self.core.statuses.report(connector, now)

    def held_for_update(self, connector: Connector, operative: bool) -> bool:
        """Somebody changes the availability of a connector. True: it takes effect afterwards."""
        update = self.files.job("firmware")
        if update is None or connector.id not in update.held:
            return False
        if not operative:
            update.held.remove(connector.id)  # and stays so
        return True

    # --- a download that is paused -----------------------------------------------------------

    def pause_or_resume(self, what: str, now: float) -> None:
        """Operator: "pause" or "resume" the download; it begins anew, its first half is lost.

        Raises CommandRejected for another word, or where nothing is in that state.
        """
        update = self.files.job("firmware")
        phase = None if update is None else update.phase
        match what:
            case "pause" if phase in (DOWNLOADING, RETRYING):
                self.files.stop_transfer(update)
                self.core.timers.clear("firmware")
                update.phase = PAUSED
                self.say_paused(update, now)
            case "resume" if phase == PAUSED:
                update.phase = RETRYING
                self.core.timers.set("firmware", now)
            case "pause" | "resume":
                state = "being downloaded" if what == "pause" else "paused"
                raise CommandRejected("not_possible_now", f"No firmware is {state}.")
            case _:
                message = "The download can be told to pause or to resume."
                raise CommandRejected("invalid_arguments", message)

    def say_paused(self, update: Update, now: float) -> bool:
        """Whether the version has a word for it."""
        if self.files.job_message("firmware", update, "DownloadPaused") is None:
            return False
        if update.status != "DownloadPaused":
            self.files.say("firmware", "DownloadPaused", now)
        return True

    def resume_download(self, update: Update, now: float) -> float:
        """After a restart: when the download, which was under way, begins again."""
        told = update.status in ("Downloading", "DownloadPaused") and self.say_paused(update, now)
        return now + RESUME_SECONDS if told else now

    # --- after a restart ---------------------------------------------------------------------

    def resume_firmware(self, update: Update, now: float) -> None:
        """After a restart: set the timer for what the update's phase waits for."""
        if update.phase in (DOWNLOADING, RETRYING):
            self.core.timers.set("firmware", self.resume_download(update, now))
            return
        at = {
            SCHEDULED: max(now, update.retrieve),
            WAITING: max(now, update.install),
            INSTALLING: max(now, update.installed),
        }.get(update.phase, now)
        if update.phase in _DUE:
            self.core.timers.set("firmware", at)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Take what `saved` gave."""
        self.installed: list[str] | None = saved.get("installed")
        self.armed: str | None = saved.get("armed")
        self.forget_old_firmware()

    def saved(self) -> dict[str, Any]:
        """What a restart must know: versions installed, the outcome that an operator armed."""
        saved: dict[str, Any] = {}
        if self.installed:
            saved["installed"] = [*self.installed]
        if self.armed:
            saved["armed"] = self.armed
        return saved
