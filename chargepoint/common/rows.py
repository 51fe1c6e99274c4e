"""The blocks that every version has. None of them is there before it is needed."""

from chargepoint.common.breaches import Breaches
from chargepoint.common.faults import Faults
from chargepoint.common.grid import Grid
from chargepoint.common.interception import Interception
from chargepoint.common.looking import Looking
from chargepoint.common.operator import Operator
from chargepoint.common.plugging import Plugging
from chargepoint.common.power import Power
from chargepoint.common.recalling import Recall
from chargepoint.common.tap import Tapped
from chargepoint.core.block import Block

COMMON_ROWS: dict[str, type[Block]] = {
    "breaches": Breaches,
    "tap": Tapped,
    "faults": Faults,
    "grid": Grid,
    "interception": Interception,
    "looking": Looking,
    "operator": Operator,
    "plugging": Plugging,
    "power": Power,
    "recall": Recall,
}
