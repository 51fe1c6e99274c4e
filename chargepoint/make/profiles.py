"""The actions of the feature profiles of 1.6 (section 3.2)."""

ACTIONS = {
    "FirmwareManagement": (
        "GetDiagnostics", "UpdateFirmware", "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
    ),
    "LocalAuthListManagement": ("GetLocalListVersion", "SendLocalList"),
    "Reservation": ("CancelReservation", "ReserveNow"),
    "SmartCharging": ("ClearChargingProfile", "GetCompositeSchedule", "SetChargingProfile"),
    "RemoteTrigger": ("TriggerMessage",),
}  # fmt: skip


def actions_without(profiles: tuple[str, ...] | None) -> frozenset[str]:
    """What a station does without that has only these beside Core; None: all."""
    if profiles is None:
        return frozenset()
    return frozenset(
        action for profile, actions in ACTIONS.items() if profile not in profiles
        for action in actions
    )  # fmt: skip
