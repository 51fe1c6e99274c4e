"""An operator's commands that make it misbehave, and the list of them."""

from typing import Any

from chargepoint.config import StationConfig
from chargepoint.core import topics
from chargepoint.core.block import Block, command, gathers, hears
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import Freeze
from chargepoint.tap.clock import Clock
from chargepoint.tap.rule import frame_fault
from chargepoint.tap.scripts import SCRIPTS_AT_MOST, script_of
from chargepoint.tap.tap import RULES_AT_MOST, Tap

FASTEST_DRIFT = 500_000.0  # ppm
FARTHEST_OFF = 10 * 365 * 86_400.0  # seconds


class Faults(Block):
    """Connector faults are the command `fault`, see plugging; power: see power.

    The tap, the clock and whether the station is dark are the core's.
    """

    __slots__ = ()

    KEEPS = False

    @command("faults")
    def do_faults(self, now: float) -> dict[str, Any]:
        """All that is wrong with the station on purpose."""
        return self.faults_now(now)

    def faults_now(self, now: float) -> dict[str, Any]:
        """All that is wrong with the station now: rules for frames, prepared answers, clock, link,
        power (`power_back`: Unix seconds, None without an end) and faulted connectors."""
        tap = self.core.tap
        frames = [rule.shown() for rule in tap.rules if not rule.over(now)] if tap else []
        broken = [
            {"connector": c.id, "error_code": c.error.code, "info": c.error.info,
             "vendor_error_code": c.error.vendor_code, "vendor_id": c.error.vendor_id}
            for c in self.core.connectors.values() if c.faulted
        ]  # fmt: skip
        standing = tap.standing.values() if tap else ()
        rules = [{"name": r.name, **r.shown(), "given": r.given} for r in standing]
        return {
            "frames": frames,
            "answers": self._answers_laid_down(now),
            **({"rules": rules} if rules else {}),
            "clock": None if self.core.clock.fault is None else self.core.clock.fault.shown(now),
            "half_open": bool(self.core.tap and self.core.tap.frozen),
            "power": "off" if self.core.dark else "on",
            "power_back": self.core.timers.due("power"),
            "connectors": broken,
        }

    # --- frames ------------------------------------------------------------------------------

    @command("add-fault")
    def do_add_fault(self, now: float, fault: str, seed: int | None = None, **more: Any) -> dict:
        """Make frames go wrong; see rule.frame_fault for the arguments. Raises CommandRejected for
        arguments that make no sense, or beyond RULES_AT_MOST."""
        tap = self.core.tap or Tap()
        if len(tap.rules) >= RULES_AT_MOST:
            message = f"A station has at most {RULES_AT_MOST} faults of frames: clear some first."
            raise CommandRejected("not_possible_now", message)
        seed = self.core.rng.getrandbits(31) if seed is None else seed
        try:
            rule = frame_fault(tap.last_id + 1, now, seed, fault, **more)
        except ValueError as error:
            raise CommandRejected("invalid_arguments", str(error)) from None
        except TypeError:
            known = "direction, action, kind, probability, count, seconds, delay_ms, jitter_ms"
            message = f"A fault of frames takes: fault, {known}, form, seed."
            raise CommandRejected("invalid_arguments", message) from None
        tap.new_id()
        tap.rules.append(rule)
        self.core.use_tap(tap)
        self.core.remark(f"fault {rule.id} added: {fault}", now)
        return rule.shown()

    @command("clear-fault")
    def do_clear_fault(self, now: float, id: int | None = None) -> dict:
        """End a fault of frames, or an answer that was laid down; without `id`, all of them. What
        is under way still arrives.

        Raises CommandRejected where no fault has the id.
        """
        gone = []
        tap = self.core.tap
        for there in (tap.rules, tap.scripts) if tap is not None else ():
            for each in [each for each in there if id is None or each.id == id]:
                there.remove(each)
                gone.append(each.id)
                what = getattr(each, "fault", "respond")
                self.core.remark(f"fault {each.id} cleared: {what}", now)
        if id is not None and not gone:
            raise CommandRejected("no_such_fault", f"There is no fault {id}: see the list.")
        return {"cleared": gone}

    @command("respond")
    def do_respond(self, now: float, cause: str = "", **wanted: Any) -> dict:
        """Lay down the answer to the next Calls of an action; see scripts.script_of. Raises
        CommandRejected for arguments that make no sense, or beyond SCRIPTS_AT_MOST."""
        tap = self.core.tap or Tap()
        if len(tap.scripts) >= SCRIPTS_AT_MOST:
            message = f"A station has at most {SCRIPTS_AT_MOST} answers laid down: clear some."
            raise CommandRejected("not_possible_now", message)
        try:
            script = script_of(tap.last_id + 1, now, cause=cause, **wanted)
        except ValueError as error:
            raise CommandRejected("invalid_arguments", str(error)) from None
        except TypeError:
            message = (
                "It takes: action, match, payload, status, code, description, details, nothing, "
                "count, always, seconds, also."
            )
            raise CommandRejected("invalid_arguments", message) from None
        tap.new_id()
        tap.scripts.append(script)
        self.core.use_tap(tap)
        self.core.remark(f"answer {script.id} laid down: {','.join(script.actions)}", now)
        return script.shown()

    def _answers_laid_down(self, now: float) -> list[dict[str, Any]]:
        scripts = self.core.tap.scripts if self.core.tap else []
        return [script.shown() for script in scripts if not script.over(now)]

    def stand_by_rules(self) -> None:
        """Answer by the rules of the configuration, beside what is laid down."""
        tap = self.core.tap or Tap()
        tap.stand(self.core.config.rules)
        self.core.use_tap(tap)

    @hears(topics.RECONFIGURED, wakes=True)
    def stand_by_new_rules(self, old: StationConfig, now: float) -> None:
        if self.core.config.rules != old.rules:
            self.stand_by_rules()

    # --- clock -------------------------------------------------------------------------------

    @command("clock")
    def do_clock(
        self, now: float, offset_seconds: float = 0.0, ppm: float = 0.0, follow: bool = True
    ) -> dict:
        """Set the clock wrong, have it drift, or not follow the CSMS's. All left out: mend it.

        `offset_seconds` is off the CSMS's time, now; with `follow` the next answer to a
        BootNotification or Heartbeat sets it right again. Raises CommandRejected for an offset or a
        drift out of bounds.
        """
        if not (abs(ppm) <= FASTEST_DRIFT and abs(offset_seconds) <= FARTHEST_OFF):
            message = "The offset is at most ten years of seconds, the drift at most 500000 ppm."
            raise CommandRejected("invalid_arguments", message)
        good = self.core.clock.skew if self.core.clock.fault is None else self.core.clock.fault.csms
        if follow and not ppm and not offset_seconds:
            clock = None
            self.core.remark("clock: right again", now)
        else:
            clock = Clock(good + offset_seconds, now, float(ppm), follow, good)
            words = "" if follow else ", not following the CSMS"
            self.core.remark(f"clock: {offset_seconds:+g} s, {ppm:+g} ppm{words}", now)
        self.core.clock.use(clock, good if clock is None else clock.skew, now)
        return {"clock": None if clock is None else clock.shown(now)}

    # --- half-open ---------------------------------------------------------------------------

    @command("half-open")
    def do_half_open(self, now: float, seconds: float | None = None) -> dict:
        """Read and write nothing more on this connection; it ends with `heal` or the connection.

        Raises CommandRejected without a connection, or for `seconds` out of bounds.
        """
        if not self.core.connected:
            raise CommandRejected("not_connected", "Connect the station first.")
        check_seconds(seconds)
        tap = self.core.tap or Tap()
        self.core.use_tap(tap)
        if not tap.frozen:
            tap.frozen = True
            self.core.put(Freeze(True))
            self.core.remark("half-open: nothing is read or written", now)
        if seconds is None:
            self.core.timers.clear("thaw")
        else:
            self.core.timers.set("thaw", now + seconds)
        return {"half_open": True}

    @command("heal")
    def do_heal(self, now: float) -> dict:
        """Read and write again on a half-open connection. Raises CommandRejected where it is not
        half-open."""
        if self.core.tap is None or not self.core.tap.frozen:
            raise CommandRejected("not_possible_now", "The link is not half-open.")
        self.core.block("tap").thaw(now)
        return {"half_open": False}

    # --- saving ------------------------------------------------------------------------------

    @gathers(topics.SHOWN, wakes=True)
    def shown_faults(self) -> dict[str, Any]:
        """For the snapshot: {} for a healthy station."""
        if self.core.tap is None and self.core.clock.fault is None and not self.core.dark:
            return {}
        clock = self.core.clock.fault
        faults = {
            "frames": [rule.shown() for rule in self.core.tap.rules] if self.core.tap else [],
            # As it was when last set: a value that moves would be news all the time.
            "clock": None if clock is None else clock.shown(clock.base),
            "half_open": bool(self.core.tap and self.core.tap.frozen),
            "power": "off" if self.core.dark else "on",
        }
        if self.core.tap is not None and self.core.tap.standing:
            faults["rules"] = {rule.name: rule.given for rule in self.core.tap.standing.values()}
        if self.core.tap is not None and self.core.tap.desk is not None:
            faults["breakpoints"] = len(self.core.tap.desk.breakpoints)
            faults["held"] = len(self.core.tap.desk.held)
        return {"faults": faults}

    @gathers(topics.SAVED, wakes=True)
    def saved_faults(self) -> dict[str, Any]:
        """For the saved state: {} for a healthy station. A half-open link is not kept: the
        station that goes on elsewhere has another."""
        saved: dict[str, Any] = {}
        if self.core.tap is not None and (kept := self.core.tap.to_saved()):
            saved["tap"] = kept
        if self.core.clock.fault is not None:
            saved["clock"] = self.core.clock.fault.to_saved()
        if self.core.dark:
            saved["dark"] = {"back": self.core.timers.due("power")}
        return {"faults": saved} if saved else {}

    @hears(topics.RESTORED, wakes=True)
    def restore_faults(self, saved: dict[str, Any], now: float) -> None:
        """Read `faults` of a snapshot: rules, prepared answers, the clock's fault, a power cut.
        Frames that were held are lost and noted in the message log."""
        faults = saved.get("faults")
        if not faults:
            return
        if "tap" in faults:
            if any(faults["tap"].get(name) for name in ("rules", "scripts", "standing")):
                self.core.use_tap(Tap(faults["tap"]))
            # They were lost with the link of the worker that held them, and only that is left.
            for words in faults["tap"].get("held", ()):
                self.core.remark(f"held frame lost with its link: {words}", now)
        if "clock" in faults:
            clock = Clock(*faults["clock"])
            self.core.clock.use(clock, clock.skew_at(now), now)
        if "dark" in faults:
            self.core.power.stay_dark(faults["dark"]["back"])


def check_seconds(seconds: float | None) -> None:
    """A duration in seconds, None for one without an end. Raises CommandRejected unless it is above
    0 and at most a year."""
    if seconds is not None and not 0 < seconds <= 31_536_000:
        message = "The seconds are above 0 and at most a year; leave them out for no end."
        raise CommandRejected("invalid_arguments", message)
