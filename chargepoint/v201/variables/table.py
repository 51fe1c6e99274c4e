"""The variables a 2.x station knows (OCPP 2.0.1 part 2, chapter 2 "Controller Components").

One immutable table for all stations. A variable is named "Component.Variable", or
"Component.Variable[Instance]". Names are compared without regard to case (part 2, 2.2).
"""

from typing import NamedTuple

from chargepoint.common.files.locations import SUPPORTED
from chargepoint.common.fiscal import FORMATS as FORMATS_SIGNED
from chargepoint.common.fiscal import ONCE, WITH_KEY
from chargepoint.trust.signed.keys import METHODS

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


def variable(
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
    """A variable of the device model by its key, "Component.Variable[Instance]". `kind`: OCPP's
    dataType; `reboot`: a change takes effect at the next boot; `live`: its value is worked out when
    it is read."""
    component, _, name = key.partition(".")
    name, _, instance = name.rstrip("]").partition("[")
    return Variable(
        component, name, instance, kind, default, mutability, unit, low, high, values, reboot, live
    )


def seconds(key: str, default: int, low: int = 0, **more) -> Variable:
    return variable(key, "integer", str(default), unit="s", low=low, high=10_000_000, **more)


def flag(key: str, default: bool, mutability: str = READ_WRITE) -> Variable:
    return variable(key, "boolean", "true" if default else "false", mutability)


def members(key: str, default: str, values: tuple[str, ...], **more) -> Variable:
    return variable(key, "MemberList", default, values=values, **more)


def fixed(key: str, kind: str, default: str, unit: str = "") -> Variable:
    return variable(key, kind, default, READ_ONLY, unit)


def live(key: str, kind: str, unit: str = "", values: tuple[str, ...] = ()) -> Variable:
    return variable(key, kind, "", READ_ONLY, unit, values=values, live=True)


_REGISTER = "Energy.Active.Import.Register"
_USUAL = f"{_REGISTER},Power.Active.Import,Current.Import,Voltage,SoC"
_AVAILABILITY = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")

VARIABLES: tuple[Variable, ...] = (
    flag("AlignedDataCtrlr.Available", True, READ_ONLY),
    flag("AlignedDataCtrlr.Enabled", True),
    seconds("AlignedDataCtrlr.Interval", 0),
    members("AlignedDataCtrlr.Measurands", _REGISTER, MEASURANDS),
    flag("AlignedDataCtrlr.SendDuringIdle", False),
    flag("AlignedDataCtrlr.SignReadings", False),
    flag("AlignedDataCtrlr.SignUpdatedReadings", False),
    seconds("AlignedDataCtrlr.TxEndedInterval", 0),
    members("AlignedDataCtrlr.TxEndedMeasurands", _REGISTER, MEASURANDS),
    flag("AuthCacheCtrlr.Available", True, READ_ONLY),
    flag("AuthCacheCtrlr.Enabled", True),
    seconds("AuthCacheCtrlr.LifeTime", 86_400),
    flag("AuthCacheCtrlr.DisablePostAuthorize", False),
    fixed("AuthCacheCtrlr.Policy", "OptionList", "LRU"),
    flag("AuthCtrlr.AuthorizeRemoteStart", False),
    flag("AuthCtrlr.DisableRemoteAuthorization", False),
    flag("AuthCtrlr.Enabled", True),
    flag("AuthCtrlr.LocalAuthorizeOffline", True),
    flag("AuthCtrlr.LocalPreAuthorize", False),
    variable("AuthCtrlr.MasterPassGroupId", "string"),
    flag("AuthCtrlr.OfflineTxForUnknownIdEnabled", False),
    flag("ChargingStation.AllowNewSessionsPendingFirmwareUpdate", False),
    live("ChargingStation.AvailabilityState", "OptionList", values=_AVAILABILITY),
    flag("ChargingStation.Available", True, READ_ONLY),
    live("ChargingStation.FirmwareVersion", "string"),
    live("ChargingStation.Model", "string"),
    live("ChargingStation.SerialNumber", "string"),
    live("ChargingStation.SupplyPhases", "integer"),
    live("ChargingStation.VendorName", "string"),
    live("ClockCtrlr.DateTime", "dateTime"),
    variable(
        "ClockCtrlr.TimeSource", "SequenceList", "Heartbeat",
        values=("Heartbeat", "RealTimeClock"),
    ),
    fixed("DeviceDataCtrlr.BytesPerMessage[GetReport]", "integer", "65000"),
    fixed("DeviceDataCtrlr.BytesPerMessage[GetVariables]", "integer", "65000"),
    fixed("DeviceDataCtrlr.BytesPerMessage[SetVariables]", "integer", "65000"),
    fixed("DeviceDataCtrlr.ItemsPerMessage[GetReport]", "integer", "100"),
    fixed("DeviceDataCtrlr.ItemsPerMessage[GetVariables]", "integer", "100"),
    fixed("DeviceDataCtrlr.ItemsPerMessage[SetVariables]", "integer", "100"),
    flag("DisplayMessageCtrlr.Available", True, READ_ONLY),
    variable("DisplayMessageCtrlr.DisplayMessages", "integer", "", READ_ONLY, high=50, live=True),
    flag("DisplayMessageCtrlr.Enabled", True),
    variable("DisplayMessageCtrlr.Language", "OptionList", "en", values=LANGUAGES),
    live("DisplayMessageCtrlr.PersonalMessageSize", "integer"),
    # Empty: all that the version knows, see DisplayMessages.SUPPORTED.
    members("DisplayMessageCtrlr.SupportedFormats", "", FORMATS, mutability=READ_ONLY),
    members("DisplayMessageCtrlr.SupportedPriorities", "", PRIORITIES, mutability=READ_ONLY),
    members("DisplayMessageCtrlr.SupportedStates", "", STATES, mutability=READ_ONLY),
    # Ours: a driver who plugs in after a remote start and leaves after the end.
    flag("EmulatorCtrlr.AutoPlug", True),
    # Ours, and the operator's alone: what the meters are that sign.
    variable("EmulatorCtrlr.MeterFormat", "OptionList", FORMATS_SIGNED[0], READ_ONLY,
             values=FORMATS_SIGNED),
    # Ours: the most bytes of a message that tells a part of a report. Those named BytesPerMessage
    # and ItemsPerMessage are of the requests that the station takes (part 2, appendices).
    variable("EmulatorCtrlr.ReportBytes", "integer", "16384", low=1024, high=1_000_000),
    variable("EmulatorCtrlr.SigningMethod", "OptionList", METHODS[0], READ_ONLY, values=METHODS),
    # Ours: whether SecurityEventNotification is sent. A04 has every station tell critical events.
    flag("EmulatorCtrlr.SecurityEvents", True),
    flag("ISO15118Ctrlr.Available", True, READ_ONLY),
    flag("ISO15118Ctrlr.CentralContractValidationAllowed", True),
    flag("ISO15118Ctrlr.ContractCertificateInstallationEnabled", True),
    flag("ISO15118Ctrlr.ContractValidationOffline", True),
    variable("ISO15118Ctrlr.CountryName", "string"),
    flag("ISO15118Ctrlr.Enabled", True),
    variable("ISO15118Ctrlr.MaxScheduleEntries", "integer", "3", low=1, high=3),
    variable("ISO15118Ctrlr.OrganizationName", "string"),
    flag("ISO15118Ctrlr.PnCEnabled", True),
    fixed("ISO15118Ctrlr.ProtocolSupported[1]", "string", "urn:iso:15118:2:2013:MsgDef,2,0"),
    flag("ISO15118Ctrlr.RequestMeteringReceipt", False, READ_ONLY),
    variable("ISO15118Ctrlr.SeccId", "string"),
    flag("ISO15118Ctrlr.V2GCertificateInstallationEnabled", True),
    flag("LocalAuthListCtrlr.Available", True, READ_ONLY),
    fixed("LocalAuthListCtrlr.BytesPerMessage", "integer", "65000"),
    flag("LocalAuthListCtrlr.DisablePostAuthorize", False),
    flag("LocalAuthListCtrlr.Enabled", True),
    variable("LocalAuthListCtrlr.Entries", "integer", "", READ_ONLY, high=1000, live=True),
    fixed("LocalAuthListCtrlr.ItemsPerMessage", "integer", "100"),
    variable(
        # As shipped: what the factory has configured waits for a CSMS that wants it.
        "MonitoringCtrlr.ActiveMonitoringBase", "OptionList", "HardWiredOnly", READ_ONLY,
        values=("All", "FactoryDefault", "HardWiredOnly"),
    ),
    variable("MonitoringCtrlr.ActiveMonitoringLevel", "integer", "9", READ_ONLY, low=0, high=9),
    flag("MonitoringCtrlr.Available", True, READ_ONLY),
    fixed("MonitoringCtrlr.BytesPerMessage[ClearVariableMonitoring]", "integer", "65000"),
    fixed("MonitoringCtrlr.BytesPerMessage[SetVariableMonitoring]", "integer", "65000"),
    flag("MonitoringCtrlr.Enabled", True),
    fixed("MonitoringCtrlr.ItemsPerMessage[ClearVariableMonitoring]", "integer", "100"),
    fixed("MonitoringCtrlr.ItemsPerMessage[SetVariableMonitoring]", "integer", "100"),
    variable("MonitoringCtrlr.OfflineQueuingSeverity", "integer", "5", low=0, high=9),
    live("OCPPCommCtrlr.ActiveNetworkProfile", "integer"),
    live("OCPPCommCtrlr.FieldLength[MessageContentType.content]", "integer"),
    fixed("OCPPCommCtrlr.FileTransferProtocols", "MemberList", SUPPORTED),
    seconds("OCPPCommCtrlr.HeartbeatInterval", 300),
    seconds("OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]", 30),
    variable("OCPPCommCtrlr.MessageAttempts[TransactionEvent]", "integer", "3", low=1, high=1000),
    seconds("OCPPCommCtrlr.MessageTimeout[Default]", 30, low=1),
    # Which slots there are: see network.py.
    variable(
        "OCPPCommCtrlr.NetworkConfigurationPriority",
        "SequenceList",
        "1",
        values=("1", "2", "3"),
        reboot=True,
    ),
    variable(
        "OCPPCommCtrlr.NetworkProfileConnectionAttempts", "integer", "3", low=1, high=1000
    ),
    seconds("OCPPCommCtrlr.OfflineThreshold", 60),
    variable("OCPPCommCtrlr.PublicKeyWithSignedMeterValue", "OptionList", ONCE, values=WITH_KEY),
    variable("OCPPCommCtrlr.ResetRetries", "integer", "3", low=0, high=100),
    # See chargepoint/timing/backoff.py.
    variable("OCPPCommCtrlr.RetryBackOffRandomRange", "integer", "5", unit="s", low=0, high=3600),
    variable("OCPPCommCtrlr.RetryBackOffRepeatTimes", "integer", "7", low=0, high=16),
    variable("OCPPCommCtrlr.RetryBackOffWaitMinimum", "integer", "1", unit="s", low=1, high=3600),
    flag("OCPPCommCtrlr.UnlockOnEVSideDisconnect", True),
    seconds("OCPPCommCtrlr.WebSocketPingInterval", 60),
    flag("ReservationCtrlr.Available", True, READ_ONLY),
    flag("ReservationCtrlr.Enabled", True),
    flag("ReservationCtrlr.NonEvseSpecific", True),
    flag("SampledDataCtrlr.Available", True, READ_ONLY),
    flag("SampledDataCtrlr.Enabled", True),
    # The meter has one register: no phases are told of it, also where it is clock-aligned.
    fixed("SampledDataCtrlr.RegisterValuesWithoutPhases", "boolean", "true"),
    flag("SampledDataCtrlr.SignReadings", False),
    flag("SampledDataCtrlr.SignStartedReadings", False),
    flag("SampledDataCtrlr.SignUpdatedReadings", False),
    seconds("SampledDataCtrlr.TxEndedInterval", 0),
    members("SampledDataCtrlr.TxEndedMeasurands", _REGISTER, MEASURANDS),
    members("SampledDataCtrlr.TxStartedMeasurands", _REGISTER, MEASURANDS),
    seconds("SampledDataCtrlr.TxUpdatedInterval", 60),
    members("SampledDataCtrlr.TxUpdatedMeasurands", _USUAL, MEASURANDS),
    flag("SecurityCtrlr.AdditionalRootCertificateCheck", False, READ_ONLY),
    flag("SecurityCtrlr.AllowSecurityProfileDowngrade", False),
    # Live, and so neither stored nor shown: see network_profiles.py.
    variable(
        "SecurityCtrlr.BasicAuthPassword", "string", "", WRITE_ONLY, low=16, high=40, live=True
    ),
    variable("SecurityCtrlr.CertSigningRepeatTimes", "integer", "3", low=0, high=16),
    seconds("SecurityCtrlr.CertSigningWaitMinimum", 30, low=1),
    variable("SecurityCtrlr.CertificateEntries", "integer", "", READ_ONLY, high=20, live=True),
    live("SecurityCtrlr.Identity", "string"),
    fixed("SecurityCtrlr.MaxCertificateChainSize", "integer", "10000"),
    variable("SecurityCtrlr.OrganizationName", "string", "", reboot=True),
    live("SecurityCtrlr.SecurityProfile", "integer"),
    fixed("SmartChargingCtrlr.ACPhaseSwitchingSupported", "boolean", "false"),
    flag("SmartChargingCtrlr.Available", True, READ_ONLY),
    flag("SmartChargingCtrlr.Enabled", True),
    variable(
        "SmartChargingCtrlr.Entries[ChargingProfiles]", "integer", "", READ_ONLY,
        high=PROFILES_AT_MOST, live=True,
    ),
    flag("SmartChargingCtrlr.ExternalControlSignalsEnabled", True),
    variable("SmartChargingCtrlr.LimitChangeSignificance", "decimal", "1", low=0, high=100),
    flag("SmartChargingCtrlr.NotifyChargingLimitWithSchedules", True),
    fixed("SmartChargingCtrlr.PeriodsPerSchedule", "integer", "100"),
    fixed("SmartChargingCtrlr.Phases3to1", "boolean", "true"),
    fixed("SmartChargingCtrlr.ProfileStackLevel", "integer", "20"),
    fixed("SmartChargingCtrlr.RateUnit", "MemberList", "A,W"),
    flag("TariffCostCtrlr.Available[Cost]", True, READ_ONLY),
    flag("TariffCostCtrlr.Available[Tariff]", True, READ_ONLY),
    variable("TariffCostCtrlr.Currency", "string", "EUR", high=3),
    flag("TariffCostCtrlr.Enabled[Cost]", True),
    flag("TariffCostCtrlr.Enabled[Tariff]", True),
    variable("TariffCostCtrlr.TariffFallbackMessage", "string", high=255),
    variable("TariffCostCtrlr.TotalCostFallbackMessage", "string", high=255),
    seconds("TxCtrlr.EVConnectionTimeOut", 120),
    variable("TxCtrlr.MaxEnergyOnInvalidId", "integer", "0", unit="Wh", low=0, high=10_000_000),
    flag("TxCtrlr.StopTxOnEVSideDisconnect", True),
    flag("TxCtrlr.StopTxOnInvalidId", True),
    flag("TxCtrlr.TxBeforeAcceptedEnabled", False),
    members("TxCtrlr.TxStartPoint", "PowerPathClosed", TX_POINTS),
    members("TxCtrlr.TxStopPoint", "Authorized", TX_POINTS),
)

# Of each EVSE, its display, and each connector; all of them read from the station as it is.
EVSE_VARIABLES: tuple[Variable, ...] = (
    flag("EVSE.AllowReset", True, READ_ONLY),
    live("EVSE.AvailabilityState", "OptionList", values=_AVAILABILITY),
    flag("EVSE.Available", True, READ_ONLY),
    live("EVSE.Power", "decimal", unit="W"),
    live("EVSE.SupplyPhases", "integer"),
)
DISPLAY_VARIABLES: tuple[Variable, ...] = (
    live("Display.DataText[Visible]", "string"),
    live("Display.Enabled", "boolean"),
)
CONNECTOR_VARIABLES: tuple[Variable, ...] = (
    live("Connector.AvailabilityState", "OptionList", values=_AVAILABILITY),
    flag("Connector.Available", True, READ_ONLY),
    live("Connector.ConnectorType", "string"),
    live("Connector.Problem", "boolean"),
    live("Connector.SupplyPhases", "integer"),
)
