"""Steps by which others than the station act: the CSMS by its driver, and whoever has an API."""

from __future__ import annotations

from dataclasses import replace

from scenarios.drivers.document import ENVIRONMENT, BadDriver, Driver, Entry
from scenarios.engine.searching import captured
from scenarios.engine.strand import Order, StepErred, StepFailed, Strand
from scenarios.rules.matching import MISSING, look_up, mismatch
from scenarios.rules.words import foreign
from scenarios.web import Reply, Request, Unreached, Web


async def csms(strand: Strand, order: Order) -> tuple[str, str]:
    """Have the CSMS send a Call to this station, or do what the driver has a word for.

    It goes on once the driver has answered. What the station got meanwhile counts for the steps
    after it: its place is that of the step's beginning.

    Raises StepErred (the verdict ERROR: nothing is said of the CSMS) where the version has no such
    Call, or the driver cannot make the request or it is not answered as the driver expects;
    StepFailed where the answer is not the one in the params, or a capture finds nothing in it.
    """
    call, payload = order.params["call"], order.params.get("payload") or {}
    if call[:1].isupper() and (why := foreign(call, strand.subject.version)):
        raise StepErred(f"{why.rstrip('.?')}.")
    driver, entry = _entry(strand, call)
    known = {**strand.variables, "station": strand.identity, "version": strand.subject.version,
             "action": call, "payload": payload}  # fmt: skip
    began = strand.here()
    try:
        request = driver.request(entry, known)
    except BadDriver as problem:
        raise StepErred(f"{driver.name}: {problem}") from None
    reply = await _asked(strand, _limited(strand, request, order))
    _check_status(driver, call, request, reply, entry)
    if entry.answer is not None and (why := mismatch(entry.answer, reply.body)):
        raise StepErred(f"{driver.name} did not make the CSMS do {call}: of its answer, {why}.")
    for name, path in entry.capture.items():
        if (value := look_up(reply.body, path)) is not MISSING:
            strand.variables[name] = value
    strand.acted(began)
    if "answer" in order.params and (why := mismatch(order.params["answer"], reply.body)):
        raise StepFailed(f"The CSMS was told to send {call}, and of its answer {why}.")
    captured(strand, order, reply.body)
    return f"{driver.name}: HTTP {reply.status}", ""


async def http(strand: Strand, order: Order) -> tuple[str, str]:
    """Any request to a host that is allowed. What it comes to is judged, as is its answer.

    Raises StepFailed where the status (2xx, or the param `status`) or the answer is not the
    expected one, StepErred where the host is not allowed or cannot be reached.
    """
    params = order.params
    request = Request(
        params.get("method", "GET"), params["url"], _headers(strand, order), params.get("body"),
        order.timeout,
    )  # fmt: skip
    began = strand.here()
    reply = await _asked(strand, request)
    strand.acted(began)
    wanted = params.get("status")
    listed = wanted if isinstance(wanted, list) else [wanted]
    if not (200 <= reply.status < 300 if wanted is None else reply.status in listed):
        expected = "2xx" if wanted is None else " or ".join(map(str, listed))
        said = f": {reply.shown}" if reply.body not in ("", None) else ""
        sentence = f"{request.place} was answered HTTP {reply.status}, not {expected}{said}"
        raise StepFailed(sentence)
    if "answer" in params and (why := mismatch(params["answer"], reply.body)):
        raise StepFailed(f"Of the answer to {request.place}, {why}.")
    captured(strand, order, reply.body)
    return f"HTTP {reply.status}", ""


def _headers(strand: Strand, order: Order) -> dict[str, str]:
    """As they are written, not as they are resolved: what a variable has brought along names no
    secret of the environment."""
    raw: dict[str, str] = (order.step.get("params") or {}).get("headers") or {}
    made = {}
    for name, text in raw.items():
        parts = ENVIRONMENT.split(text)  # text, name, text, name, text
        for place, part in enumerate(parts):
            parts[place] = _of_environment(strand, part) if place % 2 else strand.resolved(part)
        made[name] = "".join(map(str, parts))
    return made


def _of_environment(strand: Strand, name: str) -> str:
    web = strand.services.web
    value = None if web is None else web.environment(name)
    if value is None:
        raise StepErred(f"The environment variable {name} is not set, or not for scenarios.")
    return value


def _entry(strand: Strand, call: str) -> tuple[Driver, Entry]:
    driver = strand.driver
    if driver is None:
        raise StepErred(f"The CSMS is to send {call}, and this run has no driver that makes it.")
    entry = driver.entry(call)
    if entry is None:
        raise StepErred(f"{driver.name} cannot make the CSMS do {call}: add it to its actions.")
    return driver, entry


def _limited(strand: Strand, request: Request, order: Order) -> Request:
    """The step's own limit, where it has one, holds for each try; seconds of the wall's clock."""
    usual = request.timeout * strand.services.clock.speed
    return replace(request, timeout=order.timeout if order.has_timeout else usual)


async def _asked(strand: Strand, request: Request) -> Reply:
    web: Web | None = strand.services.web
    if web is None:
        raise StepErred("Requests by HTTP are not for runs here.")
    try:
        return await web.ask(request)
    except Unreached as why:
        raise StepErred(str(why)) from None


def _check_status(driver: Driver, call: str, request: Request, reply: Reply, entry: Entry) -> None:
    fine = reply.status in entry.status if entry.status else 200 <= reply.status < 300
    if fine:
        return
    said = f": {reply.shown}" if reply.body not in ("", None) else ""
    raise StepErred(
        f"{driver.name} did not make the CSMS do {call}: HTTP {reply.status} from "
        f"{request.place}{said}"
    )
