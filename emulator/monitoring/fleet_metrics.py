"""Of /api/metrics what is of stations: the fleet by state, how soon the CSMS answers, and, where
METRICS_STATIONS says so, gauges of each station.

A look costs what the dashboard's does: one read of the states from Redis. What a store that is away
would tell is left out: Prometheus marks it as absent.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from messaging.keeping import tallies
from runtime.stores import STORE_ERRORS
from stations.state.census import Census, OneStation

LATENCIES_OF = 5  # minutes
QUANTILES = (0.5, 0.95)
# name, what it tells, value of a station
STATION_GAUGES = (
    ("connected", "1 where the station has an open connection to its CSMS",
     lambda one: float(one.connected)),
    ("power_watts", "Power that the station delivers", lambda one: one.power_w),
    ("energy_watt_hours", "Sum of the station's meters", lambda one: one.energy_wh),
    ("transactions", "Connectors of the station in a transaction",
     lambda one: float(one.transactions)),
    ("sick", "1 where the station wants a look", lambda one: float(one.sick)),
    ("last_message_timestamp_seconds", "When the station last sent or received a frame",
     lambda one: one.last_message),
)  # fmt: skip

_census = Census()


class FleetCollector:
    """most: gauges of so many stations, in the order of their identities; 0: of none."""

    def __init__(self, most: int, census: Census | None = None) -> None:
        self._most = most
        self._census = census or _census

    def collect(self) -> Iterator[Metric]:
        """The fleet's metrics for Prometheus; none where a store is away."""
        now = time.time()
        try:
            found = list(self._fleet(now))
            found += self._latencies(now)
        except STORE_ERRORS:
            return
        yield from found

    def _fleet(self, now: float) -> Iterator[Metric]:
        stations: list[OneStation] = []
        fleet = self._census.look(now, stations.append if self._most else None)
        states = GaugeMetricFamily("ocpp_fleet_stations", "Stations by state", labels=["state"])
        for label, count in fleet.states.items():
            states.add_metric([label], count)
        yield states
        for name, text, value in (
            ("power_watts", "Power that all stations deliver", fleet.power_w),
            ("energy_watt_hours", "Sum of all meters", fleet.energy_wh),
            ("charging_connectors", "Connectors in a transaction", fleet.charging),
            ("sick_stations", "Stations that want a look", fleet.sick),
        ):
            yield GaugeMetricFamily(f"ocpp_fleet_{name}", text, value)
        if self._most:
            yield from self._each(sorted(stations, key=lambda one: one.identity))

    def _each(self, stations: list[OneStation]) -> Iterator[Metric]:
        told = stations[: self._most]
        for name, text, value_of in STATION_GAUGES:
            family = GaugeMetricFamily(f"ocpp_station_{name}", text, labels=["station"])
            for one in told:
                if (value := value_of(one)) is not None:
                    family.add_metric([one.identity], value)
            yield family
        yield GaugeMetricFamily(
            "ocpp_station_gauges_left_out",
            "Stations beyond METRICS_STATIONS, of which there is no gauge",
            len(stations) - len(told),
        )

    def _latencies(self, now: float) -> Iterator[Metric]:
        minute = int(now) // 60
        held = tallies.latencies_of(range(minute - LATENCIES_OF + 1, minute + 1))
        family = latency_family()
        for action, buckets in sorted(tallies.added(*held.values()).items()):
            for share in QUANTILES:
                took = tallies.percentile(buckets, share)
                if took is not None:
                    family.add_metric([action, str(share)], took / 1000)
        yield family


def latency_family() -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "ocpp_csms_latency_seconds",
        f"How soon the CSMS answers, of the last {LATENCIES_OF} minutes",
        labels=["action", "quantile"],
    )
