"""What a station is doing with files: values that are saved, and survive a restart."""

import msgspec

# How far an update has come.
SCHEDULED = "scheduled"  # until the retrieve date
DOWNLOADING = "downloading"
RETRYING = "retrying"  # until the next attempt
PAUSED = "paused"  # until an operator lets the download go on
WAITING = "waiting"  # for the install date, or for transactions to end
INSTALLING = "installing"
LEAVING = "leaving"  # installed; the last words before the reboot
BOOTING = "booting"  # until the CSMS has accepted the boot
OVER = "over"
NO_WAY_BACK = frozenset({INSTALLING, LEAVING, BOOTING})


class Job(msgspec.Struct, omit_defaults=True):
    """One file, from the CSMS's request to the last news of it.

    attempts  left, the one under way included; pause  seconds between two
    request   the CSMS's number for it, None where the message has none
    status    the newest, by OCPP's name; untold  the CSMS has not confirmed that it knows it
    transfer  id of the transfer under way, "" for none
    """

    url: str
    attempts: int
    pause: float
    request: int | None = None
    status: str = ""
    untold: bool = False
    transfer: str = ""


class Update(Job):
    """An update of the firmware. Times are unix seconds by our clock, 0 for at once.

    certificate, signature  as the CSMS gave them, "" where it gave none; forgotten in the end
    installed  when the installation under way is over, 0 before
    version  what the file brings; held  connectors that are out of service for its sake
    """

    retrieve: float = 0.0
    install: float = 0.0
    installed: float = 0.0
    certificate: str = ""
    signature: str = ""
    phase: str = SCHEDULED
    version: str = ""
    held: list[int] = []


class LogUpload(Job):
    """A log on its way to the CSMS's server. start, stop: the period asked for."""

    log: str = ""
    name: str = ""
    start: float | None = None
    stop: float | None = None


class Publication(Job):
    """Firmware that is fetched to be offered to others (2.0.1 L03). checksum: MD5, hex."""

    checksum: str = ""


# By the name under which a station has one of each at most.
KINDS: dict[str, type[Job]] = {
    "firmware": Update,
    "diagnostics": LogUpload,
    "log": LogUpload,
    "publication": Publication,
}


def to_saved(jobs: dict[str, Job]) -> dict[str, dict]:
    return {name: msgspec.to_builtins(job) for name, job in jobs.items()}


def from_saved(saved: dict[str, dict]) -> dict[str, Job]:
    return {name: msgspec.convert(entry, KINDS[name]) for name, entry in saved.items()}
