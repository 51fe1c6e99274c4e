"""The changes of a connector's status that 1.6 allows (section 4.9)."""

# Rows and columns of 4.9: from status, to statuses.
_ALLOWED = {
    "Available": "Preparing Charging SuspendedEV SuspendedEVSE Reserved Unavailable Faulted",
    # Unavailable: 5.2 wants it at once where no transaction runs; 4.9 has no row for it.
    "Preparing": "Available Charging SuspendedEV SuspendedEVSE Finishing Unavailable Faulted",
    "Charging": "Available SuspendedEV SuspendedEVSE Finishing Unavailable Faulted",
    "SuspendedEV": "Available Charging SuspendedEVSE Finishing Unavailable Faulted",
    "SuspendedEVSE": "Available Charging SuspendedEV Finishing Unavailable Faulted",
    "Finishing": "Available Preparing Unavailable Faulted",
    "Reserved": "Available Preparing Unavailable Faulted",
    "Unavailable": "Available Preparing Charging SuspendedEV SuspendedEVSE Faulted",
    "Faulted": "Available Preparing Charging SuspendedEV SuspendedEVSE Finishing Reserved "
               "Unavailable",
}  # fmt: skip
ALLOWED = {(one, other) for one, row in _ALLOWED.items() for other in row.split()}
