"""From a station row to the values that the fleet runs: StationConfig and DialTarget."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from chargepoint.config import ConnectorConfig, StationConfig
from stations.targets import DialTarget, TlsOptions, station_url

if TYPE_CHECKING:
    from stations.models import Station

# setting -> the configuration key (1.6, section 9) or variable (2.0.1 part 2, appendix) it sets.
KEYS_16 = {
    "heartbeat_interval": ("HeartbeatInterval",),
    "meter_sample_interval": ("MeterValueSampleInterval",),
    "meter_aligned_interval": ("ClockAlignedDataInterval",),
    "measurands": ("MeterValuesSampledData", "MeterValuesAlignedData"),
}
KEYS_2 = {
    "heartbeat_interval": ("OCPPCommCtrlr.HeartbeatInterval",),
    "meter_sample_interval": ("SampledDataCtrlr.TxUpdatedInterval",),
    "meter_aligned_interval": ("AlignedDataCtrlr.Interval",),
    "measurands": ("SampledDataCtrlr.TxUpdatedMeasurands", "AlignedDataCtrlr.Measurands"),
}


def configuration_of(station: Station) -> dict[str, str]:
    """The settings as configuration keys; explicit overrides win."""
    keys = KEYS_16 if station.ocpp_version == "1.6" else KEYS_2
    configuration: dict[str, str] = {}
    for setting, names in keys.items():
        value = getattr(station, setting)
        if value is None or value == []:
            continue
        text = ",".join(value) if isinstance(value, list) else str(value)
        configuration.update(dict.fromkeys(names, text))
    if profile := _security_profile(station):
        is_16 = station.ocpp_version == "1.6"
        name = "SecurityProfile" if is_16 else "SecurityCtrlr.SecurityProfile"
        configuration[name] = str(profile)
    configuration.update(station.configuration)
    return configuration


def _security_profile(station: Station) -> int:
    """The profile that the configured link amounts to (whitepaper, section 2)."""
    secure = station.csms_url.startswith("wss://")
    if station.has_password:
        return 2 if secure else 1
    return 3 if secure and station.tls_client_cert_pem else 0


def _credentials(station: Station) -> str:
    """Another text whenever the operator changes the address or the credentials of the link."""
    parts = (
        station.csms_url, station.username, station.password_encrypted, station.tls_ca_pem,
        station.tls_client_cert_pem, station.tls_client_key_encrypted,
    )  # fmt: skip
    return sha256("\0".join(parts).encode()).hexdigest()[:12]


def core_config(station: Station) -> StationConfig:
    """chargepoint.config.StationConfig of this row."""
    return StationConfig(
        identity=station.identity,
        version=station.ocpp_version,
        vendor=station.vendor,
        model=station.model,
        serial=station.serial,
        firmware=station.firmware,
        iccid=station.iccid,
        imsi=station.imsi,
        connectors=tuple(ConnectorConfig(**connector) for connector in station.connectors),
        configuration=configuration_of(station),
        boot_delay=float(station.boot_delay),
        default_id_tag=station.default_id_tag,
        meter_variance=float(station.meter_variance),
        call_timeout=float(station.call_timeout),
        credentials=_credentials(station),
        csms_url=station.csms_url,
    )


def dial_target(station: Station) -> DialTarget:
    """Raises secrets.SecretUnreadable if SECRET_KEY has changed."""
    password, client_key = station.read_secrets()
    tls = None
    if station.csms_url.startswith("wss://"):
        tls = TlsOptions(
            verify=station.tls_verify,
            ca_pem=station.tls_ca_pem,
            client_cert_pem=station.tls_client_cert_pem,
            client_key_pem=client_key,
        )
    # A user name without a password is still sent: some CSMSs look at nothing else.
    wanted = bool(password or station.username)
    return DialTarget(
        url=station_url(station.csms_url, station.identity),
        username=(station.username or station.identity) if wanted else "",
        password=password,
        tls=tls,
        subprotocol=f"ocpp{station.ocpp_version}",
    )
