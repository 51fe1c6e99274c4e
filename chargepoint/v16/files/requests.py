"""What the requests about files have in common (1.6 sections 5.9 and 5.19)."""

from typing import Any

from chargepoint.common.files import locations
from chargepoint.common.files.jobs import Job
from chargepoint.common.files.transfers import ATTEMPTS, PAUSE
from chargepoint.core.answers import CallFault


def attempts_of(payload: dict) -> dict[str, Any]:
    """5.19 and 5.9: "how many times Charge Point must try" counts the first one."""
    return {
        "attempts": max(1, payload.get("retries", ATTEMPTS)),
        "pause": float(max(0, payload.get("retryInterval", PAUSE))),
    }


def location_of(payload: dict) -> str:
    """The answers have no status in which a location could be refused. Raises CallFault for one
    that is too long."""
    if len(payload["location"]) > locations.LONGEST_URL:
        why = f"location has at most {locations.LONGEST_URL} characters"
        raise CallFault("PropertyConstraintViolation", why)
    return payload["location"]


def numbered(job: Job, status: str) -> dict[str, Any]:
    return {"status": status, "requestId": job.request}
