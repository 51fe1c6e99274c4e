"""What a connector says is wrong with it."""

from typing import NamedTuple

NO_ERROR = "NoError"


class Error(NamedTuple):
    """code         ChargePointErrorCode (1.6, 7.6), or a technical code of 2.x
    info         words of at most 50 characters
    vendor_code  the vendor's own code (1.6, 6.47 vendorErrorCode), "" for none
    vendor_id    whose code it is (vendorId), "" for the station's vendor
    """

    code: str = NO_ERROR
    info: str = ""
    vendor_code: str = ""
    vendor_id: str = ""


NOTHING_WRONG = Error()
