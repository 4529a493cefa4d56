"""Which controls first: risk removed per cost, calibrated to one organisation."""
