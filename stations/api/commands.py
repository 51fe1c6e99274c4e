"""Commands to a running station: what a person at the station, or a bench, would do to it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest
from ninja import Router

from accounts.errors import FAILED, REFUSED, ApiError
from accounts.schemas import ErrorOut
from stations.api.command_schemas import (
    AuthorizeIn,
    AvailabilityIn,
    BatterySwapIn,
    BayIn,
    ChargingLimitIn,
    CommandOut,
    ConnectorCommand,
    DataTransferIn,
    DerAlarmIn,
    FaultIn,
    FirmwareIn,
    GridIn,
    MessageIn,
    PaymentUrlIn,
    PayTerminalIn,
    PlugIn,
    PriorityIn,
    ResetIn,
    StartTransactionIn,
    StopTransactionIn,
    TerminalIn,
    VatNumberIn,
    WakeIn,
)
from stations.api.lookup import not_found, told
from stations.api.seats import command
from stations.models import Station
from stations.orders.commands import send_command
from stations.orders.completing import completed, is_free
from stations.state.snapshots import read_states

router = Router(tags=["commands"])
ANSWERS = {200: CommandOut, REFUSED: ErrorOut, FAILED: ErrorOut}
seated = partial(command, router, response=ANSWERS)


async def _running_station(identity: str) -> Station:
    station = await Station.objects.filter(identity=identity).afirst()
    if station is None:
        raise not_found(identity)
    if not (station.enabled and station.running):
        sentence = f"Start the station first: POST /api/stations/{identity}/start."
        raise ApiError("not_running", sentence, 409)
    if station.held_back:
        sentence = (
            f"It is held back: {station.held_back}. To run it again: "
            f"POST /api/stations/{identity}/release."
        )
        raise ApiError("held_back", sentence, 409)
    return station


async def carry_out(identity: str, command: str, args: dict[str, Any]) -> dict[str, Any]:
    """Have a running station carry out a command: {"station", "command", "result"}."""
    await _running_station(identity)
    return await _send(identity, command, args)


async def result_of(identity: str, command: str, args: dict[str, Any]) -> dict[str, Any]:
    """The bare result of a command."""
    return (await carry_out(identity, command, args))["result"]


async def _send(identity: str, command: str, args: dict[str, Any]) -> dict[str, Any]:
    with told():
        result = await send_command(identity, command, args)
    return {"station": identity, "command": command, "result": result or {}}


def given(body: Any) -> dict[str, Any]:
    return body.dict(exclude_none=True)


@seated("connect", "network", "Connect")
async def connect(request: HttpRequest, identity: str):
    """Dial the CSMS now, if the link was closed by `disconnect` or waits for its next try."""
    return await carry_out(identity, "connect", {})


@seated("disconnect", "network", "Disconnect")
async def disconnect(request: HttpRequest, identity: str):
    """Close the link and stay offline until `connect`; the station itself works on."""
    return await carry_out(identity, "disconnect", {})


@seated("plug", "driver", "Plug a car in")
async def plug(request: HttpRequest, identity: str, body: PlugIn | None = None):
    """Plug a car in. Without `ev`, one that draws at most the station's `ev_max_power_w`."""
    station = await _running_station(identity)
    args = completed("plug", given(body or PlugIn()), station)
    return await _send(identity, "plug", args)


@seated("unplug", "driver", "Unplug the car")
async def unplug(request: HttpRequest, identity: str, body: ConnectorCommand | None = None):
    """Pull the plug. Whether that ends a transaction is as the station is configured."""
    return await carry_out(identity, "unplug", given(body or ConnectorCommand()))


@seated("authorize", "driver", "Present a token")
async def authorize(request: HttpRequest, identity: str, body: AuthorizeIn | None = None):
    """Present an idTag (idToken) to the reader."""
    station = await _running_station(identity)
    args = completed("authorize", given(body or AuthorizeIn()), station)
    if not args["id_tag"]:
        sentence = "Send an id_tag, or give the station a default_id_tag."
        raise ApiError("invalid", sentence, 422, {"id_tag": sentence})
    return await _send(identity, "authorize", args)


@seated("start-transaction", "driver", "Start charging")
async def start_transaction(
    request: HttpRequest, identity: str, body: StartTransactionIn | None = None
):
    """Plug in a car if none is there, present the idTag and start charging."""
    station = await _running_station(identity)
    args = completed("start-transaction", given(body or StartTransactionIn()), station)
    car = args.pop("ev", None)
    if car is not None and await _is_free(identity, args["connector"]):
        await _send(identity, "plug", {"connector": args["connector"], "ev": car})
    return await _send(identity, "start-transaction", args)


async def _is_free(identity: str, connector: int) -> bool:
    return is_free((await read_states([identity]))[identity], connector)


@seated("stop-transaction", "driver", "Stop charging")
async def stop_transaction(
    request: HttpRequest, identity: str, body: StopTransactionIn | None = None
):
    """Stop by connector or transaction; without either, on connector 1."""
    args = given(body or StopTransactionIn())
    if "connector" not in args and "transaction" not in args:
        args["connector"] = 1
    return await carry_out(identity, "stop-transaction", args)


@seated("fault", "technician", "Break or mend a connector")
async def fault(request: HttpRequest, identity: str, body: FaultIn | None = None):
    """Break a connector; error_code "NoError" mends it. Frames are disturbed by `faults`, which
    leaves the connectors alone."""
    return await carry_out(identity, "fault", given(body or FaultIn()))


@seated("wake", "technician", "Wake the car")
async def wake(request: HttpRequest, identity: str, body: WakeIn | None = None):
    """Interrupt the control pilot for a moment: a car that has fallen asleep looks anew, where its
    EV profile is woken by that."""
    return await carry_out(identity, "wake", given(body or WakeIn()))


@seated("reset", "technician", "Reset")
async def reset(request: HttpRequest, identity: str, body: ResetIn | None = None):
    """Reboot the station. Transactions end; Soft sends what is queued before it."""
    return await carry_out(identity, "reset", given(body or ResetIn()))


@seated("firmware", "technician", "Outcome of the next firmware update")
async def firmware(request: HttpRequest, identity: str, body: FirmwareIn | None = None):
    """Have the next firmware update come to this."""
    return await carry_out(identity, "firmware", given(body or FirmwareIn()))


@seated("charging-limit", "grid", "Limit from outside")
async def charging_limit(request: HttpRequest, identity: str, body: ChargingLimitIn | None = None):
    """Limit the station or an EVSE from outside, or end that (OCPP 2.x)."""
    return await carry_out(identity, "charging-limit", given(body or ChargingLimitIn()))


@seated("grid", "grid", "Voltage, frequency and load")
async def grid(request: HttpRequest, identity: str, body: GridIn | None = None):
    """Disturb the grid at the station's connection, or with `{}` make it nominal again."""
    return await carry_out(identity, "grid", given(body or GridIn()))


@seated("battery-swap", "driver", "Swap a battery")
async def battery_swap(request: HttpRequest, identity: str, body: BatterySwapIn | None = None):
    """Hold a token to the reader, put a battery into a slot or take one (OCPP 2.1)."""
    return await carry_out(identity, "battery-swap", given(body or BatterySwapIn()))


@seated("pay-terminal", "driver", "Pay at the terminal")
async def pay_terminal(request: HttpRequest, identity: str, body: PayTerminalIn | None = None):
    """Pay with a bank card at the station's terminal (OCPP 2.1)."""
    return await carry_out(identity, "pay-terminal", given(body or PayTerminalIn()))


@seated("payment-url", "driver", "QR code for a web payment")
async def payment_url(request: HttpRequest, identity: str, body: PaymentUrlIn | None = None):
    """What the QR code for a web payment holds now (OCPP 2.1)."""
    return await carry_out(identity, "payment-url", given(body or PaymentUrlIn()))


@seated("refuse-tariff", "driver", "Refuse the tariff")
async def refuse_tariff(request: HttpRequest, identity: str, body: ConnectorCommand | None = None):
    """The driver does not accept the tariff (OCPP 2.1)."""
    return await carry_out(identity, "refuse-tariff", given(body or ConnectorCommand()))


@seated("terminal", "technician", "Payment terminal's own link")
async def terminal(request: HttpRequest, identity: str, body: TerminalIn | None = None):
    """Cut the payment terminal off from its provider, or join them again (OCPP 2.1)."""
    return await carry_out(identity, "terminal", given(body or TerminalIn()))


@seated("vat-number", "driver", "Enter a VAT number")
async def vat_number(request: HttpRequest, identity: str, body: VatNumberIn):
    """Enter a VAT number for the receipt of an ad hoc payment (OCPP 2.1)."""
    return await carry_out(identity, "vat-number", given(body))


@seated("bay", "driver", "Parking bay")
async def bay(request: HttpRequest, identity: str, body: BayIn | None = None):
    """A car drives into the bay of a connector, or leaves it (OCPP 2.x)."""
    return await carry_out(identity, "bay", given(body or BayIn()))


@seated("priority-charging", "driver", "Priority charging")
async def priority_charging(request: HttpRequest, identity: str, body: PriorityIn | None = None):
    """The driver asks for priority at the station, or gives it back (OCPP 2.1)."""
    return await carry_out(identity, "priority-charging", given(body or PriorityIn()))


@seated("der-alarm", "grid", "DER alarm")
async def der_alarm(request: HttpRequest, identity: str, body: DerAlarmIn):
    """A DER control of the CSMS raises an alarm, or its alarm ends (OCPP 2.1)."""
    return await carry_out(identity, "der-alarm", given(body))


@seated("data-transfer", "network", "Data transfer")
async def data_transfer(request: HttpRequest, identity: str, body: DataTransferIn):
    """Send a DataTransfer of a vendor (OCPP 1.6; on 2.x send a message of your own)."""
    return await carry_out(identity, "data-transfer", given(body))


@seated("availability", "technician", "In or out of service")
async def availability(request: HttpRequest, identity: str, body: AvailabilityIn):
    """Take a connector, or the whole station, out of service, or put it back."""
    return await carry_out(identity, "availability", given(body))


@seated("messages", "network", "Send a message of your own")
async def send_message(request: HttpRequest, identity: str, body: MessageIn):
    """Send any frame: `text` goes out as it is; `action` and `payload` become a Call."""
    if (body.text is None) == (body.action is None):
        sentence = "Send either `text`, or `action` with `payload`."
        raise ApiError("invalid", sentence, 422, {"text": sentence})
    if body.text is not None:
        return await carry_out(identity, "message", {"text": body.text})
    payload = {} if body.payload is None else body.payload
    return await carry_out(identity, "message", {"action": body.action, "payload": payload})
