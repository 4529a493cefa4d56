"""The speed and memory of the virtual range, beside its peers."""
