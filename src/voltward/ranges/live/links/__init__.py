"""The lines between the processes: control line, bus port, broker session, records."""
