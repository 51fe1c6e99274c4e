"""The variables that OCPP 2.0.1 and 2.1 require, by the appendices of part 2 ("Referenced
Components and Variables"): always, or where the component's functional block is supported.
"""

_DER = (
    "InverterHwVersion", "InverterManufacturer", "InverterModel", "InverterSwVersion",
    "MaxChargeRateVA", "MaxChargeRateW", "MaxVA", "MaxVar", "MaxVarNeg", "MaxW", "ModesSupported",
    "OverExcitedPF", "OverExcitedW", "ReactiveSusceptance", "UnderExcitedPF", "UnderExcitedW",
)  # fmt: skip
_PAYMENT = (
    "AuthorizationAmount", "AuthorizeDirectPayment", "Connected", "Enabled", "FirmwareVersion",
    "ICCID", "IMSI", "Merchant[Address]", "Merchant[City]", "Merchant[Id]", "Merchant[Name]",
    "Merchant[TaxId]", "Model", "PaymentDetails", "PaymentServiceProvider", "Problem",
    "ReceiptByCSMS", "ReceiptServerUrl", "SerialNumber", "SettlementByCSMS", "TerminalID",
    "VendorName",
)  # fmt: skip
_NETWORK = (
    "ApnEnabled", "BasicAuthPassword", "MessageTimeout", "OcppCsmsUrl", "OcppInterface",
    "OcppTransport", "OcppVersion", "SecurityProfile", "VpnEnabled",
)  # fmt: skip

# Component -> its required variables, in 2.0.1 and 2.1.
ALWAYS: dict[str, tuple[str, ...]] = {
    "AlignedDataCtrlr": ("Interval", "Measurands", "TxEndedInterval", "TxEndedMeasurands"),
    "AuthCtrlr": ("AuthorizeRemoteStart", "LocalAuthorizeOffline", "LocalPreAuthorize"),
    "ChargingStation": ("AvailabilityState", "Available", "SupplyPhases"),
    "ClockCtrlr": ("DateTime", "TimeSource"),
    "Connector": ("Available", "ConnectorType", "SupplyPhases"),
    "DeviceDataCtrlr": (
        "BytesPerMessage[GetReport]", "BytesPerMessage[GetVariables]",
        "BytesPerMessage[SetVariables]", "ItemsPerMessage[GetReport]",
        "ItemsPerMessage[GetVariables]", "ItemsPerMessage[SetVariables]",
    ),
    "EVSE": ("AvailabilityState", "Available", "Power", "SupplyPhases"),
    "OCPPCommCtrlr": (
        "FileTransferProtocols", "MessageAttemptInterval[TransactionEvent]",
        "MessageAttempts[TransactionEvent]", "MessageTimeout[Default]",
        "NetworkConfigurationPriority", "NetworkProfileConnectionAttempts", "OfflineThreshold",
        "ResetRetries", "UnlockOnEVSideDisconnect",
    ),
    "SampledDataCtrlr": (
        "TxEndedInterval", "TxEndedMeasurands", "TxStartedMeasurands", "TxUpdatedInterval",
        "TxUpdatedMeasurands",
    ),
    "SecurityCtrlr": ("CertificateEntries", "OrganizationName", "SecurityProfile"),
    "TxCtrlr": (
        "EVConnectionTimeOut", "StopTxOnEVSideDisconnect", "StopTxOnInvalidId", "TxStartPoint",
        "TxStopPoint",
    ),
}  # fmt: skip
# The same where the block of the component is supported.
WITH_BLOCK: dict[str, tuple[str, ...]] = {
    "DisplayMessageCtrlr": ("DisplayMessages", "SupportedFormats", "SupportedPriorities"),
    "ISO15118Ctrlr": ("ContractValidationOffline",),
    "LocalAuthListCtrlr": ("BytesPerMessage", "Entries", "ItemsPerMessage"),
    "MonitoringCtrlr": (
        "BytesPerMessage[SetVariableMonitoring]", "ItemsPerMessage[SetVariableMonitoring]",
    ),
    "SmartChargingCtrlr": (
        "Entries[ChargingProfiles]", "LimitChangeSignificance", "PeriodsPerSchedule",
        "ProfileStackLevel", "RateUnit",
    ),
    "TariffCostCtrlr": ("Currency", "TariffFallbackMessage", "TotalCostFallbackMessage"),
}  # fmt: skip
# What 2.1 adds.
WITH_BLOCK_21: dict[str, tuple[str, ...]] = {
    "ACDERCtrlr": ("ModesSupported",),
    "DCDERCtrlr": _DER,
    "DisplayMessageCtrlr": ("Language", "SupportedStates"),
    "NetworkConfiguration": _NETWORK,
    "PaymentCtrlr": _PAYMENT,
    "V2XChargingCtrlr": ("Enabled", "SupportedEnergyTransferModes", "SupportedOperationModes"),
    "WebPaymentsCtrlr": ("Length", "SharedSecret", "TOTPVersion", "URLTemplate", "ValidityTime"),
}  # fmt: skip


def _keys(by_component: dict[str, tuple[str, ...]]) -> set[str]:
    return {f"{component}.{name}" for component, names in by_component.items() for name in names}


def always() -> set[str]:
    return _keys(ALWAYS)


def with_block(version: str) -> set[str]:
    return _keys(WITH_BLOCK) | (_keys(WITH_BLOCK_21) if version == "2.1" else set())
