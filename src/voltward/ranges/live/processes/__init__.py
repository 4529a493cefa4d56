"""The honest roles, each a process, and the parts of the system that they step."""
