"""The catalogue of controls, what of it is in force in a run, and the calibration of a cell."""
