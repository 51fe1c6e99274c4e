"""The 2.0.1 charging station: its table of actions and of operator's commands."""

from typing import ClassVar

from chargepoint.config import StationConfig
from chargepoint.station import Station
from chargepoint.v201.base import initial
from chargepoint.v201.cabinet import Cabinet
from chargepoint.v201.charging_limits import ChargingLimits
from chargepoint.v201.cost import Cost
from chargepoint.v201.customer_information import CustomerInformation
from chargepoint.v201.display import Display
from chargepoint.v201.display_messages import DisplayMessages
from chargepoint.v201.energy_caps import EnergyCaps
from chargepoint.v201.ev_needs import EvNeeds
from chargepoint.v201.external_limits import ExternalLimits
from chargepoint.v201.local_list import LocalList
from chargepoint.v201.looking import Looking201
from chargepoint.v201.migration import Migration
from chargepoint.v201.monitoring import Monitoring
from chargepoint.v201.operator_commands import OperatorCommands
from chargepoint.v201.plug_and_charge import PlugAndCharge
from chargepoint.v201.recalling import Recall201
from chargepoint.v201.reservation import Reservation
from chargepoint.v201.smart_charging import SmartCharging
from chargepoint.v201.v2g_certificate import V2gCertificate
from chargepoint.v201.v2g_status import V2gStatus


class Station201(
    Migration, PlugAndCharge, V2gStatus, V2gCertificate, Cabinet,
    LocalList, Reservation, SmartCharging, ChargingLimits, ExternalLimits, EvNeeds,
    EnergyCaps, DisplayMessages, Cost, Display, CustomerInformation, Monitoring,
    Looking201, Recall201, OperatorCommands,
):  # fmt: skip
    """OCPP 2.0.1. The functional blocks are the base classes, one module each."""

    __slots__ = ()

    HANDLERS: ClassVar[dict[str, str]] = {
        "CancelReservation": "on_cancel_reservation",
        "CertificateSigned": "on_certificate_signed",
        "ChangeAvailability": "on_change_availability",
        "ClearCache": "on_clear_cache",
        "ClearChargingProfile": "on_clear_charging_profile",
        "ClearDisplayMessage": "on_clear_display_message",
        "ClearVariableMonitoring": "on_clear_variable_monitoring",
        "CostUpdated": "on_cost_updated",
        "CustomerInformation": "on_customer_information",
        "DataTransfer": "on_data_transfer",
        "DeleteCertificate": "on_delete_certificate",
        "GetBaseReport": "on_get_base_report",
        "GetChargingProfiles": "on_get_charging_profiles",
        "GetCompositeSchedule": "on_get_composite_schedule",
        "GetDisplayMessages": "on_get_display_messages",
        "GetInstalledCertificateIds": "on_get_installed_certificate_ids",
        "GetLocalListVersion": "on_get_local_list_version",
        "GetLog": "on_get_log",
        "GetMonitoringReport": "on_get_monitoring_report",
        "GetReport": "on_get_report",
        "GetTransactionStatus": "on_get_transaction_status",
        "GetVariables": "on_get_variables",
        "InstallCertificate": "on_install_certificate",
        "PublishFirmware": "on_publish_firmware",
        "RequestStartTransaction": "on_request_start_transaction",
        "RequestStopTransaction": "on_request_stop_transaction",
        "ReserveNow": "on_reserve_now",
        "Reset": "on_reset",
        "SendLocalList": "on_send_local_list",
        "SetChargingProfile": "on_set_charging_profile",
        "SetDisplayMessage": "on_set_display_message",
        "SetMonitoringBase": "on_set_monitoring_base",
        "SetMonitoringLevel": "on_set_monitoring_level",
        "SetNetworkProfile": "on_set_network_profile",
        "SetVariableMonitoring": "on_set_variable_monitoring",
        "SetVariables": "on_set_variables",
        "TriggerMessage": "on_trigger_message",
        "UnlockConnector": "on_unlock_connector",
        "UnpublishFirmware": "on_unpublish_firmware",
        "UpdateFirmware": "on_update_firmware",
    }
    COMMANDS: ClassVar[dict[str, str]] = {
        **Station.COMMANDS,
        "authorize": "do_authorize",
        "availability": "do_availability",
        "bay": "do_bay",
        "charging-limit": "do_charging_limit",
        "firmware": "do_firmware",
        "reset": "do_reset",
        "start-transaction": "do_start_transaction",
        "stop-transaction": "do_stop_transaction",
    }

    def reconfigured(self, old: StationConfig, now: float) -> None:
        self.forget_old_firmware()
        self.heed_operator()
        self.heed_network()
        self.match_outlets()
        self.match_monitors(now)
        self.model.rebase(initial(self.config))
        self.variables_changed(now)
