"""Starts the processes, paces the ticks, counts messages, reports, and ends everything."""
