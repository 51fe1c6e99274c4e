"""The profiles that the package has, by name."""

from functools import cache
from pathlib import Path

import orjson

from chargepoint.cars.profile import EvProfile
from chargepoint.cars.reading import read

FOLDER = Path(__file__).parent / "builtin"


@cache
def shipped() -> dict[str, EvProfile]:
    """name -> profile, by name."""
    profiles = (read(orjson.loads(path.read_bytes())) for path in sorted(FOLDER.glob("*.json")))
    return {profile.name: profile for profile in profiles}
