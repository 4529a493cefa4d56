"""The shared words: records, units, taps, capabilities, seeded noise, errors.

Current is positive when charging. Every quantity ends in its unit. Arrays run over (run, cell).
"""
