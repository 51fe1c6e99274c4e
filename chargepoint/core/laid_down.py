"""The answer to a Call that was laid down for it, in the place of the station's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core import topics
from chargepoint.effects import URGENT, Frame, Noted, Send
from chargepoint.tap.filling import STATION
from chargepoint.tap.scripts import BREAKS, LAID_DOWN, Script
from chargepoint.wire import rpc

if TYPE_CHECKING:
    from chargepoint.core.station import Station

_LONGEST_MARK = 255


def answer_as_told(core: Station, call: rpc.Call, script: Script, now: float) -> None:
    """Send it, valid or not, marked; or keep silent, of which a note is left.

    The station does nothing at the Call, unless it is to act `also`.
    """
    if script.also:
        core.answers.act(call, now)
    unique_id, action, _ = call
    frame = Frame("sent", "", action, unique_id, "", now, 0.0, "", script.mark, script.cause)
    if script.silent:
        mark = f"not answered, {script.mark or LAID_DOWN}"
        core.put(Noted(frame._replace(direction="", kind="Note", latency=None, mark=mark)))
    elif script.code:
        text = rpc.error_text(unique_id, script.code, script.description, script.details)
        core.put(Send(frame._replace(kind="CallError", text=text, error=script.code)))
    else:
        payload = script.made(_values(core, call, script, now))
        fault = core.HABITS.check(core.VERSION, action, payload, True)
        if fault is not None:
            mark = f"{script.mark or LAID_DOWN}{BREAKS}{fault.message}"[:_LONGEST_MARK]
            frame = frame._replace(mark=mark)
        text = rpc.result_text(unique_id, payload)
        core.put(Send(frame._replace(kind="CallResult", text=text)))
        core.tell(topics.ANSWERED, unique_id, action)
    if script.also:
        core.answers.run_later(now)
        core.changed(URGENT)


def _values(core: Station, call: rpc.Call, script: Script, now: float) -> dict[str, Any]:
    """What templates may name; see filling.NAMES."""
    config = core.config
    return {
        "payload": call.payload,
        "now": core.clock.stamp(now),
        "count": script.given,
        "id": call.unique_id,
        **{f"station.{name}": getattr(config, name) for name in STATION},
        "station.firmware": core.firmware_now(),
    }
