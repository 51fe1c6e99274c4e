"""What a version answers by methods of its own names, as long as it has mixins for blocks."""

from __future__ import annotations

from typing import Any

from chargepoint.core import topics
from chargepoint.core.block import answers, gathers, hears


class Hooks:
    """A method that nobody overrides is not asked. `core`: who is no block yet is the station."""

    __slots__ = ()

    @property
    def core(self) -> Any:
        return self

    @hears(topics.REGISTERED)
    def registered(self, now: float, rebooted: bool) -> None: ...

    @hears(topics.MOVED)
    def moved(self, now: float) -> None: ...

    @hears(topics.BOOT_ACCEPTED)
    def boot_accepted(self, interval: float, now: float) -> None: ...

    @hears(topics.WENT_OFFLINE)
    def went_offline(self, now: float) -> None: ...

    @answers(topics.BOOT_PAYLOAD)
    def boot_payload(self) -> Any: ...

    @answers(topics.PING_INTERVAL)
    def ping_interval(self) -> Any: ...

    @answers(topics.DEFAULT_INTERVAL)
    def default_interval(self) -> Any: ...

    @answers(topics.REFUSES_CALLS)
    def refuses_calls(self) -> Any: ...

    @answers(topics.MESSAGE_PAYLOAD)
    def message_payload(self, message: dict[str, Any]) -> Any: ...

    @answers(topics.MESSAGE_TIMEOUT)
    def message_timeout(self) -> Any: ...

    @hears(topics.MESSAGE_FAILED)
    def message_failed(self, message: dict[str, Any], code: str, now: float) -> None: ...

    @hears(topics.MESSAGE_GIVEN_UP)
    def message_given_up(self, message: dict[str, Any], code: str, now: float) -> None: ...

    @answers(topics.RETRY_POLICY)
    def retry_policy(self) -> Any: ...

    @hears(topics.PLUGGED)
    def ev_plugged_in(self, connector: Any, now: float) -> None: ...

    @hears(topics.UNPLUGGED)
    def ev_unplugged(self, connector: Any, now: float) -> None: ...

    @hears(topics.FAULTED)
    def fault_changed(self, connector: Any, now: float) -> None: ...

    @hears(topics.MAINS_CHANGED)
    def mains_changed(self, now: float) -> None: ...

    @answers(topics.STATUS_OF)
    def status_of(self, connector: Any) -> Any: ...

    @hears(topics.SEND_STATUS)
    def send_status(self, connector: Any, now: float) -> None: ...

    @answers(topics.OPEN_TRANSACTION)
    def open_transaction(self, connector: Any) -> Any: ...

    @hears(topics.CHECK_ERROR_CODE)
    def check_error_code(self, code: str) -> None: ...

    @hears(topics.RESUMED)
    def resume(self, now: float) -> None: ...

    @hears(topics.RECONFIGURED)
    def reconfigured(self, old: Any, now: float) -> None: ...

    @hears(topics.CLOCK_MOVED)
    def clock_moved(self, now: float) -> None: ...

    @hears(topics.POWER_FAILED)
    def power_failed(self, now: float) -> None: ...

    @hears(topics.VALUES_UNSEEN)
    def look_at_values(self, now: float) -> None: ...

    @hears(topics.SECURITY_EVENT)
    def security_event(self, kind: str, info: str, now: float) -> None: ...

    @hears(topics.FRAME_WAS_BAD)
    def frame_was_bad(self, code: str, why: str, now: float) -> None: ...

    @answers(topics.FIRMWARE_VERSION)
    def firmware_version(self) -> Any: ...

    @answers(topics.ROOTS_OF)
    def roots_of(self, use: str) -> Any: ...

    @answers(topics.RECALL_NUMBERS)
    def recall_numbers(self, said: Any) -> Any: ...

    @hears(topics.SESSIONS_RETOLD)
    def retell_sessions(self, now: float) -> None: ...

    @answers(topics.UNANSWERED_MESSAGE)
    def unanswered_message(self, action: str, payload: dict[str, Any]) -> Any: ...

    @gathers(topics.SHOWN)
    def shown_displays(self) -> Any: ...

    @gathers(topics.CONNECTOR_SHOWN)
    def connector_shown(self, connector: Any) -> Any: ...

    @answers(topics.SHOWN_SAMPLE)
    def shown_sample(self, outlet: Any, now: float) -> Any: ...

    @answers(topics.LIMITS_NOW)
    def limits_now(self, outlet: Any, now: float) -> Any: ...

    @answers(topics.COMPOSITE)
    def composite_answer(self, outlet: Any, seconds: int, now: float) -> Any: ...

    @answers(topics.SETTINGS_NOW)
    def settings_now(self, now: float) -> Any: ...

    @answers(topics.CHANGE_REQUEST)
    def change_request(self, key: str, value: str, evse: Any, connector: Any) -> Any: ...

    @answers(topics.CHANGE_ANSWER)
    def change_answer(self, answer: dict[str, Any]) -> Any: ...

    @property
    def _skew(self) -> float:
        return self.skew

    @property
    def _reported(self) -> dict[int, str]:
        return self.reported

    # What a version still calls by name with super(), or by self: nothing happens here.

    def begin(self, saved: dict[str, Any], now: float) -> None: ...

    def extra_saved(self) -> dict[str, Any]:
        return {}
