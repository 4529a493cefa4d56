"""Worlds: what differs between packs, days and drives, drawn from stated distributions."""
