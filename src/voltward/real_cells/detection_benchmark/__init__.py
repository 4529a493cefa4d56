"""The detection benchmark: magnitude by temperature by truth track, with counts and intervals."""
