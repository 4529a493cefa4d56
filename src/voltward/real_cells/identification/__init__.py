"""Fitting the cell model to recordings of a real or simulated cell."""
