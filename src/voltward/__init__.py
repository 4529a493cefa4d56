"""Voltward: attack a cloud battery management system, measure what breaks and what a defence saves."""

__version__ = "0.1.0"
