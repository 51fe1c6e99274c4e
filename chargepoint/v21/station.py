"""The 2.1 charging station: what 2.0.1 has, by the schemas of 2.1, with some rows replaced.

2.1 kept the messages of 2.0.1, adding optional fields and values. New here: bidirectional power,
dynamic profiles, priority charging, DER control, tariffs and their cost, payment by a code or a
terminal, battery swap, and periodic event streams.
"""

from __future__ import annotations

from typing import ClassVar

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, Event
from chargepoint.core.tables import Order
from chargepoint.v21.display_messages import Display21, DisplayMessages21
from chargepoint.v21.message_kinds import MessageKinds21
from chargepoint.v21.monitoring.monitoring import Events21, Monitoring21, MonitoringReport21
from chargepoint.v21.monitoring.streams import Streams
from chargepoint.v21.network_configuration import NetworkConfiguration, NetworkProfiles21
from chargepoint.v21.payments.payment_terminal import PaymentTerminal
from chargepoint.v21.payments.settlements import Settlements
from chargepoint.v21.payments.unsent import Unsent
from chargepoint.v21.payments.web_payments import WebPayments
from chargepoint.v21.plug_and_charge import PlugAndCharge21, V2gCertificates21
from chargepoint.v21.power.bidirectional import Bidirectional
from chargepoint.v21.power.charging import ChargingLimits21
from chargepoint.v21.power.der import DerControl
from chargepoint.v21.power.der_effects import DerEffects
from chargepoint.v21.power.dynamic_profiles import DynamicProfiles
from chargepoint.v21.power.ev_needs import EvNeeds21
from chargepoint.v21.power.evse_controllers import EvseControllers
from chargepoint.v21.power.external_setpoint import ExternalSetpoint
from chargepoint.v21.power.idling import Idling
from chargepoint.v21.power.operation_modes import OperationModes
from chargepoint.v21.power.priority import PriorityCharging
from chargepoint.v21.pricing.costs import Costs
from chargepoint.v21.pricing.tariffs import Tariffs
from chargepoint.v21.reservation import Reservation21
from chargepoint.v21.resumption import Resumption
from chargepoint.v21.swap.battery_swap import BatterySwap
from chargepoint.v21.swap.swap_slots import Slots
from chargepoint.v21.token_types import TokenTypes
from chargepoint.v21.transaction_limits import TransactionLimits21
from chargepoint.v21.variables import DeviceModel21
from chargepoint.v201 import topics
from chargepoint.v201.station import ORDER, ROWS, Station201
from chargepoint.v201.variables.device_model import DeviceModel
from chargepoint.wire import rpc

ROWS_21: dict[str, type[Block]] = {
    **ROWS,
    "transactions": TransactionLimits21,
    "authorization": TokenTypes,
    "charging": ChargingLimits21,
    "needs": EvNeeds21,
    "external": ExternalSetpoint,
    "reservation": Reservation21,
    "resets": Resumption,
    "events": Events21,
    "monitoring": Monitoring21,
    "monitor_reports": MonitoringReport21,
    "display": DisplayMessages21,
    "screen": Display21,
    "v2g": V2gCertificates21,
    "plug": PlugAndCharge21,
    "slots": NetworkProfiles21,
    # What 2.0.1 does not have.
    "configuration": NetworkConfiguration,
    "streams": Streams,
    "controllers": EvseControllers,
    "modes": OperationModes,
    "priority": PriorityCharging,
    "dynamic": DynamicProfiles,
    "bidirectional": Bidirectional,
    "idling": Idling,
    "der": DerControl,
    "der_effects": DerEffects,
    "kinds": MessageKinds21,
    "delivery": Unsent,
    "pricing": Tariffs,
    "costs": Costs,
    "web": WebPayments,
    "settlements": Settlements,
    "terminal": PaymentTerminal,
    "batteries": Slots,
    "swap": BatterySwap,
}


class Station21(Station201):
    __slots__ = ()

    VERSION: ClassVar[str] = "2.1"
    READERS: ClassVar[rpc.Readers] = rpc.READERS_21
    MODEL: ClassVar[type[DeviceModel]] = DeviceModel21
    ROWS: ClassVar[dict[str, type[Block]]] = ROWS_21
    ORDER: ClassVar[Order] = {
        **ORDER,
        core_topics.RECONFIGURED: (*ORDER[core_topics.RECONFIGURED][:-1], "streams", "variables"),
        topics.EVENT_ANSWERED: ("fares", "transactions", "settlements"),
    }
    # Told by the core for 1.6.
    UNHEARD: ClassVar[frozenset[Event]] = frozenset({
        core_topics.BOOT_REFUSED, core_topics.MESSAGE_FAILED,
    })  # fmt: skip
