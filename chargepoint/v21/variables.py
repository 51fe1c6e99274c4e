"""The variables that 2.1 adds to the shared table (part 2, appendix 2)."""

from chargepoint.v201.link.network import LONGEST_PASSWORD
from chargepoint.v201.variables.device_model import Catalogue, DeviceModel
from chargepoint.v201.variables.table import (
    DISPLAY_VARIABLES,
    EVSE_VARIABLES,
    READ_ONLY,
    VARIABLES,
    WRITE_ONLY,
    Variable,
    fixed,
    flag,
    live,
    members,
    seconds,
    variable,
)

PAYMENT_DETAILS = ("CardLast4Digits", "PaymentBrand", "PaymentRecognition")
URL_LIMITS = ("maxtime", "maxenergy", "maxcost")
LIMITS = "MaxCost,MaxEnergy,MaxTime,MaxSoC"


def _amount(key: str, default: str) -> Variable:
    return variable(key, "decimal", default, low=0, high=1_000_000)


def _choice(key: str, default: str, *values: str, mutability: str = "ReadWrite") -> Variable:
    return variable(key, "OptionList", default, mutability, values=values)


_TARIFFS = (
    flag("TariffCostCtrlr.ConditionsSupported[Tariff]", True, READ_ONLY),
    flag("TariffCostCtrlr.Enabled[RunningCost]", False),
    _choice("TariffCostCtrlr.HandleFailedTariff[Tariff]", "UseDefaultTariff", "Deauthorize",
            "UseDefaultTariff", "CentralCost"),
    seconds("TariffCostCtrlr.Interval[Cost]", 60),
    seconds("TariffCostCtrlr.Interval[Tariff]", 10, low=1),
    variable("TariffCostCtrlr.MaxElements[Tariff]", "integer", "20", READ_ONLY, low=1),
    live("TariffCostCtrlr.Problem", "boolean"),
)  # fmt: skip

_PAYMENT = (
    _amount("PaymentCtrlr.AuthorizationAmount", "50"),
    flag("PaymentCtrlr.AuthorizeDirectPayment", False),
    live("PaymentCtrlr.Connected", "boolean"),
    flag("PaymentCtrlr.Enabled", True),
    fixed("PaymentCtrlr.FirmwareVersion", "string", "1.0"),
    fixed("PaymentCtrlr.ICCID", "string", ""),
    fixed("PaymentCtrlr.IMSI", "string", ""),
    _amount("PaymentCtrlr.IncrementalAuthorizationAmount", "0"),
    _amount("PaymentCtrlr.IncrementalAuthorizationThreshold", "5"),
    variable("PaymentCtrlr.Merchant[Address]", "string"),
    variable("PaymentCtrlr.Merchant[City]", "string"),
    variable("PaymentCtrlr.Merchant[Id]", "string"),
    variable("PaymentCtrlr.Merchant[Name]", "string"),
    variable("PaymentCtrlr.Merchant[TaxId]", "string"),
    fixed("PaymentCtrlr.Model", "string", "Emulated terminal"),
    members("PaymentCtrlr.PaymentDetails", ",".join(PAYMENT_DETAILS), PAYMENT_DETAILS),
    fixed("PaymentCtrlr.PaymentServiceProvider", "string", "Emulator"),
    live("PaymentCtrlr.Problem", "boolean"),
    flag("PaymentCtrlr.ReceiptByCSMS", False),
    variable("PaymentCtrlr.ReceiptServerUrl", "string"),
    fixed("PaymentCtrlr.SerialNumber", "string", "T1"),
    flag("PaymentCtrlr.SettlementByCSMS", False),
    fixed("PaymentCtrlr.TerminalID", "string", "T1"),
    fixed("PaymentCtrlr.VendorName", "string", "Emulator"),
)

_SWAP = (
    # Ours, as a station says whether it has slots at all; the operator's configuration sets it.
    flag("BatterySwapCtrlr.Available", False, READ_ONLY),
    variable("BatterySwapCtrlr.IdToken", "string"),
    variable("BatterySwapCtrlr.MaxSoc", "integer", "100", unit="%", low=0, high=100),
    _choice("BatterySwapCtrlr.SwapOrder", "In-Out", "In-Out", "Out-In", mutability=READ_ONLY),
    variable("BatterySwapCtrlr.TargetSoC", "integer", "80", unit="%", low=0, high=100),
    seconds("BatterySwapCtrlr.Timeout[In]", 120, low=1),
    seconds("BatterySwapCtrlr.Timeout[Out]", 120, low=1),
    # Ours: how many batteries go in and out in one swap.
    variable("EmulatorCtrlr.BatteriesPerSwap", "integer", "1", low=1, high=20),
)

_WEB = (
    flag("WebPaymentsCtrlr.Available", True, READ_ONLY),
    variable("WebPaymentsCtrlr.ChargingStationId", "string"),
    flag("WebPaymentsCtrlr.Enabled", True),
    variable("WebPaymentsCtrlr.Length", "integer", "8", low=6, high=255),
    _choice("WebPaymentsCtrlr.QRCodeQuality", "Medium", "Low", "Medium", "Quartile", "High"),
    variable("WebPaymentsCtrlr.SharedSecret", "string", "", WRITE_ONLY),
    _choice("WebPaymentsCtrlr.TOTPVersion", "v1", "v1"),
    members("WebPaymentsCtrlr.URLParameters", ",".join(URL_LIMITS), URL_LIMITS),
    variable("WebPaymentsCtrlr.URLTemplate", "string"),
    seconds("WebPaymentsCtrlr.ValidityTime", 30, low=6),
)

_SMART_CHARGING = (
    fixed(
        "SmartChargingCtrlr.SupportedAdditionalPurposes", "MemberList",
        "LocalGeneration,PriorityCharging",
    ),
    fixed("SmartChargingCtrlr.SupportsDynamicProfiles", "boolean", "true"),
    fixed("SmartChargingCtrlr.SupportsEvseSleep", "boolean", "true"),
    fixed("SmartChargingCtrlr.SupportsLimitAtSoC", "boolean", "true"),
    fixed("SmartChargingCtrlr.SupportsMaxOfflineDuration", "boolean", "true"),
    fixed("SmartChargingCtrlr.SupportsRandomizedDelay", "boolean", "true"),
    fixed("SmartChargingCtrlr.SupportsUseLocalTime", "boolean", "true"),
)

# 2.1 lets a password be longer than 2.0.1 does.
_LONGER = {"SecurityCtrlr.BasicAuthPassword": LONGEST_PASSWORD}

VARIABLES_21 = (
    *(v._replace(high=_LONGER.get(v.key, v.high)) for v in VARIABLES),
    live("MonitoringCtrlr.MaxPeriodicEventStreams", "integer"),
    flag("TxCtrlr.AllowEnergyTransferResumption", True),
    seconds("TxCtrlr.ResumptionTimeout", 0),
    *_SMART_CHARGING,
    variable("ClockCtrlr.TimeOffset", "string", "+00:00"),
    variable("ClockCtrlr.TimeZone", "string"),
    fixed("TxCtrlr.SupportedLimits", "MemberList", LIMITS),
    *_TARIFFS, *_PAYMENT, *_SWAP, *_WEB,
)  # fmt: skip

# Of the battery in a slot; there is no such component at an EVSE without one.
EVSE_VARIABLES_21 = (
    *EVSE_VARIABLES,
    *DISPLAY_VARIABLES,
    live("BatteryCartridge.SoC", "integer", "%"),
    live("BatteryCartridge.SoH", "integer", "%"),
)


class DeviceModel21(DeviceModel):
    __slots__ = ()

    CATALOGUE = Catalogue(VARIABLES_21, EVSE_VARIABLES_21)
