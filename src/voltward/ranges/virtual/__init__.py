"""The virtual range: the closed loop compiled with JAX, over runs and cells."""
