"""The variables that 2.1 adds to the shared table (part 2, appendix 2)."""

from chargepoint.v201.device_model import Catalogue, DeviceModel
from chargepoint.v201.network import LONGEST_PASSWORD
from chargepoint.v201.variables import (
    DISPLAY_VARIABLES,
    EVSE_VARIABLES,
    READ_ONLY,
    VARIABLES,
    WRITE_ONLY,
    Variable,
    _fixed,
    _flag,
    _live,
    _members,
    _seconds,
    _variable,
)

PAYMENT_DETAILS = ("CardLast4Digits", "PaymentBrand", "PaymentRecognition")
URL_LIMITS = ("maxtime", "maxenergy", "maxcost")
LIMITS = "MaxCost,MaxEnergy,MaxTime,MaxSoC"


def _amount(key: str, default: str) -> Variable:
    return _variable(key, "decimal", default, low=0, high=1_000_000)


def _choice(key: str, default: str, *values: str, mutability: str = "ReadWrite") -> Variable:
    return _variable(key, "OptionList", default, mutability, values=values)


_TARIFFS = (
    _flag("TariffCostCtrlr.ConditionsSupported[Tariff]", True, READ_ONLY),
    _flag("TariffCostCtrlr.Enabled[RunningCost]", False),
    _choice("TariffCostCtrlr.HandleFailedTariff[Tariff]", "UseDefaultTariff", "Deauthorize",
            "UseDefaultTariff", "CentralCost"),
    _seconds("TariffCostCtrlr.Interval[Cost]", 60),
    _seconds("TariffCostCtrlr.Interval[Tariff]", 10, low=1),
    _variable("TariffCostCtrlr.MaxElements[Tariff]", "integer", "20", READ_ONLY, low=1),
    _live("TariffCostCtrlr.Problem", "boolean"),
)  # fmt: skip

_PAYMENT = (
    _amount("PaymentCtrlr.AuthorizationAmount", "50"),
    _flag("PaymentCtrlr.AuthorizeDirectPayment", False),
    _live("PaymentCtrlr.Connected", "boolean"),
    _flag("PaymentCtrlr.Enabled", True),
    _fixed("PaymentCtrlr.FirmwareVersion", "string", "1.0"),
    _fixed("PaymentCtrlr.ICCID", "string", ""),
    _fixed("PaymentCtrlr.IMSI", "string", ""),
    _amount("PaymentCtrlr.IncrementalAuthorizationAmount", "0"),
    _amount("PaymentCtrlr.IncrementalAuthorizationThreshold", "5"),
    _variable("PaymentCtrlr.Merchant[Address]", "string"),
    _variable("PaymentCtrlr.Merchant[City]", "string"),
    _variable("PaymentCtrlr.Merchant[Id]", "string"),
    _variable("PaymentCtrlr.Merchant[Name]", "string"),
    _variable("PaymentCtrlr.Merchant[TaxId]", "string"),
    _fixed("PaymentCtrlr.Model", "string", "Emulated terminal"),
    _members("PaymentCtrlr.PaymentDetails", ",".join(PAYMENT_DETAILS), PAYMENT_DETAILS),
    _fixed("PaymentCtrlr.PaymentServiceProvider", "string", "Emulator"),
    _live("PaymentCtrlr.Problem", "boolean"),
    _flag("PaymentCtrlr.ReceiptByCSMS", False),
    _variable("PaymentCtrlr.ReceiptServerUrl", "string"),
    _fixed("PaymentCtrlr.SerialNumber", "string", "T1"),
    _flag("PaymentCtrlr.SettlementByCSMS", False),
    _fixed("PaymentCtrlr.TerminalID", "string", "T1"),
    _fixed("PaymentCtrlr.VendorName", "string", "Emulator"),
)

_SWAP = (
    # Ours, as a station says whether it has slots at all; the operator's configuration sets it.
    _flag("BatterySwapCtrlr.Available", False, READ_ONLY),
    _variable("BatterySwapCtrlr.IdToken", "string"),
    _variable("BatterySwapCtrlr.MaxSoc", "integer", "100", unit="%", low=0, high=100),
    _choice("BatterySwapCtrlr.SwapOrder", "In-Out", "In-Out", "Out-In", mutability=READ_ONLY),
    _variable("BatterySwapCtrlr.TargetSoC", "integer", "80", unit="%", low=0, high=100),
    _seconds("BatterySwapCtrlr.Timeout[In]", 120, low=1),
    _seconds("BatterySwapCtrlr.Timeout[Out]", 120, low=1),
    # Ours: how many batteries go in and out in one swap.
    _variable("EmulatorCtrlr.BatteriesPerSwap", "integer", "1", low=1, high=20),
)

_WEB = (
    _flag("WebPaymentsCtrlr.Available", True, READ_ONLY),
    _variable("WebPaymentsCtrlr.ChargingStationId", "string"),
    _flag("WebPaymentsCtrlr.Enabled", True),
    _variable("WebPaymentsCtrlr.Length", "integer", "8", low=6, high=255),
    _choice("WebPaymentsCtrlr.QRCodeQuality", "Medium", "Low", "Medium", "Quartile", "High"),
    _variable("WebPaymentsCtrlr.SharedSecret", "string", "", WRITE_ONLY),
    _choice("WebPaymentsCtrlr.TOTPVersion", "v1", "v1"),
    _members("WebPaymentsCtrlr.URLParameters", ",".join(URL_LIMITS), URL_LIMITS),
    _variable("WebPaymentsCtrlr.URLTemplate", "string"),
    _seconds("WebPaymentsCtrlr.ValidityTime", 30, low=6),
)

_SMART_CHARGING = (
    _fixed(
        "SmartChargingCtrlr.SupportedAdditionalPurposes", "MemberList",
        "LocalGeneration,PriorityCharging",
    ),
    _fixed("SmartChargingCtrlr.SupportsDynamicProfiles", "boolean", "true"),
    _fixed("SmartChargingCtrlr.SupportsEvseSleep", "boolean", "false"),
    _fixed("SmartChargingCtrlr.SupportsLimitAtSoC", "boolean", "false"),
    _fixed("SmartChargingCtrlr.SupportsMaxOfflineDuration", "boolean", "true"),
    _fixed("SmartChargingCtrlr.SupportsRandomizedDelay", "boolean", "false"),
    _fixed("SmartChargingCtrlr.SupportsUseLocalTime", "boolean", "false"),
)

# 2.1 lets a password be longer than 2.0.1 does.
_LONGER = {"SecurityCtrlr.BasicAuthPassword": LONGEST_PASSWORD}

VARIABLES_21 = (
    *(v._replace(high=_LONGER.get(v.key, v.high)) for v in VARIABLES),
    _live("MonitoringCtrlr.MaxPeriodicEventStreams", "integer"),
    _flag("TxCtrlr.AllowEnergyTransferResumption", True),
    _seconds("TxCtrlr.ResumptionTimeout", 0),
    *_SMART_CHARGING,
    _variable("ClockCtrlr.TimeOffset", "string", "+00:00"),
    _variable("ClockCtrlr.TimeZone", "string"),
    _fixed("TxCtrlr.SupportedLimits", "MemberList", LIMITS),
    *_TARIFFS, *_PAYMENT, *_SWAP, *_WEB,
)  # fmt: skip

# Of the battery in a slot; there is no such component at an EVSE without one.
EVSE_VARIABLES_21 = (
    *EVSE_VARIABLES,
    *DISPLAY_VARIABLES,
    _live("BatteryCartridge.SoC", "integer", "%"),
    _live("BatteryCartridge.SoH", "integer", "%"),
)


class DeviceModel21(DeviceModel):
    __slots__ = ()

    CATALOGUE = Catalogue(VARIABLES_21, EVSE_VARIABLES_21)
