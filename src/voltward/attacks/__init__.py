"""One idea a file, each at a tap; the kernel that turns rows into changed records."""
