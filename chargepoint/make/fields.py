"""Every field of a make: what it means, its bounds, and the OCPP versions where it has an effect.

The reader, the JSON schema and the page in docs/reference are made from this table.
"""

from chargepoint.make.kinds import (
    ALL,
    ONLY_2,
    ONLY_16,
    Anything,
    Flag,
    Many,
    Named,
    Number,
    Parts,
    Span,
    Text,
)

MEASURANDS = (
    "Current.Export", "Current.Import", "Current.Offered", "Energy.Active.Export.Interval",
    "Energy.Active.Export.Register", "Energy.Active.Import.Interval",
    "Energy.Active.Import.Register", "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Export.Register", "Energy.Reactive.Import.Interval",
    "Energy.Reactive.Import.Register", "Frequency", "Power.Active.Export", "Power.Active.Import",
    "Power.Factor", "Power.Offered", "Power.Reactive.Export", "Power.Reactive.Import", "RPM",
    "SoC", "Temperature", "Voltage",
)  # fmt: skip
# 1.6, 7.7 and 7.6.
STATUSES_16 = (
    "Available", "Preparing", "Charging", "SuspendedEVSE", "SuspendedEV", "Finishing", "Reserved",
)  # fmt: skip
ERROR_CODES_16 = (
    "ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "HighTemperature",
    "InternalError", "LocalListConflict", "OtherError", "OverCurrentFailure", "OverVoltage",
    "PowerMeterFailure", "PowerSwitchFailure", "ReaderFailure", "ResetFailure", "UnderVoltage",
    "WeakSignal",
)  # fmt: skip
CHARGING_STATES = ("Charging", "EVConnected", "SuspendedEV", "SuspendedEVSE", "Idle")
PROFILES_16 = (
    "FirmwareManagement", "LocalAuthListManagement", "Reservation", "SmartCharging",
    "RemoteTrigger",
)  # fmt: skip
# What a key of the make's own does beside being there; or the name of a standard key.
FREE_CHARGING, FREE_CHARGING_TAG, MAX_CURRENT = "free_charging", "free_charging_tag", "max_current"

_BOOT_TEXT = "told in BootNotification, cut to the length of the version"
_TYPES = {
    ONLY_16: ("boolean", "integer", "list", "text"),
    ONLY_2: ("boolean", "decimal", "integer", "string", "OptionList", "MemberList"),
}


def _key(versions: tuple[str, ...], standard: str, effects: str) -> Parts:
    """What a make says of a key or a variable."""
    types = _TYPES[versions]
    return Parts(
        said=f"What differs from the emulator's own, or is there beside it: {standard}.",
        versions=versions,
        fields={
            "type": Text(
                said="Of one of its own: how a value is checked.", versions=versions, choices=types,
                example=types[0],
            ),
            "value": Text(
                said="As the make is shipped; a station's own configuration goes before it.",
                versions=versions, longest=500, example="30",
            ),
            "low": Number(
                said="The least number that may be set.", versions=versions, low=-1e9, high=1e9,
            ),
            "high": Number(
                said="The greatest number that may be set.", versions=versions, low=-1e9, high=1e9,
            ),
            "values": Many(
                said="The only texts that may be set; of a list, its members.", versions=versions,
                most=100, of=Text(said="One of them.", longest=100, shortest=1),
            ),
            "read_only": Flag(said="The CSMS cannot set it.", versions=versions),
            "hidden": Flag(
                said="The CSMS can set it and not read it (write-only).", versions=versions,
            ),
            "reboot": Flag(
                said="A change is answered RebootRequired and counts from the next boot on.",
                versions=versions,
            ),
            "effect": Text(
                said=f"Of one of its own: what it does. {effects}", versions=versions, longest=100,
            ),
            "absent": Flag(
                said="This make does not have the standard one.", versions=versions,
            ),
        },
    )  # fmt: skip


_OUTLET = Parts(
    said="One connector.",
    fields={
        "id": Number(said="The connector's number, from 1 on.", whole=True, low=1, high=100,
                     required=True, example=1),
        "evse": Number(said="The EVSE that it belongs to.", whole=True, low=1, high=100,
                       required=True, example=1),
        "kind": Text(
            said="The plug.", choices=("Type1", "Type2", "CCS1", "CCS2", "CHAdeMO", "Schuko"),
        ),
        "phases": Number(said="1 or 3, 0 for DC.", whole=True, low=0, high=3, example=3),
        "max_power_w": Number(said="What it can carry, in watts.", whole=True, low=1,
                              high=4_000_000, example=22000),
    },
)  # fmt: skip

_MEASURAND = Parts(
    said="How the values of one measurand are told.",
    fields={
        "fixed": Number(
            said="Always this, in W, A, V, Wh, Percent, Celsius or Hz: a meter that has no "
            "such sensor.", low=-1e9, high=1e9, example=230,
        ),
        "noise_pct": Number(
            said="Percent that the values vary by, beside the station's own. Registers "
            "never do.", low=0, high=50, example=2,
        ),
        "minimum": Number(
            said="What is less than this is told as 0: a meter's starting current.", low=0,
            high=1e9, example=0.25,
        ),
        "decimals": Number(said="Digits behind the point.", whole=True, low=0, high=6, example=2),
    },
)  # fmt: skip

_DETAILS = Parts(
    said="What is told with one error code.",
    versions=ONLY_16,
    fields={
        "vendor_error_code": Text(said="vendorErrorCode: the vendor's own code.", versions=ONLY_16,
                                  shortest=1, longest=50, example="E-42"),
        "vendor_id": Text(said="vendorId: whose code it is; without: the station's vendor.",
                          versions=ONLY_16, shortest=1, longest=255, example="com.acme"),
        "info": Text(said="Words.", versions=ONLY_16, shortest=1, longest=50, example="RCD type B"),
    },
)  # fmt: skip

FIELDS = {
    "name": Text(said="The make's name: what stations and commands call it.", required=True,
                 shortest=1, longest=60, example="acme-wallbox"),
    "description": Text(said="What it stands for, for people.", longest=1000),
    "vendor": Text(said=f"chargePointVendor, vendorName: {_BOOT_TEXT}.", required=True,
                   shortest=1, longest=50, example="Acme"),
    "model": Text(said=f"chargePointModel, model: {_BOOT_TEXT}.", required=True, shortest=1,
                  longest=20, example="Wallbox 11"),
    "firmware": Text(said=f"firmwareVersion: {_BOOT_TEXT}.", longest=50, example="1.4.2"),
    "serial": Text(
        said="The serial number of a station of this make: # is a digit and ? a letter, drawn by "
        "the station's identity; {identity} is the identity.", longest=60, example="AC######",
    ),
    "meter_type": Text(said="meterType of BootNotification.", versions=ONLY_16, longest=25),
    "meter_serial": Text(said="meterSerialNumber, a pattern as serial.", versions=ONLY_16,
                         longest=60),
    "versions": Many(
        said="The OCPP versions that it speaks. A field that has an effect in none of them is "
        "refused.", required=True, least=1, most=3, of=Text(said="A version.", choices=ALL),
        example=["1.6"],
    ),
    "outlets": Many(said="Its connectors; without: one of 22 kW AC.", least=1, most=100,
                    of=_OUTLET),
    "keys": Named(
        said="Configuration keys of 1.6, by their names.", versions=ONLY_16, most=200,
        pattern=r"^.{1,50}$",
        of=_key(ONLY_16, "a key", "The name of a standard key that it is another name of, or "
                f"{FREE_CHARGING} (a boolean: whoever plugs in charges), {FREE_CHARGING_TAG} (the "
                f"idTag for that) or {MAX_CURRENT} (A that each phase of an outlet carries)."),
    ),
    "variables": Named(
        said='Variables of 2.x, as "Component.Variable" or "Component.Variable[Instance]".',
        versions=ONLY_2, most=200, pattern=r"^[^.]{1,50}\..{1,50}$",
        of=_key(ONLY_2, "a variable", "The name of a standard variable that it is another name of, "
                f"or {MAX_CURRENT} (A that each phase of an outlet carries)."),
    ),
    "features": Parts(
        said="What it supports.",
        fields={
            "profiles": Many(
                said="The feature profiles that it supports beside Core (SupportedFeatureProfiles)."
                " What belongs to another is not served.", versions=ONLY_16, most=5,
                of=Text(said="A profile.", choices=PROFILES_16), example=["SmartCharging"],
            ),
            "off": Many(
                said="Actions that it neither serves nor sends.", most=60,
                of=Text(said="An action of OCPP.", shortest=1, longest=50),
                example=["ClearCache"],
            ),
            "answer": Text(said="The code of the CallError for these.",
                           choices=("NotSupported", "NotImplemented")),
        },
    ),
    "meter": Parts(
        said="How its meter tells what it measures.",
        fields={
            "measurands": Many(
                said="Those that it has. Others are refused in keys and variables, and left out "
                "of their defaults.", least=1, most=22,
                of=Text(said="A measurand.", choices=MEASURANDS),
                example=["Energy.Active.Import.Register", "Power.Active.Import"],
            ),
            "values": Named(said="By measurand.", most=22, names=MEASURANDS, of=_MEASURAND),
            "energy_unit": Text(said="kWh for Wh, and kvarh for varh.", choices=("Wh", "kWh")),
            "power_unit": Text(said="kW for W, and kvar for var.", choices=("W", "kW")),
            "voltage_phases": Text(said="The phases that voltages are told of.",
                                   choices=("L1", "L1-N", "L1-L2")),
            "line_phases": Text(said="The phases that currents and powers are told of.",
                                choices=("L1", "L1-N")),
            "decimals": Number(said="Digits behind the point of all values.", whole=True, low=0,
                               high=6, example=3),
            "noise_pct": Number(
                said="Percent that powers and currents vary by, and voltages of DC; those of AC by "
                "a quarter of it. Registers never do.", low=0, high=50, example=1,
            ),
            "register_per_session": Flag(
                said="Its register starts at 0 with each transaction, and is 0 outside of one.",
            ),
            "roll_over_wh": Number(said="There its register starts at 0 again.", low=1000,
                                   high=1e12, example=999_999_999),
            "start_wh": Number(said="What the register of a new station shows.", low=0, high=1e12,
                               example=1_204_560),
            "dc_efficiency": Number(
                said="Its meter sits before the rectifier of its DC outlets: it tells energy and "
                "power of the grid, what the car gets divided by this, of the location Inlet.",
                low=0.5, high=1, example=0.94,
            ),
        },
    ),
    "time": Parts(
        said="How it writes timestamps.",
        fields={
            "zone": Text(said='"Z", "" for none (a breach of the specification, which some '
                         'chargers commit), or an offset.', longest=6,
                         pattern=r"^(Z|[+-](0\d|1[0-4]):[0-5]\d)?$", example="+02:00"),
            "fractions": Number(said="Digits of a second.", whole=True, low=0, high=6, example=0),
        },
    ),
    "delays": Parts(
        said="How long it takes, in seconds: [least, most] to draw from. A station's own setting "
        "goes before it.",
        fields={
            "boot": Number(said="From power-on to the first connection.", low=0, high=600),
            "reset": Span(said="From the answer to Reset to the end of the link.", high=600),
            "restart": Span(said="Without a link while it restarts.", high=3600),
            "firmware": Span(said="To install firmware.", high=7200),
            "relink": Span(said="From the answer to changed credentials to the end of the link.",
                           high=600),
            "reconnect": Span(said="From there to the next connection.", high=3600),
        },
    ),
    "status": Parts(
        said="What it tells of its statuses.",
        fields={
            "told_as": Named(
                said="Status -> what it tells in its place. One that is told as the one before "
                "is skipped.", versions=ONLY_16, most=7, names=STATUSES_16,
                of=Text(said="What is told.", choices=STATUSES_16), example={"Preparing":
                                                                             "Available"},
            ),
            "charging_states": Named(
                said="chargingState of TransactionEvent -> what it tells in its place.",
                versions=ONLY_2, most=5, names=CHARGING_STATES,
                of=Text(said="What is told.", choices=CHARGING_STATES),
                example={"SuspendedEV": "SuspendedEVSE"},
            ),
            "connector_0": Flag(said="Whether it tells the status of connector 0.",
                                versions=ONLY_16),
            "repeat_s": Number(said="Each so many seconds it tells the statuses of all connectors "
                               "again; 0: only what has changed.", low=0, high=86_400, example=600),
        },
    ),
    "power": Parts(
        said="Power of the whole cabinet.",
        fields={
            "shared_w": Number(said="What all outlets can carry together, in watts. Transactions "
                               "share it.", low=1, high=1e8, example=160_000),
        },
    ),
    "faults": Parts(
        said="How it tells that something is wrong.",
        versions=ONLY_16,
        fields={
            "connector_0": Flag(said="A fault of a connector is told of connector 0 as well.",
                                versions=ONLY_16),
            "warnings": Many(
                said="Error codes that it tells while the status stays as it is, and charging "
                "goes on.", versions=ONLY_16, most=15,
                of=Text(said="An error code.", choices=ERROR_CODES_16), example=["HighTemperature"],
            ),
            "codes": Named(
                said="Error code -> what it tells with it. What a command `fault` says goes before "
                "it.", versions=ONLY_16, most=15, names=ERROR_CODES_16, of=_DETAILS,
                example={"GroundFailure": {"vendor_error_code": "E-42"}},
            ),
        },
    ),
    "rules": Many(
        said="Answers that stand in the place of its own, as the rules of a station "
        "(docs/reference/rules.md); also handlers of DataTransfer.", most=50,
        of=Anything(said="A rule."),
    ),
}  # fmt: skip
