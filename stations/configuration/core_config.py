"""From a station row to the values that the fleet runs: StationConfig and DialTarget."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from django.conf import settings
from msgspec.structs import replace as replace_of

from chargepoint.config import SUBPROTOCOLS, ConnectorConfig, StationConfig
from chargepoint.make.configured import with_make
from stations.cars.garage import mix_of
from stations.configuration.delays import core_delays
from stations.configuration.validation import MEASURANDS, family, overrides_of
from stations.link.proxies import proxy_url
from stations.link.targets import PLAIN, DialTarget, LinkOptions, TlsOptions, station_url
from stations.makes import finding
from stations.makes.filling import is_default
from stations.worker.clock import TICKS

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


def configuration_of(station: Station, version: str) -> dict[str, str]:
    """The settings as configuration keys of the version; explicit overrides win."""
    is_16 = version == "1.6"
    keys = KEYS_16 if is_16 else KEYS_2
    configuration: dict[str, str] = {}
    for setting, names in keys.items():
        value = getattr(station, setting)
        if value is None or value == []:
            continue
        if setting == "measurands" and station.make and is_default(station, setting):
            continue  # the make's own
        if setting == "measurands":
            value = [name for name in value if name in MEASURANDS[family(version)]]
        text = ",".join(value) if isinstance(value, list) else str(value)
        configuration.update(dict.fromkeys(names, text))
    if profile := security_profile(station):
        name = "SecurityProfile" if is_16 else "SecurityCtrlr.SecurityProfile"
        configuration[name] = str(profile)
    configuration.update(overrides_of(version, station.versions(), station.configuration))
    return configuration


def security_profile(station: Station) -> int:
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


def core_config(station: Station, version: str) -> StationConfig:
    """chargepoint.config.StationConfig of this row, in a version that it may speak.

    Raises finding.NoSuchMake.
    """
    make = finding.of_row(station)
    noise = 0.0 if make and is_default(station, "meter_variance") else station.meter_variance
    pace = settings.STATION_DELAYS
    delays = core_delays(station.delays, pace, make and make.delays)
    boot_delay = float(station.boot_delay)
    if make and is_default(station, "boot_delay"):
        boot_delay = float(make.delays.get("boot", 0)) * min(pace, 1)
    config = StationConfig(
        identity=station.identity,
        version=version,
        vendor=station.vendor,
        model=station.model,
        serial=station.serial,
        firmware=station.firmware,
        iccid=station.iccid,
        imsi=station.imsi,
        connectors=tuple(ConnectorConfig(**connector) for connector in station.connectors),
        configuration=configuration_of(station, version),
        boot_delay=boot_delay,
        default_id_tag=station.default_id_tag,
        meter_variance=float(noise),
        call_timeout=float(station.call_timeout),
        credentials=_credentials(station),
        csms_url=station.csms_url,
        lenient=station.reading == "lenient",
        delays=delays,
        ticks=TICKS,
        rules=tuple(station.rules),
        cars=mix_of(station.cars),
    )
    if make is None:
        return config
    # These have the make's already, at the pace of the settings.
    return replace_of(with_make(config, make), delays=delays, boot_delay=boot_delay)


def dial_target(station: Station) -> DialTarget:
    """Raises secrets.SecretUnreadable if SECRET_KEY has changed, ValueError for no version."""
    password, client_key = station.read_secrets()
    tls = None
    if station.csms_url.startswith("wss://"):
        tls = TlsOptions(
            verify=station.tls_verify,
            ca_pem=station.tls_ca_pem,
            client_cert_pem=station.tls_client_cert_pem,
            client_key_pem=client_key,
            min_version=station.tls_min_version,
            max_version=station.tls_max_version,
            ciphers=station.tls_ciphers,
        )
    # A user name without a password is still sent: some CSMSs look at nothing else.
    wanted = bool(password or station.username)
    return DialTarget(
        url=station_url(station.csms_url, station.identity),
        username=(station.username or station.identity) if wanted else "",
        password=password,
        tls=tls and _shared(tls),
        subprotocol=", ".join(_subprotocol(version) for version in station.versions()),
        options=_options(station),
    )


def _subprotocol(version: str) -> str:
    if version not in SUBPROTOCOLS:
        raise ValueError(f"OCPP {version} is spoken by no station")
    return SUBPROTOCOLS[version]


def _options(station: Station) -> LinkOptions:
    proxy = proxy_url(station.proxy_url, station.proxy_username, station.read_proxy_password())
    options = LinkOptions(deflate=station.compression, proxy=proxy)
    if options == PLAIN:
        options = PLAIN
    if not station.offered_versions:
        return _shared(options)
    configs = tuple(core_config(station, version) for version in station.offered_versions)
    return replace(options, configs=configs)


@lru_cache(maxsize=256)
def _shared(options: LinkOptions | TlsOptions) -> LinkOptions | TlsOptions:
    """Equal ones become one object: most stations come from a template."""
    return options
