"""The variables a 2.x station knows (OCPP 2.0.1 part 2, chapter 2 "Controller Components").

One immutable table for all stations. A variable is named "Component.Variable", or
"Component.Variable[Instance]". Names are compared without regard to case (part 2, 2.2).
"""

from typing import NamedTuple

from chargepoint.firmware.locations import SUPPORTED

MEASURANDS = (
    "Current.Export",
    "Current.Import",
    "Current.Offered",
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Register",
    "Frequency",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Factor",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "SoC",
    "Voltage",
)
TX_POINTS = (
    "Authorized", "DataSigned", "EVConnected", "EnergyTransfer", "ParkingBayOccupancy",
    "PowerPathClosed",
)  # fmt: skip

# Of display messages: what any version knows (2.1: QRCODE, Discharging, Suspended).
FORMATS = ("ASCII", "HTML", "QRCODE", "URI", "UTF8")
PRIORITIES = ("AlwaysFront", "InFront", "NormalCycle")
STATES = ("Charging", "Discharging", "Faulted", "Idle", "Suspended", "Unavailable")
LANGUAGES = ("da", "de", "en", "es", "fi", "fr", "it", "nl", "no", "pl", "pt", "sv")
PROFILES_AT_MOST = 100

READ_ONLY, READ_WRITE, WRITE_ONLY = "ReadOnly", "ReadWrite", "WriteOnly"


class Variable(NamedTuple):
    """What one variable is: its Actual attribute and its characteristics."""

    component: str
    name: str
    instance: str  # "" where it has none
    kind: str  # DataEnumType
    default: str
    mutability: str
    unit: str
    low: float | None
    high: float | None
    values: tuple[str, ...]  # the ValuesList of an option, member or sequence list
    reboot: bool  # a new value counts from the next boot on
    live: bool  # read from the station each time, never stored

    @property
    def key(self) -> str:
        instance = f"[{self.instance}]" if self.instance else ""
        return f"{self.component}.{self.name}{instance}"


def _variable(
    key: str,
    kind: str,
    default: str = "",
    mutability: str = READ_WRITE,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    values: tuple[str, ...] = (),
    reboot: bool = False,
    live: bool = False,
) -> Variable:
    component, _, name = key.partition(".")
    name, _, instance = name.rstrip("]").partition("[")
    return Variable(
        component, name, instance, kind, default, mutability, unit, low, high, values, reboot, live
    )


def _seconds(key: str, default: int, low: int = 0, **more) -> Variable:
    return _variable(key, "integer", str(default), unit="s", low=low, high=10_000_000, **more)


def _flag(key: str, default: bool, mutability: str = READ_WRITE) -> Variable:
    return _variable(key, "boolean", "true" if default else "false", mutability)


def _members(key: str, default: str, values: tuple[str, ...], **more) -> Variable:
    return _variable(key, "MemberList", default, values=values, **more)


def _fixed(key: str, kind: str, default: str, unit: str = "") -> Variable:
    return _variable(key, kind, default, READ_ONLY, unit)


def _live(key: str, kind: str, unit: str = "", values: tuple[str, ...] = ()) -> Variable:
    return _variable(key, kind, "", READ_ONLY, unit, values=values, live=True)


_REGISTER = "Energy.Active.Import.Register"
_USUAL = f"{_REGISTER},Power.Active.Import,Current.Import,Voltage,SoC"
_AVAILABILITY = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")

VARIABLES: tuple[Variable, ...] = (
    _flag("AlignedDataCtrlr.Available", True, READ_ONLY),
    _flag("AlignedDataCtrlr.Enabled", True),
    _seconds("AlignedDataCtrlr.Interval", 0),
    _members("AlignedDataCtrlr.Measurands", _REGISTER, MEASURANDS),
    _flag("AlignedDataCtrlr.SendDuringIdle", False),
    _seconds("AlignedDataCtrlr.TxEndedInterval", 0),
    _members("AlignedDataCtrlr.TxEndedMeasurands", _REGISTER, MEASURANDS),
    _flag("AuthCacheCtrlr.Available", True, READ_ONLY),
    _flag("AuthCacheCtrlr.Enabled", True),
    _seconds("AuthCacheCtrlr.LifeTime", 86_400),
    _flag("AuthCacheCtrlr.DisablePostAuthorize", False),
    _fixed("AuthCacheCtrlr.Policy", "OptionList", "LRU"),
    _flag("AuthCtrlr.AuthorizeRemoteStart", False),
    _flag("AuthCtrlr.DisableRemoteAuthorization", False),
    _flag("AuthCtrlr.Enabled", True),
    _flag("AuthCtrlr.LocalAuthorizeOffline", True),
    _flag("AuthCtrlr.LocalPreAuthorize", False),
    _variable("AuthCtrlr.MasterPassGroupId", "string"),
    _flag("AuthCtrlr.OfflineTxForUnknownIdEnabled", False),
    _flag("ChargingStation.AllowNewSessionsPendingFirmwareUpdate", False),
    _live("ChargingStation.AvailabilityState", "OptionList", values=_AVAILABILITY),
    _flag("ChargingStation.Available", True, READ_ONLY),
    _live("ChargingStation.FirmwareVersion", "string"),
    _live("ChargingStation.Model", "string"),
    _live("ChargingStation.SerialNumber", "string"),
    _live("ChargingStation.SupplyPhases", "integer"),
    _live("ChargingStation.VendorName", "string"),
    _live("ClockCtrlr.DateTime", "dateTime"),
    _variable(
        "ClockCtrlr.TimeSource", "SequenceList", "Heartbeat",
        values=("Heartbeat", "RealTimeClock"),
    ),
    _fixed("DeviceDataCtrlr.BytesPerMessage[GetReport]", "integer", "65000"),
    _fixed("DeviceDataCtrlr.BytesPerMessage[GetVariables]", "integer", "65000"),
    _fixed("DeviceDataCtrlr.BytesPerMessage[SetVariables]", "integer", "65000"),
    _fixed("DeviceDataCtrlr.ItemsPerMessage[GetReport]", "integer", "100"),
    _fixed("DeviceDataCtrlr.ItemsPerMessage[GetVariables]", "integer", "100"),
    _fixed("DeviceDataCtrlr.ItemsPerMessage[SetVariables]", "integer", "100"),
    _flag("DisplayMessageCtrlr.Available", True, READ_ONLY),
    _variable("DisplayMessageCtrlr.DisplayMessages", "integer", "", READ_ONLY, high=50, live=True),
    _flag("DisplayMessageCtrlr.Enabled", True),
    _variable("DisplayMessageCtrlr.Language", "OptionList", "en", values=LANGUAGES),
    _live("DisplayMessageCtrlr.PersonalMessageSize", "integer"),
    # Empty: all that the version knows, see DisplayMessages.SUPPORTED.
    _members("DisplayMessageCtrlr.SupportedFormats", "", FORMATS, mutability=READ_ONLY),
    _members("DisplayMessageCtrlr.SupportedPriorities", "", PRIORITIES, mutability=READ_ONLY),
    _members("DisplayMessageCtrlr.SupportedStates", "", STATES, mutability=READ_ONLY),
    # Ours: a driver who plugs in after a remote start and leaves after the end.
    _flag("EmulatorCtrlr.AutoPlug", True),
    # Ours: whether SecurityEventNotification is sent. A CSMS that installs or asks for
    # certificates turns it on.
    _flag("EmulatorCtrlr.SecurityEvents", False),
    _flag("ISO15118Ctrlr.Available", True, READ_ONLY),
    _flag("ISO15118Ctrlr.CentralContractValidationAllowed", True),
    _flag("ISO15118Ctrlr.ContractCertificateInstallationEnabled", True),
    _flag("ISO15118Ctrlr.ContractValidationOffline", True),
    _variable("ISO15118Ctrlr.CountryName", "string"),
    _flag("ISO15118Ctrlr.Enabled", True),
    _variable("ISO15118Ctrlr.MaxScheduleEntries", "integer", "3", low=1, high=3),
    _variable("ISO15118Ctrlr.OrganizationName", "string"),
    _flag("ISO15118Ctrlr.PnCEnabled", True),
    _fixed("ISO15118Ctrlr.ProtocolSupported[1]", "string", "urn:iso:15118:2:2013:MsgDef,2,0"),
    _flag("ISO15118Ctrlr.RequestMeteringReceipt", False, READ_ONLY),
    _variable("ISO15118Ctrlr.SeccId", "string"),
    _flag("ISO15118Ctrlr.V2GCertificateInstallationEnabled", True),
    _flag("LocalAuthListCtrlr.Available", True, READ_ONLY),
    _fixed("LocalAuthListCtrlr.BytesPerMessage", "integer", "65000"),
    _flag("LocalAuthListCtrlr.DisablePostAuthorize", False),
    _flag("LocalAuthListCtrlr.Enabled", True),
    _variable("LocalAuthListCtrlr.Entries", "integer", "", READ_ONLY, high=1000, live=True),
    _fixed("LocalAuthListCtrlr.ItemsPerMessage", "integer", "100"),
    _variable(
        # As shipped: what the factory has configured waits for a CSMS that wants it.
        "MonitoringCtrlr.ActiveMonitoringBase", "OptionList", "HardWiredOnly", READ_ONLY,
        values=("All", "FactoryDefault", "HardWiredOnly"),
    ),
    _variable("MonitoringCtrlr.ActiveMonitoringLevel", "integer", "9", READ_ONLY, low=0, high=9),
    _flag("MonitoringCtrlr.Available", True, READ_ONLY),
    _fixed("MonitoringCtrlr.BytesPerMessage[ClearVariableMonitoring]", "integer", "65000"),
    _fixed("MonitoringCtrlr.BytesPerMessage[SetVariableMonitoring]", "integer", "65000"),
    _flag("MonitoringCtrlr.Enabled", True),
    _fixed("MonitoringCtrlr.ItemsPerMessage[ClearVariableMonitoring]", "integer", "100"),
    _fixed("MonitoringCtrlr.ItemsPerMessage[SetVariableMonitoring]", "integer", "100"),
    _variable("MonitoringCtrlr.OfflineQueuingSeverity", "integer", "5", low=0, high=9),
    _live("OCPPCommCtrlr.ActiveNetworkProfile", "integer"),
    _live("OCPPCommCtrlr.FieldLength[MessageContentType.content]", "integer"),
    _fixed("OCPPCommCtrlr.FileTransferProtocols", "MemberList", SUPPORTED),
    _seconds("OCPPCommCtrlr.HeartbeatInterval", 300),
    _seconds("OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]", 30),
    _variable("OCPPCommCtrlr.MessageAttempts[TransactionEvent]", "integer", "3", low=1, high=1000),
    _seconds("OCPPCommCtrlr.MessageTimeout[Default]", 30, low=1),
    # Which slots there are: see network.py.
    _variable(
        "OCPPCommCtrlr.NetworkConfigurationPriority",
        "SequenceList",
        "1",
        values=("1", "2", "3"),
        reboot=True,
    ),
    _variable(
        "OCPPCommCtrlr.NetworkProfileConnectionAttempts", "integer", "3", low=1, high=1000
    ),
    _seconds("OCPPCommCtrlr.OfflineThreshold", 60),
    _variable("OCPPCommCtrlr.ResetRetries", "integer", "3", low=0, high=100),
    # See chargepoint/backoff.py.
    _variable("OCPPCommCtrlr.RetryBackOffRandomRange", "integer", "5", unit="s", low=0, high=3600),
    _variable("OCPPCommCtrlr.RetryBackOffRepeatTimes", "integer", "7", low=0, high=16),
    _variable("OCPPCommCtrlr.RetryBackOffWaitMinimum", "integer", "1", unit="s", low=1, high=3600),
    _flag("OCPPCommCtrlr.UnlockOnEVSideDisconnect", True),
    _seconds("OCPPCommCtrlr.WebSocketPingInterval", 60),
    _flag("ReservationCtrlr.Available", True, READ_ONLY),
    _flag("ReservationCtrlr.Enabled", True),
    _flag("ReservationCtrlr.NonEvseSpecific", True),
    _flag("SampledDataCtrlr.Available", True, READ_ONLY),
    _flag("SampledDataCtrlr.Enabled", True),
    _seconds("SampledDataCtrlr.TxEndedInterval", 0),
    _members("SampledDataCtrlr.TxEndedMeasurands", _REGISTER, MEASURANDS),
    _members("SampledDataCtrlr.TxStartedMeasurands", _REGISTER, MEASURANDS),
    _seconds("SampledDataCtrlr.TxUpdatedInterval", 60),
    _members("SampledDataCtrlr.TxUpdatedMeasurands", _USUAL, MEASURANDS),
    _flag("SecurityCtrlr.AdditionalRootCertificateCheck", False, READ_ONLY),
    _flag("SecurityCtrlr.AllowSecurityProfileDowngrade", False),
    # Live, and so neither stored nor shown: see network_profiles.py.
    _variable(
        "SecurityCtrlr.BasicAuthPassword", "string", "", WRITE_ONLY, low=16, high=40, live=True
    ),
    _variable("SecurityCtrlr.CertSigningRepeatTimes", "integer", "3", low=0, high=16),
    _seconds("SecurityCtrlr.CertSigningWaitMinimum", 30, low=1),
    _variable("SecurityCtrlr.CertificateEntries", "integer", "", READ_ONLY, high=20, live=True),
    _live("SecurityCtrlr.Identity", "string"),
    _fixed("SecurityCtrlr.MaxCertificateChainSize", "integer", "10000"),
    _variable("SecurityCtrlr.OrganizationName", "string", "", reboot=True),
    _live("SecurityCtrlr.SecurityProfile", "integer"),
    _fixed("SmartChargingCtrlr.ACPhaseSwitchingSupported", "boolean", "false"),
    _flag("SmartChargingCtrlr.Available", True, READ_ONLY),
    _flag("SmartChargingCtrlr.Enabled", True),
    _variable(
        "SmartChargingCtrlr.Entries[ChargingProfiles]", "integer", "", READ_ONLY,
        high=PROFILES_AT_MOST, live=True,
    ),
    _flag("SmartChargingCtrlr.ExternalControlSignalsEnabled", True),
    _variable("SmartChargingCtrlr.LimitChangeSignificance", "decimal", "1", low=0, high=100),
    _flag("SmartChargingCtrlr.NotifyChargingLimitWithSchedules", True),
    _fixed("SmartChargingCtrlr.PeriodsPerSchedule", "integer", "100"),
    _fixed("SmartChargingCtrlr.Phases3to1", "boolean", "true"),
    _fixed("SmartChargingCtrlr.ProfileStackLevel", "integer", "20"),
    _fixed("SmartChargingCtrlr.RateUnit", "MemberList", "A,W"),
    _flag("TariffCostCtrlr.Available[Cost]", True, READ_ONLY),
    _flag("TariffCostCtrlr.Available[Tariff]", True, READ_ONLY),
    _variable("TariffCostCtrlr.Currency", "string", "EUR", high=3),
    _flag("TariffCostCtrlr.Enabled[Cost]", True),
    _flag("TariffCostCtrlr.Enabled[Tariff]", True),
    _variable("TariffCostCtrlr.TariffFallbackMessage", "string", high=255),
    _variable("TariffCostCtrlr.TotalCostFallbackMessage", "string", high=255),
    _seconds("TxCtrlr.EVConnectionTimeOut", 120),
    _variable("TxCtrlr.MaxEnergyOnInvalidId", "integer", "0", unit="Wh", low=0, high=10_000_000),
    _flag("TxCtrlr.StopTxOnEVSideDisconnect", True),
    _flag("TxCtrlr.StopTxOnInvalidId", True),
    _flag("TxCtrlr.TxBeforeAcceptedEnabled", False),
    _members("TxCtrlr.TxStartPoint", "PowerPathClosed", TX_POINTS),
    _members("TxCtrlr.TxStopPoint", "Authorized", TX_POINTS),
)

# Of each EVSE, its display, and each connector; all of them read from the station as it is.
EVSE_VARIABLES: tuple[Variable, ...] = (
    _flag("EVSE.AllowReset", True, READ_ONLY),
    _live("EVSE.AvailabilityState", "OptionList", values=_AVAILABILITY),
    _flag("EVSE.Available", True, READ_ONLY),
    _live("EVSE.Power", "decimal", unit="W"),
    _live("EVSE.SupplyPhases", "integer"),
)
DISPLAY_VARIABLES: tuple[Variable, ...] = (
    _live("Display.DataText[Visible]", "string"),
    _live("Display.Enabled", "boolean"),
)
CONNECTOR_VARIABLES: tuple[Variable, ...] = (
    _live("Connector.AvailabilityState", "OptionList", values=_AVAILABILITY),
    _flag("Connector.Available", True, READ_ONLY),
    _live("Connector.ConnectorType", "string"),
    _live("Connector.Problem", "boolean"),
    _live("Connector.SupplyPhases", "integer"),
)
