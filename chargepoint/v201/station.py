"""The 2.0.1 charging station: its table of actions and of operator's commands."""

from typing import ClassVar

from chargepoint.config import StationConfig
from chargepoint.station import Station
from chargepoint.v201.operator_commands import OperatorCommands
from chargepoint.v201.variables import VARIABLES

_BY_KEY = {variable.key.lower(): variable for variable in VARIABLES}


class Station201(OperatorCommands):
    """OCPP 2.0.1. The functional blocks are the base classes, one module each."""

    __slots__ = ()

    HANDLERS: ClassVar[dict[str, str]] = {
        "ChangeAvailability": "on_change_availability",
        "ClearCache": "on_clear_cache",
        "DataTransfer": "on_data_transfer",
        "GetBaseReport": "on_get_base_report",
        "GetReport": "on_get_report",
        "GetTransactionStatus": "on_get_transaction_status",
        "GetVariables": "on_get_variables",
        "RequestStartTransaction": "on_request_start_transaction",
        "RequestStopTransaction": "on_request_stop_transaction",
        "Reset": "on_reset",
        "SetVariables": "on_set_variables",
        "TriggerMessage": "on_trigger_message",
        "UnlockConnector": "on_unlock_connector",
    }
    COMMANDS: ClassVar[dict[str, str]] = {
        **Station.COMMANDS,
        "authorize": "do_authorize",
        "availability": "do_availability",
        "reset": "do_reset",
        "start-transaction": "do_start_transaction",
        "stop-transaction": "do_stop_transaction",
    }

    def reconfigured(self, old: StationConfig, now: float) -> None:
        self.match_outlets()
        for key, text in self.config.configuration.items():
            variable = _BY_KEY.get(key.lower())
            if variable is None or variable.live or old.configuration.get(key) == text:
                continue
            # The operator's word also sets what is read-only to the CSMS.
            if self.model.refusal(variable, text) is None:
                self.model.set(variable, text)
        self.variables_changed(now)
