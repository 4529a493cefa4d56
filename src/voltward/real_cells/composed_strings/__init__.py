"""The composed track: a string of cells made from the record of one. Never called measured."""
