"""Reading journals for what they tell of stations, whoever wrote them, alive or dead.

Nothing is locked and nothing is changed: a file that goes away meanwhile was not needed any more,
and the last record of a live one may be in the making.
"""

import logging
import mmap
from collections.abc import Iterator
from pathlib import Path

import msgspec

from messaging.journals.segments import payloads
from messaging.records import FrameRecord, StateRecord, decode_payload

log = logging.getLogger(__name__)


def records(root: Path) -> Iterator[FrameRecord | StateRecord]:
    """Yield every frame and state in the journals under `root`, accepted or not.

    Within a journal they come in order; the journals come in any.
    """
    for path in sorted(root.glob("*/*.wal")) if root.is_dir() else ():
        for payload in _payloads(path):
            try:
                record = decode_payload(payload)
            except msgspec.MsgspecError as error:
                log.error("A record of %s cannot be read: %s", path, error)
                continue
            if isinstance(record, FrameRecord | StateRecord):
                yield record


def _payloads(path: Path) -> Iterator[bytes]:
    try:
        # A map: most of a segment may be empty yet.
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            yield from payloads(view)
    except (OSError, ValueError) as error:  # gone meanwhile, or empty
        log.debug("%s is not read: %s", path, error)
