"""What the blocks of a 2.x station tell and ask one another; see core/topics.py for the core's."""

from chargepoint.core.block import Before, Event, Fold, Gather, Question, Sieve

# --- transactions --------------------------------------------------------------------------------

AUTHORIZING = Before("authorizing")  # outlet, token, now: `token` is about to be let in
LOOKING = Before("looking")  # outlet, now: conclusions are about to be drawn of what befell it
LOOKED = Event("looked")  # outlet, now: they were
BEGUN = Event("begun")  # outlet, now: its transaction, before the Started event is made
ENDING = Before("ending")  # outlet, Transaction, now: its Ended event is made, before ENDED
ENDED = Event("ended")  # outlet, Transaction, now: the outlet has it no longer
UNPLUGGING = Before("unplugging")  # connector, now: the car is away, nobody has drawn conclusions
ADMITTED = Event("admitted")  # outlet, token, group's key; before the outlet knows of them
STARTING = Event("starting")  # outlet: its transaction is there, nothing was told of it yet
EV_ASKS = Event("car asks")  # outlet, now: its power path closes
ABANDONED = Event("abandoned")  # outlet, now: who was authorized has gone without a transaction
DEAUTHORIZED = Event("deauthorized")  # outlet, now: nobody may charge there any longer
CHARGE_OVER = Event("charge over")  # outlet, transaction's id or WAITING, now
OUTLET_IDLE = Event("outlet idle")  # outlet, now: its transaction is over, and all was told of it
SPAN_CHANGED = Event("span changed")  # outlet, now: a transaction has begun or ended
METER_VALUES = Question("meter values")  # outlet, measurands' key, context, now -> [MeterValue]
DEMAND_CHANGED = Event("demand changed")  # now: there is more or less power to share
WITHHELD = Question("withheld")  # outlet -> whether it is offered no energy
COST_LIMITED = Event("cost limited")  # outlet, now: by transaction.limits
INFO_PARTS = Gather("parts of transactionInfo")  # outlet
EVENT_PARTS = Gather("parts of a TransactionEvent")  # outlet, eventType, trigger, now
EVENT_ANSWERED = Event("event answered")  # payload, the queue's entry, now
STOPS_WHEN_FULL = Question("stops when full")  # outlet, now -> whether its energy has ended here
ENERGY_CAPPED = Event("energy capped")  # outlet, now: it may flow up to transaction.cap_wh
OUTLET_TIMERS = Event("outlet timers")  # outlet, now: set or cleared anew
SAMPLE = Fold("sample")  # Sample; outlet, now
SIGNING_ON = Event("signing on")  # the meters are to sign
# MeterValue; outlet, key of its measurands, context, Sample, now, mark | None
METERED = Fold("metered")

# --- authorization -------------------------------------------------------------------------------

LISTED = Question("listed")  # token -> [status, expires, group key] of the list in force
KEPT_FROM = Question("kept from")  # outlet, token, group -> "" | FOR_ANOTHER | PERHAPS
IN_THE_WAY = Question("in the way")  # outlet -> whether nobody can charge there
AUTHORIZE_PARTS = Gather("parts of Authorize")  # outlet, token, now
AUTHORIZE_ANSWER = Sieve("answer to Authorize")  # payload, None turns away; context, now
AUTHORIZE_HEARD = Event("Authorize heard")  # payload as it counts, context, now
# status, context, now: the question is over, however it went; "" where there was no answer.
AUTHORIZE_ENDED = Event("Authorize ended")
UNPROVEN = Question("unproven")  # outlet, token -> whether it may not be let in without an answer
CACHE_CLEARED = Event("cache cleared")
TOKEN_READ = Question("token read")  # token, connector, now -> the command's answer
TOKEN_INFO = Event("idTokenInfo")  # token, its IdTokenInfo, now: the CSMS has told it
PLACES_CHANGED = Event("places changed")  # now: somebody came or went, at an outlet or a cable
USES_RESERVATION = Question("uses a reservation")  # outlet, now -> the id of what it uses up
RESERVATION_USED = Event("reservation used")  # outlet, since when it was held

# --- charging ------------------------------------------------------------------------------------

INSTALLING = Fold("installing a profile")  # Installed; now
PROFILE_KEPT = Event("profile kept")  # Installed, now: it is there, also after a restart
REFUSES_PROFILE = Question("refuses a profile")  # ChargingProfile, EVSE -> the answer of Rejected
OWN_PROFILE = Fold("profile of a transaction")  # (Profile, Period) | None; outlet, time, since
PROFILES_ENDING = Event("profiles ending")  # outlet, session, now
WISH = Fold("wish")  # Wish, see v21/power/wish.py; outlet, now
NEEDS = Fold("charging needs")  # ChargingNeedsType; outlet, EV
GRID_CONTROLS = Question("grid controls")  # now -> what was seen, where they act at all
GRID_PLANNED = Event("grid planned")  # what was seen, now: the plan is made
OFFERING = Before("offering")  # outlet, now: another power is about to be on offer
OFFERED = Event("offered")  # outlet, now

# --- costs ---------------------------------------------------------------------------------------

COST_KNOWN = Before("cost known")  # outlet, amount with tax, now: of its transaction so far
NEXT_COST = Question("next cost")  # outlet -> the cost at which something is to be done

TARIFF_IN_USE = Question("tariff in use")  # outlet -> (tariff, kind) of its transaction, or None
TERMINAL_DOWN = Question("terminal down")  # -> whether the payment terminal is without its provider

# --- availability, files, security ---------------------------------------------------------------

OUT_OF_USE = Event("out of use")  # now: an outlet has failed, or went out of service
RESET_WAITS = Question("reset waits")  # -> whether the station is to be reset
PUBLISHED_AT = Question("published at")  # checksum of a firmware -> its locations
HELD = Question("held")  # connector, operative -> whether a change takes effect only afterwards
SECURITY_PROFILE = Question("security profile")  # -> the one of the link, 0 to 3
UNLOCKING = Question("unlocking")  # outlet -> "UnlockFailed"
TRIGGERED = Question("triggered")  # payload of TriggerMessage, now -> its answer
DELETES = Question("deletes a certificate")  # hash data -> the status where it was this one's
VAULT_RESTORED = Event("vault restored")  # now, with all that was entrusted to the station
SIGNED = Question("certificate signed")  # payload, now -> its answer
V2G_CHANGED = Event("V2G certificate changed")  # certificateType, now: another is in use
INSTALLED_IDS = Fold("installed certificates")  # answer; payload

PERIOD_ASKED = Event("period asked")  # outlet, now: evseSleep or preconditioningRequest (2.1)

# --- the device model ----------------------------------------------------------------------------

VARIABLES_CHANGED = Event("variables changed")  # now
AS_IT_IS = Fold("variable as it is here")  # Variable; evse
FIND_VARIABLE = Question("find variable")  # component, variable -> Variable | why it is unknown
FOUND_VARIABLE = Fold("found variable")  # Variable | why it is unknown; component
STATION_VARIABLES = Fold("variables of the station")  # (Variable, ...)
INVENTORY = Fold("inventory")  # lines of a report; now, whether only what can be written

# --- monitoring ----------------------------------------------------------------------------------

MONITOR_INSTALLED = Event("monitor installed")  # Monitor, SetMonitoringDataType, now
MONITOR_REMOVED = Event("monitor removed")  # its id, now
MONITORS_SET = Event("monitors set")  # now; the CSMS has set or cleared some
REFUSES_MONITOR = Question("refuses a monitor")  # SetMonitoringDataType -> Refusal
STREAMED = Question("streamed")  # Monitor, text, now -> whether that is how the CSMS hears of it
