"""What the core costs by itself: no sockets, no log, the CSMS in memory."""
