"""Who notices: watches that score what a place shows, each in the file of its mechanism.

1. `inputs.py` puts together what a place shows, from readings, estimates and records.
2. A watch turns it, tick by tick, into a score; above 1 is an alarm.
3. An alarm accuses; the responses that listen to the accusation act.
"""
