"""A second truth that the twin does not know: published electrochemical cells, run by PyBaMM."""
