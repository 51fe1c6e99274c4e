"""Functional block K in 2.1: all that it adds to smart charging, as one block."""

from chargepoint.v21.power.dynamic_profiles import DynamicProfiles
from chargepoint.v21.power.external_setpoint import ExternalSetpoint
from chargepoint.v21.power.offline_profiles import OfflineProfiles


class Charging21(OfflineProfiles, ExternalSetpoint, DynamicProfiles):
    __slots__ = ()
