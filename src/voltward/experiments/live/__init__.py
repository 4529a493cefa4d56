"""The live range: the rules of the virtual range in separate processes, in lockstep.

Every part of a tick is a message, also silence, so that no result hangs on a clock. The coordinator
paces the ticks and counts messages; the parts hold the rules, the processes only carry.
"""
