"""Closed loops whose plant is an electrochemical model that the twin does not know."""
