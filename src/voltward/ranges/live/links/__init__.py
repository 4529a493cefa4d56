"""What connects the processes: control line, ports to bus and broker, forms of a message."""
