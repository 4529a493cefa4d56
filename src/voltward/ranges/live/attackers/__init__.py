"""The attackers, each a process and a section of the live file."""
