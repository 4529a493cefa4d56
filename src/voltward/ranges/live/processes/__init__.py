"""The honest roles, each a process: bus hub, ECU, gateway, cloud."""
