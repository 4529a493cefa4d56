"""The attackers, each a process: on the bus, between gateway and broker, beside the gateway."""
