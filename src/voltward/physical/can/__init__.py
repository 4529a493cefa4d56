"""The vehicle's CAN: frames, their signals, their authentication, and two buses.

`hub` carries frames between processes; `bus_model` is the deterministic bus with arbitration, frame
times and error counters.
"""
