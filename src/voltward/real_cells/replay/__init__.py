"""Recorded profiles through the twin and the detectors, as they are or with an injection."""
