"""The live range: the rules of the virtual range in separate processes, in lockstep.

1. `case` reads a live file and holds what is run: the scene, the parts, the proofs.
2. `links` are the lines between processes: control line, bus port, broker session.
3. `processes` are the honest roles: bus hub, ECU, gateway, cloud. `attackers` are the others.
4. `supervision` starts the fleet, paces the ticks, counts messages and reports.

Every part of a tick is a message, also silence, so that no result hangs on a clock.
"""
