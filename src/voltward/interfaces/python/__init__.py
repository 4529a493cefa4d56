"""The Python interface: run a campaign and read its folder."""
