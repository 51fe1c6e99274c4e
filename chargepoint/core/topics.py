"""What the core tells and asks; the blocks of a version hear and answer. `now`: unix seconds.

The times stand last in what is told. A question that nobody answers has the answer that the core
says where it asks.
"""

from chargepoint.core.block import Before, Event, Fold, Gather, Question

# --- the link and the boot -----------------------------------------------------------------------

CONNECTING = Event("connecting")  # now; the socket is open, nothing has been said
BEING_REGISTERED = Before("being registered")  # now, rebooted; before the hearers of REGISTERED
# now, rebooted: the CSMS has accepted us after a boot, or the link is back without one.
REGISTERED = Event("registered")
IN_SERVICE = Event("in service")  # now, rebooted; after the hearers of REGISTERED
MOVED = Event("moved")  # now; another CSMS than before has accepted us: it knows nothing of us
BOOT_ACCEPTED = Event("boot accepted")  # the heartbeat interval of the answer, now
BOOT_REFUSED = Event("boot refused")  # Pending or Rejected, now
LEFT_CSMS = Event("left the CSMS")  # by the operator's will
BOOT_FAILED = Event("boot failed")  # why, in words
WENT_OFFLINE = Event("went offline")  # now; after the Calls in flight were given up
DIAL_FAILED = Before("dial failed")  # kind, why, now: see common/security/relinking.py
REBOOTING = Event("rebooting")  # now, reason; before the link is closed
REBOOTED = Event("rebooted")  # now, reason, seconds without a link; after it was
BOOT_PAYLOAD = Question("boot payload")
LINK_SECURITY = Question("link security")  # -> LinkSecurity | None: as the operator has it
RECONNECT_DELAY = Question("reconnect delay")  # attempt -> seconds
CSMS_ADDRESS = Question("address of the CSMS")
NEW_CSMS = Question("new CSMS")  # whether the one that is dialed has not accepted us yet
PING_INTERVAL = Question("ping interval")  # -> seconds, 0 for none
DEFAULT_INTERVAL = Question("default heartbeat interval")  # -> seconds
IGNORES_CLOCK = Question("ignores the CSMS's clock")

# --- Calls and answers ---------------------------------------------------------------------------

REFUSES_CALLS = Question("refuses Calls")  # -> (code, description) while none may be served
FRAME_WAS_BAD = Event("frame was bad")  # code, why, now
# kind of frame, action, what was wrong, in detail, whether it was read all the same, now: the CSMS
# has sent what its specification does not have
BREACHED = Event("breached")
ANSWERED = Event("answered")  # unique id, action of a Call that got its CallResult
RESULT_WAS_BAD = Event("result was bad")  # unique id, action, code, why, now
UNANSWERED = Event("unanswered frame")  # frame, text, now: a kind that nobody answers
ANSWERED_ACTION = Question("answered action")  # unique id -> action of an answer of ours
MESSAGE_PAYLOAD = Question("message payload")  # queue's entry -> its payload as it is sent now
MESSAGE_TIMEOUT = Question("message timeout")  # -> seconds
MESSAGE_FAILED = Event("message failed")  # entry, code, now; it will be tried again
MESSAGE_GIVEN_UP = Event("message given up")  # entry, code, now; after its last attempt
RETRY_POLICY = Question("retry policy")  # -> (attempts in all, seconds)

# --- outlets -------------------------------------------------------------------------------------

PLUGGED = Event("plugged")  # connector, now; after the state has changed, as all of these
UNPLUGGED = Event("unplugged")  # connector, now
ERROR_GIVEN = Fold("error given")  # errors.Error: what a fault says of itself
WARNED = Question("warned")  # connector, errors.Error, now -> the command's answer
FAULTING = Before("faulting")  # connector, now; before the hearers of FAULTED
FAULTED = Event("faulted")  # connector, now; a fault came or went
PILOT_TOGGLED = Event("pilot toggled")  # connector, now; a sleeping car may have woken up by it
MAINS_CHANGED = Event("mains changed")  # now
STATUS_OF = Question("status")  # connector -> the version's word for it
REPORT_WAITS = Question("report waits")  # connector, now -> whether its status has to last first
SEND_STATUS = Event("send status")  # connector, now: the CSMS is to be told
REPORTED = Event("reported")  # connector, now: something of it may have changed
OPEN_TRANSACTION = Question("open transaction")  # connector -> (transaction id, idTag)
CHECK_ERROR_CODE = Event("check of an error code")  # code; CommandRejected for none
KEPT_CABLE = Question("kept cable")  # connector, now -> the answer where the cable stays here

# --- the station ---------------------------------------------------------------------------------

RESTORED = Event("restored")  # the saved state, now; after all blocks and after RESUMED
RECALLING = Event("recalling")  # Said | None, number of a record | None, now
RESUMED = Event("resumed")  # now; a station that runs on after its worker died
RECONFIGURED = Event("reconfigured")  # the configuration that was replaced, now
CLOCK_MOVED = Event("clock moved")  # now; what waits for a time of day is set anew
POWER_FAILED = Event("power failed")  # now
WENT_DARK = Event("went dark")  # without power, until it is back
VALUES_UNSEEN = Event("values unseen")  # now; at the end of an event that has changed something
SECURITY_EVENT = Event("security event")  # kind by 2.0.1's name, info, now
TRANSFER_ENDED = Event("transfer ended")  # effects.Transferred, now
REVOKED = Question("revoked")  # chain, now -> why it is not to be trusted
SECURITY_LOG = Question("security log")  # -> [[unix seconds, event, info]]
FIRMWARE_VERSION = Question("firmware version")  # -> what an update has brought
RECALL_NUMBERS = Question("recall numbers")  # Said -> whether anything was raised
SESSIONS_RETOLD = Event("sessions retold")  # now
UNANSWERED_MESSAGE = Question("unanswered message")  # action, payload -> the queue's entry

# --- to look at ----------------------------------------------------------------------------------

SAVED = Gather("saved")  # of who has no state of its own, for the saved state
CABLE_HELD = Question("cable held")  # connector -> whether a cable is locked there without a car
SHOWN = Gather("shown")  # of the whole station, for the snapshot
CONNECTOR_SHOWN = Gather("shown of a connector")  # connector
SHOWN_SAMPLE = Question("shown sample")  # connector, now -> Sample
LIMITS_NOW = Question("limits now")  # connector, now -> [(Profile, Period, source)]
COMPOSITE = Question("composite schedule")  # connector, seconds, now -> see looking.py
SETTINGS_NOW = Question("settings now")  # now -> see looking.py
CHANGE_REQUEST = Question("change request")  # key, value, evse, connector -> (action, payload)
CHANGE_ANSWER = Question("change answer")  # the answer's payload -> (status, why)
