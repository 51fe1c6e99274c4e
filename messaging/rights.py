"""Who may do what with the message log and the sessions. See accounts/rights.py."""

from __future__ import annotations

from accounts.rights import ADMINISTER, READ, Part

VIEW, DELETE = "messaging.view_message", "messaging.delete_message"
VIEW_SESSIONS = "messaging.view_transaction"

PART = Part(
    levels={VIEW: READ, VIEW_SESSIONS: READ, DELETE: ADMINISTER},
    operations={
        "GET /messages": VIEW,
        "DELETE /messages": DELETE,
        "GET /messages/search": VIEW,
        "GET /messages/stats": VIEW,
        "GET /messages/export": VIEW,
        "GET /messages/{message_id}": VIEW,
        "GET /transactions": VIEW_SESSIONS,
        "GET /transactions/export": VIEW_SESSIONS,
        "GET /transactions/{session_id}": VIEW_SESSIONS,
        "GET /transactions/{session_id}/signed": VIEW,
        "GET /analytics/messages": VIEW,
        "GET /analytics/transactions": VIEW_SESSIONS,
        "GET /analytics/errors": VIEW,
        "GET /analytics/dashboard": VIEW,
        "GET /analytics/actions": VIEW,
        "GET /analytics/stations": VIEW,
    },
    sockets={
        "ws/messages": VIEW,
        "ws/messages ack": VIEW,
        "ws/messages filter": VIEW,
        "ws/stats": VIEW,
    },
    pages={"live-view": VIEW, "statistics": VIEW},
    buttons={"live-view intercept": "POST /stations/{identity}/breakpoints"},
)
# What the button calls is another room's; emulator/rights.py checks that this is its right.
INTERCEPT = "stations.drive_station"
# Kinds of messages to a WebSocket that change nothing; the trail hears nothing of them.
WATCHING = frozenset({"ws/messages ack", "ws/messages filter"})
