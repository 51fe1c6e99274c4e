"""The configuration keys of OCPP 1.6 (section 9.1) and what a value must look like.

A station keeps only what differs from these defaults: thousands of stations share one table.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from chargepoint.common.files.locations import SUPPORTED
from chargepoint.common.fiscal import FORMATS, ONCE, WITH_KEY
from chargepoint.config import StationConfig
from chargepoint.trust.revocation import read_lists
from chargepoint.trust.signed.keys import METHODS
from chargepoint.v16.measurands import MEASURANDS, split

BOOL, INT, LIST, TEXT = "boolean", "integer", "list", "text"
CHANGE_ACCEPTED, CHANGE_REJECTED = "Accepted", "Rejected"
CHANGE_NOT_SUPPORTED = "NotSupported"
CHANGE_REBOOT_REQUIRED = "RebootRequired"
LONGEST_VALUE = 500
LONGEST_NAME = 50  # CiString50Type
_LISTS_AT_MOST = len(MEASURANDS)
# EmulatorPlainFirmware: in any security profile, in those without TLS (0 and 1), or in none.
ALWAYS, UNSECURED, NEVER = "Always", "Unsecured", "Never"
# Without it in an operator's configuration a station does not have Plug & Charge, nor its keys
# (Using ISO 15118 Plug & Charge with OCPP 1.6, 2.1: whether a station has the key says it).
PNC = "ISO15118PnCEnabled"
# EmulatorPnCIdToken: idToken as the note has it, or with the type of 2.0.1.
UNTYPED, TYPED = "Untyped", "Typed"
# EmulatorSignedValue: the object of OCA's note as JSON, or the signed text itself.
OBJECT, PLAIN = "Object", "Plain"


class Key(NamedTuple):
    """kind: BOOL, INT, LIST or TEXT. `computed(config)` gives the value of a read-only key.
    needs: the key without which, in the operator's configuration, the CSMS does not find this one.

    Of makes only:
    texts   the only ones that a value, or each member of a list, may be
    hidden  it can be set and is not told
    reboot  a new value counts from the next boot on
    effect  the key that this is another name of, or a quirk of make/fields.py
    absent  the CSMS does not find it
    """

    kind: str
    default: str
    readonly: bool = False
    least: int = 0
    most: int = 2**31 - 1
    members: frozenset[str] | None = None
    computed: Callable[[StationConfig], str] | None = None
    texts: frozenset[str] | None = None
    hidden: bool = False
    reboot: bool = False
    effect: str = ""
    absent: bool = False
    needs: str = ""


def _fixed(value: str) -> Key:
    return Key(TEXT, value, readonly=True)


def _root_check(config: StationConfig) -> str:
    given = config.configuration.get("AdditionalRootCertificateCheck", "")
    return "true" if given.lower() == "true" else "false"


def _lists(config: StationConfig) -> str:
    return str(len(read_lists(config.configuration.get("EmulatorRevocationList", ""))))


def _plain_firmware(config: StationConfig) -> str:
    given = config.configuration.get("EmulatorPlainFirmware", "")
    return given if given in (ALWAYS, UNSECURED, NEVER) else UNSECURED


def _chosen(name: str, values: tuple[str, ...]) -> Key:
    """One of the values, by the operator's configuration; else the first."""

    def read(config: StationConfig) -> str:
        given = config.configuration.get(name, "")
        return given if given in values else values[0]

    return Key(TEXT, values[0], True, computed=read)


_PROFILES = (
    "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
)
_ENERGY = "Energy.Active.Import.Register"
_ROTATIONS = frozenset({"NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR"})

KEYS: dict[str, Key] = {
    # The CSMS cannot set it; an operator can.
    "AdditionalRootCertificateCheck": Key(BOOL, "false", True, computed=_root_check),
    "AlignedDataSignReadings": Key(BOOL, "false"),
    "AlignedDataSignUpdatedReadings": Key(BOOL, "false"),
    "AllowOfflineTxForUnknownId": Key(BOOL, "false"),
    "AuthorizationCacheEnabled": Key(BOOL, "true"),
    "AuthorizationKey": Key(TEXT, ""),  # write-only, and kept apart: see v16/security.py
    "AuthorizeRemoteTxRequests": Key(BOOL, "false"),
    "BlinkRepeat": Key(INT, "3"),
    "CentralContractValidationAllowed": Key(BOOL, "true", needs=PNC),
    "CertSigningRepeatTimes": Key(INT, "3", most=16, needs=PNC),
    "CertSigningWaitMinimum": Key(INT, "30", needs=PNC),
    "CertificateSignedMaxChainSize": _fixed("10000"),
    "CertificateStoreMaxLength": _fixed("20"),
    "ChargeProfileMaxStackLevel": _fixed("20"),
    "ChargingScheduleAllowedChargingRateUnit": _fixed("Current,Power"),
    "ChargingScheduleMaxPeriods": _fixed("100"),
    "ClockAlignedDataInterval": Key(INT, "0"),
    "ConnectionTimeOut": Key(INT, "60"),
    "ConnectorPhaseRotation": Key(LIST, "NotApplicable"),
    "ConnectorPhaseRotationMaxLength": Key(
        INT, "", True, computed=lambda config: str(len(config.connectors) + 1)
    ),
    "ConnectorSwitch3to1PhaseSupported": _fixed("true"),
    "ContractValidationOffline": Key(BOOL, "true", needs=PNC),
    "CpoName": Key(TEXT, ""),
    "GetConfigurationMaxKeys": _fixed("100"),
    "HeartbeatInterval": Key(INT, "300"),
    PNC: Key(BOOL, "false", needs=PNC),
    "LightIntensity": Key(INT, "100", most=100),  # percent
    "LocalAuthListEnabled": Key(BOOL, "true"),
    "LocalAuthListMaxLength": _fixed("1000"),
    "LocalAuthorizeOffline": Key(BOOL, "true"),
    "LocalPreAuthorize": Key(BOOL, "false"),
    "MaxChargingProfilesInstalled": _fixed("100"),
    "MaxEnergyOnInvalidId": Key(INT, "0"),
    "MeterValueSampleInterval": Key(INT, "60"),
    "MeterValuesAlignedData": Key(LIST, _ENERGY, members=MEASURANDS),
    "MeterValuesAlignedDataMaxLength": _fixed(str(_LISTS_AT_MOST)),
    "MeterValuesSampledData": Key(
        LIST, f"{_ENERGY},Power.Active.Import,Current.Import,Voltage,SoC", members=MEASURANDS
    ),
    "MeterValuesSampledDataMaxLength": _fixed(str(_LISTS_AT_MOST)),
    "MinimumStatusDuration": Key(INT, "0"),
    "NumberOfConnectors": Key(
        INT, "", True, computed=lambda config: str(len(config.connectors))
    ),
    "PublicKeyWithSignedMeterValue": Key(TEXT, ONCE, members=frozenset(WITH_KEY)),
    "ReserveConnectorZeroSupported": _fixed("true"),
    "ResetRetries": Key(INT, "3"),
    "SampledDataSignReadings": Key(BOOL, "false"),
    "SampledDataSignStartedReadings": Key(BOOL, "false"),
    "SampledDataSignUpdatedReadings": Key(BOOL, "false"),
    "SecurityProfile": Key(INT, "0"),
    "SendLocalListMaxLength": _fixed("250"),
    "StartTxnSampledData": Key(LIST, "", members=MEASURANDS),
    "StopTransactionOnEVSideDisconnect": Key(BOOL, "true"),
    "StopTransactionOnInvalidId": Key(BOOL, "true"),
    "StopTxnAlignedData": Key(LIST, "", members=MEASURANDS),
    "StopTxnAlignedDataMaxLength": _fixed(str(_LISTS_AT_MOST)),
    "StopTxnSampledData": Key(LIST, "", members=MEASURANDS),
    "StopTxnSampledDataMaxLength": _fixed(str(_LISTS_AT_MOST)),
    "SupportedFeatureProfiles": _fixed(_PROFILES),
    "SupportedFeatureProfilesMaxLength": _fixed("6"),
    "SupportedFileTransferProtocols": _fixed(SUPPORTED),
    "TransactionMessageAttempts": Key(INT, "3", least=1),
    "TransactionMessageRetryInterval": Key(INT, "60"),
    "UnlockConnectorOnEVSideDisconnect": Key(BOOL, "true"),
    "WebSocketPingInterval": Key(INT, "60"),
    # Ours: a driver who plugs in after a remote start and leaves after the end.
    "EmulatorAutoPlug": Key(BOOL, "true"),
    # Ours: some makes send the values of the end in a MeterValues, before or behind the stop.
    "EmulatorEndTxnSampledAfterStop": Key(BOOL, "false"),
    "EmulatorEndTxnSampledData": Key(LIST, "", members=MEASURANDS),
    # Ours: some makes charge on, whatever the answer to their start says.
    "EmulatorGoOnWithInvalidId": Key(BOOL, "false"),
    # Ours: the address for security profiles 2 and 3, where it is not the same with wss://.
    "EmulatorSecureUrl": Key(TEXT, ""),
    # Ours: whether SecurityEventNotification is sent. A CSMS that uses the extension turns it on.
    "EmulatorSecurityEvents": Key(BOOL, "false"),
    # Ours: CRLs that the operator has installed (security/revocation.py); told is how many.
    "EmulatorRevocationList": Key(INT, "0", True, computed=_lists),
    # Ours: when the plain UpdateFirmware is served; the operator's alone.
    "EmulatorPlainFirmware": Key(TEXT, UNSECURED, True, computed=_plain_firmware),
    # Ours, and the operator's alone: what the meters are that sign, and how 1.6 carries it.
    "EmulatorMeterFormat": _chosen("EmulatorMeterFormat", FORMATS),
    "EmulatorSignedValue": _chosen("EmulatorSignedValue", (OBJECT, PLAIN)),
    "EmulatorSigningMethod": _chosen("EmulatorSigningMethod", METHODS),
    # Ours, and the operator's alone: many a CSMS wants idToken as 2.0.1 has it.
    "EmulatorPnCIdToken": _chosen("EmulatorPnCIdToken", (UNTYPED, TYPED))._replace(needs=PNC),
}  # fmt: skip


_VENDORS = Key(TEXT, "")


class KeyTable(NamedTuple):
    """The keys that a station has, one table for all of a make.

    spelling  name in small letters -> key
    fits      (name, value) -> whether it may be set
    """

    keys: dict[str, Key]
    spelling: dict[str, str]
    fits: Callable[[str, str], bool]


def table_of(keys: dict[str, Key]) -> KeyTable:
    """The table of these keys."""

    @lru_cache(maxsize=4096)  # read with every meter sample of every station
    def fits(name: str, value: str) -> bool:
        return _fits(keys.get(name) or _VENDORS, name, value)

    return KeyTable(keys, {name.casefold(): name for name in keys}, fits)


def _fits(key: Key, name: str, value: str) -> bool:
    """Whether `value` may be set. Section 5.3: what does not fit is Rejected."""
    if len(value) > LONGEST_VALUE:
        return False
    if key.texts is not None:
        parts = parts_of(value) if key.kind is LIST else (value,)
        return key.texts.issuperset(parts)
    if key.kind is BOOL:
        return value.lower() in ("true", "false")
    if key.kind is INT:
        return value.isascii() and value.isdigit() and key.least <= int(value) <= key.most
    if name == "ConnectorPhaseRotation":
        return all(_is_rotation(part) for part in parts_of(value))
    if key.members is not None and key.kind is TEXT:
        return value in key.members
    if key.members is not None:
        parts = parts_of(value)
        return len(parts) <= _LISTS_AT_MOST and all(split(part)[0] in key.members for part in parts)
    return True


@lru_cache(maxsize=4096)
def parts_of(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _is_rotation(part: str) -> bool:
    number, dot, rotation = part.rpartition(".")
    return rotation in _ROTATIONS and (not dot or number.isdigit())


@lru_cache(maxsize=4096)
def rotation_of(value: str, connector: int) -> str:
    """The entry "1.STR" of the connector, or one for all; RST, NotApplicable, Unknown: ""."""
    given = dict(part.rpartition(".")[::2] for part in parts_of(value))
    rotation = given.get(str(connector), given.get("", ""))
    return "" if rotation in ("NotApplicable", "Unknown", "RST") else rotation


STANDARD = table_of(KEYS)
value_fits = STANDARD.fits
