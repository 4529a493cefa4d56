"""Work on recordings of real or simulated cells, independent of the ranges.

1. `recordings` reads and checks time series.
2. `identification` fits the cell model to them.
3. `electrochemical_truth` makes recordings with PyBaMM; `composed_strings` makes a string of
   one cell.
4. `replay` runs recordings through the twin and the detectors, as they are or with an injection.
5. `threshold_fitting` sets the detectors' thresholds on clean recordings.
6. `detection_benchmark` states what is found, by magnitude, temperature and truth track.
"""
