"""Which car comes: as a command describes it, drawn from a mix, or as it was saved."""

from random import Random
from typing import TYPE_CHECKING, Any

from chargepoint.cars.profile import EvProfile
from chargepoint.cars.reading import UnfitProfile, read, told
from chargepoint.cars.shipped import shipped
from chargepoint.hardware.ev import EV, checked, given_of
from chargepoint.hardware.profiled import KEYS, ProfiledEV, fields_of

if TYPE_CHECKING:
    from chargepoint.config import ConnectorConfig

Mix = tuple[tuple[EvProfile, float], ...]  # each with its weight


def car_for(
    config: "ConnectorConfig", given: dict[str, Any] | None, mix: Mix, rng: Random
) -> EV:
    """The car that `given` describes: EV's fields, and `profile`, a shipped profile's name or a
    profile as JSON. Without a profile it is one of the mix, if there is any that fits.

    Raises ValueError for what no car has.
    """
    named = (given or {}).get("profile")
    if named is not None:
        rest = {name: value for name, value in given.items() if name != "profile"}
        return _of(profile_of(named), config, rest)
    fit = [(profile, weight) for profile, weight in mix if profile.side(config.phases == 0)]
    if not fit or sum(weight for _, weight in fit) <= 0:
        return EV.for_connector(config, given)
    profile = rng.choices([one for one, _ in fit], [weight for _, weight in fit])[0]
    arrives = {"soc": min(rng.uniform(*profile.arrival_soc), profile.target_soc)}
    return _of(profile, config, arrives | given_of(given))


def _of(profile: EvProfile, config: "ConnectorConfig", given: dict[str, Any]) -> ProfiledEV:
    dc = config.phases == 0
    return ProfiledEV(profile, dc, **checked(fields_of(profile, dc) | given_of(given)))


def profile_of(named: Any) -> EvProfile:
    """A shipped profile by its name, or one written as JSON. Raises ValueError."""
    if isinstance(named, dict):
        try:
            return read(named)
        except UnfitProfile as error:
            raise ValueError(f"profile: {error}") from None
    found = shipped().get(named) if isinstance(named, str) else None
    if found is None:
        raise ValueError(f"profile must be one of {', '.join(shipped())}, or a profile as JSON")
    return found


def saved_car(car: EV) -> dict[str, Any]:
    """The car as plain JSON; a shipped profile is saved by its name."""
    saved = car.to_saved()
    if isinstance(car, ProfiledEV):
        profile = car.profile
        known = shipped().get(profile.name) == profile
        saved["profile"] = profile.name if known else told(profile)
    return saved


def restored(saved: dict[str, Any], dc: bool) -> EV:
    """The car that was saved. Of a profile that is not there any more its numbers stay."""
    plain = {name: value for name, value in saved.items() if name not in ("profile", "car")}
    if "profile" not in saved:
        return EV(**plain)
    try:
        car = ProfiledEV(profile_of(saved["profile"]), dc, **plain)
    except ValueError:
        return EV(**plain)
    for name in KEYS:
        setattr(car, name, saved["car"][name])
    if car.ramp_w is None:
        car.ramp_w = float("inf")
    return car
