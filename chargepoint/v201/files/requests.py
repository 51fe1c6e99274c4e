"""What the Calls about files have in common (2.0.1 L01, L03, N01)."""

from typing import Any

from chargepoint.common.files.jobs import Job
from chargepoint.common.files.transfers import ATTEMPTS, PAUSE
from chargepoint.core.answers import CallFault


def attempts_of(payload: dict) -> dict[str, Any]:
    """ "How many times it must retry": 0 means once (L01, UpdateFirmwareRequest.retries)."""
    retries = payload.get("retries")
    return {
        "attempts": ATTEMPTS if retries is None else 1 + max(0, retries),
        "pause": float(max(0, payload.get("retryInterval", PAUSE))),
    }


def rejected(code: str, why: str) -> dict:
    return {"status": "Rejected", "statusInfo": {"reasonCode": code, "additionalInfo": why[:512]}}


def numbered(job: Job, status: str) -> dict[str, Any]:
    return {"status": status, "requestId": job.request}


def time_of(files: Any, payload: dict, name: str) -> float:
    """Unix seconds by our clock; CallFault for what is no time. Raises CallFault."""
    moment = files.by_our_clock(payload[name])
    if moment is None:
        raise CallFault("PropertyConstraintViolation", f"{name} is no time")
    return moment
