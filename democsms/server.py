"""The server: ws://host:port/<anything>/<identity>, subprotocol ocpp1.6, ocpp2.0.1 or ocpp2.1."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
from urllib.parse import unquote

from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as listen
from websockets.exceptions import ConnectionClosed

from democsms.charge_points import VERSIONS, now

# Seconds: how long a station rests and charges in the demo loop.
REST, CHARGE = (20, 60), (60, 180)


async def serve(
    host: str, port: int, interval: int = 60, demo: bool = False, printing: bool = True
) -> None:
    """Serve until SIGTERM or SIGINT."""
    logging.getLogger("ocpp").setLevel(logging.ERROR)  # it would print each message once more
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)

    async def on_connection(connection: ServerConnection) -> None:
        await attend(connection, interval, demo, printing)

    # websockets itself answers 400 to a client that offers none of these subprotocols.
    async with listen(
        on_connection, host, port, subprotocols=list(VERSIONS), compression=None, max_size=2**22
    ):
        print(f"{now()} demo CSMS on ws://{host}:{port}/<identity>", flush=True)
        await ended.wait()


async def attend(connection: ServerConnection, interval: int, demo: bool, printing: bool) -> None:
    """One station, from its connection to its leaving."""
    identity = unquote(connection.request.path.rstrip("/").rpartition("/")[2])
    if not identity:
        await connection.close(1008, "The path must end with the identity")
        return
    charge_point = VERSIONS[connection.subprotocol](identity, connection)
    charge_point.interval, charge_point.printing = interval, printing
    charge_point.show("**", f"connected, {connection.subprotocol}")
    playing = asyncio.create_task(play(charge_point)) if demo else None
    try:
        await charge_point.start()
    except ConnectionClosed as closed:
        charge_point.show("**", f"left: {closed}")
    finally:
        if playing:
            playing.cancel()


async def play(charge_point) -> None:
    """Charge now and then, for ever."""
    while True:
        await asyncio.sleep(random.uniform(*REST))
        with contextlib.suppress(TimeoutError, ValueError):
            await charge_point.start_charging(f"DEMO{random.randrange(1000):04d}")
        await asyncio.sleep(random.uniform(*CHARGE))
        with contextlib.suppress(TimeoutError, ValueError):
            await charge_point.stop_charging()
