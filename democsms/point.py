"""The CSMS's side of a connection, in what all versions share; a version is a subclass.

The package `ocpp` checks each message with the schemas of its version, both ways.
"""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from typing import Any, ClassVar

from ocpp.charge_point import ChargePoint
from ocpp.exceptions import NotImplementedError as UnknownAction
from ocpp.exceptions import NotSupportedError, OCPPError
from ocpp.messages import Call, CallError, MessageType, unpack, validate_payload
from websockets.exceptions import ConnectionClosed

from democsms.office import Office, now

ANSWER_WITHIN = 30.0  # seconds


class Refused(Exception):
    """The station answered a Call by a CallError."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code, self.description = code, description


class _Plain(logging.LoggerAdapter):
    """What a station sent wrong is a line; a fault of ours keeps its traceback."""

    def exception(self, msg: object, *args: object, **kwargs: Any) -> None:
        fault = sys.exc_info()[1]
        if not isinstance(fault, OCPPError):
            super().exception(msg, *args, **kwargs)


_logger = _Plain(logging.getLogger("ocpp"), {})


class Point(ChargePoint):
    """One station while it is connected; `office` is what the CSMS knows."""

    # OCPP-J 4.2.3: the error code of what is no Call; and codes that 1.6 spells in its own way.
    UNREADABLE: ClassVar[str] = "RpcFrameworkError"
    SPELLED: ClassVar[dict[str, str]] = {}

    def __init__(self, identity: str, connection: Any, office: Office) -> None:
        super().__init__(identity, connection, response_timeout=ANSWER_WITHIN, logger=_logger)
        self.office = office

    @property
    def version(self) -> str:
        return self._ocpp_version

    def show(self, arrow: str, text: str) -> None:
        if self.office.printing:
            print(f"{now()} {self.id} {arrow} {text}", flush=True)

    # --- what comes --------------------------------------------------------------------------

    async def route_message(self, raw_msg: str | bytes) -> None:
        self.show("->", str(raw_msg))
        try:
            message = unpack(raw_msg)
            usable = isinstance(message.unique_id, str) and (
                message.message_type_id != MessageType.Call
                or (isinstance(message.action, str) and isinstance(message.payload, dict))
            )
        except (OCPPError, ValueError, TypeError, LookupError, RecursionError):
            usable = False
        if usable:
            # The link may close under our answer, and what came before that is still to be read.
            with suppress(ConnectionClosed):
                await super().route_message(raw_msg)
        elif unique_id := _id_of_call(raw_msg):
            wrong = CallError(unique_id, self.UNREADABLE, "This is no Call of OCPP-J.", {})
            await self._send(wrong.to_json())
        else:
            self.show("**", "what came cannot be read and has no id to answer")

    async def _handle_call(self, msg: Call) -> Any:
        # `ocpp` has the meanings of the two codes the other way round.
        if msg.action not in self.route_map:
            known = hasattr(self._call, msg.action)
            fault = NotSupportedError if known else UnknownAction
            wrong = fault(f"{msg.action[:50]} is not served here")
        else:
            try:
                return await super()._handle_call(msg)
            except OCPPError as raised:
                wrong = raised
        # `ocpp` would put the whole Call into the details.
        code = self.SPELLED.get(wrong.code, wrong.code)
        details = {"cause": str(wrong.details.get("cause", ""))[:200]}
        await self._send(CallError(msg.unique_id, code, wrong.description, details).to_json())
        return None

    # --- what goes ---------------------------------------------------------------------------

    async def _send(self, message: str) -> None:
        self.show("<-", message)
        await super()._send(message)

    async def ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send a Call; the answer's payload.

        Raises OCPPError for a payload that breaks its schema, Refused, TimeoutError after 30 s.
        """
        call = Call(str(self._unique_id_generator()), action, payload)
        await validate_payload(call, self._ocpp_version)
        async with self._call_lock:
            await self._send(call.to_json())
            answer = await self._get_specific_response(call.unique_id, self._response_timeout)
        if answer.message_type_id == MessageType.CallError:
            raise Refused(str(answer.error_code), str(answer.error_description))
        self.on_answer(action, payload, answer.payload)
        return answer.payload

    async def try_to_ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """`ask` of the CSMS by itself, where nobody waits for it: None where it came to nothing."""
        try:
            return await self.ask(action, payload)
        except (OCPPError, Refused, TimeoutError, ConnectionClosed) as fault:
            self.show("**", f"{action} came to nothing: {fault}")
            return None

    def on_answer(self, action: str, payload: dict[str, Any], answer: dict[str, Any]) -> None:
        """A station has answered a Call of `ask`: what the CSMS then knows."""

    async def start_charging(self, tag: str) -> None:
        """For the demo: begin a transaction at the first place. Raises what `ask` raises."""
        raise NotImplementedError

    async def stop_charging(self) -> None:
        """For the demo: end every transaction."""
        raise NotImplementedError


def _id_of_call(raw: str | bytes) -> str:
    """Of something that was meant as a Call; empty where none can be read."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return ""
    if isinstance(found, list) and len(found) > 1 and found[0] == 2 and isinstance(found[1], str):
        return found[1][:36]
    return ""
