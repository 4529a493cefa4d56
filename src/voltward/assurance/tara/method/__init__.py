"""How ratings are made: scales, feasibility methods, risk matrix, scores."""
