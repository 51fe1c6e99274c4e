"""What the blocks of 1.6 speak about among themselves; see chargepoint/core/topics.py for the rest.

Where an outlet is named it is a hardware.connector.Connector, a session a v16.session.Session16.
"""

from chargepoint.core.block import Event, Fold, Question

# --- configuration keys ----------------------------------------------------------------------

KEY_CHANGED = Event("key changed")  # (name, now)
CHANGES_KEY = Question("who changes the key")  # (name, value, now) -> ConfigurationStatus
METER_KEYS = Question("keys of the meters")  # [name], [] for all -> entries, as below
CONFIGURATION_TOLD = Fold("configuration told")  # [{"key", "readonly", "value"}]

# --- who may charge --------------------------------------------------------------------------

LISTED = Question("listed")  # (idTag) -> [status, expiryDate, parentIdTag] of the list in force
KEPT_FROM = Question("kept from")  # (outlet, idTag, parentIdTag) -> "", FOR_ANOTHER or PERHAPS
TAG_INFO = Event("idTagInfo")  # (idTag, idTagInfo): the CSMS has told it
TAG_JUDGED = Event("idTag judged")  # (idTag, status, now): as it was asked, or at a start
AUTHORIZED = Event("authorized")  # (outlet, idTag, parentIdTag, now), before the outlet knows
TURNED_AWAY = Event("turned away")  # (outlet, now): whoever asked may not charge
SIGNALLED = Event("signalled")  # (word, now): the driver is answered by the light

# --- who waits for a car ---------------------------------------------------------------------

AWAITED = Event("car awaited")  # (outlet, now): the driver is to plug in
GIVEN_UP = Event("wait given up")  # (outlet, late): whoever was authorized there comes no more
AUTHORIZATION_LOST = Event("authorization lost")  # (outlet, now), without a session
FREED = Event("outlet freed")  # (outlet, now): nobody is at it

# --- sessions --------------------------------------------------------------------------------

BEGINNING = Event("session beginning")  # (session), before its StartTransaction is made
RESERVATION_USED = Question("reservation used")  # (outlet, now) -> the reservationId
BEGUN = Event("session begun")  # (outlet, session, now), its StartTransaction is queued
INTERRUPTED = Event("session interrupted")  # (outlet, now), or perhaps it goes on
DEMAND_CHANGED = Event("demand changed")  # (now): there is more or less to share
# (outlet, session, reason, now), before the meter's last reading
ENDING = Event("session ending")
SIGNING_ON = Event("signing on")  # the meters are to sign
# [sampledValue]; (outlet, session | None, key of its measurands, context, sample, now, mark | None)
METERED = Fold("metered")
ENDED = Event("session ended")  # (outlet, session, now), before its StopTransaction is queued
STOPPED = Event("session stopped")  # (outlet, session, now), its StopTransaction is queued
SESSION_OVER = Event("session over")  # (outlet, now): its status was told

# --- availability ----------------------------------------------------------------------------

OUT_OF_SERVICE = Event("out of service")  # (connectorId, now); 0: the station
STATION_ERROR = Question("error of the station")  # -> errors.Error of connector 0
HELD = Question("held for an update")  # (outlet, operative) -> whether it stays out of service

# --- files and security ----------------------------------------------------------------------

# (action of a message about a file, now): the CSMS wants to hear how that stands.
STATUS_ASKED = Event("status of a file asked")
SIGNING_ASKED = Event("signing asked")  # (context of the Call): a certificate of our own
VAULT_RESTORED = Event("vault restored")  # (now), with all that was entrusted to the station
V2G_CHANGED = Event("V2G certificate changed")  # (certificateType, now): another is in use
