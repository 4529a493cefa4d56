"""Records of real or simulated cells: what they hold, how they are read and checked."""
