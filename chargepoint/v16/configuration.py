"""The configuration of a 1.6 station: GetConfiguration, ChangeConfiguration (sections 5.3, 5.8).

A station keeps only what differs from the defaults: thousands of stations share one table.
"""

from typing import Any

from chargepoint.config import StationConfig
from chargepoint.core import topics
from chargepoint.core.block import Block, action, answers, hears
from chargepoint.effects import URGENT, PingInterval
from chargepoint.v16.keys import (
    BOOL,
    CHANGE_ACCEPTED,
    CHANGE_NOT_SUPPORTED,
    CHANGE_REBOOT_REQUIRED,
    CHANGE_REJECTED,
    INT,
    LONGEST_NAME,
    TEXT,
    Key,
    parts_of,
    rotation_of,
)
from chargepoint.v16.topics import CHANGES_KEY, CONFIGURATION_TOLD, KEY_CHANGED, METER_KEYS

_PLAIN = "configuration"


class Keys(Block):
    """The keys of one station: defaults, the operator's overrides, then what the CSMS set."""

    __slots__ = ("_config", "_set")

    KEYS = ("keys",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """saved["keys"]: {key: [value, the operator's value when it was set]}, and as a third the
        value that waits for the next boot, if one does."""
        self._take_up(self.core.config, saved.get("keys"))
        if not saved.get("booted"):
            self.bring_in()

    def _take_up(self, config: StationConfig, known: dict[str, list[str]] | None) -> None:
        self._config = config
        self._set: dict[str, list[str]] | None = None
        for name, kept in (known or {}).items():
            # An operator who has changed the key since then means it.
            if config.configuration.get(name, "") == kept[1]:
                self._set = self._set or {}
                self._set[name] = [*kept]

    def saved(self) -> dict[str, Any]:
        return {"keys": {name: [*pair] for name, pair in self._set.items()}} if self._set else {}

    # --- values ------------------------------------------------------------------------------

    def text(self, name: str) -> str:
        """The value now; "" for a key that the station does not have."""
        if self._set and name in self._set:
            return self._set[name][0]
        keys, _, fits = self.core.HABITS.keys
        key = keys.get(name)
        if key is None:
            return self._config.configuration.get(name, "")
        if key.readonly:
            return key.computed(self._config) if key.computed else key.default
        given = self._config.configuration.get(name)
        return key.default if given is None or not fits(name, given) else given

    def integer(self, name: str) -> int:
        return int(self.text(name))

    def flag(self, name: str) -> bool:
        return self.text(name).lower() == "true"

    def items(self, name: str) -> tuple[str, ...]:
        return parts_of(self.text(name))

    def rotation(self, connector: int) -> str:
        """How the phases of a connector are wired (ConnectorPhaseRotation), "" if as usual."""
        return rotation_of(self.text("ConnectorPhaseRotation"), connector)

    def names(self) -> list[str]:
        """Every key that GetConfiguration shows, vendor keys of the operator's last."""
        keys = self.core.HABITS.keys.keys
        return [*(name for name in keys if self._has(keys[name])), *self._vendor_keys()]

    def _has(self, key: Key) -> bool:
        return not key.absent and (not key.needs or key.needs in self._config.configuration)

    def _vendor_keys(self) -> list[str]:
        given, keys = self._config.configuration, self.core.HABITS.keys.keys
        return [name for name in given if name not in keys and 0 < len(name) <= LONGEST_NAME]

    def spelled(self, name: str) -> str:
        """The key as it is written here: keys are CiString50Type, whose case does not matter."""
        keys, spelling, _ = self.core.HABITS.keys
        if name in keys:
            return name
        folded = name.casefold()
        if folded in spelling:
            return spelling[folded]
        return next((own for own in self._vendor_keys() if own.casefold() == folded), name)

    def known(self, name: str) -> bool:
        """Whether the station has a configuration key of this name, in any case."""
        name = self.spelled(name)
        key = self.core.HABITS.keys.keys.get(name)
        return name in self._vendor_keys() if key is None else self._has(key)

    def readonly(self, name: str) -> bool:
        """Whether the CSMS may not change the key."""
        key = self.key_of(name)
        return key is not None and key.readonly

    def key_of(self, name: str) -> Key | None:
        """What the table says of a key, in any case; None of one that the operator has added."""
        return self.core.HABITS.keys.keys.get(self.spelled(name))

    def meant(self, name: str) -> str:
        """The key that this one of a make's is another name of, else itself."""
        keys = self.core.HABITS.keys.keys
        return keys[name].effect if name in keys and keys[name].effect in keys else name

    def change(self, name: str, value: str) -> str:
        """Set a key for the CSMS; the ConfigurationStatus (section 7.22)."""
        if not self.known(name):
            return CHANGE_NOT_SUPPORTED
        if self.readonly(name):
            return CHANGE_REJECTED
        if not self.core.HABITS.keys.fits(name, value):
            return CHANGE_REJECTED
        if name == "ConnectorPhaseRotation" and len(parts_of(value)) > self.integer(
            "ConnectorPhaseRotationMaxLength"
        ):
            return CHANGE_REJECTED
        self.put(name, value)
        return CHANGE_ACCEPTED

    def put_off(self, name: str, value: str) -> None:
        """Set a key from the next boot on, without a check."""
        self._set = self._set or {}
        self._set[name] = [self.text(name), self._config.configuration.get(name, ""), value]

    def bring_in(self) -> list[str]:
        """What has waited for a boot counts from now on; the names."""
        waited = [name for name, kept in (self._set or {}).items() if len(kept) > 2]
        for name in waited:
            _, base, value = self._set[name]
            self._set[name] = [value, base]
        return waited

    @hears(topics.REBOOTED)
    def rebooted(self, now: float, reason: str, seconds: float) -> None:
        for name in self.bring_in():
            self._has_changed(name, now)

    def put(self, name: str, value: str) -> None:
        """Set a key without a check; it holds until the configured value changes."""
        if self.text(name) == value and not (self._set and len(self._set.get(name, "")) > 2):
            return
        self._set = self._set or {}
        self._set[name] = [value, self._config.configuration.get(name, "")]

    @hears(topics.RECONFIGURED)
    def rebase(self, old: StationConfig, now: float) -> None:
        """The operator has changed the configuration."""
        before = {name: self.text(name) for name in self.names()}
        self._take_up(self.core.config, self._set)
        for name in self.names():
            if before.get(name) != self.text(name):
                self._has_changed(name, now)

    def _has_changed(self, name: str, now: float) -> None:
        """Keys that act at once; the others are read when they are needed."""
        match name:
            case "HeartbeatInterval":
                self.core.service.set_heartbeat(float(self.integer(name)), now)
            case "WebSocketPingInterval":
                self.core.put(PingInterval(float(self.integer(name))))
        self.core.tell(KEY_CHANGED, name, now)

    # --- requests (5.3, 5.8) -----------------------------------------------------------------

    @action("GetConfiguration")
    def on_get_configuration(self, payload: dict, now: float) -> dict:
        """GetConfiguration (5.8)."""
        most = self.integer("GetConfigurationMaxKeys")
        # 5.8 and 9.1.9: so many may be asked for by name; of all, all are told.
        wanted = payload.get("key", ())[:most] or self.names()
        known = [self.spelled(name) for name in wanted if self.known(name)]
        entries = [
            self._entry(name) for name in known
        ]
        meters = self.core.ask(METER_KEYS, payload.get("key", ())[:most]) or []
        entries += meters
        told = {entry["key"].casefold() for entry in meters}
        unknown = [n for n in wanted if not self.known(n) and n.casefold() not in told]
        answer: dict[str, Any] = {
            "configurationKey": self.core.fold(CONFIGURATION_TOLD, entries)
        }
        if unknown:
            answer["unknownKey"] = unknown
        return answer

    def _entry(self, name: str) -> dict[str, Any]:
        """A KeyValue (7.29); one that can only be set has no value."""
        key = self.key_of(name)
        readonly = key is not None and key.readonly
        if key is not None and key.hidden:
            return {"key": name, "readonly": readonly}
        return {"key": name, "readonly": readonly, "value": self.text(self.meant(name))[:500]}

    @action("ChangeConfiguration")
    def on_change_configuration(self, payload: dict, now: float) -> dict:
        """ChangeConfiguration (5.3): Accepted, Rejected, RebootRequired or NotSupported."""
        named, value = self.spelled(payload["key"]), payload["value"]
        name, key = self.meant(named), self.key_of(named)
        if not self.known(named):
            return {"status": CHANGE_NOT_SUPPORTED}
        if name != named and key.readonly:
            return {"status": CHANGE_REJECTED}
        if status := self.core.ask(CHANGES_KEY, name, value, now):
            return {"status": status}
        if key is not None and key.reboot and self.core.HABITS.keys.fits(name, value):
            self.put_off(name, value)
            self.core.changed(URGENT)
            return {"status": CHANGE_REBOOT_REQUIRED}
        status = self.change(name, value)
        if status == CHANGE_ACCEPTED:
            self._has_changed(name, now)
            self.core.changed(URGENT)
        return {"status": status}

    # --- to look at --------------------------------------------------------------------------

    @answers(topics.SETTINGS_NOW)
    def settings_now(self, now: float) -> list[dict[str, Any]]:
        """Each key that GetConfiguration tells, as a row of the settings tree."""
        told = self.on_get_configuration({}, now)["configurationKey"]
        return [_setting(entry, self.key_of(entry["key"])) for entry in told]

    @answers(topics.CHANGE_REQUEST)
    def change_request(
        self, key: str, value: str, evse: int | None, connector: int | None
    ) -> tuple[str, dict[str, Any]]:
        return "ChangeConfiguration", {"key": key, "value": value}


def _setting(entry: dict[str, Any], key: Key | None) -> dict[str, Any]:
    name = entry["key"]
    if "value" not in entry:
        mutability = "WriteOnly"
    else:
        mutability = "ReadOnly" if entry["readonly"] else "ReadWrite"
    shown: dict[str, Any] = {
        "key": name, "name": name, "value": entry.get("value"), "mutability": mutability,
        "group": _PLAIN if key else "vendor", "kind": key.kind if key else TEXT,
    }  # fmt: skip
    if key and key.kind == BOOL:
        shown["values"] = ["true", "false"]
    elif key and key.kind == INT and not key.readonly:
        shown["low"], shown["high"] = key.least, key.most
    return shown
