"""Functional block N, N09 and N10: what the station knows of a customer, told and forgotten."""

from collections.abc import Iterator
from typing import Any

from chargepoint.core.block import Block, action
from chargepoint.effects import URGENT
from chargepoint.timing.times import iso
from chargepoint.trust.certificates import hash_data, pem_of, read_chain, same_hash
from chargepoint.trust.contracts import emaid_of, issuer_of
from chargepoint.v201.authorization.auth_cache import key
from chargepoint.v201.outlet import Outlet

_PART = 512  # characters of NotifyCustomerInformation.data
_REFERENCES = ("customerCertificate", "customerIdentifier", "idToken")


def _refused(status: str, code: str, text: str) -> dict:
    return {"status": status, "statusInfo": {"reasonCode": code, "additionalInfo": text}}


class CustomerInformation(Block):
    """Block of a 2.x station; it has no state of its own, but reads that of the others."""

    __slots__ = ()

    KEEPS = False

    @action("CustomerInformation")
    def on_customer_information(self, payload: dict, now: float) -> dict:
        """CustomerInformation (N09, N10)."""
        if not (payload["report"] or payload["clear"]):  # N09.FR.07, N10.FR.07
            return _refused("Rejected", "InvalidValue", "neither report nor clear is asked for")
        named = [name for name in _REFERENCES if name in payload]
        if len(named) != 1:
            why = f"name the customer by one of: {', '.join(_REFERENCES)}"
            return _refused("Invalid", "UnsupportedParam" if named else "MissingParam", why)
        self.core.answers.later(self._serve_customer, payload)
        return {"status": "Accepted"}

    def _serve_customer(self, payload: dict, now: float) -> None:
        tokens = self._tokens_of(payload)
        told = [*self._known_of(tokens, now)]
        if payload["clear"]:
            self._forget_customer(tokens, now)
        if payload["report"]:  # N09.FR.06, N10.FR.04: nothing to tell is told as well
            text = "\n".join(told)
        else:
            text = "The data was cleared." if told else ""  # N10.FR.06
        self._notify_customer(payload["requestId"], text, now)

    def _notify_customer(self, request_id: int, text: str, now: float) -> None:
        parts = [text[n : n + _PART] for n in range(0, len(text), _PART)] or [""]
        self.core.block("reports").tell_in_parts(
            "NotifyCustomerInformation", request_id, "data", parts, now
        )

    # --- who is meant ------------------------------------------------------------------------

    def _tokens_of(self, payload: dict) -> set[str]:
        """The keys of the customer's tokens.

        A customerIdentifier is the vendor's own way to name a customer: ours are the texts of the
        tokens, whatever their type. A certificate is known while its car is plugged in.
        """
        if "idToken" in payload:
            return {key(payload["idToken"])}
        if "customerCertificate" in payload:
            wanted = payload["customerCertificate"]
            holders = [o for o in self.core.outlets.values() if self._has_contract(o, wanted)]
            return {f"emaid:{emaid_of(o.hardware.ev.contract)}".lower() for o in holders}
        name = payload["customerIdentifier"].lower()
        return {token for token in self._all_tokens() if token.partition(":")[2] == name}

    def _has_contract(self, outlet: Outlet, wanted: dict) -> bool:
        chain = read_chain(outlet.hardware.ev.contract) if outlet.hardware.ev else []
        if not chain:
            return False
        among = [*chain[1:], *self.core.block("certificates").contract_roots()]
        issuer = issuer_of(chain[0], among) or chain[0]
        own = hash_data(pem_of(chain[0]), pem_of(issuer), wanted["hashAlgorithm"])
        return same_hash(wanted, own)

    def _all_tokens(self) -> Iterator[str]:
        """The key of every token that the station has somewhere."""
        yield from self.core.block("authorization").cache.to_saved()
        yield from self.core.block("local_list").local_list or ()
        for entry in (self.core.block("reservation").reservations or {}).values():
            yield from (entry["token"], entry["group"])
        for entry in (self.core.block("fares").fares or {}).values():
            yield entry.get("token", "")
        for message in self.core.calls.queued:
            yield key(message["payload"].get("idToken") or _NOBODY)
        for outlet in self.core.outlets.values():
            yield from self._tokens_at(outlet)

    def _tokens_at(self, outlet: Outlet) -> list[str]:
        """Who is authorized, who pays for the transaction, and whose contract the car has."""
        running = outlet.transaction.id_token if outlet.transaction else None
        tokens = [key(token) for token in (outlet.token, running) if token]
        ev = outlet.hardware.ev
        if ev is not None and ev.contract:
            tokens.append(f"emaid:{ev.emaid}".lower())
        return tokens

    # --- what is known -----------------------------------------------------------------------

    def _known_of(self, tokens: set[str], now: float) -> Iterator[str]:
        """One line for each thing that the station has of the customer."""
        cached = self.core.block("authorization").cache.to_saved()
        for name, known in (
            ("Authorization cache", cached),
            ("Local list", self.core.block("local_list").local_list or {}),
        ):
            for token in sorted(tokens & set(known)):
                status, expires, group = known[token][:3]
                until = f", until {iso(expires)}" if expires is not None else ""
                of = f", group {group}" if group else ""
                yield f"{name}: {token}, {status}{until}{of}"
        for identity in self._reserved_for(tokens):
            entry = self.core.block("reservation").reservations[identity]
            place = f"EVSE {entry['evse']}" if entry["evse"] else "any EVSE"
            expires = iso(self.core.clock.station_time(entry["expires"]))
            yield f"Reservation {identity}: {entry['token']}, {place}, until {expires}"
        for outlet in self._outlets_used_by(tokens):
            yield from self._known_at(outlet, now)
        yield from self._known_queued(tokens)

    def _known_at(self, outlet: Outlet, now: float) -> Iterator[str]:
        place = f"EVSE {outlet.evse} connector {outlet.connector_id}"
        entry, ev = self.core.block("fares").fare(outlet), outlet.hardware.ev
        if outlet.token is not None:
            yield f"Authorized at {place}: {key(outlet.token)}"
        if transaction := outlet.transaction:
            energy = round(outlet.hardware.sample(now).energy_wh - transaction.meter_start)
            since = iso(self.core.clock.station_time(transaction.started))
            yield f"Transaction {transaction.id} at {place}: since {since}, {energy} Wh"
        if "ended" in entry:
            yield f"Ended transaction {entry['ended']} at {place}: {entry.get('token', '')}"
        for name, word in (("cost", "Cost so far"), ("total", "Total cost")):
            if name in entry:
                currency = self.core.block("fares").fare_currency(outlet)
                yield f"{word} at {place}: {entry[name]:.2f} {currency}"
        for content in entry.get("personal", ()):
            yield f"Personal message at {place}: {content['content']}"
        if entry.get("languages"):
            yield f"Languages at {place}: {', '.join(entry['languages'])}"
        for message in self._messages_of(outlet):
            yield f"Display message {message['id']} at {place}: {message['message']['content']}"
        if ev is not None and (chain := read_chain(ev.contract)):
            until = iso(chain[0].not_valid_after_utc.timestamp())
            serial = f"{chain[0].serial_number:x}"
            yield f"Contract certificate at {place}: {ev.emaid}, serial {serial}, until {until}"

    def _known_queued(self, tokens: set[str]) -> Iterator[str]:
        for message in self.core.calls.queued:
            event = message["payload"]
            if key(event.get("idToken") or _NOBODY) in tokens:
                identity = event["transactionInfo"]["transactionId"]
                yield f"Not yet delivered: {event['eventType']} of transaction {identity}"

    def _reserved_for(self, tokens: set[str]) -> list[int]:
        entries = (self.core.block("reservation").reservations or {}).items()
        return [k for k, e in entries if e["token"] in tokens or e["group"] in tokens]

    def _outlets_used_by(self, tokens: set[str]) -> list[Outlet]:
        return [
            outlet
            for outlet in self.core.outlets.values()
            if tokens
            & {*self._tokens_at(outlet), self.core.block("fares").fare(outlet).get("token", "")}
        ]

    def _messages_of(self, outlet: Outlet) -> list[dict]:
        running = outlet.transaction.id if outlet.transaction else None
        infos = [entry["info"] for entry in (self.core.block("display").messages or {}).values()]
        return [info for info in infos if running and info.get("transactionId") == running]

    # --- what is forgotten -------------------------------------------------------------------

    def _forget_customer(self, tokens: set[str], now: float) -> None:
        """All but the local list (N10.FR.03), which only the CSMS may change.

        What is going on stays too: a transaction ends as it would have, and its events reach the
        CSMS. A contract is the car's and leaves with it.
        """
        self.core.block("authorization").cache.forget(tokens)
        for identity in self._reserved_for(tokens):
            if not self.core.block("reservation").reservations[identity]["claimed"]:
                self.core.block("reservation").remove_reservation(identity, now)
        used = self._outlets_used_by(tokens)
        for outlet in used:
            self.core.block("display").drop_messages(
                {info["id"] for info in self._messages_of(outlet)}
            )
            if "ended" in self.core.block("fares").fare(outlet):
                self.core.block("fares").end_fare(outlet.number)
        self.core.block("fares").drop_words(
            {outlet.number for outlet in used}, ("personal", "languages")
        )
        self.core.changed(URGENT)


_NOBODY: dict[str, Any] = {"type": "", "idToken": ""}
