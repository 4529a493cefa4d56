"""What a live run is made of: its file, parts, attack on the wire, security of the uplink."""
