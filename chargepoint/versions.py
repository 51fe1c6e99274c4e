"""Which class is a station of which OCPP version."""


def station_class(version: str):
    """The Station subclass; ValueError for a version that is not emulated. Loaded when needed."""
    match version:
        case "1.6":
            from chargepoint.v16.station import Station16

            return Station16
        case "2.0.1":
            from chargepoint.v201.station import Station201

            return Station201
        case "2.1":
            from chargepoint.v21.station import Station21

            return Station21
    raise ValueError(f"OCPP {version} is not emulated; choose 1.6, 2.0.1 or 2.1.")
