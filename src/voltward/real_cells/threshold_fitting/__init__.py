"""Setting the detectors' thresholds on clean recordings of a cell."""
